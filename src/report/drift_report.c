/*
 * drift_report.c
 *		itsm.drift(), for itsm_report.attachment_health.
 *
 * A function in a view is called with the rights of whoever reads the view, so
 * everybody may call this one, and it asks whether the caller may read that.
 */
#include "core/itsm.h"

#include "catalog/namespace.h"
#include "core/attempt.h"
#include "ledger/tenant_access.h"
#include "lifecycle/drift.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#define REPORT_SCHEMA "itsm_report"
#define REPORT_VIEW "attachment_health"

typedef struct DriftQuestion
{
	int			attachment;
	int64		rows;
} DriftQuestion;

static void
ask(void *argument)
{
	DriftQuestion *question = argument;

	question->rows = itsm_count_drift(question->attachment);
}

ITSM_FUNCTION(itsm_drift);
Datum
itsm_drift(PG_FUNCTION_ARGS)
{
	DriftQuestion question = {.attachment = PG_GETARG_INT32(0)};
	Oid			view = get_relname_relid(REPORT_VIEW, get_namespace_oid(REPORT_SCHEMA, false));

	if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, REPORT_SCHEMA "." REPORT_VIEW);
	if (!itsm_sees_every_tenant())
		PG_RETURN_NULL();
	/* an attachment that no longer fits its table is told by the other columns */
	if (itsm_attempt(ask, &question))
		PG_RETURN_NULL();
	PG_RETURN_INT64(question.rows);
}
