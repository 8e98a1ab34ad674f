/*
 * relative_target.c
 *		When targets that fix a time are due.
 *
 * A time of the day comes out of service hours that close then, so it is read
 * as times of service hours are, also where clocks change.  Memory: the
 * caller's context.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "lifecycle/time_limit.h"
#include "miscadmin.h"
#include "service_time/clock_hours.h"
#include "service_time/relative_target.h"
#include "service_time/service_time.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define KIND "sla"
#define WHERE "the target"
#define MOST 1000				/* days, or openings */
#define DAY_MINUTES 1440

static const char *const members[] = {"by", "days", "openings", "attribute", "clock", "before", "after", NULL};

/* A whole number from least to MOST. */
static int
number_member(DefinitionParse *parse, const JsonbContainer *object, const char *member, int least, int absent)
{
	JsonbValue	value;
	double		number;

	if (!itsm_json_member(object, member, &value))
		return absent;
	number = value.type == jbvNumeric
		? DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value.val.numeric))) : -1;
	if (number >= least && number <= MOST && number == (int) number)
		return (int) number;
	definition_fault(parse, KIND, NULL, "%s: \"%s\" must be a whole number from %d to %d", WHERE, member, least, MOST);
	return least;
}

static void
parse_by(DefinitionParse *parse, const char *text, RelativeTarget *target)
{
	int			hour = 0,
				minute = 0,
				length = 0;

	if (sscanf(text, "%2d:%2d%n", &hour, &minute, &length) == 2 && text[length] == '\0' &&
		hour >= 0 && minute >= 0 && minute < 60 && hour * 60 + minute <= DAY_MINUTES)
		target->minutes = hour * 60 + minute;
	if (target->minutes > 0)
		target->kind = TARGET_BY;
	else
		definition_fault(parse, KIND, NULL, "%s: \"by\" is a time from 00:01 to 24:00, not \"%s\"", WHERE,
						 itsm_clip(text));
}

static void
parse_offset(DefinitionParse *parse, const JsonbContainer *object, bool stored, RelativeTarget *target)
{
	char	   *before = itsm_definition_text(parse, object, KIND, WHERE, "before", false);
	char	   *after = itsm_definition_text(parse, object, KIND, WHERE, "after", false);
	char	   *text = before ? before : after;
	const char *message = NULL;
	Interval	length;

	if (text == NULL)
		return;
	if (before && after)
		definition_fault(parse, KIND, NULL, "%s: give \"before\" or \"after\", not both", WHERE);
	else if (target->kind < TARGET_ATTRIBUTE)
		definition_fault(parse, KIND, NULL, "%s: \"%s\" goes with an \"attribute\" or a \"clock\"", WHERE,
						 before ? "before" : "after");
	else if (!itsm_time_limit(text, stored, &length, &message))
		definition_fault(parse, KIND, NULL, "%s: \"%s\" is not a time: %s", WHERE, itsm_clip(text), message);
	else if (!itsm_interval_is_finite(&length) || length.month != 0 || length.day > 366 * 1000 ||
			 length.time > 366 * 1000 * USECS_PER_DAY)
		definition_fault(parse, KIND, NULL, "%s: \"%s\" has no fixed length, or is too long", WHERE, itsm_clip(text));
	else
		target->offset = before ? -itsm_target_length(&length) : itsm_target_length(&length);
}

void
itsm_relative_parse(DefinitionParse *parse, const JsonbContainer *object, bool stored, RelativeTarget *target)
{
	char	   *by = itsm_definition_text(parse, object, KIND, WHERE, "by", false);
	char	   *attribute = itsm_definition_text(parse, object, KIND, WHERE, "attribute", false);
	char	   *clock = itsm_definition_text(parse, object, KIND, WHERE, "clock", false);
	int			openings = number_member(parse, object, "openings", 1, 0);
	int			days = number_member(parse, object, "days", 0, -1);

	itsm_definition_members(parse, object, KIND, WHERE, members);
	if ((by != NULL) + (attribute != NULL) + (clock != NULL) + (openings > 0) != 1)
	{
		definition_fault(parse, KIND, NULL,
						 "%s: give one of \"by\", \"openings\", \"attribute\" and \"clock\", or a time as a string", WHERE);
		return;
	}
	if (by)
		parse_by(parse, by, target);
	else
		target->kind = openings > 0 ? TARGET_OPENINGS : attribute ? TARGET_ATTRIBUTE : TARGET_CLOCK;
	if (days >= 0 && !by)
		definition_fault(parse, KIND, NULL, "%s: \"days\" goes with \"by\"", WHERE);
	target->name = attribute ? attribute : clock;
	target->count = openings > 0 ? openings : Max(days, 0);
	parse_offset(parse, object, stored, target);
}

/* Hours that close at a minute of every day, for which they were open. */
static ClockHours *
closing_at(const ClockHours *hours, int64 at, int minutes)
{
	const char *zone = itsm_hours_zone(hours, at);

	return itsm_clock_hours(NULL, psprintf("%02d:%02d-%02d:%02d @ %s", (minutes - 1) / 60, (minutes - 1) % 60,
										   minutes / 60, minutes % 60, zone));
}

/* The next time after another one at which they close. */
static int64
next_close(const ClockHours *hours, int64 at)
{
	int64		open,
				close;

	return itsm_hours_span(hours, at, &open, &close) ? close : CLOCK_NEVER;
}

/* The last time up to the end of a day at which they close. */
static int64
close_before(const ClockHours *hours, int64 end)
{
	int64		close = next_close(hours, end - 3 * USECS_PER_DAY);
	int64		next;

	while (close != CLOCK_NEVER && (next = next_close(hours, close)) <= end)
		close = next;
	return close;
}

static int64
due_by(const RelativeTarget *target, const ClockHours *hours, int64 start)
{
	ClockHours *mark = closing_at(hours, start, target->minutes);
	ClockHours *midnight = closing_at(hours, start, DAY_MINUTES);
	int64		end = next_close(midnight, start);
	int64		due = next_close(mark, start);
	int			days = target->count;

	/* of today while it is open, where that is to come */
	if (days == 0 && due <= end && itsm_hours_next_open(hours, start) < end)
		return due;
	for (days = Max(days, 1); end != CLOCK_NEVER; days--)
	{
		int64		open = itsm_hours_next_open(hours, end);

		CHECK_FOR_INTERRUPTS();
		if (open == CLOCK_NEVER)
			return CLOCK_NEVER;
		end = next_close(midnight, open);
		if (days == 1)
			return end == CLOCK_NEVER ? CLOCK_NEVER : close_before(mark, end);
	}
	return CLOCK_NEVER;
}

static int64
due_at_opening(const RelativeTarget *target, const ClockHours *hours, int64 start)
{
	int			openings = target->count;
	int64		open,
				close;

	while (itsm_hours_span(hours, start, &open, &close))
	{
		CHECK_FOR_INTERRUPTS();
		if (open > start && --openings == 0)
			return open;
		if (close == CLOCK_NEVER)
			break;
		start = close;
	}
	return CLOCK_NEVER;
}

int64
itsm_relative_due(const RelativeTarget *target, const ClockHours *hours, int64 start)
{
	int64		due = target->kind == TARGET_BY ? due_by(target, hours, start) : due_at_opening(target, hours, start);

	return IS_VALID_TIMESTAMP(due) ? due : CLOCK_NEVER;
}

int64
itsm_relative_offset(const RelativeTarget *target, const ClockHours *hours, int64 at)
{
	if (target->offset == 0 || TIMESTAMP_NOT_FINITE(at))
		return at;
	return itsm_hours_shift(hours, at, target->offset);
}
