/*
 * calendar.c
 *		Service time over named calendars.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "common/int.h"
#include "core/table.h"
#include "miscadmin.h"
#include "service_time/calendar.h"
#include "service_time/plan_cache.h"
#include "service_time/service_time.h"
#include "storage/proc.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

ITSM_FUNCTION(itsm_calendar_time);
ITSM_FUNCTION(itsm_calendar_time_in);
ITSM_FUNCTION(itsm_calendar_deadline_at);

/* Columns of itsm.calendar_hours. */
enum
{
	HOURS_CALENDAR = 1,
	HOURS_VALID_FROM,
	HOURS_HOURS
};

static int
compare_pieces(const void *a, const void *b)
{
	TimestampTz one = ((const CalendarPiece *) a)->valid_from;
	TimestampTz other = ((const CalendarPiece *) b)->valid_from;

	return (one > other) - (one < other);
}

Calendar *
itsm_calendar_read(const char *name, Snapshot snapshot)
{
	Relation	table = table_open(itsm_relation("calendar_hours"), AccessShareLock);
	Calendar   *calendar = palloc0(sizeof(Calendar));
	int			room = 4;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	calendar->pieces = palloc(room * sizeof(CalendarPiece));
	ScanKeyInit(&key, HOURS_CALENDAR, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	key.sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(table, itsm_relation("calendar_hours_pkey"), true, snapshot, 1, &key);
	while ((tuple = systable_getnext(scan)))
	{
		CalendarPiece *piece;
		bool		null;
		Datum		hours = heap_getattr(tuple, HOURS_HOURS, RelationGetDescr(table), &null);

		if (calendar->count == room)
			calendar->pieces = repalloc(calendar->pieces, (room *= 2) * sizeof(CalendarPiece));
		piece = &calendar->pieces[calendar->count++];
		piece->text = TextDatumGetCString(hours);
		piece->length = strlen(piece->text);
		piece->plan = (PlanPlace) {NULL};
		piece->valid_from = DatumGetTimestampTz(heap_getattr(tuple, HOURS_VALID_FROM,
															 RelationGetDescr(table), &null));
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	if (calendar->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no calendar \"%s\"", name),
				 errhint("itsm.define_calendar makes one; itsm.calendar lists them.")));
	qsort(calendar->pieces, calendar->count, sizeof(CalendarPiece), compare_pieces);
	return calendar;
}

static ServicePlan *
plan_of(const Calendar *calendar, int piece)
{
	return itsm_plan_again(&calendar->pieces[piece].plan, calendar->pieces[piece].text, calendar->pieces[piece].length);
}

/* Where a piece ends. */
static TimestampTz
valid_until(const Calendar *calendar, int piece)
{
	return piece + 1 < calendar->count ? calendar->pieces[piece + 1].valid_from : DT_NOEND;
}

int64
itsm_calendar_elapsed(const Calendar *calendar, TimestampTz from, TimestampTz to)
{
	int64		elapsed = 0;
	bool		swapped = from > to;
	TimestampTz first = swapped ? to : from;
	TimestampTz last = swapped ? from : to;

	itsm_check_finite(from);
	itsm_check_finite(to);
	for (int i = 0; i < calendar->count; i++)
	{
		TimestampTz begins = Max(first, calendar->pieces[i].valid_from);
		TimestampTz ends = Min(last, valid_until(calendar, i));

		/* the parts of a time that fits fit too */
		if (begins < ends)
			elapsed += itsm_elapsed(plan_of(calendar, i), begins, ends);
	}
	return swapped ? -elapsed : elapsed;
}

static TimestampTz
deadline_forward(const Calendar *calendar, TimestampTz start, int64 length, bool *never)
{
	int64		rest = length;
	ServiceResult result = SERVICE_NEVER;

	*never = false;
	for (int i = 0; i < calendar->count; i++)
	{
		TimestampTz begins = Max(start, calendar->pieces[i].valid_from);
		TimestampTz ends = valid_until(calendar, i);
		TimestampTz deadline;

		if (begins >= ends)
			continue;
		result = service_deadline(plan_of(calendar, i), begins, rest, &deadline);
		/* just open for so long when the piece ends is enough, but not to find it open */
		if (result == SERVICE_DONE && (rest > 0 ? deadline <= ends : deadline < ends))
			return deadline;
		if (i + 1 < calendar->count)
			rest -= itsm_elapsed(plan_of(calendar, i), begins, ends);
	}
	*never = result == SERVICE_NEVER;
	return DT_NOEND;
}

static TimestampTz
deadline_backward(const Calendar *calendar, TimestampTz start, int64 length, bool *never)
{
	int64		rest = length;

	*never = false;

	for (int i = calendar->count - 1; i >= 0; i--)
	{
		TimestampTz begins = calendar->pieces[i].valid_from;
		TimestampTz ends = Min(start, valid_until(calendar, i));
		TimestampTz deadline;

		if (begins >= ends)
			continue;
		if (service_deadline(plan_of(calendar, i), ends, rest, &deadline) == SERVICE_DONE &&
			deadline >= begins)
			return deadline;
		if (i > 0)
			rest += itsm_elapsed(plan_of(calendar, i), begins, ends);
	}
	*never = true;
	return DT_NOEND;
}

TimestampTz
itsm_calendar_deadline(const Calendar *calendar, TimestampTz start, int64 length)
{
	TimestampTz deadline;
	bool		never = false;

	itsm_check_finite(start);
	deadline = length < 0 ? deadline_backward(calendar, start, length, &never) :
		deadline_forward(calendar, start, length, &never);
	if (never)
		itsm_deadline_never(length);
	if (!IS_VALID_TIMESTAMP(deadline))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("deadline out of range")));
	return deadline;
}

