/*
 * relationship.c
 *		Relating records, and ending that.
 *
 * Everything is read as it is now, whatever the snapshot.  Cardinality rests
 * on unique indexes, acyclicity on a search that also sees what others are
 * about to do (relationship_cycle.c); both hold at every isolation level.
 *
 * Memory: the caller's context.  Locking: RowExclusiveLock on the table comes
 * before the look at the type; whoever defines a type locks against that.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_collation_d.h"
#include "cmdb/ci_class.h"
#include "cmdb/relationship.h"
#include "commands/sequence.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/own_table.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

static OwnTable relationships = {
	.name = "relationship", .probe_count = 1, .probes = {
		{"relationship_pkey", 2, {{RELATIONSHIP_ID + 1, F_INT8EQ}, {RELATIONSHIP_TENANT + 1, F_TEXTEQ}}}
	}
};

void
itsm_relationship_of_tuple(TupleDesc descriptor, HeapTuple tuple, Relationship *relationship)
{
	Datum		values[RELATIONSHIP_COLUMNS];
	bool		nulls[RELATIONSHIP_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	relationship->id = DatumGetInt64(values[RELATIONSHIP_ID]);
	relationship->source = DatumGetInt64(values[RELATIONSHIP_SOURCE]);
	relationship->target = DatumGetInt64(values[RELATIONSHIP_TARGET]);
	relationship->holds = DatumGetInt64(values[RELATIONSHIP_ENDED]) == 0;
	relationship->started_at = DatumGetTimestampTz(values[RELATIONSHIP_STARTED_AT]);
	relationship->type = TextDatumGetCString(values[RELATIONSHIP_TYPE]);
	relationship->tenant = TextDatumGetCString(values[RELATIONSHIP_TENANT]);
	relationship->tuple = tuple;
}

static void
text_key(ScanKey key, int column, const char *text)
{
	ScanKeyInit(key, column + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(text));
	key->sk_collation = C_COLLATION_OID;
}

static void
number_key(ScanKey key, int column, int64 number)
{
	ScanKeyInit(key, column + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(number));
}

void
itsm_relationship_keys(ScanKey keys, const char *tenant, int64 source, const char *type, int64 target)
{
	number_key(&keys[0], RELATIONSHIP_SOURCE, source);
	number_key(&keys[1], RELATIONSHIP_ENDED, 0);
	number_key(&keys[2], RELATIONSHIP_TARGET, target);
	text_key(&keys[3], RELATIONSHIP_TYPE, type);
	text_key(&keys[4], RELATIONSHIP_TENANT, tenant);
}

bool
itsm_relationship_find(const char *tenant, int64 source, const char *type, int64 target,
					   Relationship *relationship)
{
	Relation	table = table_open(itsm_relation("relationship"), AccessShareLock);
	ScanKeyData keys[RELATIONSHIP_KEYS];
	HeapTuple	tuple;

	itsm_relationship_keys(keys, tenant, source, type, target);
	tuple = itsm_table_find(table, itsm_relation("relationship_source_idx"), SnapshotSelf, lengthof(keys), keys);
	if (HeapTupleIsValid(tuple))
		itsm_relationship_of_tuple(RelationGetDescr(table), tuple, relationship);
	table_close(table, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

List *
itsm_relationships_of(int64 record, bool as_target, const char *type)
{
	Relation	table = table_open(itsm_relation("relationship"), AccessShareLock);
	List	   *found = NIL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	number_key(&keys[0], as_target ? RELATIONSHIP_TARGET : RELATIONSHIP_SOURCE, record);
	number_key(&keys[1], RELATIONSHIP_ENDED, 0);
	scan = itsm_table_scan(table, itsm_relation(as_target ? "relationship_target_idx" : "relationship_source_idx"),
						   lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		Relationship *relationship = palloc(sizeof(Relationship));

		itsm_relationship_of_tuple(RelationGetDescr(table), heap_copytuple(tuple), relationship);
		if (type == NULL || strcmp(relationship->type, type) == 0)
			found = lappend(found, relationship);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return found;
}

/* An end of a relationship that is to be. */
static List *
check_end(List *faults, const char *end, int64 id, const char *class, const RelationshipType *type,
		  Record *record)
{
	bool		known = itsm_record_read_anywhere(id, record) && record->source != 0;
	const char *own;

	if (!known || record->deleted)
	{
		record->id = 0;
		return itsm_unmet_add(faults, ERRCODE_ITSM_RELATIONSHIP, NULL, "relationship", end, NULL,
							  known ? "the row of record " INT64_FORMAT " is gone, or not attached any more"
							  : "there is no record " INT64_FORMAT, id);
	}
	if (class == NULL)
		return faults;
	own = itsm_class_of(record);
	if (own == NULL)
		return itsm_unmet_add(faults, ERRCODE_ITSM_RELATIONSHIP, NULL, "relationship", end, NULL,
							  "the %s of \"%s\" must be of class \"%s\"; record " INT64_FORMAT " is of no class",
							  end, type->name, class, id);
	if (!itsm_class_is_within(own, class))
		return itsm_unmet_add(faults, ERRCODE_ITSM_RELATIONSHIP, NULL, "relationship", end, NULL,
							  "the %s of \"%s\" must be of class \"%s\"; record " INT64_FORMAT " is of class \"%s\"",
							  end, type->name, class, id, itsm_clip(own));
	return faults;
}

