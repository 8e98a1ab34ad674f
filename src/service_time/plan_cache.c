/*
 * plan_cache.c
 *		Plans of service hours, kept per session and found by the value's bytes.
 *
 * A value that is used again finds its years ready.  Sets of four slots, of
 * which the one that was not used for longest makes way.
 */
#include "core/itsm.h"

#include "common/hashfn.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "service_time/plan_cache.h"
#include "utils/memutils.h"

#define SETS 32
#define SLOTS_OF_SET 4

/* With the memory of the plan beside it; its data is the server's time zone. */
typedef struct PlanZone
{
	ServiceZone zone;
	MemoryContext memory;
} PlanZone;

typedef struct PlanSlot
{
	MemoryContext memory;		/* of all that follows; NULL: free */
	uint64		used;			/* 0 when free */
	uint64		serial;			/* another for each plan */
	int			length;
	char	   *text;
	PlanZone   *zone;
	ServicePlan plan;
} PlanSlot;

static PlanSlot slots[SETS][SLOTS_OF_SET];
static uint64 uses = 0;
static uint64 serials = 0;

/* The server's time zone code counts from 1970. */
#define EPOCH_SECONDS ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64CONST(86400))

/*
 * The server tells of changes at or after a time, and not the same at the very
 * edges of its tables: it is asked a second later, when a change is over.
 */
static bool
next_change(const ServiceZone *zone, int64 at, int *offset, int64 *change, int *offset_after)
{
	pg_time_t	time = at + EPOCH_SECONDS;
	pg_time_t	boundary;
	long int	before,
				after;
	int			before_dst,
				after_dst,
				result;

	CHECK_FOR_INTERRUPTS();
	do
	{
		time++;
		result = pg_next_dst_boundary(&time, &before, &before_dst, &boundary, &after, &after_dst,
									  zone->data);
	} while (result == 1 && boundary <= time);
	*offset = before;
	if (result != 1)
		return false;
	*change = boundary - EPOCH_SECONDS;
	*offset_after = after;
	return true;
}

static void *
allocate(const ServiceZone *zone, size_t size)
{
	return MemoryContextAlloc(((const PlanZone *) zone)->memory, size);
}

static void
release(const ServiceZone *zone, void *memory)
{
	pfree(memory);
}

static pg_tz *
find_zone(const ServiceHours *hours)
{
	char		name[TZ_STRLEN_MAX + 1];
	pg_tz	   *tz;

	if (hours->zone_length == 0)
		strcpy(name, "UTC");
	else
		snprintf(name, sizeof(name), "%.*s", hours->zone_length, hours->zone);
	tz = pg_tzset(name);
	if (tz == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("time zone \"%s\" not recognized", name),
				 errdetail("The service hours were written where this time zone was known.")));
	return tz;
}

/* Everything of a plan is in a context of its own, which lasts once it is complete. */
static MemoryContext
make_plan(PlanSlot *plan, const char *text, int length)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "itsm service hours",
												 ALLOCSET_SMALL_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(memory);
	ServiceHours hours;
	ServiceFault fault;

	plan->text = palloc(length + 1);
	memcpy(plan->text, text, length);
	plan->length = length;
	if (!service_hours_parse(&hours, palloc(service_hours_size(text, length)), plan->text, length, &fault))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED), errmsg("service hours are damaged"),
				 errdetail("At byte %d: %s.", fault.offset + 1, fault.message)));
	plan->zone = palloc(sizeof(PlanZone));
	plan->zone->memory = memory;
	plan->zone->zone.next_change = next_change;
	plan->zone->zone.allocate = allocate;
	plan->zone->zone.release = release;
	plan->zone->zone.data = find_zone(&hours);
	service_plan_init(&plan->plan, &hours, &plan->zone->zone);
	MemoryContextSwitchTo(outer);
	return memory;
}

static bool
holds(const PlanSlot *slot, const char *text, int length)
{
	return slot->memory != NULL && slot->length == length && memcmp(slot->text, text, length) == 0;
}

static PlanSlot *
find_slot(const char *text, int length)
{
	uint32		hash = hash_bytes((const unsigned char *) text, length);
	PlanSlot   *set = slots[hash % SETS];
	PlanSlot   *oldest = set;
	PlanSlot	made = {0};
	MemoryContext memory;

	for (int i = 0; i < SLOTS_OF_SET; i++)
	{
		if (holds(&set[i], text, length))
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	memory = make_plan(&made, text, length);
	if (oldest->memory != NULL)
		MemoryContextDelete(oldest->memory);
	MemoryContextSetParent(memory, CacheMemoryContext);
	*oldest = made;
	oldest->memory = memory;
	oldest->serial = ++serials;
	return oldest;
}

ServicePlan *
itsm_plan_of(const char *text, int length)
{
	PlanSlot   *slot = find_slot(text, length);

	slot->used = ++uses;
	return &slot->plan;
}

ServicePlan *
itsm_plan_again(PlanPlace *place, const char *text, int length)
{
	if (place->slot == NULL || place->slot->serial != place->serial)
	{
		place->slot = find_slot(text, length);
		place->serial = place->slot->serial;
	}
	place->slot->used = ++uses;
	return &place->slot->plan;
}

/*
 * What a call site saw last: the argument as it came, which may be compressed,
 * and where its plan was then.
 */
typedef struct PlanHint
{
	PlanSlot   *slot;
	uint64		serial;
	Size		size;			/* of value; 0: none */
	Size		room;
	struct varlena *value;
} PlanHint;

static void
remember(PlanHint *hint, const struct varlena *value, MemoryContext context)
{
	Size		size = VARSIZE_ANY(value);

	hint->size = 0;
	/* what a pointer to elsewhere stands for cannot be told from its bytes for ever */
	if (VARATT_IS_EXTERNAL(value))
		return;
	if (size > hint->room)
	{
		if (hint->value != NULL)
			pfree(hint->value);
		hint->value = NULL;
		hint->room = 0;
		hint->value = MemoryContextAlloc(context, size);
		hint->room = size;
	}
	memcpy(hint->value, value, size);
	hint->size = size;
}

ServicePlan *
itsm_plan_of_argument(FunctionCallInfo fcinfo, int argument)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(PG_GETARG_DATUM(argument));
	PlanHint   *hint = fcinfo->flinfo->fn_extra;
	struct varlena *plain;

	if (hint != NULL && hint->size > 0 && hint->serial == hint->slot->serial &&
		!VARATT_IS_EXTERNAL(value) && hint->size == VARSIZE_ANY(value) &&
		memcmp(hint->value, value, hint->size) == 0)
	{
		hint->slot->used = ++uses;
		return &hint->slot->plan;
	}
	if (hint == NULL)
	{
		hint = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PlanHint));
		fcinfo->flinfo->fn_extra = hint;
	}
	plain = PG_DETOAST_DATUM_PACKED(PointerGetDatum(value));
	hint->slot = find_slot(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));
	hint->serial = hint->slot->serial;
	hint->slot->used = ++uses;
	remember(hint, value, fcinfo->flinfo->fn_mcxt);
	return &hint->slot->plan;
}
