/*
 * lifecycle_reads.c
 *		itsm.rule_attributes: what the rules of a lifecycle look at.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "funcapi.h"
#include "lifecycle/rule_kind.h"
#include "utils/builtins.h"

typedef struct Loading
{
	const char *name;
	const Definition *definition;
} Loading;

static void
load(void *argument)
{
	Loading    *loading = argument;
	int			version = 0;

	loading->definition = itsm_definition_load(loading->name, &version);
}

ITSM_FUNCTION(itsm_lifecycle_reads);
Datum
itsm_lifecycle_reads(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Loading		loading = {text_to_cstring(PG_GETARG_TEXT_PP(0)), NULL};

	InitMaterializedSRF(fcinfo, 0);
	/* a view over many lifecycles goes on where a function that one calls is gone */
	if (itsm_attempt(load, &loading))
		return (Datum) 0;
	for (int i = 0; i < loading.definition->rule_count; i++)
	{
		const LifecycleRule *rule = &loading.definition->rules[i];
		ListCell   *cell;

		foreach(cell, itsm_rule_reads(rule, true))
		{
			Datum		row[] = {
				CStringGetTextDatum(rule->name),
				CStringGetTextDatum(loading.definition->attributes[lfirst_int(cell)].name)
			};
			bool		nulls[] = {false, false};

			tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
		}
	}
	return (Datum) 0;
}
