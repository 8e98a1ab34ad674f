/*
 * clock_recompute.c
 *		Clocks made anew out of events, and compared with those that are kept.
 *
 * Memory: one record.  Locking: a record whose clocks are written anew is
 * locked, by its head, until the transaction ends; without writing nothing is.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "core/own_table.h"
#include "core/query.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "ledger/archive.h"
#include "lifecycle/attachment_row.h"
#include "record/record.h"
#include "service_time/clock_replay.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define BATCH 1000

typedef struct Recompute
{
	Replay	   *replay;
	int			sla;			/* 0: all */
	bool		write;
	uint64		lost;			/* records passed over, whose table is gone */
	List	   *slas;			/* Sla: for their names */
	ReturnSetInfo *result;
	MemoryContext context;		/* of the record at hand */
} Recompute;

static const ClockRow *
find_row(const List *rows, const ClockRow *like)
{
	ListCell   *cell;

	foreach(cell, rows)
	{
		const ClockRow *row = lfirst(cell);

		if (row->sla == like->sla && row->number == like->number)
			return row;
	}
	return NULL;
}

/* Removes a clock, by whatever itsm.due_clocks has written to it meanwhile. */
static void
remove_row(const char *tenant, int64 record, const ClockRow *kept)
{
	ClockRow	row = *kept;

	while (!itsm_clock_remove(&row))
	{
		CHECK_FOR_INTERRUPTS();
		if (!itsm_clock_find(tenant, record, kept->sla, kept->number, &row))
			break;
	}
}

/* Writes what was computed in the place of a clock, which keeps what was told of it. */
static void
replace_row(const char *tenant, int64 record, const ClockRow *kept, const ClockRow *computed)
{
	ClockRow	old = *kept;
	ClockRow	row;

	for (;;)
	{
		row = *computed;
		row.tuple = old.tuple;
		/* what was told of this clock is not told again */
		if (old.clock.started_at == row.clock.started_at && old.sla_version == row.sla_version)
			row.told = old.told;
		row.bound = itsm_clock_bound(row.agreed, &row.clock, row.told);
		if (itsm_clock_store(tenant, record, &row, NULL))
			return;
		/* itsm.due_clocks was there */
		CHECK_FOR_INTERRUPTS();
		if (!itsm_clock_find(tenant, record, kept->sla, kept->number, &old))
			old.tuple = NULL;
	}
}

/* Writes what was computed in the place of what is kept. */
static void
replace_rows(const char *tenant, int64 record, const List *kept, const List *computed, int sla)
{
	ListCell   *cell;

	foreach(cell, kept)
	{
		const ClockRow *row = lfirst(cell);

		if ((sla == 0 || row->sla == sla) && find_row(computed, row) == NULL)
			remove_row(tenant, record, row);
	}
	foreach(cell, computed)
	{
		ClockRow	row = *(const ClockRow *) lfirst(cell);
		const ClockRow *old = find_row(kept, &row);

		if (old && itsm_clock_same(old, &row))
			continue;
		if (old)
			replace_row(tenant, record, old, &row);
		else
			(void) itsm_clock_store(tenant, record, &row, NULL);
		CommandCounterIncrement();
	}
}

void
itsm_clock_replay_store(const char *tenant, int64 record)
{
	List	   *kept = itsm_clocks_of(tenant, record);
	Replay	   *replay;

	if (kept == NIL && itsm_slas_of(NULL) == NIL)
		return;
	replay = itsm_replay_begin(0);
	replace_rows(tenant, record, kept,
				 itsm_replay_record(replay, tenant, record, itsm_event_read_by_head(tenant, record, DT_NOEND), NULL), 0);
	itsm_replay_end(replay);
}

