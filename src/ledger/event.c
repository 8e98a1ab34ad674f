/*
 * event.c
 *		Appending events to records' chains and reading them, in direct access.
 *
 * Memory: results in the caller's context.  Locking: the head row of the
 * record is the lock of its chain (record.h).
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_collation_d.h"
#include "core/settings.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/archive.h"
#include "ledger/digest.h"
#include "ledger/event.h"
#include "ledger/partition.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "record/projection.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/xid8.h"

enum
{
	EVENT_RECORD, EVENT_VERSION, EVENT_AT, EVENT_XID, EVENT_SYSTEM, EVENT_TIMELINE, EVENT_COMMAND,
	EVENT_ATTACHMENT, EVENT_LIFECYCLE_VERSION, EVENT_KIND, EVENT_TENANT, EVENT_FROM, EVENT_TO,
	EVENT_SESSION_ROLE, EVENT_ROLE, EVENT_ACTOR, EVENT_APPLICATION, EVENT_BODY, EVENT_HASH,
	EVENT_COLUMNS
};

enum
{
	VIOLATION_RECORD, VIOLATION_VERSION, VIOLATION_POSITION, VIOLATION_AT, VIOLATION_ATTACHMENT,
	VIOLATION_TENANT, VIOLATION_CODE, VIOLATION_RULE, VIOLATION_KIND, VIOLATION_ATTRIBUTE,
	VIOLATION_MESSAGE, VIOLATION_CLAUSE, VIOLATION_COLUMNS
};

StaticAssertDecl(EVENT_APPLICATION - EVENT_KIND + 1 == EVENT_TEXTS, "texts stand side by side");

#define HASH_DOMAIN "itsm event 1\n"

/* Each writes at a place and returns the one behind it. */
static char *
put_bytes(char *place, const void *bytes, size_t length)
{
	memcpy(place, bytes, length);
	return place + length;
}

static char *
put_64(char *place, uint64 number)
{
	number = pg_hton64(number);
	return put_bytes(place, &number, sizeof(number));
}

static char *
put_32(char *place, uint32 number)
{
	number = pg_hton32(number);
	return put_bytes(place, &number, sizeof(number));
}

static char *
put_text(char *place, const char *text, int length)
{
	return text ? put_bytes(put_32(place, length), text, length) : put_32(place, PG_UINT32_MAX);
}

#define HEADER_TEXTS 8

void
itsm_event_hash(const Event *event, const uint8 *previous, const char *commitments,
				int commitments_length, uint8 *hash)
{
	const char *texts[HEADER_TEXTS] = {
		event->kind, event->tenant, event->from_state, event->to_state, event->session_role,
		event->role, event->actor, event->application
	};
	int			lengths[HEADER_TEXTS];
	size_t		size = strlen(HASH_DOMAIN) + ITSM_HASH_LENGTH + 5 * sizeof(uint64) + 4 * sizeof(uint32) +
		HEADER_TEXTS * sizeof(uint32) + commitments_length;
	char	   *bytes;
	char	   *end;

	for (int i = 0; i < HEADER_TEXTS; i++)
	{
		if (texts[i] && GetDatabaseEncoding() != PG_UTF8)
			texts[i] = pg_server_to_any(texts[i], strlen(texts[i]), PG_UTF8);
		lengths[i] = texts[i] ? strlen(texts[i]) : 0;
		size += lengths[i];
	}
	end = bytes = palloc(size);
	end = put_bytes(end, HASH_DOMAIN, strlen(HASH_DOMAIN));
	end = put_bytes(end, previous, ITSM_HASH_LENGTH);
	end = put_64(end, event->record);
	end = put_64(end, event->version);
	end = put_64(end, event->at);
	end = put_64(end, event->xid);
	end = put_64(end, event->system);
	end = put_32(end, event->timeline);
	end = put_32(end, event->command);
	end = put_32(end, event->attachment);
	end = put_32(end, event->lifecycle_version);
	for (int i = 0; i < HEADER_TEXTS; i++)
		end = put_text(end, texts[i], lengths[i]);
	end = put_bytes(end, commitments, commitments_length);
	Assert(end == bytes + size);
	itsm_digest_start();
	itsm_digest_add(bytes, size);
	itsm_digest_finish(hash);
	pfree(bytes);
}

/* Names of the roles that wrote last: the session's and the outer one. */
typedef struct RoleName
{
	Oid			role;			/* InvalidOid: look it up */
	NameData	name;
} RoleName;

static RoleName session_name;
static RoleName outer_name;

