/*
 * policy_misfit.c
 *		What is told of an attachment that no longer fits its table.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/unmet.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/policy.h"

#define MISFIT_HINT "Attach the table anew, or call itsm.set_mode or itsm.detach."

void
itsm_policy_report(Policy *policy, const AttachmentRow *row, List *faults)
{
	ListCell   *cell;

	if (faults == NIL)
		return;
	if (row->mode == MODE_ENFORCE)
		itsm_unmet_raise(faults, ERRCODE_ITSM_ATTACHMENT,
						 psprintf("attachment %d no longer fits %s", row->id, row->relation_name), MISFIT_HINT);
	foreach(cell, faults)
		policy->misfits = lappend(policy->misfits, psprintf("attachment %d no longer fits %s: %s", row->id,
															row->relation_name, ((Unmet *) lfirst(cell))->message));
}

void
itsm_policy_warn(const Policy *policy)
{
	ListCell   *cell;

	foreach(cell, policy->misfits)
		ereport(WARNING,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg_internal("%s", (char *) lfirst(cell)), errhint(MISFIT_HINT)));
}
