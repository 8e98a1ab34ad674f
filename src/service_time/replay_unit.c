/*
 * replay_unit.c
 *		Versions of lifecycles for replaying events.
 *
 * Checks run as the table's owner, as in the judging trigger; of a table that
 * is gone, only what needs nobody's rights.
 *
 * Memory: a context of the units; values in the caller's.
 */
#include "core/itsm.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "ledger/policy_event.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/definition_store.h"
#include "lifecycle/expression.h"
#include "lifecycle/owner_guard.h"
#include "record/source.h"
#include "service_time/replay_unit.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

typedef struct ReplayCheck
{
	ExprState  *state;
	bool		guarded;
} ReplayCheck;

/* From when on an attachment put which lifecycle on its table. */
typedef struct LifecyclePeriod
{
	TimestampTz from;
	uint64		xid;			/* of what began it: the records' events are a little older */
	const char *lifecycle;
} LifecyclePeriod;

typedef struct ReplayAttachment
{
	int			id;
	Oid			owner;
	const char *lifecycle;		/* now */
	List	   *periods;		/* LifecyclePeriod, after migrations */
} ReplayAttachment;

struct ReplayUnits
{
	MemoryContext context;
	EState	   *estate;
	ExprContext *expressions;
	List	   *attachments;	/* ReplayAttachment */
	List	   *units;			/* ReplayUnit */
};

ReplayUnits *
itsm_replay_units_begin(void)
{
	ReplayUnits *units = palloc0(sizeof(ReplayUnits));

	units->context = CurrentMemoryContext;
	units->estate = CreateExecutorState();
	units->expressions = CreateExprContext(units->estate);
	return units;
}

void
itsm_replay_units_end(ReplayUnits *units)
{
	FreeExecutorState(units->estate);
}

static Oid
owner_of(Oid relation)
{
	HeapTuple	class = OidIsValid(relation) ? SearchSysCache1(RELOID, ObjectIdGetDatum(relation)) : NULL;
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(class))
	{
		owner = ((Form_pg_class) GETSTRUCT(class))->relowner;
		ReleaseSysCache(class);
	}
	return owner;
}

/* The lifecycle that the event of an attachment's policy names; NULL: none. */
static const char *
told_lifecycle(const Event *event)
{
	BodyItem	item;
	JsonbValue	value;
	int			offset = 0;

	if (strcmp(event->kind, "attached") != 0 && strcmp(event->kind, "migrated") != 0)
		return NULL;
	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
		if (item.number == BODY_DETAIL && item.form == BODY_VALUE)
		{
			Datum		detail = DirectFunctionCall1(jsonb_in, CStringGetDatum(item.text));

			if (itsm_json_member(&DatumGetJsonbP(detail)->root, "lifecycle", &value) &&
				value.type == jbvString)
				return pnstrdup(value.val.string.val, value.val.string.len);
		}
	return NULL;
}

static void
read_periods(ReplayAttachment *attachment)
{
	Record		record;
	ListCell   *cell;

	if (!itsm_record_find(POLICY_SOURCE, "", itsm_attachment_subject(attachment->id), &record))
		return;
	foreach(cell, itsm_event_read(record.tenant, record.id))
	{
		const Event *event = lfirst(cell);
		const char *lifecycle = told_lifecycle(event);
		LifecyclePeriod *period;

		if (lifecycle == NULL)
			continue;
		period = palloc(sizeof(LifecyclePeriod));
		*period = (LifecyclePeriod) {event->at, event->xid, lifecycle};
		attachment->periods = lappend(attachment->periods, period);
	}
}