static void
on_role_change(Datum argument, int cache, uint32 hash)
{
	session_name.role = outer_name.role = InvalidOid;
}

static const char *
role_name(RoleName *known, Oid role)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterSyscacheCallback(AUTHOID, on_role_change, (Datum) 0);
		registered = true;
	}
	if (known->role != role)
	{
		const char *name = GetUserNameFromId(role, true);

		namestrcpy(&known->name, name ? name : psprintf("%u", role));
		known->role = role;
	}
	return NameStr(known->name);
}

static void
store_event(const Event *event)
{
	OwnTable   *table = itsm_event_partition_open(event->at);
	Datum		values[EVENT_COLUMNS];
	bool		nulls[EVENT_COLUMNS] = {0};

	values[EVENT_RECORD] = Int64GetDatum(event->record);
	values[EVENT_VERSION] = Int64GetDatum(event->version);
	values[EVENT_AT] = TimestampTzGetDatum(event->at);
	values[EVENT_XID] = UInt64GetDatum(event->xid);
	values[EVENT_SYSTEM] = Int64GetDatum(event->system);
	values[EVENT_TIMELINE] = Int32GetDatum(event->timeline);
	values[EVENT_COMMAND] = UInt32GetDatum(event->command);
	values[EVENT_ATTACHMENT] = Int32GetDatum(event->attachment);
	values[EVENT_LIFECYCLE_VERSION] = Int32GetDatum(event->lifecycle_version);
	itsm_set_text(values, nulls, EVENT_KIND, event->kind);
	itsm_set_text(values, nulls, EVENT_TENANT, event->tenant);
	itsm_set_text(values, nulls, EVENT_FROM, event->from_state);
	itsm_set_text(values, nulls, EVENT_TO, event->to_state);
	itsm_set_text(values, nulls, EVENT_SESSION_ROLE, event->session_role);
	itsm_set_text(values, nulls, EVENT_ROLE, event->role);
	itsm_set_text(values, nulls, EVENT_ACTOR, event->actor);
	itsm_set_text(values, nulls, EVENT_APPLICATION, event->application);
	values[EVENT_BODY] = itsm_bytes(event->body, event->body_length);
	values[EVENT_HASH] = itsm_bytes(event->hash, ITSM_HASH_LENGTH);
	itsm_own_insert(table, values, nulls);
	itsm_own_close(table, RowExclusiveLock);
}

static void
store_violations(const Event *event, List *violations)
{
	Relation	table = table_open(itsm_relation("violation"), RowExclusiveLock);
	ListCell   *cell;

	foreach(cell, violations)
	{
		const Unmet *unmet = lfirst(cell);
		Datum		values[VIOLATION_COLUMNS];
		bool		nulls[VIOLATION_COLUMNS] = {0};

		values[VIOLATION_RECORD] = Int64GetDatum(event->record);
		values[VIOLATION_VERSION] = Int64GetDatum(event->version);
		values[VIOLATION_POSITION] = Int32GetDatum(foreach_current_index(cell) + 1);
		values[VIOLATION_AT] = TimestampTzGetDatum(event->at);
		values[VIOLATION_ATTACHMENT] = Int32GetDatum(event->attachment);
		itsm_set_text(values, nulls, VIOLATION_TENANT, event->tenant);
		itsm_set_text(values, nulls, VIOLATION_CODE, unpack_sql_state(unmet->code));
		itsm_set_text(values, nulls, VIOLATION_RULE, unmet->rule);
		itsm_set_text(values, nulls, VIOLATION_KIND, unmet->kind);
		itsm_set_text(values, nulls, VIOLATION_ATTRIBUTE, unmet->attribute);
		itsm_set_text(values, nulls, VIOLATION_MESSAGE, unmet->message);
		itsm_set_text(values, nulls, VIOLATION_CLAUSE, unmet->clause);
		itsm_table_insert(table, values, nulls);
	}
	table_close(table, NoLock);
}

/* What an event says of the session and the cluster. */
static void
fill_circumstances(Event *event)
{
	event->xid = U64FromFullTransactionId(GetTopFullTransactionId());
	event->system = (int64) GetSystemIdentifier();
	event->timeline = (int) GetWALInsertionTimeLine();
	if (event->session_role == NULL)
		event->session_role = role_name(&session_name, GetSessionUserId());
	if (event->role == NULL)
		event->role = role_name(&outer_name, GetOuterUserId());
	event->application = application_name && *application_name ? application_name : NULL;
}

