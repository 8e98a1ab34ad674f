/*
 * policy_build.c
 *		Building a policy: attachments read, columns found, expressions parsed
 *		and planned.
 *
 * Memory: everything hangs on the policy's own context; planned expressions
 * are freed by a callback of that context.  The context stands under the
 * caller's until the policy is complete, so an error leaves nothing behind.
 * Expressions are parsed and planned with the rights of the table's owner.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/shard.h"
#include "core/unmet.h"
#include "lib/qunique.h"
#include "lifecycle/actor.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/event_listener.h"
#include "lifecycle/expression.h"
#include "lifecycle/owner_guard.h"
#include "lifecycle/policy.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "record/projection.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

typedef struct Builder
{
	Policy	   *policy;
	Relation	relation;
	const AttachmentRow *row;
	PolicyAttachment *attachment;
	Bitmapset  *watched;		/* offset by FirstLowInvalidHeapAttributeNumber */
	List	   *dictionary;		/* of the attachment's source */
	List	   *faults;
} Builder;

static const char *const milestone_attributes[] = {
	"opened_at", "first_response_at", "resolved_at", "closed_at"
};

static void
fault(Builder *builder, const char *attribute, const char *format, const char *name)
{
	builder->faults = itsm_unmet_add(builder->faults, ERRCODE_ITSM_ATTACHMENT, NULL, "attachment",
									 attribute, NULL, format, name);
}

/* A row expression on its way through the parser; see itsm_attempt. */
typedef struct Parse
{
	Relation	relation;
	const char *text;
	Node	   *node;
} Parse;

static void
parse_row(void *argument)
{
	Parse	   *parse = argument;

	parse->node = itsm_row_parse(parse->relation, parse->text, true);
}

/* True for the bare name of a column of the relation. */
static bool
is_column(Relation relation, const char *text)
{
	List	   *names;

	return SplitIdentifierString(pstrdup(text), '.', &names) && list_length(names) == 1 &&
		get_attnum(RelationGetRelid(relation), linitial(names)) > 0;
}

/* NULL and a fault when the text does not fit the relation. */
static Node *
parse_expression(Builder *builder, const char *attribute, const char *what, const char *text)
{
	Parse		parse = {builder->relation, text, NULL};
	ErrorData  *error = NULL;

	/*
	 * What cannot fail is not attempted: Citus sends a subtransaction on over
	 * connections that may be in the middle of a COPY.
	 */
	if (is_column(builder->relation, text))
		parse_row(&parse);
	else
		error = itsm_attempt(parse_row, &parse);

	if (error == NULL)
		return parse.node;
	fault(builder, attribute, "%s", psprintf("%s \"%s\": %s", what, text, error->message));
	return NULL;
}

static void
free_cached(void *cached)
{
	FreeCachedExpression(cached);
}

static void
bind_expression(Builder *builder, BoundExpression *bound, Node *node)
{
	MemoryContextCallback *callback = MemoryContextAlloc(builder->policy->context,
														 sizeof(MemoryContextCallback));
	Bitmapset  *columns = NULL;

	bound->guarded = !itsm_expression_harmless(node);
	/* before functions are inlined, so that their definers' word holds */
	bound->immutable = !contain_mutable_functions(node);
	bound->cached = GetCachedExpression(node);
	callback->func = free_cached;
	callback->arg = bound->cached;
	MemoryContextRegisterResetCallback(builder->policy->context, callback);
	pull_varattnos(node, 1, &columns);
	builder->watched = bms_join(builder->watched, columns);
}

static void
watch(Builder *builder, AttrNumber column)
{
	builder->watched = bms_add_member(builder->watched, column - FirstLowInvalidHeapAttributeNumber);
}