TimestampTz
itsm_calendar_reach(const Calendar *calendar, TimestampTz start, int64 length)
{
	bool		never;
	TimestampTz deadline = length < 0 ? deadline_backward(calendar, start, length, &never) :
		deadline_forward(calendar, start, length, &never);

	return IS_VALID_TIMESTAMP(deadline) ? deadline : DT_NOEND;
}

/* The first span of a piece that closes after a time, within the piece. */
static bool
span_of_piece(const Calendar *calendar, int piece, TimestampTz at, TimestampTz *open, TimestampTz *close)
{
	TimestampTz begins = calendar->pieces[piece].valid_from;
	TimestampTz ends = valid_until(calendar, piece);

	if (at >= ends || service_next_span(plan_of(calendar, piece), Max(at, begins), open, close) != SERVICE_DONE ||
		*open >= ends)
		return false;
	*open = Max(*open, begins);
	*close = Min(*close, ends);
	return true;
}

bool
itsm_calendar_span(const Calendar *calendar, TimestampTz at, TimestampTz *open, TimestampTz *close)
{
	bool		found = false;

	for (int i = 0; i < calendar->count; i++)
	{
		TimestampTz next,
					end;

		if (found && *close < calendar->pieces[i].valid_from)
			break;
		if (!span_of_piece(calendar, i, found ? *close : at, &next, &end))
			continue;
		/* what closes where the next hours begin may go on in them */
		if (found && next > *close)
			break;
		if (!found)
			*open = next;
		*close = end;
		found = true;
	}
	return found;
}

const char *
itsm_calendar_hours_at(const Calendar *calendar, TimestampTz at)
{
	int			piece = 0;

	while (piece + 1 < calendar->count && calendar->pieces[piece + 1].valid_from <= at)
		piece++;
	return calendar->pieces[piece].text;
}

#define KNOWN_CALENDARS 16

/* Calendars as a call site saw them, and under which snapshot. */
typedef struct CalendarHint
{
	MemoryContext memory;		/* of the calendars and their names */
	LocalTransactionId transaction;
	TransactionId xmin;
	TransactionId xmax;
	uint32		running;
	CommandId	command;
	int			count;
	struct
	{
		char	   *name;
		int			length;
		Calendar   *calendar;
	}			known[KNOWN_CALENDARS];
} CalendarHint;

/* What a snapshot sees changes only when a transaction or a command of ours ends. */
static bool
is_current(const CalendarHint *hint, Snapshot snapshot)
{
	return hint->transaction == ITSM_LXID && hint->xmin == snapshot->xmin && hint->xmax == snapshot->xmax &&
		hint->running == snapshot->xcnt + snapshot->subxcnt && hint->command == snapshot->curcid;
}

static const Calendar *
find_known(const CalendarHint *hint, text *name)
{
	for (int i = 0; i < hint->count; i++)
		if (hint->known[i].length == VARSIZE_ANY_EXHDR(name) &&
			memcmp(hint->known[i].name, VARDATA_ANY(name), hint->known[i].length) == 0)
			return hint->known[i].calendar;
	return NULL;
}

static void
forget_known(CalendarHint *hint, Snapshot snapshot)
{
	hint->count = 0;
	MemoryContextReset(hint->memory);
	hint->transaction = ITSM_LXID;
	hint->xmin = snapshot->xmin;
	hint->xmax = snapshot->xmax;
	hint->running = snapshot->xcnt + snapshot->subxcnt;
	hint->command = snapshot->curcid;
}

/* The calendar that the first argument names, remembered in fn_extra. */
static const Calendar *
calendar_of(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	Snapshot	snapshot = GetActiveSnapshot();
	CalendarHint *hint = fcinfo->flinfo->fn_extra;
	const Calendar *known;
	Calendar   *calendar;
	char	   *copy;
	MemoryContext outer;

	if (hint != NULL && is_current(hint, snapshot) && (known = find_known(hint, name)) != NULL)
		return known;
	if (hint == NULL)
	{
		hint = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CalendarHint));
		hint->memory = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "itsm calendar", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = hint;
	}
	if (!is_current(hint, snapshot) || hint->count == KNOWN_CALENDARS)
		forget_known(hint, snapshot);
	outer = MemoryContextSwitchTo(hint->memory);
	copy = text_to_cstring(name);
	calendar = itsm_calendar_read(copy, snapshot);
	MemoryContextSwitchTo(outer);
	hint->known[hint->count].name = copy;
	hint->known[hint->count].length = VARSIZE_ANY_EXHDR(name);
	hint->known[hint->count++].calendar = calendar;
	return calendar;
}

Datum
itsm_calendar_time(PG_FUNCTION_ARGS)
{
	const Calendar *calendar = calendar_of(fcinfo);

	PG_RETURN_INTERVAL_P(itsm_make_interval(itsm_calendar_elapsed(calendar, PG_GETARG_TIMESTAMPTZ(1),
																  PG_GETARG_TIMESTAMPTZ(2))));
}

static int64
elapsed_by_calendar(const void *hours, TimestampTz from, TimestampTz to)
{
	return itsm_calendar_elapsed(hours, from, to);
}

Datum
itsm_calendar_time_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INTERVAL_P(itsm_make_interval(itsm_elapsed_in(fcinfo, 1, elapsed_by_calendar, calendar_of(fcinfo))));
}

Datum
itsm_calendar_deadline_at(PG_FUNCTION_ARGS)
{
	const Calendar *calendar = calendar_of(fcinfo);

	PG_RETURN_TIMESTAMPTZ(itsm_calendar_deadline(calendar, PG_GETARG_TIMESTAMPTZ(1),
												 itsm_target_length(PG_GETARG_INTERVAL_P(2))));
}
