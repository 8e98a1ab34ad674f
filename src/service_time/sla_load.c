/*
 * sla_load.c
 *		Agreements out of itsm.sla, and bound to a version of a lifecycle.
 *
 * The table is read by a catalog snapshot, so that a change holds from the next
 * statement on, also inside REPEATABLE READ.  Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/table.h"
#include "core/unmet.h"
#include "lifecycle/expression.h"
#include "lifecycle/policy.h"
#include "service_time/sla_store.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static char *
text_or_null(const Datum *values, const bool *nulls, SlaColumn column)
{
	return nulls[column] ? NULL : TextDatumGetCString(values[column]);
}

static char **
read_checks(Datum array)
{
	char	  **checks = palloc0(sizeof(char *) * SLA_CHECKS);
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < Min(count, SLA_CHECKS); i++)
		if (!nulls[i])
			checks[i] = TextDatumGetCString(elements[i]);
	return checks;
}

Sla *
itsm_sla_of_tuple(TupleDesc descriptor, HeapTuple tuple)
{
	Datum		values[SLA_COLUMNS];
	bool		nulls[SLA_COLUMNS];
	List	   *faults = NIL;
	Sla		   *sla;

	heap_deform_tuple(tuple, descriptor, values, nulls);
	sla = itsm_sla_parse(DatumGetJsonbPCopy(values[SLA_DEFINITION]), read_checks(values[SLA_EXPRESSIONS]), &faults);
	itsm_unmet_raise(faults, ERRCODE_ITSM_DEFINITION,
					 psprintf("agreement %d (version %d) is invalid", DatumGetInt32(values[SLA_ID]),
							  DatumGetInt32(values[SLA_VERSION])),
					 "Define it again with itsm.define_sla.");
	sla->id = DatumGetInt32(values[SLA_ID]);
	sla->version = DatumGetInt32(values[SLA_VERSION]);
	sla->from = DatumGetTimestampTz(values[SLA_FROM]);
	sla->until = nulls[SLA_UNTIL] ? DT_NOEND : DatumGetTimestampTz(values[SLA_UNTIL]);
	sla->hours_text = text_or_null(values, nulls, SLA_HOURS);
	return sla;
}

bool
itsm_sla_is_on(const Sla *sla, const Definition *definition)
{
	return sla->lifecycle ? strcmp(sla->lifecycle, definition->name) == 0
		: strcmp(sla->process, definition->process) == 0;
}

static int
compare_slas(const ListCell *a, const ListCell *b)
{
	const Sla  *first = lfirst(a);
	const Sla  *second = lfirst(b);

	if (first->id != second->id)
		return first->id < second->id ? -1 : 1;
	return first->version < second->version ? -1 : first->version > second->version;
}

void
itsm_sla_ready(Sla *sla)
{
	sla->agreed_hours = itsm_clock_hours(sla->calendar, sla->hours_text);
	sla->hours = sla->relative.kind == TARGET_LENGTH ? sla->agreed_hours : itsm_clock_hours(NULL, NULL);
	itsm_clock_terms(&sla->terms, sla->hours);
}

int64
itsm_sla_target(const Sla *sla, TimestampTz start, const ClockEvent *event)
{
	int64		due;

	if (sla->relative.kind == TARGET_LENGTH)
		return sla->terms.target;
	due = sla->relative.kind < TARGET_ATTRIBUTE ? itsm_relative_due(&sla->relative, sla->agreed_hours, start)
		: event->due;
	/* what is past already is due at once */
	return due == CLOCK_NEVER ? CLOCK_NEVER : due < start ? 0 : due - start;
}

/* The number of the agreement that another one's target names; 0: there is none. */
static int
number_among(const List *slas, const char *name)
{
	ListCell   *cell;

	foreach(cell, slas)
		if (strcmp(((const Sla *) lfirst(cell))->name, name) == 0)
			return ((const Sla *) lfirst(cell))->id;
	return 0;
}

List *
itsm_slas_of(const Definition *definition)
{
	Oid			relation = itsm_relation_or_invalid("sla");
	List	   *slas = NIL;
	Relation	table;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *cell;

	if (!OidIsValid(relation))
		return NIL;				/* while the extension is being made */
	table = table_open(relation, AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Sla		   *sla = itsm_sla_of_tuple(RelationGetDescr(table), tuple);

		if (definition == NULL || itsm_sla_is_on(sla, definition))
			slas = lappend(slas, sla);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	list_sort(slas, compare_slas);
	foreach(cell, slas)
	{
		Sla		   *sla = lfirst(cell);

		itsm_sla_ready(sla);
		if (sla->relative.kind == TARGET_CLOCK)
			sla->relative.sla = number_among(slas, sla->relative.name);
	}
	return slas;
}

bool
itsm_slas_any(void)
{
	/* the statement, and in it the state of the configuration, for which the answer holds */
	static uint64 pin = 0;
	static uint64 generation = 0;
	static bool any;

	if (pin != itsm_policy_pin() || generation != itsm_policy_generation())
	{
		Relation	table;

		pin = itsm_policy_pin();
		generation = itsm_policy_generation();
		table = table_open(itsm_relation("sla"), AccessShareLock);
		any = RelationGetNumberOfBlocks(table) > 0;
		table_close(table, AccessShareLock);
	}
	return any;
}

int
itsm_sla_number(const char *name)
{
	ListCell   *cell;

	foreach(cell, itsm_slas_of(NULL))
		if (strcmp(((Sla *) lfirst(cell))->name, name) == 0)
			return ((Sla *) lfirst(cell))->id;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("SLA \"%s\" does not exist", itsm_clip(name)),
			 errhint("Table itsm.sla has those that exist; itsm.define_sla makes one.")));
}