void
itsm_clock_end_others(const char *tenant, int64 record, const BoundSlas *bound, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, itsm_clocks_of(tenant, record))
	{
		ClockRow   *row = lfirst(cell);
		bool		agreed = false;
		ListCell   *sla;

		for (int i = 0; bound && i < bound->count; i++)
			agreed |= bound->slas[i].sla->id == row->sla;
		if (agreed || row->number != 0 || row->clock.stage >= CLOCK_COMPLETED)
			continue;
		foreach(sla, itsm_slas_of(NULL))
		{
			const Sla  *version = lfirst(sla);
			const ClockEvent event = {.at = at, .ended = true};

			if (version->id == row->sla && version->version == row->sla_version)
				(void) clock_advance(&version->terms, &row->clock, &event, NULL);
		}
		row->bound = DT_NOEND;
		while (!itsm_clock_store(tenant, record, row, NULL))
		{
			ClockRow	again;

			CHECK_FOR_INTERRUPTS();
			if (!itsm_clock_find(tenant, record, row->sla, 0, &again))
				break;
			row->tuple = again.tuple;
			row->told = again.told;
		}
	}
}

static void
push(JsonbParseState **state, const char *name, const char *text)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, name);
	value.val.string.len = strlen(name);
	pushJsonbValue(state, WJB_KEY, &value);
	if (text)
	{
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = strlen(text);
	}
	else
		value.type = jbvNull;
	pushJsonbValue(state, WJB_VALUE, &value);
}

static const char *
time_text(bool known, TimestampTz at)
{
	return known ? DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(at))) : NULL;
}

static const char *
interval_text(int64 length)
{
	Interval	interval = {.time = length};

	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(&interval)));
}

static Datum
row_json(const ClockRow *row)
{
	const Clock *clock = &row->clock;
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push(&state, "sla_version", psprintf("%d", row->sla_version));
	push(&state, "stage", clock_stage_names[clock->stage]);
	push(&state, "started_at", time_text(true, clock->started_at));
	push(&state, "since", time_text(true, clock->since));
	push(&state, "elapsed", interval_text(clock->elapsed));
	push(&state, "paused", interval_text(clock->paused));
	push(&state, "due_at", time_text(clock->due, clock->due_at));
	push(&state, "original_due_at", time_text(true, clock->first_due_at));
	push(&state, "breached_at", time_text(clock->breached, clock->breached_at));
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

static const char *
name_of(const Recompute *recompute, int sla)
{
	ListCell   *cell;

	foreach(cell, recompute->slas)
		if (((const Sla *) lfirst(cell))->id == sla)
			return ((const Sla *) lfirst(cell))->name;
	return psprintf("%d", sla);
}

static void
tell(const Recompute *recompute, const char *tenant, int64 record, const ClockRow *kept, const ClockRow *computed)
{
	const ClockRow *row = computed ? computed : kept;
	const char *problem = kept == NULL ? "missing" : computed == NULL ? "surplus" : "differs";

	Assert(row != NULL);
	{
		Datum		values[] = {
			CStringGetTextDatum(tenant), Int64GetDatum(record), CStringGetTextDatum(name_of(recompute, row->sla)),
			Int32GetDatum(row->number), CStringGetTextDatum(problem), kept ? row_json(kept) : (Datum) 0,
			computed ? row_json(computed) : (Datum) 0
		};
		bool		nulls[] = {false, false, false, false, false, kept == NULL, computed == NULL};

		tuplestore_putvalues(recompute->result->setResult, recompute->result->setDesc, values, nulls);
	}
}

/* Compares; tells what differs when "tell_it". */
static bool
differ(const Recompute *recompute, const char *tenant, int64 record, const List *kept, const List *computed,
	   bool tell_it)
{
	bool		any = false;
	ListCell   *cell;

	foreach(cell, computed)
	{
		const ClockRow *row = lfirst(cell);
		const ClockRow *old = find_row(kept, row);

		if (old && itsm_clock_same(old, row))
			continue;
		any = true;
		if (tell_it)
			tell(recompute, tenant, record, old, row);
	}
	foreach(cell, kept)
	{
		const ClockRow *row = lfirst(cell);

		if ((recompute->sla && row->sla != recompute->sla) || find_row(computed, row))
			continue;
		any = true;
		if (tell_it)
			tell(recompute, tenant, record, row, NULL);
	}
	return any;
}

static void
lock_record(const char *tenant, int64 record)
{
	const Oid	types[] = {INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(record), CStringGetTextDatum(tenant)};
	MemoryContext caller = CurrentMemoryContext;

	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT FROM itsm.record r WHERE r.id OPERATOR(pg_catalog.=) $1"
					  " AND r.tenant OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE",
					  lengthof(types), types, values, NULL);
	/* there may be a million of them before SPI is left, in whose memory we are now */
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(caller);
}

