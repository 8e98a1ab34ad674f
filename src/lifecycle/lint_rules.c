/*
 * lint_rules.c
 *		Rules that never apply, can never pass or rest on what is not there.
 */
#include "core/itsm.h"

#include "lib/stringinfo.h"
#include "lifecycle/lint.h"
#include "lifecycle/rule_data.h"
#include "lifecycle/rule_kind.h"
#include "miscadmin.h"
#include "utils/acl.h"

static bool
is_in(const bool *states, int state)
{
	return states == NULL || states[state];
}

/* Whether a move (or, with from ITSM_NO_STATE, a creation) exists and is in a scope. */
static bool
covers(const Definition *definition, const bool *from_set, const bool *to_set, int from, int to)
{
	if (from == ITSM_NO_STATE)
		return from_set == NULL && definition->machine.initial[to] && is_in(to_set, to);
	return from != to && state_machine_allows(&definition->machine, from, to) &&
		is_in(from_set, from) && is_in(to_set, to);
}

/* Whether some move or creation is in the first scope and in the second. */
static bool
scopes_meet(const Definition *definition, const bool *from, const bool *to,
			const bool *other_from, const bool *other_to)
{
	for (int source = ITSM_NO_STATE; source < definition->state_count; source++)
		for (int target = 0; target < definition->state_count; target++)
			if (covers(definition, from, to, source, target) &&
				covers(definition, other_from, other_to, source, target))
				return true;
	return false;
}

bool
itsm_lint_applies(const Definition *definition, const LifecycleRule *rule)
{
	return itsm_rule_unscoped(rule) ||
		scopes_meet(definition, rule->from, rule->to, NULL, NULL);
}

bool
itsm_lint_meet(const Definition *definition, const LifecycleRule *first,
			   const LifecycleRule *second)
{
	return scopes_meet(definition, first->from, first->to, second->from, second->to);
}

static void
lint_roles(const LifecycleRule *rule, const List *names, List **problems)
{
	ListCell   *cell;
	int			missing = 0;

	foreach(cell, names)
		if (!OidIsValid(get_role_oid(lfirst(cell), true)))
		{
			lint_problem(problems, LINT_WARNING, "rule \"%s\": role \"%s\" does not exist",
						 rule->name, (char *) lfirst(cell));
			missing++;
		}
	if (missing == list_length(names))
		lint_problem(problems, LINT_ERROR,
					 "rule \"%s\" can never pass: none of its roles exists", rule->name);
}

/* Marks the states in which a milestone has been or may have been reached. */
static void
mark_after(const Definition *definition, Milestone milestone, bool *after)
{
	StateMachine later = definition->machine;

	later.initial = palloc0(definition->state_count + 1);
	for (int i = 0; i < definition->state_count; i++)
	{
		StateCategory category = definition->states[i].category;

		switch (milestone)
		{
			case MILESTONE_OPENED:
				later.initial[i] = true;
				break;
			case MILESTONE_FIRST_RESPONSE:
				later.initial[i] = category != CATEGORY_NEW;
				break;
			case MILESTONE_RESOLVED:
				later.initial[i] = category == CATEGORY_RESOLVED || category == CATEGORY_CLOSED;
				break;
			case MILESTONE_CLOSED:
				later.initial[i] = category == CATEGORY_CLOSED || category == CATEGORY_CANCELLED;
				break;
		}
	}
	state_machine_reachable(&later, after);
}

