/*
 * booking.c
 *		Reading and writing bookings.
 *
 * Memory: the caller's context.  Locking: a record's bookings are written by
 * whoever holds its head row.  Places are taken in the order of their names.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "commands/sequence.h"
#include "core/own_table.h"
#include "core/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "practice/booking.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/rangetypes.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

enum
{
	BOOKED_NUMBER, BOOKED_TENANT, BOOKED_CI, BOOKED_COLUMNS
};

enum
{
	BOOKING_RECORD, BOOKING_ATTACHMENT, BOOKING_ENFORCED, BOOKING_TENANT, BOOKING_PLACE, BOOKING_DURING,
	BOOKING_COLUMNS
};

static OwnTable booked_cis = {
	.name = "booked_ci", .probe_count = 1, .probes = {
		{"booked_ci_pkey", 2, {{BOOKED_CI + 1, F_TEXTEQ}, {BOOKED_TENANT + 1, F_TEXTEQ}}}
	}
};

/* The number of a configuration item; 0: it has none, unless one is to be made. */
static int64
place_of(const char *tenant, const char *ci, bool make)
{
	Datum		wanted[] = {CStringGetTextDatum(ci), CStringGetTextDatum(tenant)};
	LOCKMODE	lockmode = make ? RowExclusiveLock : AccessShareLock;
	Relation	table = itsm_own_open(&booked_cis, lockmode);
	int64		number = 0;

	for (;;)
	{
		HeapTuple	found = itsm_own_find(&booked_cis, 0, wanted, NULL);
		Datum		values[BOOKED_COLUMNS];
		bool		nulls[BOOKED_COLUMNS] = {0};

		if (found)
		{
			number = DatumGetInt64(heap_getattr(found, BOOKED_NUMBER + 1, RelationGetDescr(table), &nulls[0]));
			break;
		}
		if (!make)
			break;
		values[BOOKED_NUMBER] = Int64GetDatum(nextval_internal(itsm_relation("booked_ci_number_seq"), false));
		values[BOOKED_TENANT] = wanted[1];
		values[BOOKED_CI] = wanted[0];
		if (!itsm_own_insert_new(&booked_cis, values, nulls))
			itsm_own_await(&booked_cis, 0, wanted);
	}
	itsm_own_close(&booked_cis, lockmode);
	return number;
}

static Datum
place_range(int64 number)
{
	RangeBound	lower = {.val = Int64GetDatum(number), .inclusive = true, .lower = true};
	RangeBound	upper = {.val = Int64GetDatum(number + 1)};
	TypeCacheEntry *type = lookup_type_cache(INT8RANGEOID, TYPECACHE_RANGE_INFO);

	return RangeTypePGetDatum(itsm_make_range(type, &lower, &upper, false));
}

/* The records of others that are met, as they are found. */
typedef struct Met
{
	int64	   *records;
	int			count;
	int			room;
} Met;

static void
add_met(Met *met, int64 record)
{
	if (met->count == met->room)
	{
		met->room = Max(met->room * 2, 16);
		met->records = met->records ? repalloc(met->records, sizeof(int64) * met->room)
			: palloc(sizeof(int64) * met->room);
	}
	met->records[met->count++] = record;
}

/* Rows of one of the two indexes that overlap. */
static void
look_up(Relation table, Relation index, const char *tenant, int64 record, Datum place, Datum during, Met *met)
{
	TupleTableSlot *slot = table_slot_create(table, NULL);
	IndexScanDesc scan = itsm_index_beginscan(table, index, SnapshotAny, 2, 0);
	Snapshot	now = itsm_snapshot_now();
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, RANGESTRAT_OVERLAPS, F_RANGE_OVERLAPS, place);
	ScanKeyInit(&keys[1], 2, RANGESTRAT_OVERLAPS, F_RANGE_OVERLAPS, during);
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		/* all versions, so that none is locked for a serializable transaction */
		if (!table_tuple_satisfies_snapshot(table, slot, now))
			continue;
		slot_getallattrs(slot);
		if (!(DatumGetInt64(slot->tts_values[BOOKING_RECORD]) == record &&
			  strcmp(TextDatumGetCString(slot->tts_values[BOOKING_TENANT]), tenant) == 0))
			add_met(met, DatumGetInt64(slot->tts_values[BOOKING_RECORD]));
	}
	index_endscan(scan);
	UnregisterSnapshot(now);
	ExecDropSingleTupleTableSlot(slot);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64		first = *(const int64 *) a;
	int64		second = *(const int64 *) b;

	return (first > second) - (first < second);
}