static int64
version_of(const char *tenant, int64 id)
{
	Record		record;

	return itsm_record_read(tenant, id, &record) ? record.version : 0;
}

/* A record whose clocks seem to differ is looked at once more, as it stands now. */
static void
look_again(Recompute *recompute, const char *tenant, int64 record)
{
	List	   *kept;
	List	   *computed;
	int64		version;

	if (recompute->write)
		lock_record(tenant, record);
	do
	{
		CHECK_FOR_INTERRUPTS();
		version = version_of(tenant, record);
		computed = itsm_replay_record(recompute->replay, tenant, record, itsm_event_read_by_head(tenant, record, DT_NOEND), NULL);
		kept = itsm_clocks_of(tenant, record);
	} while (version != version_of(tenant, record));
	if (itsm_replay_passed(recompute->replay))
	{
		recompute->lost++;
		return;
	}
	if (!differ(recompute, tenant, record, kept, computed, true) || !recompute->write)
		return;
	replace_rows(tenant, record, kept, computed, recompute->sla);
}

static void
finish_record(Recompute *recompute, List *events)
{
	const Event *event;
	MemoryContext caller;
	List	   *computed;

	if (events == NIL)
		return;
	event = linitial(events);
	caller = MemoryContextSwitchTo(recompute->context);
	computed = itsm_replay_record(recompute->replay, event->tenant, event->record, events, NULL);
	if (itsm_replay_passed(recompute->replay))
		recompute->lost++;
	else if (differ(recompute, event->tenant, event->record, itsm_clocks_of(event->tenant, event->record), computed, false))
		look_again(recompute, event->tenant, event->record);
	MemoryContextSwitchTo(caller);
}

/* What cannot be computed: clocks of records whose events are archived. */
#define LEFT_HERE " AND NOT EXISTS (SELECT FROM itsm.archived a WHERE a.record OPERATOR(pg_catalog.=) e.record" \
	" AND a.tenant OPERATOR(pg_catalog.=) e.tenant)"

static void
tell_archived(bool one_record, int64 record)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(record)};
	uint64		count = itsm_query(SPI_OK_SELECT,
								   one_record ? "SELECT a.tenant FROM itsm.archived a WHERE a.record OPERATOR(pg_catalog.=) $1"
								   " GROUP BY a.tenant"
								   : "SELECT c.tenant FROM itsm.clock c WHERE EXISTS (SELECT FROM itsm.archived a"
								   " WHERE a.record OPERATOR(pg_catalog.=) c.record AND a.tenant OPERATOR(pg_catalog.=) c.tenant)"
								   " AND $1 OPERATOR(pg_catalog.=) 0 GROUP BY c.tenant, c.record",
								   1, types, values, NULL);

	if (count == 0)
		return;
	if (one_record)
		itsm_archived_refuse(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1), record,
							 "its clocks cannot be computed");
	ereport(NOTICE,
			(errmsg("clocks of " UINT64_FORMAT " records whose events are archived were not computed", count)));
}