/* An expression of a given type, NULL and a fault when it is of another. */
static Node *
coerce_expression(Builder *builder, Node *node, const char *attribute, const char *text, Oid type,
				  int32 typmod)
{
	Oid			given = exprType(node);
	Node	   *coerced = coerce_to_target_type(NULL, node, given, type, typmod, COERCION_IMPLICIT,
												COERCE_IMPLICIT_CAST, -1);

	/* everything has a text form */
	if (coerced == NULL && type == TEXTOID)
		coerced = coerce_to_target_type(NULL, node, given, type, typmod, COERCION_ASSIGNMENT,
										COERCE_IMPLICIT_CAST, -1);
	if (coerced == NULL)
		fault(builder, attribute, "%s",
			  psprintf("attribute \"%s\" is %s, but \"%s\" is %s; cast it", attribute,
					   format_type_be(type), text, format_type_be(given)));
	return coerced;
}

static int
find_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* The column that a node is, also under a mere change of label; 0 when it is more. */
static AttrNumber
plain_column(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return IsA(node, Var) ? ((Var *) node)->varattno : 0;
}

static int
number_of(Builder *builder, bool canonical, const char *name, Oid type)
{
	int			number = itsm_source_number(builder->attachment->source, &builder->dictionary, canonical, name, type);

	if (number == ITSM_NO_NUMBER)
		builder->policy->numberless = true;
	return number;
}

static void
bind_attribute(Builder *builder, Unit *unit, int number)
{
	LifecycleAttribute *attribute = &unit->definition->attributes[number];
	AttributeBinding *binding = &unit->attributes[number];
	const char *text = itsm_named_text(builder->row->attributes, attribute->name);
	Node	   *node;

	binding->projected_number = attribute->type == INT4OID || attribute->type == INT2OID
		? find_name(itsm_projection_numbers, PROJECTION_NUMBERS, attribute->name) : -1;
	binding->projected_text = find_name(itsm_projection_texts, PROJECTION_TEXTS, attribute->name);
	binding->milestone = attribute->type == TIMESTAMPTZOID || attribute->type == TIMESTAMPOID
		? find_name(milestone_attributes, lengthof(milestone_attributes), attribute->name) : -1;
	if (text == NULL)
		return;
	node = parse_expression(builder, attribute->name, psprintf("attribute \"%s\"", attribute->name), text);
	if (node == NULL)
		return;
	binding->error_column = plain_column(node);
	node = coerce_expression(builder, node, attribute->name, text, attribute->type, attribute->typmod);
	if (node == NULL)
		return;
	binding->mapped = unit->mapped[number] = true;
	binding->column = plain_column(node);
	bind_expression(builder, &binding->expression, node);
	binding->number = number_of(builder, true, attribute->name, attribute->type);
}

static int
compare_values(const void *a, const void *b)
{
	const StatusValue *first = a;
	const StatusValue *second = b;
	int			result = memcmp(first->value, second->value, Min(first->length, second->length));

	return result ? result : first->length - second->length;
}

const char *
itsm_status_value(Oid type, const char *text)
{
	bool		value;

	if (getBaseType(type) != BOOLOID)
		return text;
	return !parse_bool(text, &value) ? NULL : value ? "t" : "f";
}

static void
bind_states(Builder *builder, Unit *unit)
{
	Definition *definition = unit->definition;
	Oid			type = unit->attachment->status_type;
	ListCell   *cell;
	int			count = 0;

	unit->values = palloc(sizeof(StatusValue) *
						  (definition->state_count + list_length(builder->row->states)));
	if (builder->row->identity)
		for (int i = 0; i < definition->state_count; i++)
		{
			const char *name = definition->states[i].name;

			unit->values[count++] = (StatusValue) {name, strlen(name), i};
		}
	foreach(cell, builder->row->states)
	{
		const NamedText *pair = lfirst(cell);
		const char *value = itsm_status_value(type, pair->name);

		if (value)
			unit->values[count++] = (StatusValue)
			{
				value, strlen(value), itsm_definition_state(definition, pair->text, strlen(pair->text))
			};
	}
	/* several words may stand for one value */
	qsort(unit->values, count, sizeof(StatusValue), compare_values);
	unit->value_count = count > 0 ? qunique(unit->values, count, sizeof(StatusValue), compare_values) : 0;
}

const char *const itsm_builtin_rules[BUILTIN_COUNT] = {
	"status", "initial", "transition", "delete", "truncate"
};

/*
 * What holds for a rule: the mode set for it in the attachment; else its own,
 * as far as the attachment's mode goes.  Off is off for all.
 */
