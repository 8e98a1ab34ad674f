/*
 * iso20000_control.c
 *		itsm.evaluate_controls(), for itsm_report.iso20000_control.
 *
 * A function in a view is called with the rights of whoever reads the view, so
 * everybody may call this one, and it asks whether the caller may read that.
 */
#include "core/itsm.h"

#include "catalog/namespace.h"
#include "compliance/control.h"
#include "core/table.h"
#include "funcapi.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define REPORT_SCHEMA "itsm_report"
#define REPORT_VIEW "iso20000_control"

enum
{
	CONTROL_COLUMN_ID, CONTROL_COLUMN_FRAMEWORK, CONTROL_COLUMN_CLAUSE, CONTROL_COLUMN_CLAUSE_TITLE, CONTROL_COLUMN_TITLE,
	CONTROL_COLUMN_KIND, CONTROL_COLUMN_GRADE, CONTROL_COLUMN_PARAMETER, CONTROL_COLUMN_STATUS, CONTROL_COLUMN_CHECKED,
	CONTROL_COLUMN_FAILED, CONTROL_COLUMN_DETAIL, CONTROL_COLUMN_EXAMPLE, CONTROL_COLUMN_REMEDY,
	CONTROL_COLUMN_EVALUATED_AT, CONTROL_COLUMNS
};

static void
put_row(ReturnSetInfo *set, const Control *control, const ControlResult *result, TimestampTz at)
{
	Datum		values[CONTROL_COLUMNS];
	bool		nulls[CONTROL_COLUMNS] = {false};

	itsm_set_text(values, nulls, CONTROL_COLUMN_ID, control->id);
	itsm_set_text(values, nulls, CONTROL_COLUMN_FRAMEWORK, control->framework);
	itsm_set_text(values, nulls, CONTROL_COLUMN_CLAUSE, control->clause);
	itsm_set_text(values, nulls, CONTROL_COLUMN_CLAUSE_TITLE, control->clause_title);
	itsm_set_text(values, nulls, CONTROL_COLUMN_TITLE, control->title);
	itsm_set_text(values, nulls, CONTROL_COLUMN_KIND, control->kind);
	itsm_set_text(values, nulls, CONTROL_COLUMN_GRADE, control->grade);
	itsm_set_text(values, nulls, CONTROL_COLUMN_PARAMETER, control->parameter);
	itsm_set_text(values, nulls, CONTROL_COLUMN_STATUS, result->status);
	values[CONTROL_COLUMN_CHECKED] = Int64GetDatum(result->checked);
	values[CONTROL_COLUMN_FAILED] = Int64GetDatum(result->failed);
	itsm_set_text(values, nulls, CONTROL_COLUMN_DETAIL, result->detail);
	itsm_set_text(values, nulls, CONTROL_COLUMN_EXAMPLE, result->example);
	itsm_set_text(values, nulls, CONTROL_COLUMN_REMEDY, control->remedy);
	values[CONTROL_COLUMN_EVALUATED_AT] = TimestampTzGetDatum(at);
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

/*
 * itsm.evaluate_controls(framework text) → table
 */
ITSM_FUNCTION(itsm_evaluate_controls);
Datum
itsm_evaluate_controls(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			view = get_relname_relid(REPORT_VIEW, get_namespace_oid(REPORT_SCHEMA, false));
	TimestampTz at = GetCurrentTimestamp();
	MemoryContext context;
	ListCell   *cell;

	if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, REPORT_SCHEMA "." REPORT_VIEW);
	InitMaterializedSRF(fcinfo, 0);
	/* they look at all records */
	if (!itsm_sees_every_tenant())
		return (Datum) 0;
	context = AllocSetContextCreate(CurrentMemoryContext, "itsm control", ALLOCSET_DEFAULT_SIZES);
	foreach(cell, itsm_controls_load(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)), NULL))
	{
		const Control *control = lfirst(cell);
		MemoryContext caller = MemoryContextSwitchTo(context);
		ControlResult result;

		CHECK_FOR_INTERRUPTS();
		itsm_control_run(control, at, NULL, &result);
		put_row(set, control, &result, at);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	return (Datum) 0;
}
