/*
 * rule_counter.c
 *		How often each rule of an attachment was judged, and what it said.
 *
 * The server's counters are a hash table of fixed size with open addressing in
 * shared memory.  An entry that is taken stays where it is until counters are
 * reset, which changes the generation: so a session remembers its places, and
 * a flush is a shared lock and an atomic addition per number.  After a reset,
 * and for a rule that it did not count before, it takes the lock alone and
 * looks the place up.
 *
 * A flush runs while a transaction ends, so it allocates nothing and cannot
 * fail.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "core/shared_segment.h"
#include "lifecycle/rule_counter.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define SEGMENT_NAME "itsm rule counters"
#define SLOT_COUNT 4096

typedef struct Slot
{
	Oid			database;		/* InvalidOid: free */
	RuleCounterKey key;
	TimestampTz since;
	pg_atomic_uint64 counts[COUNT_COUNT];
} Slot;

typedef struct Segment
{
	LWLock		lock;			/* shared: counting; alone: everything else */
	int			used;
	uint64		generation;
	Slot		slots[SLOT_COUNT];
} Segment;

static HTAB *counters = NULL;	/* RuleCounter, of this session */
static slist_head waiting = SLIST_STATIC_INIT(waiting);
static Segment *segment = NULL;

static void
prepare_segment(void *address)
{
	Segment    *new = address;

	memset(new, 0, sizeof(Segment));
	LWLockInitialize(&new->lock, LWLockNewTrancheId());
	new->generation = 1;
	for (int i = 0; i < SLOT_COUNT; i++)
		for (int j = 0; j < COUNT_COUNT; j++)
			pg_atomic_init_u64(&new->slots[i].counts[j], 0);
}

static bool
is_key(const Slot *slot, Oid database, const RuleCounterKey *key)
{
	return slot->database == database && slot->key.attachment == key->attachment &&
		strcmp(NameStr(slot->key.rule), NameStr(key->rule)) == 0;
}

/* The place of that key, or the free one where it belongs; -1: the table is full. */
static int
find_slot(const Segment *table, Oid database, const RuleCounterKey *key)
{
	uint32		hash = hash_combine(hash_bytes_uint32(database),
									hash_combine(hash_bytes_uint32(key->attachment),
												 hash_bytes((const unsigned char *) NameStr(key->rule),
															strlen(NameStr(key->rule)))));

	for (int i = 0; i < SLOT_COUNT; i++)
	{
		int			number = (hash + i) % SLOT_COUNT;
		const Slot *slot = &table->slots[number];

		if (!OidIsValid(slot->database) || is_key(slot, database, key))
			return number;
	}
	return -1;
}

/* The lock is held alone. */
static void
take_slot(RuleCounter *counter)
{
	int			number = find_slot(segment, MyDatabaseId, &counter->key);
	Slot	   *slot;

	counter->generation = segment->generation;
	counter->slot = number;
	if (number < 0 || OidIsValid(segment->slots[number].database))
		return;
	slot = &segment->slots[number];
	slot->database = MyDatabaseId;
	slot->key = counter->key;
	slot->since = GetCurrentTimestamp();
	segment->used++;
}

static bool
all_are_placed(void)
{
	slist_iter	iter;

	slist_foreach(iter, &waiting)
		if (slist_container(RuleCounter, node, iter.cur)->generation != segment->generation)
			return false;
	return true;
}

static void
add_counts(RuleCounter *counter)
{
	for (int i = 0; i < COUNT_COUNT; i++)
		if (counter->counts[i] && counter->slot >= 0)
			pg_atomic_fetch_add_u64(&segment->slots[counter->slot].counts[i], counter->counts[i]);
}

/* Adds what this session counted to the server's counters. */
static void
flush_counters(void)
{
	if (slist_is_empty(&waiting))
		return;
	if (segment)
	{
		LWLockAcquire(&segment->lock, LW_SHARED);
		if (!all_are_placed())
		{
			LWLockRelease(&segment->lock);
			LWLockAcquire(&segment->lock, LW_EXCLUSIVE);
		}
	}
	while (!slist_is_empty(&waiting))
	{
		RuleCounter *counter = slist_container(RuleCounter, node, slist_pop_head_node(&waiting));

		if (segment && counter->generation != segment->generation)
			take_slot(counter);
		if (segment)
			add_counts(counter);
		memset(counter->counts, 0, sizeof(counter->counts));
		counter->waiting = false;
	}
	if (segment)
		LWLockRelease(&segment->lock);
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT)
		flush_counters();
}

