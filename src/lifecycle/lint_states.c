/*
 * lint_states.c
 *		Odd states and transitions.
 */
#include "core/itsm.h"

#include "lifecycle/lint.h"

static bool
any(const bool *flags, int count)
{
	for (int i = 0; i < count; i++)
		if (flags[i])
			return true;
	return false;
}

static bool
has_exit(const Definition *definition, int state)
{
	for (int to = 0; to < definition->state_count; to++)
		if (to != state && state_machine_allows(&definition->machine, state, to))
			return true;
	return false;
}

static void
lint_paths(const Definition *definition, List **problems)
{
	const StateMachine *machine = &definition->machine;
	int			count = definition->state_count;
	bool	   *reached = palloc0(count + 1);
	bool	   *ending = palloc0(count + 1);
	bool		any_final = any(machine->final, count);

	state_machine_reachable(machine, reached);
	state_machine_ending(machine, ending);
	for (int i = 0; i < count; i++)
	{
		const char *name = definition->states[i].name;

		if (!reached[i])
			lint_problem(problems, LINT_ERROR,
						 "state \"%s\" is unreachable: no initial state leads to it", name);
		if (!machine->final[i] && !has_exit(definition, i))
			lint_problem(problems, LINT_ERROR,
						 "state \"%s\" is dead: no transition leaves it and it is not final", name);
		else if (any_final && !ending[i])
			lint_problem(problems, LINT_ERROR, "state \"%s\" has no way to a final state", name);
		if (state_machine_allows(machine, i, i))
			lint_problem(problems, LINT_INFO,
						 "the transition from state \"%s\" to itself changes nothing", name);
	}
	if (!any_final)
		lint_problem(problems, LINT_WARNING, "no state is final: records never end");
}

void
itsm_lint_states(const Definition *definition, List **problems)
{
	const StateMachine *machine = &definition->machine;

	lint_paths(definition, problems);
	for (int i = 0; i < definition->state_count; i++)
	{
		const char *name = definition->states[i].name;
		StateCategory category = definition->states[i].category;
		bool		over = category == CATEGORY_CLOSED || category == CATEGORY_CANCELLED;

		if (over && !machine->final[i])
			lint_problem(problems, LINT_WARNING, "state \"%s\" is of category %s but not final", name,
						 itsm_category_names[category]);
		if (!over && machine->final[i])
			lint_problem(problems, LINT_WARNING,
						 "state \"%s\" is final but of category %s: its records count as open", name,
						 itsm_category_names[category]);
		if (machine->final[i] && has_exit(definition, i))
			lint_problem(problems, LINT_INFO, "final state \"%s\" can be left", name);
	}
}