/* The tenant of both; raises IT020 with all that stands against it. */
static const char *
check_ends(int64 source, const RelationshipType *type, const char *type_name, int64 target,
		   const RelationshipTypes *types)
{
	List	   *faults = NIL;
	Record		first;
	Record		second;

	if (type == NULL)
		faults = itsm_unmet_add(faults, ERRCODE_ITSM_RELATIONSHIP, NULL, "relationship", "type", NULL,
								"there is no relationship type \"%s\"", itsm_clip(type_name));
	if (source == target)
		faults = itsm_unmet_add(faults, ERRCODE_ITSM_RELATIONSHIP, NULL, "relationship", "target", NULL,
								"record " INT64_FORMAT " cannot be related to itself", source);
	faults = check_end(faults, "source", source, type ? type->source_class : NULL, type, &first);
	faults = check_end(faults, "target", target, type ? type->target_class : NULL, type, &second);
	if (first.id && second.id && strcmp(first.tenant, second.tenant) != 0)
		faults = itsm_unmet_add(faults, ERRCODE_ITSM_RELATIONSHIP, NULL, "relationship", "target", NULL,
								"records " INT64_FORMAT " and " INT64_FORMAT " belong to different tenants",
								source, target);
	itsm_unmet_raise(faults, ERRCODE_ITSM_RELATIONSHIP, "relationship not allowed",
					 type == NULL ? psprintf("There are: %s.", itsm_relationship_type_names(types))
					 : type->source_class || type->target_class
					 ? psprintf("\"%s\" goes from class %s to class %s.", type->name,
								type->source_class ? type->source_class : "any",
								type->target_class ? type->target_class : "any")
					 : "itsm.record_id gives the number of a row's record.");
	return first.tenant;
}

/* A row that would be there beside the one we want; raises IT021, or waits for whoever makes or ends it. */
static void
check_place(Relation table, const char *index, int key_count, ScanKey keys, const char *format, int64 record,
			const RelationshipType *type)
{
	SnapshotData dirty;
	HeapTuple	tuple;
	Relationship other;

	InitDirtySnapshot(dirty);
	tuple = itsm_table_find(table, itsm_relation(index), &dirty, key_count, keys);
	if (!HeapTupleIsValid(tuple))
		return;
	if (TransactionIdIsValid(dirty.xmin) || TransactionIdIsValid(dirty.xmax))
	{
		itsm_table_await(table, itsm_relation(index), key_count, keys);
		return;
	}
	itsm_relationship_of_tuple(RelationGetDescr(table), tuple, &other);
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_CARDINALITY), errmsg(format, record, type->name),
			 errdetail("It is relationship " INT64_FORMAT ", from record " INT64_FORMAT " to record " INT64_FORMAT ".",
					   other.id, other.source, other.target),
			 errhint("itsm.unrelate(" INT64_FORMAT ") ends it.", other.id)));
}