static ReplayAttachment *
find_attachment(ReplayUnits *units, int id)
{
	MemoryContext caller;
	ReplayAttachment *attachment;
	AttachmentRow *row;
	ListCell   *cell;

	foreach(cell, units->attachments)
		if (((ReplayAttachment *) lfirst(cell))->id == id)
			return lfirst(cell);
	caller = MemoryContextSwitchTo(units->context);
	row = itsm_attachment_read(id);
	attachment = palloc0(sizeof(ReplayAttachment));
	attachment->id = id;
	attachment->lifecycle = row->lifecycle;
	attachment->owner = owner_of(row->relation);
	read_periods(attachment);
	units->attachments = lappend(units->attachments, attachment);
	MemoryContextSwitchTo(caller);
	return attachment;
}

static const char *
lifecycle_at(const ReplayAttachment *attachment, const Event *event)
{
	const char *lifecycle = list_length(attachment->periods) > 1
		? ((LifecyclePeriod *) linitial(attachment->periods))->lifecycle : attachment->lifecycle;

	for (int i = 1; i < list_length(attachment->periods); i++)
	{
		const LifecyclePeriod *period = list_nth(attachment->periods, i);

		if (period->from <= event->at || period->xid == event->xid)
			lifecycle = period->lifecycle;
	}
	return lifecycle;
}

static int
dictionary_number(const List *dictionary, const LifecycleAttribute *attribute)
{
	char	   *type = format_type_extended(attribute->type, -1, FORMAT_TYPE_FORCE_QUALIFY);
	ListCell   *cell;

	foreach(cell, dictionary)
	{
		const SourceAttribute *entry = lfirst(cell);

		if (entry->canonical && strcmp(entry->name, attribute->name) == 0 && strcmp(entry->type, type) == 0)
			return entry->number;
	}
	return 0;
}

static void
make_attributes(ReplayUnit *unit)
{
	const Definition *definition = unit->definition;
	TupleDesc	canonical = CreateTemplateTupleDesc(definition->attribute_count + 1);
	List	   *dictionary = itsm_source_dictionary(unit->source);

	for (int i = 0; i < unit->bound->count; i++)
		unit->reads = bms_add_members(unit->reads, unit->bound->slas[i].reads);
	if (unit->bound->opened >= 0)
		unit->reads = bms_add_member(unit->reads, unit->bound->opened);
	unit->numbers = palloc0(sizeof(int) * (definition->attribute_count + 1));
	unit->input = palloc0(sizeof(FmgrInfo) * (definition->attribute_count + 1));
	unit->parameter = palloc0(sizeof(Oid) * (definition->attribute_count + 1));
	for (int i = 0; i < definition->attribute_count; i++)
	{
		const LifecycleAttribute *attribute = &definition->attributes[i];
		Oid			input;

		TupleDescInitEntry(canonical, i + 1, attribute->name, attribute->type, attribute->typmod, 0);
		TupleDescInitEntryCollation(canonical, i + 1, attribute->collation);
		if (!bms_is_member(i, unit->reads))
			continue;
		unit->numbers[i] = dictionary_number(dictionary, attribute);
		getTypeInputInfo(attribute->type, &input, &unit->parameter[i]);
		fmgr_info(input, &unit->input[i]);
	}
	TupleDescInitEntry(canonical, definition->attribute_count + 1, "actor", TEXTOID, -1, 0);
	unit->slot = MakeSingleTupleTableSlot(canonical, &TTSOpsVirtual);
}

static void
make_checks(ReplayUnits *units, ReplayUnit *unit)
{
	ListCell   *cell;

	unit->checks = palloc0(sizeof(ReplayCheck) * (list_length(unit->bound->texts) + 1));
	foreach(cell, unit->bound->texts)
	{
		ReplayCheck *check = &unit->checks[foreach_current_index(cell)];
		Node	   *node = itsm_check_parse(unit->definition, lfirst(cell), true);
		OwnerGuard	guard;

		check->guarded = !itsm_expression_harmless(node);
		if (check->guarded && !OidIsValid(unit->owner))
		{
			unit->lost = lfirst(cell);
			return;
		}
		if (check->guarded)
			itsm_guard_enter(&guard, unit->owner);
		check->state = ExecPrepareExpr((Expr *) node, units->estate);
		if (check->guarded)
			itsm_guard_leave(&guard);
	}
}

