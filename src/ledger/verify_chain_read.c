/*
 * verify_chain_read.c
 *		What chains are verified by, read in one pass: events, heads, state rows,
 *		violations and what is archived, side by side in order of record and tenant.
 *
 * Memory: a batch of each table.
 */
#include "core/itsm.h"

#include "ledger/archive.h"
#include "ledger/verify_chain_read.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Rows as the streams make them. */

/* Most events have no more values. */
#define VALUES_AT_ONCE 8

static void *
decode_event(RecordStream *stream, const StreamRow *row, bool whole)
{
	DecodedEvent *decoded = palloc0(sizeof(DecodedEvent));
	int			offset = 0;

	decoded->event = itsm_event_of_values(row->values, row->nulls, &stream->texts, whole);
	decoded->partition = DatumGetObjectId(row->values[stream->descriptor->natts - 1]);
	if (!whole)
		return decoded;
	decoded->commitments.maxlen = VALUES_AT_ONCE * ITSM_HASH_LENGTH + 1;
	decoded->commitments.data = palloc(decoded->commitments.maxlen);
	for (;;)
	{
		BodyItem   *item = palloc(sizeof(BodyItem));
		uint8		commitment[ITSM_HASH_LENGTH];

		if (!itsm_body_next(decoded->event->body, decoded->event->body_length, &offset, item, commitment))
			return decoded;
		decoded->items = lappend(decoded->items, item);
		appendBinaryStringInfo(&decoded->commitments, (char *) commitment, ITSM_HASH_LENGTH);
	}
}

static void *
decode_head(RecordStream *stream, const StreamRow *row, bool whole)
{
	Record	   *record = palloc0(sizeof(Record));

	itsm_record_of_values(row->values, row->nulls, row->tenant, record);
	/* values that lie out of line are fetched here, where that may fail */
	for (int i = 0; i < RECORD_COLUMNS; i++)
		if (!row->nulls[i] && TupleDescAttr(stream->descriptor, i)->attlen == -1)
			record->row->values[i] = PointerGetDatum(PG_DETOAST_DATUM_PACKED(row->values[i]));
	return record;
}

static void *
decode_state(RecordStream *stream, const StreamRow *row, bool whole)
{
	RecordState *state = palloc0(sizeof(RecordState));

	itsm_record_state_of_values(row->values, row->nulls, state);
	return state;
}

static void *
decode_violation(RecordStream *stream, const StreamRow *row, bool whole)
{
	DecodedViolation *violation = palloc0(sizeof(DecodedViolation));

#define TEXT(column) (row->nulls[column] ? NULL : TextDatumGetCString(row->values[column]))
	violation->position = DatumGetInt32(row->values[3]);
	violation->at = DatumGetTimestampTz(row->values[4]);
	violation->attachment = DatumGetInt32(row->values[5]);
	violation->unmet.rule = TEXT(6);
	violation->unmet.kind = TEXT(7);
	violation->unmet.attribute = TEXT(8);
	violation->unmet.message = TEXT(9);
	violation->unmet.clause = TEXT(10);
#undef TEXT
	return violation;
}

static void *
decode_archived(RecordStream *stream, const StreamRow *row, bool whole)
{
	ArchivedRecord *archived = palloc0(sizeof(ArchivedRecord));

	itsm_archived_of_values(row->values, row->nulls, archived);
	return archived;
}

/* Events, with those in the tables of archives that are at hand: of the records that a condition leaves. */
static char *
events_query(const Verification *verification, const char *condition, const char *order)
{
	StringInfoData query;
	ListCell   *cell;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT e.*, e.tableoid FROM itsm.event e%s", condition);
	foreach(cell, itsm_verify_archives(verification))
		appendStringInfo(&query, " UNION ALL SELECT e.*, e.tableoid FROM ONLY %s e%s",
						 itsm_relation_name(lfirst_oid(cell)), condition);
	return psprintf("SELECT * FROM (%s) e ORDER BY %s", query.data, order);
}