static void
check_places(Relation table, const char *tenant, int64 source, const RelationshipType *type, int64 target)
{
	ScanKeyData keys[RELATIONSHIP_KEYS];

	itsm_relationship_keys(keys, tenant, source, type->name, target);
	check_place(table, "relationship_source_idx", RELATIONSHIP_KEYS, keys,
				"record " INT64_FORMAT " has that relationship \"%s\" already", source, type);
	text_key(&keys[1], RELATIONSHIP_TYPE, type->name);
	text_key(&keys[2], RELATIONSHIP_TENANT, tenant);
	if (type->one_source)
	{
		number_key(&keys[0], RELATIONSHIP_ONLY_SOURCE, target);
		check_place(table, "relationship_only_source_idx", 3, keys,
					"record " INT64_FORMAT " has a source of \"%s\" already, and can have one only", target, type);
	}
	if (type->one_target)
	{
		number_key(&keys[0], RELATIONSHIP_ONLY_TARGET, source);
		check_place(table, "relationship_only_target_idx", 3, keys,
					"record " INT64_FORMAT " has a target of \"%s\" already, and can have one only", source, type);
	}
}

static void
mark_writer(Datum *values)
{
	values[RELATIONSHIP_XID] = UInt64GetDatum(U64FromFullTransactionId(GetTopFullTransactionId()));
	values[RELATIONSHIP_SYSTEM] = Int64GetDatum((int64) GetSystemIdentifier());
}

static int64
next_number(void)
{
	return ((int64) itsm_cell << ITSM_CELL_SHIFT) |
		nextval_internal(itsm_relation("relationship_id_seq"), false);
}

static void
insert_relationship(Relationship *new, const RelationshipType *type)
{
	Relation	table = itsm_own_open(&relationships, RowExclusiveLock);
	Datum		values[RELATIONSHIP_COLUMNS] = {0};
	bool		nulls[RELATIONSHIP_COLUMNS] = {0};

	new->id = next_number();
	values[RELATIONSHIP_ID] = Int64GetDatum(new->id);
	values[RELATIONSHIP_SOURCE] = Int64GetDatum(new->source);
	values[RELATIONSHIP_TARGET] = Int64GetDatum(new->target);
	values[RELATIONSHIP_ENDED] = Int64GetDatum(0);
	values[RELATIONSHIP_STARTED_AT] = TimestampTzGetDatum(new->started_at);
	mark_writer(values);
	values[RELATIONSHIP_TYPE] = CStringGetTextDatum(new->type);
	values[RELATIONSHIP_TENANT] = CStringGetTextDatum(new->tenant);
	nulls[RELATIONSHIP_ENDED_AT] = true;
	values[RELATIONSHIP_ONLY_SOURCE] = Int64GetDatum(new->target);
	nulls[RELATIONSHIP_ONLY_SOURCE] = !type->one_source;
	values[RELATIONSHIP_ONLY_TARGET] = Int64GetDatum(new->source);
	nulls[RELATIONSHIP_ONLY_TARGET] = !type->one_target;
	while (!itsm_own_insert_new(&relationships, values, nulls))
	{
		CHECK_FOR_INTERRUPTS();
		check_places(table, new->tenant, new->source, type, new->target);
		/* the number may be what is taken: where rows were loaded by hand */
		new->id = next_number();
		values[RELATIONSHIP_ID] = Int64GetDatum(new->id);
	}
	CommandCounterIncrement();
	if (type->acyclic)
		itsm_relationship_check_cycle(table, new->tenant, new->source, type, new->target);
	itsm_own_close(&relationships, RowExclusiveLock);
}

static void
check_not_future(const char *what, TimestampTz at)
{
	if (TIMESTAMP_NOT_FINITE(at) || at > GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be %s, which is not past", what, timestamptz_to_str(at)),
				 errhint("What is not known yet is not recorded; leave it out for the time now.")));
}

/* Asks the guards; *violations: of either end. */
static void
ask_guards(const Relationship *relationship, List **violations)
{
	const int64 numbers[2] = {relationship->source, relationship->target};
	Record		records[2];
	const Record *ends[2] = {&records[0], &records[1]};

	for (int i = 0; i < 2; i++)
		if (!itsm_record_read(relationship->tenant, numbers[i], &records[i]))
			elog(ERROR, "record " INT64_FORMAT " is missing", numbers[i]);
	for (int i = 0; itsm_relationship_guards[i]; i++)
		for (int end = 0; end < 2; end++)
			violations[end] = list_concat(violations[end], itsm_relationship_guards[i]->judge_end(ends, end));
}