/* Needs a transaction. */
static void
set_up(void)
{
	static bool done = false;

	if (done)
		return;
	segment = itsm_shared_segment(SEGMENT_NAME, sizeof(Segment), prepare_segment);
	if (segment)
		LWLockRegisterTranche(segment->lock.tranche, "itsm_rule_counters");
	RegisterXactCallback(on_transaction, NULL);
	done = true;
}

RuleCounter *
itsm_rule_counter(int attachment, const char *rule)
{
	RuleCounterKey key = {.attachment = attachment};
	RuleCounter *counter;
	bool		found;

	if (counters == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(RuleCounterKey), .entrysize = sizeof(RuleCounter), .hcxt = TopMemoryContext};

		counters = hash_create("itsm rule counters", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	namestrcpy(&key.rule, rule);
	counter = hash_search(counters, &key, HASH_ENTER, &found);
	if (!found)
		memset((char *) counter + sizeof(RuleCounterKey), 0, sizeof(RuleCounter) - sizeof(RuleCounterKey));
	return counter;
}

void
itsm_rule_counter_wait(RuleCounter *counter)
{
	set_up();
	slist_push_head(&waiting, &counter->node);
	counter->waiting = true;
}

RuleTotal *
itsm_rule_totals(int *count)
{
	RuleTotal  *totals;
	bool		full;

	*count = 0;
	set_up();
	flush_counters();
	if (segment == NULL)
		return NULL;
	totals = palloc(sizeof(RuleTotal) * SLOT_COUNT);
	LWLockAcquire(&segment->lock, LW_SHARED);
	full = segment->used == SLOT_COUNT;
	for (int i = 0; i < SLOT_COUNT; i++)
	{
		Slot	   *slot = &segment->slots[i];
		RuleTotal  *total = &totals[*count];

		if (slot->database != MyDatabaseId)
			continue;
		total->key = slot->key;
		total->since = slot->since;
		for (int j = 0; j < COUNT_COUNT; j++)
			total->counts[j] = pg_atomic_read_u64(&slot->counts[j]);
		(*count)++;
	}
	LWLockRelease(&segment->lock);
	if (full)
		ereport(WARNING,
				(errmsg("the server counts %d rules and has no room for more", SLOT_COUNT),
				 errhint("itsm.reset_rule_statistics makes room, in each database for its own.")));
	return totals;
}

/* Frees the places of this database's rules, of one attachment or (0) of all; the lock is held alone. */
static int64
free_slots(Slot *copy, int attachment)
{
	int			kept = 0;
	int64		freed = 0;

	for (int i = 0; i < SLOT_COUNT; i++)
	{
		Slot	   *slot = &segment->slots[i];

		if (!OidIsValid(slot->database))
			continue;
		if (slot->database == MyDatabaseId && (attachment == 0 || slot->key.attachment == attachment))
			freed++;
		else
			copy[kept++] = *slot;
		slot->database = InvalidOid;
		for (int j = 0; j < COUNT_COUNT; j++)
			pg_atomic_write_u64(&slot->counts[j], 0);
	}
	for (int i = 0; i < kept; i++)
		segment->slots[find_slot(segment, copy[i].database, &copy[i].key)] = copy[i];
	segment->used = kept;
	segment->generation++;
	return freed;
}

int64
itsm_rule_totals_reset(int attachment)
{
	Slot	   *copy;
	int64		freed;

	set_up();
	flush_counters();
	if (segment == NULL)
		return 0;
	copy = palloc(sizeof(Slot) * SLOT_COUNT);
	LWLockAcquire(&segment->lock, LW_EXCLUSIVE);
	freed = free_slots(copy, attachment);
	LWLockRelease(&segment->lock);
	pfree(copy);
	return freed;
}