void
itsm_event_stamp(Record *record, Event *event)
{
	record->at = Max(record->at, GetCurrentTimestamp());
	if (event->at == 0)
		event->at = record->at;
	event->stamped = true;
}

bool
itsm_event_append(Record *record, Event *event, EventBody *body, const char *reason, List *violations)
{
	uint8		previous[ITSM_HASH_LENGTH];

	/* we write past the executor, which would look */
	PreventCommandIfReadOnly("a write to itsm.event");
	if (reason == NULL)
		reason = itsm_reason;
	if (reason && *reason)
		itsm_body_add(body, BODY_REASON, reason, strlen(reason));
	if (violations)
	{
		char	   *json = itsm_unmet_json(violations);

		itsm_body_add(body, BODY_VIOLATIONS, json, strlen(json));
	}
	fill_circumstances(event);
	event->record = record->id;
	event->tenant = record->tenant;
	event->version = record->version + 1;
	if (!event->stamped)
		itsm_event_stamp(record, event);
	event->body = body->bytes.data;
	event->body_length = body->bytes.len;
	memcpy(previous, record->hash, ITSM_HASH_LENGTH);
	itsm_event_hash(event, previous, body->commitments.data, body->commitments.len, event->hash);

	record->version = event->version;
	memcpy(record->hash, event->hash, ITSM_HASH_LENGTH);
	if (!itsm_record_store(record))
		return false;
	store_event(event);
	if (violations)
		store_violations(event, violations);
	CommandCounterIncrement();
	return true;
}

bool
itsm_event_is_remark(const Event *event)
{
	static const char *const kinds[] = {"overridden", "judged", "redacted", "linked", "unlinked", "redundancy_set",
		"authorised", "certified"};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(event->kind, kinds[i]) == 0)
			return true;
	return itsm_event_is_vote(event);
}

bool
itsm_event_is_vote(const Event *event)
{
	return strcmp(event->kind, "approved") == 0 || strcmp(event->kind, "rejected") == 0;
}

/* Constraints say so, but a superuser can drop them. */
static void
check_not_null(const bool *nulls)
{
	for (int column = 0; column < EVENT_COLUMNS; column++)
		if (nulls[column] && column != EVENT_FROM && column != EVENT_TO && column != EVENT_ACTOR &&
			column != EVENT_APPLICATION)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED), errmsg("an event has a null where none can be"),
					 errhint("itsm.verify() names the events that were changed.")));
}

/* A text column; the one of the event before when it is the same. */
static const char *
shared_text(const Datum *values, const bool *nulls, int column, EventTexts *before)
{
	const char **known = &before->texts[column - EVENT_KIND];
	const text *bytes;
	size_t		length;

	if (nulls[column])
		return NULL;
	bytes = DatumGetTextPP(values[column]);
	length = VARSIZE_ANY_EXHDR(bytes);
	if (*known == NULL || strlen(*known) != length || memcmp(*known, VARDATA_ANY(bytes), length) != 0)
		*known = text_to_cstring(bytes);
	return *known;
}

Event *
itsm_event_of_values(const Datum *values, const bool *nulls, EventTexts *before, bool with_body)
{
	Event	   *event = palloc0(sizeof(Event));
	bytea	   *bytes;

	check_not_null(nulls);
	event->record = DatumGetInt64(values[EVENT_RECORD]);
	event->version = DatumGetInt64(values[EVENT_VERSION]);
	event->at = DatumGetTimestampTz(values[EVENT_AT]);
	event->xid = DatumGetUInt64(values[EVENT_XID]);
	event->system = DatumGetInt64(values[EVENT_SYSTEM]);
	event->timeline = DatumGetInt32(values[EVENT_TIMELINE]);
	event->command = DatumGetUInt32(values[EVENT_COMMAND]);
	event->attachment = DatumGetInt32(values[EVENT_ATTACHMENT]);
	event->lifecycle_version = DatumGetInt32(values[EVENT_LIFECYCLE_VERSION]);
	event->kind = shared_text(values, nulls, EVENT_KIND, before);
	event->tenant = shared_text(values, nulls, EVENT_TENANT, before);
	event->from_state = shared_text(values, nulls, EVENT_FROM, before);
	event->to_state = shared_text(values, nulls, EVENT_TO, before);
	event->session_role = shared_text(values, nulls, EVENT_SESSION_ROLE, before);
	event->role = shared_text(values, nulls, EVENT_ROLE, before);
	event->actor = shared_text(values, nulls, EVENT_ACTOR, before);
	event->application = shared_text(values, nulls, EVENT_APPLICATION, before);
	if (with_body)
	{
		bytes = DatumGetByteaPP(values[EVENT_BODY]);
		event->body = VARDATA_ANY(bytes);
		event->body_length = VARSIZE_ANY_EXHDR(bytes);
	}
	bytes = DatumGetByteaPP(values[EVENT_HASH]);
	if (VARSIZE_ANY_EXHDR(bytes) == ITSM_HASH_LENGTH)
		memcpy(event->hash, VARDATA_ANY(bytes), ITSM_HASH_LENGTH);
	return event;
}