static Portal
open_events(bool one_attachment, int attachment, bool one_record, int64 record)
{
	const char *sql = one_record
		? "SELECT e.* FROM itsm.event e WHERE e.record OPERATOR(pg_catalog.=) $1" LEFT_HERE
		" ORDER BY e.record, e.tenant, e.version"
		: one_attachment
		? "SELECT e.* FROM itsm.event e JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) e.record"
		" AND r.tenant OPERATOR(pg_catalog.=) e.tenant WHERE r.attachment OPERATOR(pg_catalog.=) $1::pg_catalog.int4" LEFT_HERE
		" ORDER BY e.record, e.tenant, e.version"
		: "SELECT e.* FROM itsm.event e JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) e.record"
		" AND r.tenant OPERATOR(pg_catalog.=) e.tenant WHERE r.source OPERATOR(pg_catalog.<>) $1::pg_catalog.int4" LEFT_HERE
		" ORDER BY e.record, e.tenant, e.version";
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(one_record ? record : one_attachment ? attachment : 0)};
	SPIPlanPtr	plan = SPI_prepare(sql, 1, types);

	if (plan == NULL)
		elog(ERROR, "%s in: %s", SPI_result_code_string(SPI_result), sql);
	return SPI_cursor_open(NULL, plan, values, NULL, true);
}

/* Reads events in order of their records, a batch at a time. */
static void
recompute_all(Recompute *recompute, Portal portal)
{
	List	   *events = NIL;

	for (;;)
	{
		SPITupleTable *table;

		SPI_cursor_fetch(portal, true, BATCH);
		table = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < table->numvals; i++)
		{
			MemoryContext caller = MemoryContextSwitchTo(recompute->context);
			Event	   *event = itsm_event_of_tuple(table->tupdesc, table->vals[i], true);
			const Event *first = events ? linitial(events) : NULL;

			CHECK_FOR_INTERRUPTS();
			if (first && (first->record != event->record || strcmp(first->tenant, event->tenant) != 0))
			{
				finish_record(recompute, events);
				events = NIL;
				MemoryContextReset(recompute->context);
				event = itsm_event_of_tuple(table->tupdesc, table->vals[i], true);
			}
			events = lappend(events, event);
			MemoryContextSwitchTo(caller);
		}
		SPI_freetuptable(table);
	}
	finish_record(recompute, events);
	SPI_cursor_close(portal);
}

/* What is asked for is there: that nothing of it differs says nothing otherwise. */
static void
check_there(FunctionCallInfo fcinfo)
{
	Record		record;

	if (!PG_ARGISNULL(0))
		(void) itsm_attachment_read(PG_GETARG_INT32(0));
	if (!PG_ARGISNULL(1) && !itsm_record_read_anywhere(PG_GETARG_INT64(1), &record))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no record " INT64_FORMAT, PG_GETARG_INT64(1)),
				 errhint("itsm.record lists records and their tenants.")));
}

/* itsm.recompute_clocks(attachment, record, sla, write) */
ITSM_FUNCTION(itsm_recompute_clocks);
Datum
itsm_recompute_clocks(PG_FUNCTION_ARGS)
{
	Recompute	recompute = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	OwnerQuery	query;

	InitMaterializedSRF(fcinfo, 0);
	check_there(fcinfo);
	recompute.slas = itsm_slas_of(NULL);
	recompute.sla = PG_ARGISNULL(2) ? 0 : itsm_sla_number(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	recompute.write = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	/* what is kept open is locked for writing, which a standby does not do */
	if (!RecoveryInProgress())
		itsm_own_keep(fcinfo->flinfo->fn_mcxt);
	recompute.replay = itsm_replay_begin(recompute.sla);
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		itsm_replay_pass_lost(recompute.replay);
	recompute.context = AllocSetContextCreate(CurrentMemoryContext, "itsm clocks of a record", ALLOCSET_DEFAULT_SIZES);
	itsm_query_begin(&query);
	tell_archived(!PG_ARGISNULL(1), PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1));
	recompute_all(&recompute, open_events(!PG_ARGISNULL(0), PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0),
										  !PG_ARGISNULL(1), PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1)));
	itsm_query_end(&query);
	itsm_replay_end(recompute.replay);
	if (recompute.lost > 0)
		ereport(NOTICE,
				(errmsg("clocks of " UINT64_FORMAT " records were not computed: their table is gone, and conditions run"
						" with the rights of its owner", recompute.lost)));
	return (Datum) 0;
}
