/*
 * record_number_form_test.c
 *		Forms against texts, and their order against the one by parts.
 */
/* sources: src/practice/record_number_form.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "practice/record_number_form.h"

#define ROUNDS 1000000

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

/* A generator of our own, so that every platform tests the same numbers. */
static uint64_t
next_random(void)
{
	static uint64_t state = 20000;
	uint64_t	value;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	value = state >> 32;
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return value << 32 | state >> 32;
}

/* By prefix, number and width, without forms. */
static int
compare_parts(const RecordNumber *a, const RecordNumber *b)
{
	int			prefix = strcmp(a->prefix, b->prefix);

	if (prefix != 0)
		return prefix < 0 ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->width > b->width) - (a->width < b->width);
}

/* A text of the shape, by preference near to others: few letters, many zeros and nines. */
static void
random_text(char *text)
{
	int			letters = 1 + (int) (next_random() % NUMBER_LETTERS);
	int			digits = 1 + (int) (next_random() % record_number_digits(letters));
	int			alphabet = next_random() % 2 ? 26 : 2;
	static const char few[] = "01990";
	bool		many = next_random() % 2;

	for (int i = 0; i < letters; i++)
		*text++ = (char) ('A' + (alphabet == 2 ? 25 : 1) * (next_random() % alphabet));
	for (int i = 0; i < digits; i++)
		*text++ = many ? (char) ('0' + next_random() % 10) : few[next_random() % 5];
	*text = '\0';
}

static void
test_texts(void)
{
	bool		parsed = true;
	bool		below = true;
	bool		same = true;
	bool		ordered = true;
	RecordNumber last = {"A", 0, 1};
	uint64_t	last_form = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		char		text[NUMBER_LENGTH + 1];
		char		printed[NUMBER_LENGTH + 1];
		RecordNumber number;
		RecordNumber back;
		uint64_t	form;
		int			by_form;

		random_text(text);
		if (record_number_parse(text, strlen(text), &number) != NUMBER_FINE)
		{
			parsed = false;
			continue;
		}
		form = record_number_encode(&number);
		below &= form < NUMBER_FORMS;
		record_number_decode(form, &back);
		same &= record_number_print(&back, printed) == (int) strlen(text) && strcmp(text, printed) == 0;
		by_form = (form > last_form) - (form < last_form);
		ordered &= by_form == compare_parts(&number, &last);
		last = number;
		last_form = form;
	}
	ok(parsed, "every text of the shape is a number");
	ok(below, "every form is below the limit");
	ok(same, "text, form, text: the same");
	ok(ordered, "forms are ordered as prefix, number and width are");
}

/* A form and the one behind it. */
static bool
check_form(uint64_t form)
{
	RecordNumber number;
	RecordNumber next;

	record_number_decode(form, &number);
	if (record_number_encode(&number) != form || strlen(number.prefix) > NUMBER_LETTERS ||
		number.width < record_number_width(number.number) ||
		number.width > record_number_digits((int) strlen(number.prefix)))
		return false;
	if (form + 1 == NUMBER_FORMS)
		return true;
	record_number_decode(form + 1, &next);
	return compare_parts(&number, &next) < 0;
}

static void
test_forms(void)
{
	bool		random = true;
	bool		first = true;
	bool		last = true;

	for (int i = 0; i < ROUNDS; i++)
		random &= check_form(next_random() % NUMBER_FORMS);
	for (uint64_t form = 0; form < ROUNDS; form++)
	{
		first &= check_form(form);
		last &= check_form(NUMBER_FORMS - 1 - form);
	}
	ok(random, "form, number, form: the same, and the next one is greater");
	ok(first, "the first million forms");
	ok(last, "the last million forms");
}

static void
is_text(uint64_t form, const char *expected)
{
	char		text[NUMBER_LENGTH + 1];
	RecordNumber number;

	record_number_decode(form, &number);
	record_number_print(&number, text);
	if (strcmp(text, expected) != 0)
		printf("# %s instead of %s\n", text, expected);
	ok(strcmp(text, expected) == 0, expected);
}

static void
is_fault(const char *text, NumberFault expected)
{
	RecordNumber number;
	char	   *copy = malloc(strlen(text) + 1);	/* so that reading on is found */

	memcpy(copy, text, strlen(text));
	ok(record_number_parse(copy, strlen(text), &number) == expected, text);
	free(copy);
}

int
main(void)
{
	int			letters;
	RecordNumber incident;

	test_texts();
	test_forms();
	is_text(0, "A0");
	is_text(1, "A00");
	is_text(NUMBER_FORMS - 1, "ZZZZZZZ999999999");

	/* forms stand on disk */
	record_number_parse("INC0012345", 10, &incident);
	ok(record_number_encode(&incident) == UINT64_C(4737399250298160027), "a form that has been written once");

	is_fault("INC0012345", NUMBER_FINE);
	is_fault("SCTASK0010001", NUMBER_FINE);
	is_fault("PRBTASK000000001", NUMBER_FINE);
	is_fault("A000000000000001", NUMBER_FINE);
	is_fault("", NUMBER_SYNTAX);
	is_fault("INC", NUMBER_SYNTAX);
	is_fault("0012345", NUMBER_SYNTAX);
	is_fault("inc1", NUMBER_SYNTAX);
	is_fault("INC-1", NUMBER_SYNTAX);
	is_fault("INC1 ", NUMBER_SYNTAX);
	is_fault(" INC1", NUMBER_SYNTAX);
	is_fault("INC1A", NUMBER_SYNTAX);
	is_fault("INC+1", NUMBER_SYNTAX);
	is_fault("\303\204BC1", NUMBER_SYNTAX);
	is_fault("ABCDEFGH1", NUMBER_PREFIX_LONG);
	is_fault("INC12345678901234", NUMBER_DIGITS_LONG);
	is_fault("ABCDEFG1234567890", NUMBER_DIGITS_LONG);
	ok(record_number_parse_prefix("INC", 3, &letters) == NUMBER_FINE && letters == 3, "a prefix");
	ok(record_number_parse_prefix("INC1", 4, &letters) == NUMBER_SYNTAX, "a number is no prefix");
	ok(record_number_parse_prefix("", 0, &letters) == NUMBER_SYNTAX, "an empty one is no prefix");
	ok(record_number_parse_prefix("ABCDEFGH", 8, &letters) == NUMBER_PREFIX_LONG, "eight letters are too many");
	printf("1..%d\n", tests);
	return failures != 0;
}