Event *
itsm_event_of_tuple(TupleDesc descriptor, HeapTuple tuple, bool with_body)
{
	Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc(sizeof(bool) * descriptor->natts);
	EventTexts	none = {{NULL}};
	Event	   *event;

	heap_deform_tuple(tuple, descriptor, values, nulls);
	event = itsm_event_of_values(values, nulls, &none, with_body);
	/* the tuple may go */
	if (with_body)
		event->body = memcpy(palloc(event->body_length + 1), event->body, event->body_length);
	pfree(values);
	pfree(nulls);
	return event;
}

bool
itsm_event_mark_origin(TupleDesc descriptor, HeapTuple tuple, EventMark *mark)
{
	static const int columns[] = {
		EVENT_RECORD, EVENT_VERSION, EVENT_AT, EVENT_XID, EVENT_SYSTEM, EVENT_TIMELINE, EVENT_TENANT
	};
	Datum		values[lengthof(columns)];

	for (int i = 0; i < lengthof(columns); i++)
	{
		bool		isnull;

		values[i] = heap_getattr(tuple, columns[i] + 1, descriptor, &isnull);
		if (isnull)
			return false;
	}
	mark->record = DatumGetInt64(values[0]);
	mark->version = DatumGetInt64(values[1]);
	mark->at = DatumGetTimestampTz(values[2]);
	mark->xid = DatumGetUInt64(values[3]);
	mark->system = DatumGetInt64(values[4]);
	mark->timeline = DatumGetInt32(values[5]);
	mark->tenant = (struct varlena *) DatumGetPointer(values[6]);
	return true;
}

void
itsm_event_mark_rest(TupleDesc descriptor, HeapTuple tuple, EventMark *mark)
{
	bool		isnull;
	Datum		hash = heap_getattr(tuple, EVENT_HASH + 1, descriptor, &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(hash);

	mark->hash = bytes && VARSIZE_ANY_EXHDR(bytes) == ITSM_HASH_LENGTH ? (const uint8 *) VARDATA_ANY(bytes) : NULL;
	mark->tenant = pg_detoast_datum_packed(mark->tenant);
}

int64
itsm_event_judged(const Event *event)
{
	BodyItem	item;
	int			offset = 0;

	if (strcmp(event->kind, "judged") == 0)
		while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
			if (item.number == BODY_JUDGED && item.form == BODY_VALUE)
				return pg_strtoint64(item.text);
	return 0;
}

static int
compare_versions(const ListCell *a, const ListCell *b)
{
	int64		first = ((const Event *) lfirst(a))->version;
	int64		second = ((const Event *) lfirst(b))->version;

	return first < second ? -1 : first > second;
}

/* So many partitions are looked into by name, before all are. */
#define MONTHS_READ 6

/* The rows of a record's events in a partition, committed ones and our own. */
static SysScanDesc
begin_events(Relation table, ScanKey keys, const char *tenant, int64 record)
{
	Oid			index = (RelationGetIndexList(table), table->rd_pkindex);

	ScanKeyInit(&keys[0], EVENT_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], EVENT_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	/* an erasure that is committed meanwhile updates them */
	return itsm_table_scan(table, index, 2, keys);
}

static int
erase_row(Relation table, HeapTuple tuple, const List *numbers, const char *value)
{
	Datum		values[EVENT_COLUMNS];
	bool		nulls[EVENT_COLUMNS];
	StringInfoData erased;
	bytea	   *body;
	int			count;

	heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
	if (nulls[EVENT_BODY])
		return 0;
	body = DatumGetByteaPP(values[EVENT_BODY]);
	initStringInfo(&erased);
	count = itsm_body_erase(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), numbers, value, &erased);
	if (count == 0)
		return 0;
	values[EVENT_BODY] = itsm_bytes(erased.data, erased.len);
	if (!itsm_table_update(table, tuple, values, nulls))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("an event was changed by another transaction meanwhile"),
				 errhint("Try again.")));
	return count;
}