static bool
has_name(const StateSet *set, const char *name)
{
	ListCell   *cell;

	foreach(cell, set->names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

bool
itsm_sla_set_has(const StateSet *set, const LifecycleState *state)
{
	return (set->categories & (1u << state->category)) || has_name(set, state->name) ||
		has_name(set, itsm_category_names[state->category]);
}

typedef struct Reads
{
	const Definition *definition;
	const char *text;
	Bitmapset  *attributes;
} Reads;

static void
find_reads(void *argument)
{
	Reads	   *reads = argument;
	bool		reads_old;
	bool		reads_actor;
	ListCell   *cell;

	foreach(cell, itsm_check_reads(reads->definition, itsm_check_parse(reads->definition, reads->text, true),
								   &reads_old, &reads_actor))
		reads->attributes = bms_add_member(reads->attributes, lfirst_int(cell));
}

/* The number of a check among the texts. */
static int
number_text(BoundSlas *bound, char *text)
{
	ListCell   *cell;

	foreach(cell, bound->texts)
		if (strcmp(lfirst(cell), text) == 0)
			return foreach_current_index(cell);
	bound->texts = lappend(bound->texts, text);
	return list_length(bound->texts) - 1;
}

static void
bind_checks(BoundSlas *bound, BoundSla *slot, const Definition *definition)
{
	for (SlaCheck check = SLA_CONDITION; check < SLA_CHECKS; check++)
	{
		Reads		reads = {definition, slot->sla->checks[check], NULL};

		slot->checks[check] = SLA_NO_CHECK;
		if (reads.text == NULL)
			continue;
		if (itsm_attempt(find_reads, &reads))
			slot->checks[check] = SLA_UNFIT;
		else
			slot->checks[check] = number_text(bound, slot->sla->checks[check]);
		slot->reads = bms_join(slot->reads, reads.attributes);
	}
}

static void
bind_resets(BoundSla *slot, const Definition *definition)
{
	ListCell   *cell;

	foreach(cell, slot->sla->reset_on)
	{
		int			number = itsm_definition_attribute(definition, lfirst(cell));

		if (number >= 0)
			slot->resets = bms_add_member(slot->resets, number);
	}
	slot->due = -1;
	if (slot->sla->relative.kind == TARGET_ATTRIBUTE)
	{
		slot->due = itsm_definition_attribute(definition, slot->sla->relative.name);
		if (slot->due >= 0 && definition->attributes[slot->due].type != TIMESTAMPTZOID)
			slot->due = -1;
		if (slot->due >= 0)
			slot->resets = bms_add_member(slot->resets, slot->due);
	}
	slot->reads = bms_add_members(slot->reads, slot->resets);
}

static uint8 *
bind_states(const Sla *sla, const Definition *definition)
{
	uint8	   *states = palloc0(Max(definition->state_count, 1));

	for (int i = 0; i < definition->state_count; i++)
		for (SlaSet set = SLA_START; set < SLA_SETS; set++)
			if (itsm_sla_set_has(&sla->sets[set], &definition->states[i]))
				states[i] |= 1u << set;
	return states;
}

BoundSlas *
itsm_slas_bind(const Definition *definition)
{
	List	   *slas = itsm_slas_of(NULL);
	BoundSlas  *bound;
	BoundSla   *first = NULL;
	ListCell   *cell;

	if (slas == NIL)
		return NULL;
	bound = palloc0(sizeof(BoundSlas));
	bound->slas = palloc0(sizeof(BoundSla) * list_length(slas));
	foreach(cell, slas)
	{
		BoundSla   *slot = &bound->slas[bound->count];

		if (!itsm_sla_is_on(lfirst(cell), definition))
			continue;
		*slot = (BoundSla) {.sla = lfirst(cell)};
		bind_checks(bound, slot, definition);
		bind_resets(slot, definition);
		slot->states = bind_states(slot->sla, definition);
		if (first == NULL || first->sla->id != slot->sla->id)
			first = slot;
		first->versions++;
		bound->count++;
	}
	bound->opened = itsm_definition_attribute(definition, "opened_at");
	if (bound->opened >= 0 && definition->attributes[bound->opened].type != TIMESTAMPTZOID &&
		definition->attributes[bound->opened].type != TIMESTAMPOID)
		bound->opened = -1;
	return bound;
}