static JudgeMode
effective_mode(const AttachmentRow *row, const char *rule, JudgeMode own, JudgeMode *chosen)
{
	const char *mode = itsm_named_text(row->rule_modes, rule);

	*chosen = own;
	if (row->mode == MODE_OFF)
		return MODE_OFF;
	if (mode && itsm_mode_parse(mode, chosen))
		return *chosen;
	return Min(row->mode, own);
}

static void
bind_check(Builder *builder, Unit *unit, const CheckData *check)
{
	unit->reads_actor |= check->reads_actor;
	bind_expression(builder, &unit->checks[check->number],
					itsm_check_parse(unit->definition, check->text, true));
}

static void
bind_rules(Builder *builder, Unit *unit)
{
	Definition *definition = unit->definition;

	unit->check_count = 2 * definition->rule_count;
	unit->checks = palloc0(sizeof(BoundExpression) * unit->check_count);
	unit->rule_modes = palloc(sizeof(JudgeMode) * definition->rule_count);
	unit->own_modes = palloc(sizeof(JudgeMode) * definition->rule_count);
	unit->rule_counters = palloc(sizeof(RuleCounter *) * definition->rule_count);
	for (int i = 0; i < definition->rule_count; i++)
	{
		LifecycleRule *rule = &definition->rules[i];

		unit->rule_modes[i] = effective_mode(builder->row, rule->name, rule->mode, &unit->own_modes[i]);
		unit->rule_counters[i] = itsm_rule_counter(builder->row->id, rule->name);
		if (rule->when)
			bind_check(builder, unit, rule->when);
		for (int j = 0; j < rule->condition_count; j++)
		{
			unit->looks_back |= rule->conditions[j].kind->looks_back;
			unit->compares |= rule->conditions[j].kind->compares;
			unit->looks_around |= rule->conditions[j].kind->looks_around;
			unit->judges_deletion |= rule->conditions[j].kind->deletes;
			if (rule->conditions[j].kind == &itsm_rule_check)
				bind_check(builder, unit, rule->conditions[j].data);
		}
	}
}

/* A check on its way through the parser; see itsm_attempt. */
typedef struct CheckParse
{
	const Definition *definition;
	const char *text;
	Node	   *node;
} CheckParse;

static void
parse_check(void *argument)
{
	CheckParse *parse = argument;

	parse->node = itsm_check_parse(parse->definition, parse->text, true);
}

/* The checks that a listener wants; those that do not fit the version stay without an expression. */
static void
bind_listener_checks(Builder *builder, Unit *unit, const List *texts)
{
	ListCell   *cell;

	if (texts == NIL)
		return;
	unit->checks = unit->check_count
		? repalloc(unit->checks, sizeof(BoundExpression) * (unit->check_count + list_length(texts)))
		: palloc(sizeof(BoundExpression) * list_length(texts));
	foreach(cell, texts)
	{
		BoundExpression *check = &unit->checks[unit->check_count++];
		CheckParse	parse = {unit->definition, lfirst(cell), NULL};

		memset(check, 0, sizeof(BoundExpression));
		if (itsm_attempt(parse_check, &parse) == NULL)
			bind_expression(builder, check, parse.node);
	}
}

static void
bind_listeners(Builder *builder, Unit *unit)
{
	int			count = 0;

	while (itsm_event_listeners[count])
		count++;
	unit->listened = palloc0(sizeof(ListenedUnit) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		List	   *checks = NIL;

		unit->listened[i].first_check = unit->check_count;
		if (itsm_event_listeners[i]->bind)
			unit->listened[i].data = itsm_event_listeners[i]->bind(unit, &checks);
		bind_listener_checks(builder, unit, checks);
		if (itsm_event_listeners[i]->listens(unit))
			unit->listeners |= UINT32_C(1) << i;
	}
}

static int
listener_number(const EventListener *listener)
{
	int			number = 0;

	while (itsm_event_listeners[number] != listener)
		number++;
	return number;
}

void *
itsm_unit_listened(const Unit *unit, const EventListener *listener)
{
	return unit->listened[listener_number(listener)].data;
}

