/*
 * drift_report.c
 *		itsm.drift() and itsm.misfit(), for itsm_report.attachment_health.
 *
 * A function in a view is called with the rights of whoever reads the view, so
 * everybody may call these, and they ask whether the caller may read that.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "core/attempt.h"
#include "ledger/tenant_access.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/drift.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define REPORT_SCHEMA "itsm_report"
#define REPORT_VIEW "attachment_health"

typedef struct DriftQuestion
{
	int			attachment;
	int64		rows;
} DriftQuestion;

/* False: it may read the view, and is shown nothing there. */
static bool
caller_sees(void)
{
	Oid			view = get_relname_relid(REPORT_VIEW, get_namespace_oid(REPORT_SCHEMA, false));

	if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, REPORT_SCHEMA "." REPORT_VIEW);
	return itsm_sees_every_tenant();
}

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

	if (!caller_sees())
		PG_RETURN_NULL();
	/* an attachment that no longer fits its table is told by the other columns */
	if (itsm_attempt(ask, &question))
		PG_RETURN_NULL();
	PG_RETURN_INT64(question.rows);
}

typedef struct MisfitQuestion
{
	AttachmentRow *attachment;
	char	   *misfit;
} MisfitQuestion;

static void
ask_misfit(void *argument)
{
	MisfitQuestion *question = argument;
	Relation	relation = table_open(question->attachment->relation, NoLock);

	question->misfit = itsm_policy_misfit(relation, question->attachment);
	table_close(relation, NoLock);
}

ITSM_FUNCTION(itsm_misfit);
Datum
itsm_misfit(PG_FUNCTION_ARGS)
{
	MisfitQuestion question = {NULL};
	Oid			relation;
	ErrorData  *error;

	if (!caller_sees())
		PG_RETURN_NULL();
	question.attachment = itsm_attachment_read(PG_GETARG_INT32(0));
	relation = question.attachment->relation;
	/* who looks after the database does not queue behind those who change its tables */
	if (question.attachment->detached || !OidIsValid(relation) || !ConditionalLockRelationOid(relation, AccessShareLock))
		PG_RETURN_NULL();
	if (get_rel_relkind(relation) != '\0' && (error = itsm_attempt(ask_misfit, &question)) != NULL)
		question.misfit = error->message;
	UnlockRelationOid(relation, AccessShareLock);
	if (question.misfit == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(question.misfit));
}