void
itsm_chain_open(ChainReader *reader, Verification *verification)
{
	reader->verification = verification;
	reader->context = CurrentMemoryContext;
	reader->by_tenant = false;
	itsm_stream_open(&reader->events, "itsm.event",
					 events_query(verification, itsm_verify_range(verification, "e.record"), "record, version, tenant"),
					 decode_event);
	itsm_stream_open(&reader->heads, "itsm.record",
					 psprintf("SELECT r.* FROM itsm.record r%s ORDER BY r.id, r.tenant",
							  itsm_verify_range(verification, "r.id")), decode_head);
	itsm_stream_open(&reader->states, "itsm.record_state",
					 psprintf("SELECT s.* FROM itsm.record_state s%s ORDER BY s.record, s.tenant",
							  itsm_verify_range(verification, "s.record")), decode_state);
	itsm_stream_open(&reader->violations, "itsm.violation",
					 psprintf("SELECT v.tenant, v.record, v.version, v.position, v.at, v.attachment, v.rule, v.kind,"
							  " v.attribute, v.message, v.clause FROM itsm.violation v%s"
							  " ORDER BY v.record, v.tenant, v.version, v.position",
							  itsm_verify_range(verification, "v.record")), decode_violation);
	itsm_stream_open(&reader->archived, "itsm.archived",
					 psprintf("SELECT a.* FROM itsm.archived a%s ORDER BY a.record, a.tenant, a.version",
							  itsm_verify_range(verification, "a.record")), decode_archived);
}

/* Side by side. */

static int
compare_keys(const char *tenant, int64 record, const char *other_tenant, int64 other_record)
{
	return record != other_record ? (record < other_record ? -1 : 1) : strcmp(tenant, other_tenant);
}

/*
 * Two tenants have events under the number of the record at hand.  They come
 * by version, as the index has them, which is twice as fast as by tenant; from
 * here on they come by tenant, after the rest of those that were begun.
 */
static void
part_tenants(ChainReader *reader)
{
	const Verification *verification = reader->verification;
	const char *tenant = quote_literal_cstr(reader->tenant);
	const char *condition = itsm_verify_range(verification, "e.record");
	MemoryContext caller = MemoryContextSwitchTo(reader->context);

	itsm_verify_settle(reader->verification);
	itsm_stream_close(&reader->events);
	condition = psprintf("%s %s e.record >= " INT64_FORMAT " AND NOT (e.record = " INT64_FORMAT " AND e.tenant = %s AND e.version <= "
						 INT64_FORMAT ")", condition, *condition ? "AND" : "WHERE", reader->record, reader->record, tenant,
						 reader->last);
	itsm_stream_open(&reader->events, "itsm.event",
					 events_query(verification, condition,
								  psprintf("record, record = " INT64_FORMAT " AND tenant = %s DESC, tenant, version", reader->record, tenant)),
					 decode_event);
	reader->by_tenant = true;
	MemoryContextSwitchTo(caller);
}

const StreamRow *
itsm_chain_row(ChainReader *reader, RecordStream *stream)
{
	const StreamRow *row = itsm_stream_peek(stream);

	if (row == NULL || row->record != reader->record)
		return NULL;
	if (strcmp(row->tenant, reader->tenant) == 0)
		return row;
	if (stream != &reader->events || reader->by_tenant)
		return NULL;
	part_tenants(reader);
	return itsm_chain_row(reader, stream);
}

void
itsm_chain_skip(ChainReader *reader, RecordStream *stream)
{
	while (itsm_chain_row(reader, stream))
		itsm_stream_advance(stream);
}

bool
itsm_chain_cut_short(const ChainReader *reader)
{
	return reader->events.failure || reader->heads.failure || reader->states.failure ||
		reader->violations.failure || reader->archived.failure;
}

const StreamRow *
itsm_chain_first(ChainReader *reader)
{
	RecordStream *streams[] = {
		&reader->events, &reader->heads, &reader->states, &reader->violations, &reader->archived
	};
	const StreamRow *first = NULL;

	for (int i = 0; i < lengthof(streams); i++)
	{
		const StreamRow *row = itsm_stream_peek(streams[i]);

		if (row && (first == NULL || compare_keys(row->tenant, row->record, first->tenant, first->record) < 0))
			first = row;
	}
	return itsm_chain_cut_short(reader) ? NULL : first;
}

void
itsm_chain_begin_record(ChainReader *reader, const StreamRow *first)
{
	reader->tenant = pstrdup(first->tenant);
	reader->record = first->record;
	reader->last = PG_INT64_MIN;
}

void
itsm_chain_close(ChainReader *reader)
{
	RecordStream *streams[] = {
		&reader->events, &reader->heads, &reader->states, &reader->violations, &reader->archived
	};

	for (int i = 0; i < lengthof(streams); i++)
	{
		if (streams[i]->failure)
			itsm_verify_fault(reader->verification, "chain", streams[i]->table,
							  "cannot be read any further, so nothing after it was checked: %s", streams[i]->failure);
		itsm_stream_close(streams[i]);
	}
}