int
itsm_listened_check(const Unit *unit, const EventListener *listener, int position)
{
	int			number = unit->listened[listener_number(listener)].first_check + position;

	return unit->checks[number].cached ? number : -1;
}

static Unit *
build_unit(Builder *builder, int version)
{
	Unit	   *unit = palloc0(sizeof(Unit));
	Definition *definition;
	AttrNumber	column = 0;

	unit->attachment = builder->attachment;
	unit->number = builder->policy->unit_count++;
	unit->version = version;
	unit->definition = definition = itsm_definition_load(builder->attachment->lifecycle, &unit->version);
	unit->attributes = palloc0(sizeof(AttributeBinding) * definition->attribute_count);
	unit->mapped = palloc0(sizeof(bool) * definition->attribute_count);
	unit->canonical = CreateTemplateTupleDesc(definition->attribute_count + 1);
	for (int i = 0; i < definition->attribute_count; i++)
	{
		LifecycleAttribute *attribute = &definition->attributes[i];

		bind_attribute(builder, unit, i);
		column++;
		TupleDescInitEntry(unit->canonical, column, attribute->name, attribute->type, attribute->typmod, 0);
		TupleDescInitEntryCollation(unit->canonical, column, attribute->collation);
	}
	TupleDescInitEntry(unit->canonical, column + 1, "actor", TEXTOID, -1, 0);
	unit->actor_attribute = itsm_definition_attribute(definition, "actor");
	if (unit->actor_attribute >= 0 && !unit->mapped[unit->actor_attribute])
		unit->actor_attribute = -1;
	unit->group_attribute = itsm_definition_attribute(definition, "assignment_group");
	if (unit->group_attribute < 0 || !unit->mapped[unit->group_attribute])
		unit->group_attribute = itsm_definition_attribute(definition, "assignee");
	if (unit->group_attribute >= 0 && !unit->mapped[unit->group_attribute])
		unit->group_attribute = -1;
	bind_states(builder, unit);
	bind_rules(builder, unit);
	bind_listeners(builder, unit);
	return unit;
}

static AttrNumber
find_column(Builder *builder, const char *what, const char *name)
{
	AttrNumber	column = get_attnum(RelationGetRelid(builder->relation), name);

	if (column <= 0)
	{
		fault(builder, NULL, "%s", psprintf("%s \"%s\" is not a column of %s", what, name,
											RelationGetRelationName(builder->relation)));
		return InvalidAttrNumber;
	}
	watch(builder, column);
	return column;
}

static bool
mapped_plainly(const Unit *unit, AttrNumber column)
{
	for (int i = 0; i < unit->definition->attribute_count; i++)
		if (unit->attributes[i].mapped && unit->attributes[i].column == column)
			return true;
	return false;
}

static void
track_column(Builder *builder, AttrNumber column)
{
	PolicyAttachment *attachment = builder->attachment;
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(builder->relation), column - 1);

	if (column == attachment->status || mapped_plainly(attachment->current, column))
		return;
	for (int i = 0; i < attachment->key_count; i++)
		if (attachment->key[i] == column)
			return;
	for (int i = 0; i < attachment->tracked_count; i++)
		if (attachment->tracked[i].column == column)
			return;
	watch(builder, column);
	attachment->tracked[attachment->tracked_count++] = (TrackedColumn)
	{
		column, number_of(builder, false, NameStr(attribute->attname), attribute->atttypid)
	};
}

static void
bind_tracked(Builder *builder)
{
	TupleDesc	descriptor = RelationGetDescr(builder->relation);
	ListCell   *cell;

	builder->attachment->tracked = palloc(sizeof(TrackedColumn) * Max(descriptor->natts, 1));
	foreach(cell, builder->row->track)
	{
		const char *name = lfirst(cell);

		if (strcmp(name, "mapped") == 0)
			continue;
		if (strcmp(name, "*") == 0)
		{
			for (int i = 0; i < descriptor->natts; i++)
				if (!TupleDescAttr(descriptor, i)->attisdropped)
					track_column(builder, i + 1);
		}
		else
		{
			AttrNumber	column = find_column(builder, "tracked column", name);

			if (column > 0)
				track_column(builder, column);
		}
	}
}