static int64
relate_records(int64 source, const char *type_name, int64 target, TimestampTz started_at, bool guarded)
{
	List	   *violations[2] = {NIL, NIL};
	RelationshipTypes types;
	const RelationshipType *type;
	Relationship new = {.source = source, .target = target, .holds = true};

	(void) itsm_own_open(&relationships, RowExclusiveLock);
	types = itsm_relationship_types();
	type = itsm_relationship_type(&types, type_name, strlen(type_name));
	new.tenant = unconstify(char *, check_ends(source, type, type_name, target, &types));
	new.type = type->name;
	new.started_at = started_at != RELATIONSHIP_NOW ? started_at : GetCurrentTimestamp();
	insert_relationship(&new, type);
	if (guarded)
		ask_guards(&new, violations);
	itsm_relationship_tell(&new, type, "linked", violations);
	itsm_own_close(&relationships, RowExclusiveLock);
	return new.id;
}

int64
itsm_relate_records(int64 source, const char *type_name, int64 target, TimestampTz started_at)
{
	return relate_records(source, type_name, target, started_at, true);
}

int64
itsm_relate_known(int64 source, const char *type_name, int64 target)
{
	return relate_records(source, type_name, target, RELATIONSHIP_NOW, false);
}

/* By number, whatever the tenant. */
static bool
read_relationship(Relation table, int64 id, Relationship *relationship)
{
	ScanKeyData key;
	HeapTuple	tuple;

	number_key(&key, RELATIONSHIP_ID, id);
	tuple = itsm_table_find(table, itsm_relation("relationship_pkey"), SnapshotSelf, 1, &key);
	if (HeapTupleIsValid(tuple))
		itsm_relationship_of_tuple(RelationGetDescr(table), tuple, relationship);
	return HeapTupleIsValid(tuple);
}

static bool
store_end(Relation table, const Relationship *relationship, TimestampTz ended_at)
{
	Datum		values[RELATIONSHIP_COLUMNS];
	bool		nulls[RELATIONSHIP_COLUMNS];

	heap_deform_tuple(relationship->tuple, RelationGetDescr(table), values, nulls);
	values[RELATIONSHIP_ENDED] = Int64GetDatum(relationship->id);
	values[RELATIONSHIP_ENDED_AT] = TimestampTzGetDatum(ended_at);
	nulls[RELATIONSHIP_ENDED_AT] = false;
	nulls[RELATIONSHIP_ONLY_SOURCE] = nulls[RELATIONSHIP_ONLY_TARGET] = true;
	mark_writer(values);
	return itsm_own_update(&relationships, relationship->tuple, values, nulls);
}

static bool
end_relationship(int64 id, TimestampTz ended_at, bool guarded)
{
	List	   *violations[2] = {NIL, NIL};
	Relation	table = itsm_own_open(&relationships, RowExclusiveLock);
	RelationshipTypes types = itsm_relationship_types();
	Relationship old;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!read_relationship(table, id, &old))
			ereport(ERROR,
					(errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no relationship " INT64_FORMAT, id),
					 errhint("itsm_report.relationship lists them.")));
		if (!old.holds)
			break;
		if (ended_at < old.started_at)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("relationship " INT64_FORMAT " cannot end before it began", id),
					 errdetail("It began at %s.", timestamptz_to_str(old.started_at))));
	} while (!store_end(table, &old, ended_at != RELATIONSHIP_NOW ? ended_at : Max(old.started_at, GetCurrentTimestamp())));
	itsm_own_close(&relationships, RowExclusiveLock);
	if (!old.holds)
		return false;
	CommandCounterIncrement();
	if (guarded)
		ask_guards(&old, violations);
	itsm_relationship_tell(&old, itsm_relationship_type(&types, old.type, strlen(old.type)), "unlinked", violations);
	return true;
}

bool
itsm_relationship_end(int64 id, TimestampTz ended_at)
{
	return end_relationship(id, ended_at, true);
}

bool
itsm_relationship_lapse(int64 id)
{
	return end_relationship(id, RELATIONSHIP_NOW, false);
}