static int
distinct(Met *met)
{
	int			count = 0;

	qsort(met->records, met->count, sizeof(int64), compare_numbers);
	for (int i = 0; i < met->count; i++)
		if (i == 0 || met->records[i] != met->records[i - 1])
			count++;
	return count;
}

bool
itsm_booking_conflicts(const char *tenant, int64 record, const ChangePlan *plan, BookingConflict *conflict)
{
	Relation	table = table_open(itsm_relation("change_booking"), AccessShareLock);
	Relation	held = index_open(itsm_relation("change_booking_held"), AccessShareLock);
	Relation	tolerated = index_open(itsm_relation("change_booking_tolerated_idx"), AccessShareLock);
	Datum		during = itsm_plan_range(plan);
	Met			met = {0};

	conflict->ci_count = 0;
	for (int i = 0; i < plan->ci_count; i++)
	{
		int64		number = place_of(tenant, plan->cis[i], false);
		int			before = met.count;
		Datum		place;

		if (number == 0)
			continue;
		place = place_range(number);
		look_up(table, held, tenant, record, place, during, &met);
		look_up(table, tolerated, tenant, record, place, during, &met);
		conflict->ci_count += met.count > before;
	}
	conflict->record_count = distinct(&met);
	index_close(tolerated, AccessShareLock);
	index_close(held, AccessShareLock);
	table_close(table, AccessShareLock);
	return conflict->ci_count > 0;
}

int
itsm_booking_holders(const char *tenant, const char *ci, TimestampTz at, int64 **records)
{
	int64		number = place_of(tenant, ci, false);
	RangeBound	from = {.val = TimestampTzGetDatum(at), .inclusive = true, .lower = true};
	RangeBound	until = {.val = TimestampTzGetDatum(at), .inclusive = true};
	Relation	table;
	Met			met = {0};

	if (number)
	{
		static const char *const names[] = {"change_booking_held", "change_booking_tolerated_idx"};
		Datum		during = RangeTypePGetDatum(itsm_make_range(lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO),
																&from, &until, false));

		table = table_open(itsm_relation("change_booking"), AccessShareLock);
		for (int i = 0; i < lengthof(names); i++)
		{
			Relation	index = index_open(itsm_relation(names[i]), AccessShareLock);

			look_up(table, index, tenant, 0, place_range(number), during, &met);
			index_close(index, AccessShareLock);
		}
		table_close(table, AccessShareLock);
	}
	*records = met.records;
	return met.count;
}

/*
 * Inserts a booking that holds, in the way of ON CONFLICT DO NOTHING: false when
 * another one is in its way.  Without SQL it is the same at every isolation level.
 */
static bool
insert_held(Relation table, Datum *values, bool *nulls)
{
	EState	   *estate = CreateExecutorState();
	ResultRelInfo *target = makeNode(ResultRelInfo);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	bool		inserted = false;
	bool		met = false;

	InitResultRelInfo(target, table, 1, NULL, 0);
	ExecOpenIndices(target, true);
	memcpy(slot->tts_values, values, sizeof(Datum) * BOOKING_COLUMNS);
	memcpy(slot->tts_isnull, nulls, sizeof(bool) * BOOKING_COLUMNS);
	ExecStoreVirtualTuple(slot);
	do
	{
		ItemPointerData other;
		bool		conflict = false;
		uint32		token;

		CHECK_FOR_INTERRUPTS();
		/* the rule has looked before: only now and then somebody is in the way, to be waited for */
		if (met && !itsm_check_index_constraints(target, slot, estate, &other))
			break;
		token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
		table_tuple_insert_speculative(table, slot, GetCurrentCommandId(true), 0, NULL, token);
		list_free(itsm_insert_index_tuples(target, slot, estate, &conflict));
		table_tuple_complete_speculative(table, slot, token, !conflict);
		SpeculativeInsertionLockRelease(GetCurrentTransactionId());
		inserted = !conflict;
		met = true;
	} while (!inserted);
	ExecCloseIndices(target);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	return inserted;
}

