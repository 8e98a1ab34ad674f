/*
 * record_number_form.c
 *		The rank of a record number among all of them, and back.
 *
 * Prefixes are the nodes of a tree, in whose order a prefix stands before its
 * extensions: INC and its numbers, then INCA and its numbers, and so on, then
 * IND.  What is skipped on the way to a prefix are the numbers of the prefixes
 * that it extends and the trees of the letters before its own.  Within a prefix
 * the numbers are in blocks of as many digits: each stands there once without
 * leading zeros and once more for each zero that there is room for.
 */
#include "practice/record_number_form.h"

#include <string.h>

/* Numbers of a prefix that leaves room for so many digits: 10 + 100 + … */
#define NUMBERS_9	UINT64_C(1111111110)
#define NUMBERS_10	UINT64_C(11111111110)
#define NUMBERS_11	UINT64_C(111111111110)
#define NUMBERS_12	UINT64_C(1111111111110)
#define NUMBERS_13	UINT64_C(11111111111110)
#define NUMBERS_14	UINT64_C(111111111111110)
#define NUMBERS_15	UINT64_C(1111111111111110)

/* Numbers whose prefix is, or extends, one of so many letters. */
#define TREE_7		NUMBERS_9
#define TREE_6		(NUMBERS_10 + 26 * TREE_7)
#define TREE_5		(NUMBERS_11 + 26 * TREE_6)
#define TREE_4		(NUMBERS_12 + 26 * TREE_5)
#define TREE_3		(NUMBERS_13 + 26 * TREE_4)
#define TREE_2		(NUMBERS_14 + 26 * TREE_3)
#define TREE_1		(NUMBERS_15 + 26 * TREE_2)

/* By letters, from 1. */
static const uint64_t numbers[NUMBER_LETTERS + 1] = {
	0, NUMBERS_15, NUMBERS_14, NUMBERS_13, NUMBERS_12, NUMBERS_11, NUMBERS_10, NUMBERS_9
};
static const uint64_t trees[NUMBER_LETTERS + 1] = {
	0, TREE_1, TREE_2, TREE_3, TREE_4, TREE_5, TREE_6, TREE_7
};

/* The compiler refuses an array of negative length. */
typedef char itsm_forms_are_counted[26 * TREE_1 == NUMBER_FORMS ? 1 : -1];

NumberFault
record_number_parse_prefix(const char *text, size_t length, int *letters)
{
	size_t		count = 0;

	while (count < length && text[count] >= 'A' && text[count] <= 'Z')
		count++;
	if (count == 0 || count < length)
		return NUMBER_SYNTAX;
	if (count > NUMBER_LETTERS)
		return NUMBER_PREFIX_LONG;
	*letters = (int) count;
	return NUMBER_FINE;
}

NumberFault
record_number_parse(const char *text, size_t length, RecordNumber *number)
{
	size_t		letters = 0;
	size_t		digits;

	while (letters < length && text[letters] >= 'A' && text[letters] <= 'Z')
		letters++;
	digits = length - letters;
	if (letters == 0 || digits == 0)
		return NUMBER_SYNTAX;
	for (size_t i = letters; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return NUMBER_SYNTAX;
	if (letters > NUMBER_LETTERS)
		return NUMBER_PREFIX_LONG;
	if (digits > (size_t) record_number_digits((int) letters))
		return NUMBER_DIGITS_LONG;
	memcpy(number->prefix, text, letters);
	number->prefix[letters] = '\0';
	number->width = (int) digits;
	number->number = 0;
	for (size_t i = letters; i < length; i++)
		number->number = number->number * 10 + (text[i] - '0');
	return NUMBER_FINE;
}

int
record_number_print(const RecordNumber *number, char text[NUMBER_LENGTH + 1])
{
	int			letters = (int) strlen(number->prefix);
	int			length = letters + number->width;
	int64_t		rest = number->number;

	memcpy(text, number->prefix, letters);
	for (int i = length - 1; i >= letters; i--)
	{
		text[i] = (char) ('0' + rest % 10);
		rest /= 10;
	}
	text[length] = '\0';
	return length;
}

int
record_number_width(int64_t number)
{
	int			width = 1;

	while (number >= 10)
	{
		number /= 10;
		width++;
	}
	return width;
}

uint64_t
record_number_encode(const RecordNumber *number)
{
	int			letters = (int) strlen(number->prefix);
	int			room = record_number_digits(letters);
	int			width = record_number_width(number->number);
	uint64_t	form = 0;
	uint64_t	first = 0;		/* of as many digits */
	uint64_t	next = 10;

	for (int i = 1; i <= letters; i++)
	{
		if (i > 1)
			form += numbers[i - 1];
		form += (uint64_t) (number->prefix[i - 1] - 'A') * trees[i];
	}
	for (int digits = 1; digits < width; digits++)
	{
		form += (next - first) * (uint64_t) (room - digits + 1);
		first = next;
		next *= 10;
	}
	form += ((uint64_t) number->number - first) * (uint64_t) (room - width + 1);
	return form + (uint64_t) (number->width - width);
}

void
record_number_decode(uint64_t form, RecordNumber *number)
{
	int			letters = 0;
	int			room;
	int			digits = 1;
	uint64_t	first = 0;
	uint64_t	next = 10;

	for (;;)
	{
		letters++;
		number->prefix[letters - 1] = (char) ('A' + form / trees[letters]);
		form %= trees[letters];
		if (form < numbers[letters])
			break;
		form -= numbers[letters];
	}
	number->prefix[letters] = '\0';
	room = record_number_digits(letters);
	while (form >= (next - first) * (uint64_t) (room - digits + 1))
	{
		form -= (next - first) * (uint64_t) (room - digits + 1);
		first = next;
		next *= 10;
		digits++;
	}
	number->number = (int64_t) (first + form / (uint64_t) (room - digits + 1));
	number->width = digits + (int) (form % (uint64_t) (room - digits + 1));
}