/* Which of two there is too much of is found by the index that only the right ones pass. */
static void
store_count(Relation table, const Relationship *relationship, const RelationshipType *type)
{
	Datum		values[RELATIONSHIP_COLUMNS];
	bool		nulls[RELATIONSHIP_COLUMNS];
	ScanKeyData keys[3];

	text_key(&keys[1], RELATIONSHIP_TYPE, type->name);
	text_key(&keys[2], RELATIONSHIP_TENANT, relationship->tenant);
	if (type->one_source)
	{
		number_key(&keys[0], RELATIONSHIP_ONLY_SOURCE, relationship->target);
		check_place(table, "relationship_only_source_idx", 3, keys,
					"record " INT64_FORMAT " has several sources of \"%s\"", relationship->target, type);
	}
	if (type->one_target)
	{
		number_key(&keys[0], RELATIONSHIP_ONLY_TARGET, relationship->source);
		check_place(table, "relationship_only_target_idx", 3, keys,
					"record " INT64_FORMAT " has several targets of \"%s\"", relationship->source, type);
	}
	heap_deform_tuple(relationship->tuple, RelationGetDescr(table), values, nulls);
	values[RELATIONSHIP_ONLY_SOURCE] = Int64GetDatum(relationship->target);
	nulls[RELATIONSHIP_ONLY_SOURCE] = !type->one_source;
	values[RELATIONSHIP_ONLY_TARGET] = Int64GetDatum(relationship->source);
	nulls[RELATIONSHIP_ONLY_TARGET] = !type->one_target;
	if (!itsm_own_update(&relationships, relationship->tuple, values, nulls))
		elog(ERROR, "relationship " INT64_FORMAT " was changed in spite of the lock", relationship->id);
	CommandCounterIncrement();
}

void
itsm_relationships_recount(const RelationshipType *type)
{
	Relation	table = itsm_own_open(&relationships, RowExclusiveLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(table, snapshot, 0, NULL);
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "itsm relationship", ALLOCSET_SMALL_SIZES);
	HeapTuple	tuple;

	/* first none is counted, so that those of the old cardinality are in nobody's way */
	for (int pass = 0; pass < 2; pass++)
	{
		RelationshipType uncounted = *type;

		uncounted.one_source = uncounted.one_target = false;
		while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
		{
			Relationship relationship;
			MemoryContext caller = MemoryContextSwitchTo(row);

			CHECK_FOR_INTERRUPTS();
			itsm_relationship_of_tuple(RelationGetDescr(table), heap_copytuple(tuple), &relationship);
			if (relationship.holds && strcmp(relationship.type, type->name) == 0)
				store_count(table, &relationship, pass ? type : &uncounted);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(row);
		}
		table_endscan(scan);
		UnregisterSnapshot(snapshot);
		snapshot = RegisterSnapshot(GetLatestSnapshot());
		scan = table_beginscan(table, snapshot, 0, NULL);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	MemoryContextDelete(row);
	itsm_own_close(&relationships, RowExclusiveLock);
}

/*
 * Many are related, or their relationships ended, in a statement.  An
 * expression of PL/pgSQL may live until the transaction ends; tables that were
 * kept so long could not be altered or dropped in it.
 */
static void
keep_tables(FunctionCallInfo fcinfo)
{
	static bool kept;

	if (fcinfo->flinfo->fn_extra || MemoryContextGetParent(fcinfo->flinfo->fn_mcxt) == TopTransactionContext)
		return;
	itsm_own_keep(fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = &kept;
}

ITSM_FUNCTION(itsm_relate);
Datum
itsm_relate(PG_FUNCTION_ARGS)
{
	TimestampTz started_at = PG_ARGISNULL(3) ? RELATIONSHIP_NOW : PG_GETARG_TIMESTAMPTZ(3);

	itsm_require_arguments(fcinfo, 3);
	if (!PG_ARGISNULL(3))
		check_not_future("started_at", started_at);
	keep_tables(fcinfo);
	PG_RETURN_INT64(itsm_relate_records(PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
										PG_GETARG_INT64(2), started_at));
}

ITSM_FUNCTION(itsm_unrelate);
Datum
itsm_unrelate(PG_FUNCTION_ARGS)
{
	TimestampTz ended_at = PG_ARGISNULL(1) ? RELATIONSHIP_NOW : PG_GETARG_TIMESTAMPTZ(1);

	itsm_require_arguments(fcinfo, 1);
	if (!PG_ARGISNULL(1))
		check_not_future("ended_at", ended_at);
	keep_tables(fcinfo);
	if (!itsm_relationship_end(PG_GETARG_INT64(0), ended_at))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relationship " INT64_FORMAT " has ended already", PG_GETARG_INT64(0))));
	PG_RETURN_VOID();
}