/* Columns of attributes that only other versions of the lifecycle have: records may still be of those. */
static void
watch_other_versions(Builder *builder)
{
	const Definition *definition = builder->attachment->current->definition;
	ListCell   *cell;

	foreach(cell, builder->row->attributes)
	{
		const NamedText *pair = lfirst(cell);
		Node	   *node = NULL;
		Bitmapset  *columns = NULL;

		if (itsm_definition_attribute(definition, pair->name) < 0)
			node = parse_expression(builder, pair->name, psprintf("attribute \"%s\"", pair->name), pair->text);
		pull_varattnos(node, 1, &columns);
		builder->watched = bms_join(builder->watched, columns);
	}
}

/* The source of the relation's rows: the attachment's, or its own for an inheritance child or a shard. */
static Source *
source_of(Builder *builder)
{
	Oid			relation = RelationGetRelid(builder->relation);
	Source	   *source = itsm_source_find(builder->row->relation);

	if (source == NULL)
		elog(ERROR, "source of attachment %d is missing", builder->row->id);
	if (relation != builder->row->relation && !builder->relation->rd_rel->relispartition)
		source = itsm_source_register(relation, source->key);
	return source;
}

/* NULL when the attachment lacks what it cannot do without. */
static PolicyAttachment *
build_attachment(Builder *builder)
{
	PolicyAttachment *attachment = palloc0(sizeof(PolicyAttachment));
	const AttachmentRow *row = builder->row;
	Source	   *source = source_of(builder);
	Node	   *node;
	ListCell   *cell;
	bool		complete = true;

	builder->attachment = attachment;
	attachment->policy = builder->policy;
	attachment->id = row->id;
	attachment->source = source->id;
	attachment->lifecycle = row->lifecycle;
	attachment->mode = row->mode;
	attachment->deferred = row->deferred;
	attachment->notify = row->notify;
	for (int i = 0; i < BUILTIN_COUNT; i++)
	{
		JudgeMode	own;

		attachment->builtin_modes[i] = effective_mode(row, itsm_builtin_rules[i], MODE_ENFORCE, &own);
		attachment->builtin_counters[i] = itsm_rule_counter(row->id, itsm_builtin_rules[i]);
	}
	attachment->status = find_column(builder, "status", row->status);
	complete = attachment->status > 0;
	if (complete)
		attachment->status_type = TupleDescAttr(RelationGetDescr(builder->relation),
												attachment->status - 1)->atttypid;
	attachment->key = palloc(sizeof(AttrNumber) * list_length(source->key));
	foreach(cell, source->key)
	{
		AttrNumber	column = find_column(builder, "key column", lfirst(cell));

		attachment->key[attachment->key_count++] = column;
		complete = complete && column > 0;
	}
	if (row->filter)
	{
		node = parse_expression(builder, NULL, "filter", row->filter);
		if (node && exprType(node) != BOOLOID)
		{
			fault(builder, NULL, "filter \"%s\" is not boolean", row->filter);
			node = NULL;
		}
		if (node)
			bind_expression(builder, &attachment->filter, node);
		complete = complete && node;
	}
	if (row->tenant)
	{
		node = parse_expression(builder, NULL, "tenant", row->tenant);
		if (node)
			node = coerce_expression(builder, node, "tenant", row->tenant, TEXTOID, -1);
		if (node)
			bind_expression(builder, &attachment->tenant, node);
		complete = complete && node;
	}
	attachment->current = build_unit(builder, 0);
	if (attachment->current->version > 1)
		watch_other_versions(builder);
	bind_tracked(builder);
	return complete ? attachment : NULL;
}

List *
itsm_policy_ancestors(Oid relation)
{
	List	   *relations = list_make1_oid(relation);
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	int			next = 0;

	/* breadth first; the list grows while it is walked */
	for (; next < list_length(relations); next++)
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;
		Oid			table;

		ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(list_nth_oid(relations, next)));
		scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
			relations = list_append_unique_oid(relations,
											   ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
		systable_endscan(scan);
		table = itsm_shard_table(list_nth_oid(relations, next));
		if (OidIsValid(table))
			relations = list_append_unique_oid(relations, table);
	}
	table_close(inherits, AccessShareLock);
	return relations;
}