int64
itsm_event_erase(const char *tenant, int64 record, const List *numbers, const char *value)
{
	int64		count = 0;
	ListCell   *cell;

	foreach(cell, itsm_event_partitions(RowExclusiveLock))
	{
		Relation	table = table_open(lfirst_oid(cell), NoLock);
		ScanKeyData keys[2];
		SysScanDesc scan = begin_events(table, keys, tenant, record);
		List	   *rows = NIL;
		HeapTuple	tuple;
		ListCell   *row;

		while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
			rows = lappend(rows, heap_copytuple(tuple));
		systable_endscan(scan);
		foreach(row, rows)
		{
			CHECK_FOR_INTERRUPTS();
			count += erase_row(table, lfirst(row), numbers, value);
		}
		table_close(table, NoLock);
	}
	CommandCounterIncrement();
	return count;
}

/* Adds a record's events in a partition. */
static List *
read_partition(Relation table, const char *tenant, int64 record, List *events)
{
	ScanKeyData keys[2];
	SysScanDesc scan = begin_events(table, keys, tenant, record);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
		events = lappend(events, itsm_event_of_tuple(RelationGetDescr(table), tuple, true));
	systable_endscan(scan);
	return events;
}

/* Sorts them; whether no version up to the last one is missing or there twice. */
static bool
are_complete(List *events, int64 last)
{
	int64		expected = 0;
	ListCell   *cell;

	if (list_length(events) < last)
		return false;
	list_sort(events, compare_versions);
	foreach(cell, events)
		if (++expected <= last && ((Event *) lfirst(cell))->version != expected)
			return false;
	return true;
}

/* Adds the events of a month; whether that is all of the record's, as its head tells. */
static bool
read_month(const Record *head, Oid partition, List **events)
{
	Relation	table = try_table_open(partition, AccessShareLock);

	if (table == NULL)
		return false;
	if (table->rd_rel->relispartition)
		*events = read_partition(table, head->tenant, head->id, *events);
	table_close(table, AccessShareLock);
	return are_complete(*events, head->version);
}

/* When something happened to the record last, as far as its row tells: importing is of today. */
static TimestampTz
last_milestone(const Record *head)
{
	Projection	projection;
	TimestampTz last = DT_NOBEGIN;

	if (itsm_projection_read(head, &projection))
		for (int i = 0; i < MILESTONE_COUNT; i++)
			if (projection.milestones.reached[i] && !TIMESTAMP_NOT_FINITE(projection.milestones.at[i]))
				last = Max(last, projection.milestones.at[i]);
	return last == DT_NOBEGIN ? head->at : last;
}

/* The events in the months where a record's mostly lie.  False when that is not all of them. */
static bool
read_months(const char *tenant, int64 record, TimestampTz near, List **events)
{
	Oid			none = itsm_relation("event_default");
	Record		head;
	Oid			now;
	TimestampTz ends;

	*events = NIL;
	if (!itsm_record_read(tenant, record, &head))
		return false;
	now = itsm_event_partition(head.at);
	if (now == none || read_month(&head, now, events))
		return now != none;
	if (TIMESTAMP_NOT_FINITE(near))
		near = last_milestone(&head);
	for (int i = 0; i < MONTHS_READ; i++)
	{
		Oid			partition = itsm_event_partition(near);

		if (partition == none)
			return false;
		if (partition != now && read_month(&head, partition, events))
			return true;
		itsm_month_bounds(near, &near, &ends);
		if (near == DT_NOBEGIN)
			return false;
		near--;
	}
	return false;
}

List *
itsm_event_read_left(const char *tenant, int64 record)
{
	List	   *events = NIL;
	ListCell   *cell;

	foreach(cell, itsm_event_partitions(AccessShareLock))
	{
		Relation	table = table_open(lfirst_oid(cell), NoLock);

		events = read_partition(table, tenant, record, events);
		table_close(table, AccessShareLock);
	}
	list_sort(events, compare_versions);
	return events;
}

List *
itsm_event_read(const char *tenant, int64 record)
{
	List	   *events = itsm_event_read_left(tenant, record);

	/* in this order: what is archived meanwhile is noticed */
	itsm_archived_refuse(tenant, record, "they cannot be read here");
	return events;
}

List *
itsm_event_read_by_head(const char *tenant, int64 record, TimestampTz near)
{
	List	   *events;

	return read_months(tenant, record, near, &events) ? events : itsm_event_read(tenant, record);
}