/*
 * Whether there is an agreement on a version of a lifecycle.  One on which there
 * is none is not read further: its types may be gone with the tables it was for.
 */
static bool
is_agreed_on(const char *lifecycle, int version)
{
	const StoredDefinition *stored = itsm_definition_fetch(lifecycle, version);
	Definition	named = {.name = unconstify(char *, lifecycle), .process = unconstify(char *, lifecycle)};
	JsonbValue	process;
	ListCell   *cell;

	if (itsm_json_member(&stored->json->root, "process", &process))
		named.process = itsm_json_string(&process);
	foreach(cell, itsm_slas_of(NULL))
		if (itsm_sla_is_on(lfirst(cell), &named))
			return true;
	return false;
}

static void
bind_unit(ReplayUnits *units, ReplayUnit *unit)
{
	if (!is_agreed_on(unit->lifecycle, unit->version))
	{
		unit->bound = palloc0(sizeof(BoundSlas));
		return;
	}
	unit->definition = itsm_definition_load(unit->lifecycle, &unit->version);
	unit->bound = itsm_slas_bind(unit->definition);
	make_attributes(unit);
	make_checks(units, unit);
}

ReplayUnit *
itsm_replay_unit(ReplayUnits *units, int source, const Event *event)
{
	ReplayAttachment *attachment = find_attachment(units, event->attachment);
	const char *lifecycle = lifecycle_at(attachment, event);
	MemoryContext caller;
	ReplayUnit *unit;
	ListCell   *cell;

	foreach(cell, units->units)
	{
		unit = lfirst(cell);
		if (unit->source == source && unit->version == event->lifecycle_version &&
			strcmp(unit->lifecycle, lifecycle) == 0 && unit->owner == attachment->owner)
			return unit;
	}
	caller = MemoryContextSwitchTo(units->context);
	unit = palloc0(sizeof(ReplayUnit));
	unit->source = source;
	unit->lifecycle = lifecycle;
	unit->version = event->lifecycle_version;
	unit->owner = attachment->owner;
	bind_unit(units, unit);
	units->units = lappend(units->units, unit);
	MemoryContextSwitchTo(caller);
	return unit;
}

Datum
itsm_replay_value(const ReplayUnit *unit, int attribute, char *text)
{
	const LifecycleAttribute *declared = &unit->definition->attributes[attribute];
	/* a domain's constraint, and the input of a user's type, may run anything */
	bool		guarded = declared->type >= FirstNormalObjectId && OidIsValid(unit->owner);
	OwnerGuard	guard;
	Datum		value;

	if (guarded)
		itsm_guard_enter(&guard, unit->owner);
	value = InputFunctionCall(&unit->input[attribute], text, unit->parameter[attribute],
							  declared->typmod);
	if (guarded)
		itsm_guard_leave(&guard);
	return value;
}

bool
itsm_replay_check(ReplayUnits *units, ReplayUnit *unit, int number, const Datum *values, const bool *nulls)
{
	ReplayCheck *check = &unit->checks[number];
	int			count = unit->definition->attribute_count + 1;
	OwnerGuard	guard;
	Datum		result;
	bool		isnull;

	ResetExprContext(units->expressions);
	ExecClearTuple(unit->slot);
	memcpy(unit->slot->tts_values, values, sizeof(Datum) * count);
	memcpy(unit->slot->tts_isnull, nulls, sizeof(bool) * count);
	ExecStoreVirtualTuple(unit->slot);
	units->expressions->ecxt_outertuple = unit->slot;
	if (check->guarded)
		itsm_guard_enter(&guard, unit->owner);
	result = ExecEvalExprSwitchContext(check->state, units->expressions, &isnull);
	if (check->guarded)
		itsm_guard_leave(&guard);
	return !isnull && DatumGetBool(result);
}
