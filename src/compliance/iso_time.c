/*
 * iso_time.c
 *		Reading dates and times out of mapped attributes, whose lifecycles may call
 *		them anything: what cannot be read is unknown, and no error for a view.
 */
#include "core/itsm.h"

#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#define YEAR_MOST 9999

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly so many digits. */
static bool
read_digits(const char **text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++, (*text)++)
	{
		if (!is_digit(**text))
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool
skip(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* YYYY-MM-DD as days since 2000-01-01. */
static bool
read_date(const char **text, int *days)
{
	int			year;
	int			month;
	int			day;
	int			checked[3];

	if (!read_digits(text, 4, &year) || !skip(text, '-') || !read_digits(text, 2, &month) || !skip(text, '-') ||
		!read_digits(text, 2, &day) || year < 1 || year > YEAR_MOST || month < 1 || month > 12)
		return false;
	*days = date2j(year, month, day);
	j2date(*days, &checked[0], &checked[1], &checked[2]);
	*days -= POSTGRES_EPOCH_JDATE;
	return checked[0] == year && checked[1] == month && checked[2] == day;
}

/* HH:MM[:SS[.ffffff]] as microseconds. */
static bool
read_time(const char **text, int64 *microseconds)
{
	int			hour;
	int			minute;
	int			second = 0;
	int64		unit = USECS_PER_SEC;

	if (!read_digits(text, 2, &hour) || !skip(text, ':') || !read_digits(text, 2, &minute) ||
		(skip(text, ':') && !read_digits(text, 2, &second)) || hour > 23 || minute > 59 || second > 59)
		return false;
	*microseconds = ((hour * INT64CONST(60) + minute) * 60 + second) * USECS_PER_SEC;
	if (skip(text, '.'))
		for (; is_digit(**text); (*text)++)
			*microseconds += (**text - '0') * (unit /= 10);
	return true;
}

/* Z, or +HH[:MM[:SS]], as microseconds to subtract; nothing is UTC. */
static bool
read_offset(const char **text, int64 *microseconds)
{
	int			parts[3] = {0};
	int			sign = **text == '-' ? -1 : 1;

	*microseconds = 0;
	if (skip(text, 'Z') || **text == '\0')
		return true;
	if (!skip(text, '+') && !skip(text, '-'))
		return false;
	for (int i = 0; i < 3 && (i == 0 || skip(text, ':')); i++)
		if (!read_digits(text, 2, &parts[i]) || parts[i] > 59)
			return false;
	*microseconds = sign * ((parts[0] * INT64CONST(60) + parts[1]) * 60 + parts[2]) * USECS_PER_SEC;
	return true;
}

/*
 * itsm.iso_time(value text) → timestamptz
 */
ITSM_FUNCTION(itsm_iso_time);
Datum
itsm_iso_time(PG_FUNCTION_ARGS)
{
	const char *value = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			days;
	int64		time = 0;
	int64		offset = 0;

	if (!read_date(&value, &days))
		PG_RETURN_NULL();
	if ((skip(&value, 'T') || skip(&value, ' ')) && !(read_time(&value, &time) && read_offset(&value, &offset)))
		PG_RETURN_NULL();
	if (*value != '\0')
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(days * USECS_PER_DAY + time - offset);
}
