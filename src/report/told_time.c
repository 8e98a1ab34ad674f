/*
 * told_time.c
 *		Times out of the texts in which events and records tell values.
 */
#include "core/itsm.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

ITSM_FUNCTION(itsm_told_time);

/* Reads digits, at least and at most so many, and what has to follow them. */
static bool
read_number(const char **text, int least, int most, const char *next, int *number)
{
	int			count = 0;

	*number = 0;
	for (; count < most && **text >= '0' && **text <= '9'; (*text)++, count++)
		*number = *number * 10 + (**text - '0');
	if (count < least || strncmp(*text, next, strlen(next)) != 0)
		return false;
	*text += strlen(next);
	return true;
}

static bool
is_date(int year, int month, int day)
{
	int			y,
				m,
				d;

	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || day < 1 || day > 31 || !IS_VALID_JULIAN(year, month, day))
		return false;
	j2date(date2j(year, month, day), &y, &m, &d);
	return y == year && m == month && d == day;
}

/* Microseconds, as far as they are told. */
static bool
read_fraction(const char **text, int *microseconds)
{
	const char *begins;

	*microseconds = 0;
	if (**text != '.')
		return true;
	begins = ++*text;
	if (!read_number(text, 1, 6, "", microseconds))
		return false;
	for (int i = *text - begins; i < 6; i++)
		*microseconds *= 10;
	return true;
}

/*
 * itsm.told_time(value text) → timestamptz
 *
 * Of a text that is not a time as canonical texts have it: null.
 */
Datum
itsm_told_time(PG_FUNCTION_ARGS)
{
	const char *rest = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			year,
				month,
				day,
				hour,
				minute,
				second,
				microseconds;
	TimestampTz at;

	if (!read_number(&rest, 4, 6, "-", &year) || !read_number(&rest, 2, 2, "-", &month) ||
		!read_number(&rest, 2, 2, " ", &day) || !read_number(&rest, 2, 2, ":", &hour) ||
		!read_number(&rest, 2, 2, ":", &minute) || !read_number(&rest, 2, 2, "", &second) ||
		!read_fraction(&rest, &microseconds) || strcmp(rest, "+00") != 0 ||
		!is_date(year, month, day) || hour > 23 || minute > 59 || second > 59)
		PG_RETURN_NULL();
	at = (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY +
		((hour * INT64CONST(60) + minute) * 60 + second) * USECS_PER_SEC + microseconds;
	if (!IS_VALID_TIMESTAMP(at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}
