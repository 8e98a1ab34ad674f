/*
 * verify_milestones.c
 *		Milestones and counts that reports read of a record, against its events.
 *
 * The events of a record are followed by version, as project.c follows the
 * changes that they tell of.  What they do not tell alone is not compared: a
 * past that was imported, the events of a transaction that were judged in
 * another order than their commands, states of a lifecycle that the attachment
 * was moved away from, and milestones that the application keeps itself.
 *
 * Memory: definitions of the lifecycles in use, and one record's values.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "core/query.h"
#include "lifecycle/definition.h"
#include "lifecycle/remember.h"
#include "lifecycle/verify_rows.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define SCOPE "projection"

/* A version of a lifecycle; definition NULL: it cannot be read. */
typedef struct LifecycleVersion
{
	const char *name;
	int			version;
	Definition *definition;
	bool		grouped;		/* it has an attribute assignment_group */
} LifecycleVersion;

typedef struct KnownAttachment
{
	int			id;
	const char *lifecycle;
	bool		switched;		/* its records were once in another lifecycle */
	int			group_number;	/* of assignment_group in the source's dictionary; 0: none */
	int			assignee_number;
	bool		group_mapped;
	bool		kept[MILESTONE_COUNT];	/* by the application, in an attribute of the source */
} KnownAttachment;

/* An attribute in the dictionary of a source: no other can have a value. */
typedef struct KnownAttribute
{
	int			source;
	const char *name;
} KnownAttribute;

/* What the events of the record at hand have led to. */
typedef struct Followed
{
	int64		record;
	bool		begun;
	bool		blind;			/* nothing can be told any more */
	bool		sure;			/* milestones and counts can, until the record begins anew */
	bool		counts_groups;	/* reassignments can */
	bool		grouped;		/* it has a group, or an assignee */
	Milestones	milestones;
	bool		kept[MILESTONE_COUNT];
	int			transitions;
	int			reopened;
	int			reassigned;
	TimestampTz changed_at;
	const LifecycleVersion *unit;
	uint64		xid;
	int64		system;
	uint32		command;
	uint64		late_xid;		/* of the last transaction whose events are out of order */
	uint64		key_xid;		/* of the last change of the key */
	uint32		key_command;
} Followed;

typedef struct MilestoneChecks
{
	MemoryContext context;
	List	   *attachments;	/* KnownAttachment */
	List	   *lifecycles;		/* LifecycleVersion */
	List	   *attributes;		/* KnownAttribute */
	const KnownAttachment *attachment;	/* the last one looked for */
	const LifecycleVersion *unit;	/* likewise */
	char	   *tenant;
	Followed	followed;
} MilestoneChecks;

/* What is known before. */

static const char attachments_query[] =
"SELECT a.id, a.lifecycle, (SELECT count(DISTINCT itsm.policy_detail(e.body)::jsonb ->> 'lifecycle') FROM itsm.record r"
"  JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id WHERE r.source = 0 AND r.key = 'attachment ' || a.id"
"  AND e.kind IN ('attached', 'migrated')) > 1,"
" coalesce(max(d.number) FILTER (WHERE d.name = 'assignment_group'), 0),"
" coalesce(max(d.number) FILTER (WHERE d.name = 'assignee'), 0), a.attribute_expressions ? 'assignment_group',"
" coalesce(bool_or(d.name = 'opened_at'), false), coalesce(bool_or(d.name = 'first_response_at'), false),"
" coalesce(bool_or(d.name = 'resolved_at'), false), coalesce(bool_or(d.name = 'closed_at'), false)"
" FROM itsm.attachment a LEFT JOIN itsm.source_attribute d ON d.source = a.source AND d.kind = 'attribute'"
" GROUP BY a.id ORDER BY a.id";