/* Moves in the scope start where the milestone cannot have been reached. */
static void
lint_within(const Definition *definition, const LifecycleRule *rule, const WithinData *within,
			List **problems)
{
	bool	   *after = palloc0(definition->state_count + 1);
	bool	   *from = palloc0(definition->state_count + 1);

	mark_after(definition, within->since, after);
	for (int i = 0; i < definition->state_count; i++)
		from[i] = after[i] && is_in(rule->from, i);
	if (!itsm_rule_unscoped(rule) && itsm_lint_applies(definition, rule) &&
		!scopes_meet(definition, rule->from, rule->to, from, NULL))
		lint_problem(problems, LINT_ERROR,
					 "rule \"%s\" can never pass: where it applies, the milestone \"%s\" is never behind",
					 rule->name, itsm_milestone_names[within->since]);
	else if (rule->from == NULL && scopes_meet(definition, NULL, rule->to, NULL, NULL) &&
			 within->since != MILESTONE_OPENED)
		for (int i = 0; i < definition->state_count; i++)
			if (definition->machine.initial[i] && is_in(rule->to, i) &&
				(within->since != MILESTONE_FIRST_RESPONSE || !after[i]))
				lint_problem(problems, LINT_ERROR,
							 "rule \"%s\" can never pass for a record created in state \"%s\"",
							 rule->name, definition->states[i].name);
}

static void
lint_separate(const Definition *definition, const LifecycleRule *rule,
			  const SeparateData *separate, List **problems)
{
	ListCell   *cell;

	foreach(cell, separate->moves)
	{
		const SeparateMove *move = lfirst(cell);

		if (!scopes_meet(definition, move->from, move->to, NULL, NULL))
			lint_problem(problems, LINT_WARNING,
						 "rule \"%s\" looks at a transition that does not exist (item %d of its transitions)",
						 rule->name, foreach_current_index(cell) + 1);
	}
}

/* Frozen everywhere is legal, but easily more than was meant. */
static void
lint_frozen(const Definition *definition, const LifecycleRule *rule, const FrozenData *frozen,
			List **problems)
{
	ListCell   *cell;

	if (frozen->states != NULL)
		return;
	foreach(cell, frozen->attributes)
	{
		const char *name = definition->attributes[lfirst_int(cell)].name;

		lint_problem(problems, LINT_INFO,
					 "rule \"%s\": attribute \"%s\" can never change after the record is created",
					 rule->name, name);
	}
}

static void
lint_condition(const Definition *definition, const LifecycleRule *rule,
			   const RuleCondition *condition, List **problems)
{
	if (condition->kind == &itsm_rule_role)
		lint_roles(rule, condition->data, problems);
	else if (condition->kind == &itsm_rule_within)
		lint_within(definition, rule, condition->data, problems);
	else if (condition->kind == &itsm_rule_separate)
		lint_separate(definition, rule, condition->data, problems);
	else if (condition->kind == &itsm_rule_frozen)
		lint_frozen(definition, rule, condition->data, problems);
	else if (condition->kind->lint)
		condition->kind->lint(definition, rule, condition->data, problems);
}

static void
lint_attributes(const Definition *definition, List **problems)
{
	List	   *used = NIL;
	StringInfoData names;

	for (int i = 0; i < definition->rule_count; i++)
		used = list_union_int(used, itsm_rule_reads(&definition->rules[i], false));
	initStringInfo(&names);
	for (int i = 0; i < definition->attribute_count; i++)
		if (!list_member_int(used, i))
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", definition->attributes[i].name);
	if (names.len > 0)
		lint_problem(problems, LINT_INFO, "attributes that no rule looks at: %s", names.data);
}

void
itsm_lint_rules(const Definition *definition, Oid definer, List **problems)
{
	for (int i = 0; i < definition->rule_count; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];

		CHECK_FOR_INTERRUPTS();
		if (rule->mode == MODE_OFF)
		{
			lint_problem(problems, LINT_INFO, "rule \"%s\" is off", rule->name);
			continue;
		}
		if (!itsm_lint_applies(definition, rule))
		{
			lint_problem(problems, LINT_WARNING,
						 "rule \"%s\" never applies: no transition or creation is in its scope",
						 rule->name);
			continue;
		}
		for (int j = 0; j < rule->condition_count; j++)
			lint_condition(definition, rule, &rule->conditions[j], problems);
	}
	itsm_lint_checks(definition, definer, problems);
	lint_attributes(definition, problems);
}