static void
keep_watched(Policy *policy, Bitmapset *watched)
{
	int			member = -1;

	policy->watched = palloc(sizeof(AttrNumber) * Max(bms_num_members(watched), 1));
	while ((member = bms_next_member(watched, member)) >= 0)
		policy->watched[policy->watched_count++] = member + FirstLowInvalidHeapAttributeNumber;
}

/* One without attachments yet, in a context of its own, which is the current one from here on. */
static Policy *
begin_policy(Relation relation)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "itsm policy",
												  ALLOCSET_DEFAULT_SIZES);
	Policy	   *policy;

	MemoryContextSwitchTo(context);
	policy = palloc0(sizeof(Policy));
	policy->relation = RelationGetRelid(relation);
	policy->owner = relation->rd_rel->relowner;
	policy->descriptor = CreateTupleDescCopyConstr(RelationGetDescr(relation));
	policy->context = context;
	return policy;
}

char *
itsm_policy_misfit(Relation relation, const AttachmentRow *row)
{
	MemoryContext caller = CurrentMemoryContext;
	Policy	   *policy = begin_policy(relation);
	Builder		builder = {policy, relation, row};
	StringInfoData faults;
	OwnerGuard	guard;
	ListCell   *cell;

	itsm_guard_enter(&guard, policy->owner);
	(void) build_attachment(&builder);
	itsm_guard_leave(&guard);
	MemoryContextSwitchTo(caller);
	initStringInfo(&faults);
	foreach(cell, builder.faults)
		appendStringInfo(&faults, "%s%s", faults.len ? "; " : "", ((Unmet *) lfirst(cell))->message);
	MemoryContextDelete(policy->context);
	return faults.len ? faults.data : NULL;
}

Policy *
itsm_policy_build(Relation relation, List **faults)
{
	MemoryContext caller = CurrentMemoryContext;
	Policy	   *policy = begin_policy(relation);
	Bitmapset  *watched = NULL;
	List	   *attachments = NIL;
	OwnerGuard	guard;
	ListCell   *cell;

	itsm_guard_enter(&guard, policy->owner);
	foreach(cell, itsm_policy_ancestors(policy->relation))
	{
		ListCell   *row;

		foreach(row, itsm_attachments_of(lfirst_oid(cell)))
		{
			Builder		builder = {policy, relation, lfirst(row), NULL, watched};
			PolicyAttachment *attachment = build_attachment(&builder);

			policy->attached = true;
			watched = builder.watched;
			if (faults)
				*faults = list_concat(*faults, builder.faults);
			else
				itsm_policy_report(policy, builder.row, builder.faults);
			if (attachment)
				attachments = lappend(attachments, attachment);
		}
	}
	itsm_guard_leave(&guard);
	policy->persons = itsm_person_roles();
	policy->attachments = palloc(sizeof(PolicyAttachment *) * Max(list_length(attachments), 1));
	foreach(cell, attachments)
	{
		PolicyAttachment *attachment = lfirst(cell);

		attachment->number = policy->count;
		policy->attachments[policy->count++] = attachment;
	}
	keep_watched(policy, watched);
	MemoryContextSwitchTo(caller);
	return policy;
}

Unit *
itsm_policy_unit(Policy *policy, Relation relation, PolicyAttachment *attachment, int version)
{
	MemoryContext caller;
	AttachmentRow *row;
	Builder		builder = {policy, relation, NULL, attachment};
	OwnerGuard	guard;
	Unit	   *unit;
	ListCell   *cell;

	if (version == attachment->current->version)
		return attachment->current;
	foreach(cell, attachment->older)
	{
		unit = lfirst(cell);
		if (unit->version == version)
			return unit;
	}
	caller = MemoryContextSwitchTo(policy->context);
	row = itsm_attachment_read(attachment->id);
	builder.row = row;
	itsm_guard_enter(&guard, policy->owner);
	unit = build_unit(&builder, version);
	itsm_guard_leave(&guard);
	attachment->older = lappend(attachment->older, unit);
	MemoryContextSwitchTo(caller);
	return unit;
}
