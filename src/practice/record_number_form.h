/*
 * record_number_form.h
 *		Record numbers (INC0012345) as 64-bit integers whose order is theirs:
 *		pure arithmetic, no server facilities.
 *
 * A number is one to seven capital letters and then digits, together sixteen
 * characters at most, so that a prefix of three letters has up to thirteen
 * digits and one of seven letters nine.  Leading zeros are kept: what is
 * ordered is (prefix as bytes, number, digits).
 *
 * The form of a number is its rank: how many numbers stand before it in that
 * order.  Thus every number has a form of its own, forms compare as unsigned
 * integers, and whatever is below NUMBER_FORMS is one.  They stand on disk, so
 * none of this can ever be changed.
 */
#ifndef ITSM_RECORD_NUMBER_FORM_H
#define ITSM_RECORD_NUMBER_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_LETTERS 7
#define NUMBER_LENGTH 16

/* Rank behind the last one: 26 times the numbers that begin with one given letter. */
#define NUMBER_FORMS UINT64_C(14483823919607686020)

typedef struct RecordNumber
{
	char		prefix[NUMBER_LETTERS + 1];
	int64_t		number;
	int			width;			/* digits, with leading zeros */
} RecordNumber;

typedef enum NumberFault
{
	NUMBER_FINE,
	NUMBER_SYNTAX,				/* not capital letters and then digits */
	NUMBER_PREFIX_LONG,
	NUMBER_DIGITS_LONG			/* more than its prefix leaves room for */
} NumberFault;

/* Digits that a prefix of so many letters leaves room for. */
static inline int
record_number_digits(int letters)
{
	return NUMBER_LENGTH - letters;
}

/* Reads a text, which need not end with a zero byte. */
extern NumberFault record_number_parse(const char *text, size_t length, RecordNumber *number);

/* Whether a text is a prefix; sets *letters to how many letters it has when it is one. */
extern NumberFault record_number_parse_prefix(const char *text, size_t length, int *letters);

/* Writes it with a zero byte at its end; returns the length without. */
extern int	record_number_print(const RecordNumber *number, char text[NUMBER_LENGTH + 1]);

/* Number and form of each other; the form has to be below NUMBER_FORMS. */
extern uint64_t record_number_encode(const RecordNumber *number);
extern void record_number_decode(uint64_t form, RecordNumber *number);

/* How many digits a number has without leading zeros. */
extern int	record_number_width(int64_t number);

#endif							/* ITSM_RECORD_NUMBER_FORM_H */
