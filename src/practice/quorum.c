/*
 * quorum.c
 *		How many approvals are enough.
 */
#include "practice/quorum.h"

#include <stdint.h>

#define DECIMALS 2

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits; false when there are none or the number is larger than the limit. */
static bool
read_digits(const char **text, int limit, int *number)
{
	const char *c = *text;

	*number = 0;
	if (!is_digit(*c))
		return false;
	for (; is_digit(*c); c++)
	{
		*number = *number * 10 + (*c - '0');
		if (*number > limit)
			return false;
	}
	*text = c;
	return true;
}

/* What stands behind the decimal point, as hundredths. */
static bool
read_decimals(const char **text, int *hundredths)
{
	const char *c = *text;

	*hundredths = 0;
	if (!is_digit(*c))
		return false;
	for (int i = 0; i < DECIMALS; i++)
	{
		*hundredths *= 10;
		if (is_digit(*c))
			*hundredths += *c++ - '0';
	}
	*text = c;
	return true;
}

bool
quorum_read(const char *text, Quorum *quorum)
{
	int			whole;
	int			hundredths = 0;
	bool		fraction = false;

	if (!read_digits(&text, QUORUM_MAX_COUNT, &whole))
		return false;
	if (*text == '.')
	{
		text++;
		fraction = true;
		if (!read_decimals(&text, &hundredths))
			return false;
	}
	if (text[0] == '\0' && !fraction)
	{
		quorum->form = whole ? QUORUM_COUNT : QUORUM_FIRST;
		quorum->amount = whole;
		return true;
	}
	if (text[0] != '%' || text[1] != '\0' || whole > 100 || whole * 100 + hundredths > QUORUM_WHOLE)
		return false;
	quorum->amount = whole * 100 + hundredths;
	quorum->form = quorum->amount ? QUORUM_SHARE : QUORUM_FIRST;
	return true;
}

int
quorum_needed(const Quorum *quorum, int people)
{
	int64_t		needed = quorum->amount;

	if (quorum->form == QUORUM_FIRST)
		return 0;
	if (quorum->form == QUORUM_SHARE)
		needed = ((int64_t) people * quorum->amount + QUORUM_WHOLE / 2) / QUORUM_WHOLE;
	return needed > 1 ? (int) needed : 1;
}
