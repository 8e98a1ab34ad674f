/*
 * time_of_text.c
 *		Times among the attributes that a projection keeps as texts.
 *
 *	itsm.time_of_text(text) → timestamptz
 *		The time that a canonical text says: ISO 8601, of a timestamptz, timestamp or
 *		date; what says no zone is taken as UTC.  Null for any other text, so that
 *		one lifecycle's odd attribute leaves a view readable for all.
 *
 * Immutable: neither DateStyle nor TimeZone has a say, since only texts that
 * begin with a year of four digits or more are looked at.
 */
#include "core/itsm.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

ITSM_FUNCTION(itsm_time_of_text);

/* A year, a dash: no style of dates can read it otherwise. */
static bool
begins_with_year(const char *text)
{
	int			digits = strspn(text, "0123456789");

	return digits >= 4 && text[digits] == '-';
}

/* Other words are read as of now (today), or by rules that change (a zone's name, which may be taken for a date). */
static bool
has_word(char **fields, const int *kinds, int count)
{
	for (int i = 0; i < count; i++)
		if ((kinds[i] == DTK_DATE && i > 0) ||
			(kinds[i] == DTK_STRING && strcmp(fields[i], "t") != 0 && strcmp(fields[i], "z") != 0 &&
			 strcmp(fields[i], "bc") != 0))
			return true;
	return false;
}

static bool
has_zone(const int *kinds, int count)
{
	for (int i = 0; i < count; i++)
		if (kinds[i] == DTK_TZ)
			return true;
	return false;
}

/* The time that a text says; false when it says none. */
static bool
read_time(const char *text, TimestampTz *time)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *fields[MAXDATEFIELDS];
	int			kinds[MAXDATEFIELDS];
	int			count;
	int			kind;
	int			zone = 0;
	struct pg_tm tm;
	fsec_t		fraction;

	if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
	{
		*time = *text == '-' ? DT_NOBEGIN : DT_NOEND;
		return true;
	}
	if (!begins_with_year(text) ||
		ParseDateTime(text, work, sizeof(work), fields, kinds, MAXDATEFIELDS, &count) != 0 ||
		has_word(fields, kinds, count) ||
		itsm_decode_datetime(fields, kinds, count, &kind, &tm, &fraction, &zone) != 0 || kind != DTK_DATE)
		return false;
	if (!has_zone(kinds, count))
		zone = 0;
	return tm2timestamp(&tm, fraction, &zone, time) == 0;
}

Datum
itsm_time_of_text(PG_FUNCTION_ARGS)
{
	TimestampTz time;

	if (!read_time(text_to_cstring(PG_GETARG_TEXT_PP(0)), &time))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(time);
}