/* Inserts a booking, held or not; false when it was to be held and cannot. */
static bool
insert_booking(Relation table, Datum *values, bool *nulls, BookingForce force)
{
	bool		done = true;

	if (force != BOOKING_TOLERATED)
	{
		values[BOOKING_ENFORCED] = BoolGetDatum(true);
		if (insert_held(table, values, nulls))
			return true;
		done = force == BOOKING_TRIED;
	}
	values[BOOKING_ENFORCED] = BoolGetDatum(false);
	itsm_table_insert(table, values, nulls);
	return done;
}

/* The bookings of a record, as copies. */
static List *
bookings_of(Relation table, const char *tenant, int64 record)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *found = NIL;

	ScanKeyInit(&keys[0], BOOKING_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], BOOKING_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(table, itsm_relation("change_booking_pkey"), true, SnapshotSelf, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = lappend(found, heap_copytuple(tuple));
	systable_endscan(scan);
	return found;
}

/* Takes a booking out of the list that is the attachment's, in that place at that time. */
static List *
take_same(List *bookings, TupleDesc descriptor, int attachment, Datum place, Datum during, bool *taken)
{
	ListCell   *cell;

	*taken = false;
	foreach(cell, bookings)
	{
		Datum		values[BOOKING_COLUMNS];
		bool		nulls[BOOKING_COLUMNS];

		heap_deform_tuple(lfirst(cell), descriptor, values, nulls);
		if (DatumGetInt32(values[BOOKING_ATTACHMENT]) == attachment &&
			DatumGetBool(OidFunctionCall2(F_RANGE_EQ, values[BOOKING_PLACE], place)) &&
			DatumGetBool(OidFunctionCall2(F_RANGE_EQ, values[BOOKING_DURING], during)))
		{
			*taken = true;
			return foreach_delete_current(bookings, cell);
		}
	}
	return bookings;
}

bool
itsm_booking_make(const char *tenant, int64 record, int attachment, const ChangePlan *plan, BookingForce force)
{
	Relation	table = table_open(itsm_relation("change_booking"), RowExclusiveLock);
	List	   *old = bookings_of(table, tenant, record);
	Datum		values[BOOKING_COLUMNS];
	bool		nulls[BOOKING_COLUMNS] = {0};
	int			count = plan && plan->timed && plan->ci_fault == NULL ? plan->ci_count : 0;
	bool	   *wanted = palloc0(sizeof(bool) * (count + 1));
	Datum	   *places = palloc(sizeof(Datum) * (count + 1));
	bool		done = true;
	bool		changed = false;
	ListCell   *cell;

	if (count)
		values[BOOKING_DURING] = itsm_plan_range(plan);
	for (int i = 0; i < count; i++)
	{
		bool		taken;

		places[i] = place_range(place_of(tenant, plan->cis[i], true));
		old = take_same(old, RelationGetDescr(table), attachment, places[i], values[BOOKING_DURING], &taken);
		wanted[i] = !taken;
		changed |= !taken;
	}
	changed |= old != NIL;
	/* first those that are left, so that none is in the way of its successor */
	foreach(cell, old)
		simple_heap_delete(table, &((HeapTuple) lfirst(cell))->t_self);
	values[BOOKING_RECORD] = Int64GetDatum(record);
	values[BOOKING_ATTACHMENT] = Int32GetDatum(attachment);
	values[BOOKING_TENANT] = CStringGetTextDatum(tenant);
	for (int i = 0; i < count && done; i++)
	{
		values[BOOKING_PLACE] = places[i];
		done = !wanted[i] || insert_booking(table, values, nulls, force);
	}
	table_close(table, NoLock);
	if (changed)
		CommandCounterIncrement();
	return done;
}

bool
itsm_booking_hold(const char *tenant, int64 record)
{
	Relation	table = table_open(itsm_relation("change_booking"), RowExclusiveLock);
	bool		done = true;
	ListCell   *cell;

	foreach(cell, bookings_of(table, tenant, record))
	{
		HeapTuple	tuple = lfirst(cell);
		Datum		values[BOOKING_COLUMNS];
		bool		nulls[BOOKING_COLUMNS];

		heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
		if (DatumGetBool(values[BOOKING_ENFORCED]))
			continue;
		simple_heap_delete(table, &tuple->t_self);
		done = insert_booking(table, values, nulls, BOOKING_HELD) && done;
	}
	table_close(table, NoLock);
	CommandCounterIncrement();
	return done;
}
