/*
 * relationship_control.c
 *		The relationships of configuration items under an authorised_change rule.
 *
 * Two records are related by one change: it is enough that it names one of
 * them.  The rule is that of the record's own lifecycle, in the version and the
 * mode that hold for it.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "core/errors.h"
#include "core/unmet.h"
#include "lifecycle/actor.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/override.h"
#include "practice/authorised_change.h"
#include "utils/lsyscache.h"

/* A record as its lifecycle sees it. */
typedef struct ControlledItem
{
	const Record *record;
	Relation	relation;		/* NULL: nothing governs it */
	Policy	   *policy;
	Unit	   *unit;
	int			state;
} ControlledItem;

static void
open_item(const Record *record, ControlledItem *item)
{
	AttachmentRow *row;
	PolicyAttachment *attachment;
	RecordState state;

	*item = (ControlledItem) {.record = record, .state = ITSM_NO_STATE};
	if (record->attachment == 0 || record->key == NULL || !itsm_record_state_read(record, &state))
		return;
	row = itsm_attachment_read(record->attachment);
	if (row->detached || !OidIsValid(row->relation))
		return;
	item->relation = try_table_open(row->relation, AccessShareLock);
	if (item->relation == NULL)
		return;
	item->policy = itsm_policy_get(item->relation);
	attachment = itsm_policy_attachment(item->policy, record->attachment);
	if (attachment && strcmp(attachment->lifecycle, state.lifecycle) == 0)
	{
		item->unit = itsm_policy_unit(item->policy, item->relation, attachment, state.lifecycle_version);
		if (state.state)
			item->state = itsm_definition_state(item->unit->definition, state.state, strlen(state.state));
	}
}

static void
close_item(const ControlledItem *item)
{
	if (item->relation)
		table_close(item->relation, AccessShareLock);
}

/* A rule by which the relationships of an item are controlled; NULL: none is from number *next on. */
static const AuthorisedData *
next_rule(const ControlledItem *item, int *next, const LifecycleRule **rule, JudgeMode *mode)
{
	for (int i = *next; item->unit && i < item->unit->definition->rule_count; i++)
	{
		*rule = &item->unit->definition->rules[i];
		*mode = item->unit->rule_modes[i];
		if (*mode == MODE_OFF || (*rule)->when || !itsm_rule_unscoped(*rule))
			continue;
		for (int j = 0; j < (*rule)->condition_count; j++)
		{
			const AuthorisedData *data = (*rule)->conditions[j].data;

			if ((*rule)->conditions[j].kind != &itsm_rule_authorised_change || !data->relationships ||
				(data->states && (item->state == ITSM_NO_STATE || !data->states[item->state])))
				continue;
			*next = i + 1;
			return data;
		}
	}
	return NULL;
}

/* What is wanting of an end; NULL: a change names it, or the other one. */
static const char *
wanting_of(const AuthorisedData *data, const Record *const *ends, int end, const char *actor, bool lock)
{
	const char *wanting = NULL;

	for (int i = 0; i < 2; i++)
	{
		const Record *record = ends[i == 0 ? end : !end];
		ControlledWrite write = {
			.tenant = record->tenant, .ci = record->key, .actor = actor, .at = GetCurrentTimestamp(), .lock = lock
		};
		const char *found = record->key ? itsm_change_wanting(data, &write) : wanting;

		if (found == NULL)
			return NULL;
		if (i == 0)
			wanting = found;
	}
	return wanting;
}

/* Raises what is enforced and no exception was made from; returns what is observed. */
static List *
settle(const ControlledItem *item, List *refused, List *observed, const Actor *actor)
{
	const Record *record = item->record;
	RecordIdentity identity = {record->source, record->tenant, record->key};
	Write		write = {
		.relation = item->relation, .policy = item->policy, .unit = item->unit, .from = item->state, .to = item->state,
		.record = record, .record_sought = true, .tenant = record->tenant, .key = record->key, .actor = *actor,
		.refused = refused, .observed = observed
	};

	if (item->state != ITSM_NO_STATE)
		write.from_name = item->unit->definition->states[item->state].name;
	if (write.refused && itsm_overrides_held())
		itsm_override_excuse(&write, &identity, record->id);
	if (write.refused)
		itsm_refuse(&write, &identity);
	return write.observed;
}

static List *
judge_end(const Record *const *ends, int end)
{
	Actor		actor = itsm_actor_outside();
	List	   *refused = NIL;
	List	   *observed = NIL;
	const LifecycleRule *rule;
	const AuthorisedData *data;
	JudgeMode	mode;
	int			next = 0;
	ControlledItem		item;

	open_item(ends[end], &item);
	while ((data = next_rule(&item, &next, &rule, &mode)) != NULL)
	{
		const char *wanting = wanting_of(data, ends, end, actor.name, mode == MODE_ENFORCE);
		List	  **unmet = mode == MODE_ENFORCE ? &refused : &observed;

		if (wanting)
			*unmet = itsm_unmet_add(*unmet, ERRCODE_ITSM_UNAUTHORISED, rule->name, itsm_rule_authorised_change.name,
									"relationships", rule->clause, "%s", rule->message ? rule->message : wanting);
	}
	if (refused)
		observed = settle(&item, refused, observed, &actor);
	close_item(&item);
	return observed;
}

const RelationshipGuard itsm_relationship_control = {judge_end};
