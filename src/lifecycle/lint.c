/*
 * lint.c
 *		itsm.lint_lifecycle: what is odd about a lifecycle, gravest first.
 */
#include "core/itsm.h"

#include "core/unmet.h"
#include "funcapi.h"
#include "lifecycle/definition_store.h"
#include "lifecycle/lint.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

static const char *const severity_names[] = {"error", "warning", "info"};

ITSM_FUNCTION(itsm_lint_lifecycle);
ITSM_FUNCTION(itsm_lint_definition);

/* Faults are errors; what a faulty definition means is not asked. */
static List *
find_problems(const Definition *definition, const List *faults, Oid definer)
{
	List	   *problems = NIL;
	ListCell   *cell;

	foreach(cell, faults)
		lint_problem(&problems, LINT_ERROR, "%s", ((const Unmet *) lfirst(cell))->message);
	if (faults == NIL)
	{
		itsm_lint_states(definition, &problems);
		itsm_lint_rules(definition, definer, &problems);
	}
	return problems;
}

static void
return_problems(FunctionCallInfo fcinfo, const List *problems)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	for (LintSeverity severity = LINT_ERROR; severity <= LINT_INFO; severity++)
		foreach(cell, problems)
		{
			const LintProblem *problem = lfirst(cell);
			Datum		values[2];
			bool		nulls[2] = {false, false};

			if (problem->severity != severity)
				continue;
			values[0] = CStringGetTextDatum(severity_names[severity]);
			values[1] = CStringGetTextDatum(problem->text);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
}

/*
 * itsm.lint_lifecycle(name text) → table (severity text, problem text)
 *
 * 42704 when there is no such lifecycle.
 */
Datum
itsm_lint_lifecycle(PG_FUNCTION_ARGS)
{
	StoredDefinition *stored = itsm_definition_fetch(text_to_cstring(PG_GETARG_TEXT_PP(0)), 0);
	List	   *faults = NIL;
	Definition *definition = itsm_definition_parse(stored->json, stored->expressions, &faults);

	return_problems(fcinfo, find_problems(definition, faults,
										  get_role_oid(stored->defined_by, true)));
	return (Datum) 0;
}

/*
 * itsm.lint_lifecycle(definition jsonb) → table (severity text, problem text)
 *
 * Faults of the definition appear as errors.
 */
Datum
itsm_lint_definition(PG_FUNCTION_ARGS)
{
	List	   *faults = NIL;
	Definition *definition = itsm_definition_parse(PG_GETARG_JSONB_P(0), NULL, &faults);

	return_problems(fcinfo, find_problems(definition, faults, GetUserId()));
	return (Datum) 0;
}