static bool
flag(HeapTuple tuple, TupleDesc descriptor, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, descriptor, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static int
number(HeapTuple tuple, TupleDesc descriptor, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, descriptor, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static void
read_attachments(void *argument)
{
	MilestoneChecks *checks = argument;
	uint64		count = itsm_query(SPI_OK_SELECT, attachments_query, 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;
	MemoryContext caller = MemoryContextSwitchTo(checks->context);

	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	tuple = table->vals[i];
		KnownAttachment *attachment = palloc0(sizeof(KnownAttachment));
		char	   *lifecycle = SPI_getvalue(tuple, table->tupdesc, 2);

		attachment->id = number(tuple, table->tupdesc, 1);
		attachment->lifecycle = MemoryContextStrdup(checks->context, lifecycle);
		attachment->switched = flag(tuple, table->tupdesc, 3);
		attachment->group_number = number(tuple, table->tupdesc, 4);
		attachment->assignee_number = number(tuple, table->tupdesc, 5);
		attachment->group_mapped = flag(tuple, table->tupdesc, 6);
		for (int milestone = 0; milestone < MILESTONE_COUNT; milestone++)
			attachment->kept[milestone] = flag(tuple, table->tupdesc, 7 + milestone);
		checks->attachments = lappend(checks->attachments, attachment);
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(table);
}

static void
read_attributes(void *argument)
{
	MilestoneChecks *checks = argument;
	uint64		count = itsm_query(SPI_OK_SELECT, "SELECT d.source, d.name FROM itsm.source_attribute d WHERE d.kind = 'attribute'",
								   0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;
	MemoryContext caller = MemoryContextSwitchTo(checks->context);

	for (uint64 i = 0; i < count; i++)
	{
		KnownAttribute *attribute = palloc(sizeof(KnownAttribute));

		attribute->source = number(table->vals[i], table->tupdesc, 1);
		attribute->name = SPI_getvalue(table->vals[i], table->tupdesc, 2);
		checks->attributes = lappend(checks->attributes, attribute);
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(table);
}

static void
load_definition(void *argument)
{
	LifecycleVersion *version = argument;
	int			found = version->version;

	version->definition = itsm_definition_load(version->name, &found);
	version->grouped = itsm_definition_attribute(version->definition, "assignment_group") >= 0;
}

/* Those that attachments name; one that cannot be read is told of by others. */
static void
read_lifecycles(void *argument)
{
	MilestoneChecks *checks = argument;
	uint64		count = itsm_query(SPI_OK_SELECT, "SELECT l.name, l.version FROM itsm.lifecycle l WHERE l.name IN"
								   " (SELECT a.lifecycle FROM itsm.attachment a)", 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;
	MemoryContext caller = MemoryContextSwitchTo(checks->context);

	for (uint64 i = 0; i < count; i++)
	{
		LifecycleVersion *version = palloc0(sizeof(LifecycleVersion));

		version->name = MemoryContextStrdup(checks->context, SPI_getvalue(table->vals[i], table->tupdesc, 1));
		version->version = number(table->vals[i], table->tupdesc, 2);
		checks->lifecycles = lappend(checks->lifecycles, version);
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(table);
}

static void *
begin_milestones(Verification *verification)
{
	MilestoneChecks *checks = palloc0(sizeof(MilestoneChecks));
	ListCell   *cell;

	checks->context = CurrentMemoryContext;
	/* where these cannot be read, others say so, and nothing can be told here */
	if (itsm_attempt(read_attachments, checks) || itsm_attempt(read_lifecycles, checks))
		checks->attachments = NIL;
	(void) itsm_attempt(read_attributes, checks);
	foreach(cell, checks->lifecycles)
		if (itsm_attempt(load_definition, lfirst(cell)))
			((LifecycleVersion *) lfirst(cell))->definition = NULL;
	return checks;
}

static const KnownAttachment *
find_attachment(MilestoneChecks *checks, int id)
{
	ListCell   *cell;

	if (checks->attachment && checks->attachment->id == id)
		return checks->attachment;
	foreach(cell, checks->attachments)
		if (((const KnownAttachment *) lfirst(cell))->id == id)
			return checks->attachment = lfirst(cell);
	return NULL;
}

static const LifecycleVersion *
find_unit(MilestoneChecks *checks, const char *lifecycle, int version)
{
	ListCell   *cell;

	if (checks->unit && checks->unit->version == version && strcmp(checks->unit->name, lifecycle) == 0)
		return checks->unit;
	foreach(cell, checks->lifecycles)
	{
		const LifecycleVersion *unit = lfirst(cell);

		if (unit->definition && unit->version == version && strcmp(unit->name, lifecycle) == 0)
			return checks->unit = unit;
	}
	return NULL;
}

/* Following events. */

/* False when the version does not have the state. */
static bool
find_category(const LifecycleVersion *unit, const char *state, int *category)
{
	int			found;

	*category = CATEGORY_NONE;
	if (state == NULL)
		return true;
	found = itsm_definition_state(unit->definition, state, strlen(state));
	if (found == ITSM_NO_STATE)
		return false;
	*category = unit->definition->states[found].category;
	return true;
}

static bool
is_kind(const Event *event, const char *kind)
{
	return strcmp(event->kind, kind) == 0;
}

/* What is judged late, and what a changed key brought together, has been told in another order. */
static void
follow_order(Followed *followed, const Event *event)
{
	if (event->xid == followed->xid && event->system == followed->system && event->command < followed->command)
		followed->late_xid = event->xid;
	if (is_kind(event, "key_changed"))
	{
		followed->key_xid = event->xid;
		followed->key_command = event->command;
	}
	else if (event->xid == followed->key_xid && event->command > followed->key_command)
		followed->late_xid = event->xid;
	if (event->xid == followed->late_xid)
		followed->sure = followed->counts_groups = false;
	followed->xid = event->xid;
	followed->system = event->system;
	followed->command = event->command;
}

/* The number of what reassignments are counted by; 0: none. */
static int
group_number(Followed *followed, const KnownAttachment *attachment, const LifecycleVersion *unit)
{
	if (attachment->group_number == 0 || attachment->assignee_number == 0)
		return attachment->group_number + attachment->assignee_number;
	/* the table has both, which this attachment need not have */
	if (!attachment->group_mapped)
		followed->counts_groups = false;
	return unit->grouped ? attachment->group_number : attachment->assignee_number;
}

static void
follow_group(Followed *followed, const Event *event, int group, bool changing, bool same_unit)
{
	BodyItem	item;
	int			offset = 0;

	if (group == 0)
		return;
	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
	{
		if (item.number != group)
			continue;
		if (item.form == BODY_ERASED || (changing && !same_unit))
			followed->counts_groups = false;
		if (changing && followed->grouped && item.form == BODY_VALUE)
			followed->reassigned++;
		followed->grouped = item.form == BODY_VALUE;
	}
}

static void
begin_anew(Followed *followed, const Event *event, int category)
{
	memset(&followed->milestones, 0, sizeof(Milestones));
	followed->transitions = followed->reopened = followed->reassigned = 0;
	followed->grouped = false;
	followed->sure = followed->counts_groups = event->xid != followed->late_xid;
	followed->milestones.at[MILESTONE_OPENED] = event->at;
	followed->milestones.reached[MILESTONE_OPENED] = true;
	milestone_move(&followed->milestones, CATEGORY_NONE, category, event->at);
}

static void
follow_move(Followed *followed, const Event *event, const LifecycleVersion *unit, int to)
{
	bool		moved = is_kind(event, "moved");
	int			from;
	int			other;

	/* from another tenant or attachment, with a past that is not known here */
	if (!followed->begun)
		return;
	/* it may have begun anew, or gone on from no state */
	if (moved && event->from_state == NULL)
		followed->sure = followed->counts_groups = false;
	if (!find_category(followed->unit, event->from_state, &from) ||
		(!moved && (!find_category(unit, event->from_state, &other) || other != from)))
		followed->sure = false;
	milestone_move(&followed->milestones, from, to, event->at);
	if (!moved || event->from_state == NULL || !itsm_same_text(event->from_state, event->to_state))
		followed->transitions++;
	if (milestone_reopens(from, to))
		followed->reopened++;
}

/* A row as it is found. */
static void
follow_adoption(Followed *followed, int category)
{
	if (followed->begun && !milestone_over(category))
		followed->milestones.reached[MILESTONE_RESOLVED] = followed->milestones.reached[MILESTONE_CLOSED] = false;
}

static void
follow_change(Followed *followed, const Event *event, const KnownAttachment *attachment, const LifecycleVersion *unit)
{
	bool		changing = is_kind(event, "updated") || is_kind(event, "transition");
	int			category;

	if (!find_category(unit, event->to_state, &category))
	{
		followed->blind = true;
		return;
	}
	if (is_kind(event, "created"))
		begin_anew(followed, event, category);
	else if (is_kind(event, "transition") || is_kind(event, "moved"))
		follow_move(followed, event, unit, category);
	else if (is_kind(event, "backfilled") || is_kind(event, "booked"))
		follow_adoption(followed, category);
	else if (!is_kind(event, "updated") && !is_kind(event, "migrated"))
		followed->blind = true;
	/* one that is moved may have been taken on, which is no reassignment */
	follow_group(followed, event, group_number(followed, attachment, unit),
				 followed->begun && (changing || is_kind(event, "moved")), changing && followed->unit == unit);
	for (int i = 0; i < MILESTONE_COUNT; i++)
		followed->kept[i] |= attachment->kept[i];
	followed->changed_at = event->at;
	followed->unit = unit;
	followed->begun = true;
}

/* The event's record is followed from its first event on. */
static Followed *
follow_record(MilestoneChecks *checks, const Event *event)
{
	Followed   *followed = &checks->followed;

	if (checks->tenant && followed->record == event->record && strcmp(checks->tenant, event->tenant) == 0 &&
		event->version != 1)
		return followed;
	memset(followed, 0, sizeof(Followed));
	followed->record = event->record;
	followed->sure = followed->counts_groups = event->version == 1;
	if (checks->tenant == NULL || strcmp(checks->tenant, event->tenant) != 0)
	{
		if (checks->tenant)
			pfree(checks->tenant);
		checks->tenant = MemoryContextStrdup(checks->context, event->tenant);
	}
	return followed;
}

static void
follow_event(Verification *verification, void *own, const Event *event, const Record *head)
{
	MilestoneChecks *checks = own;
	Followed   *followed;
	const KnownAttachment *attachment;
	const LifecycleVersion *unit;

	if (head == NULL || head->source == 0)
		return;
	followed = follow_record(checks, event);
	/* its time is another one, and so is that of all that were folded with it */
	if (event->kind == NULL || is_kind(event, "imported"))
		followed->blind = true;
	if (followed->blind || itsm_event_is_remark(event))
		return;
	follow_order(followed, event);
	if (is_kind(event, "key_changed") || is_kind(event, "deleted") ||
		(is_kind(event, "moved") && event->attachment == 0))
		return;
	attachment = find_attachment(checks, event->attachment);
	unit = attachment && !attachment->switched
		? find_unit(checks, attachment->lifecycle, event->lifecycle_version) : NULL;
	if (unit)
		follow_change(followed, event, attachment, unit);
	else
		followed->blind = true;
}

/* Comparing. */

static void
fault(Verification *verification, const VerifiedRecord *record, const char *detail)
{
	const Record *head = record->head;

	itsm_verify_fault(verification, SCOPE, itsm_verify_name(verification, head->tenant, head->id, 0, head),
					  "%s", detail);
}

static void
compare_milestones(Verification *verification, const VerifiedRecord *record, const Followed *followed)
{
	const Milestones *is = &record->projection->milestones;
	const Milestones *told = &followed->milestones;

	for (int i = 0; i < MILESTONE_COUNT; i++)
		if (!followed->kept[i] && (is->reached[i] != told->reached[i] || (is->reached[i] && is->at[i] != told->at[i])))
			fault(verification, record, psprintf("the time of \"%s\" is not what the events say", itsm_milestone_names[i]));
}

static void
compare_count(Verification *verification, const VerifiedRecord *record, const char *what, int is, int told)
{
	if (is != told)
		fault(verification, record, psprintf("number of %s is %d, the events say %d", what, is, told));
}

/* Attributes that no attachment of the table ever mapped have no value. */

static bool
is_known(const MilestoneChecks *checks, int source, const char *name)
{
	ListCell   *cell;

	foreach(cell, checks->attributes)
	{
		const KnownAttribute *attribute = lfirst(cell);

		if (attribute->source == source && strcmp(attribute->name, name) == 0)
			return true;
	}
	return false;
}

static void
compare_name(const MilestoneChecks *checks, Verification *verification, const VerifiedRecord *record, const char *name)
{
	if (!is_known(checks, record->head->source, name))
		fault(verification, record, psprintf("attribute \"%s\" has a value, but was never mapped", name));
}

static void
compare_names(const MilestoneChecks *checks, Verification *verification, const VerifiedRecord *record)
{
	const Projection *projection = record->projection;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	for (int i = 0; i < PROJECTION_NUMBERS; i++)
		if (!projection->number_nulls[i])
			compare_name(checks, verification, record, itsm_projection_numbers[i]);
	for (int i = 0; i < PROJECTION_TEXTS; i++)
		if (!projection->text_nulls[PROJECTED_ATTRIBUTES + i])
			compare_name(checks, verification, record, itsm_projection_texts[i]);
	if (projection->extra_null)
		return;
	iterator = JsonbIteratorInit(&DatumGetJsonbP(projection->extra)->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			compare_name(checks, verification, record, pnstrdup(value.val.string.val, value.val.string.len));
}

/* What follows from the rest of the row. */
static void
compare_row(MilestoneChecks *checks, Verification *verification, const VerifiedRecord *record)
{
	const Projection *projection = record->projection;
	const Record *head = record->head;
	const char *process = itsm_projection_text(projection, PROJECTED_PROCESS);
	const LifecycleVersion *unit = record->state
		? find_unit(checks, record->state->lifecycle, record->state->lifecycle_version) : NULL;
	bool		opened = projection->milestones.reached[MILESTONE_OPENED];

	if (unit && (process == NULL || strcmp(process, unit->definition->process) != 0))
		fault(verification, record, "its process is not that of its lifecycle");
	if (opened == head->row->nulls[RECORD_OPENED_MONTH] ||
		(opened && DatumGetTimestampTz(head->row->values[RECORD_OPENED_MONTH]) !=
		 itsm_month_start(projection->milestones.at[MILESTONE_OPENED])))
		fault(verification, record, "its month is not that in which it was opened");
}

static void
check_milestones(Verification *verification, void *own, const VerifiedRecord *record)
{
	MilestoneChecks *checks = own;
	const Followed *followed = &checks->followed;
	const Projection *projection = record->projection;

	if (projection == NULL)
		return;
	compare_row(checks, verification, record);
	if (checks->attributes)
		compare_names(checks, verification, record);
	if (checks->tenant == NULL || followed->record != record->head->id ||
		strcmp(checks->tenant, record->head->tenant) != 0 || followed->blind || !followed->begun)
		return;
	if (followed->sure)
	{
		compare_milestones(verification, record, followed);
		/* verify_chain.c counts where the record passed nowhere */
		if (!record->fold->counted)
			compare_count(verification, record, "transitions", projection->transitions, followed->transitions);
		compare_count(verification, record, "reopenings", projection->reopened, followed->reopened);
		if (projection->changed_at != followed->changed_at)
			fault(verification, record, "the time of its last change is not what the events say");
	}
	if (followed->sure && followed->counts_groups)
		compare_count(verification, record, "reassignments", projection->reassigned, followed->reassigned);
}

static void
end_milestones(Verification *verification, void *own)
{
}

const VerifyChecker itsm_verify_milestones = {begin_milestones, check_milestones, end_milestones, follow_event};
