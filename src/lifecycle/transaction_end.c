/*
 * transaction_end.c
 *		What is done before a transaction commits or is prepared, in its order.
 *
 * PostgreSQL has fired its deferred triggers when it calls us.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "commands/async.h"
#include "commands/trigger.h"
#include "lifecycle/deferred.h"
#include "lifecycle/partition_move.h"
#include "lifecycle/refusal.h"
#include "lifecycle/transaction_end.h"
#include "storage/proc.h"
#include "utils/snapmgr.h"

/* The outermost subtransaction that wrote something to notify of. */
static SubTransactionId notifying = InvalidSubTransactionId;
static LocalTransactionId notifying_lxid = InvalidLocalTransactionId;

static bool
is_notifying(void)
{
	return notifying_lxid == ITSM_LXID && notifying != InvalidSubTransactionId;
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	if (!is_notifying() || notifying != subtransaction)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		notifying = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		notifying = InvalidSubTransactionId;
}

void
itsm_notification_due(void)
{
	if (is_notifying())
		return;
	itsm_transaction_end_watch();
	notifying = GetCurrentSubTransactionId();
	notifying_lxid = ITSM_LXID;
}

/*
 * Judging runs users' functions, which may write: so it goes on until nothing
 * is left, and the deferred triggers of what they wrote are fired.  Who writes,
 * and makes the transaction read-only then, has all the same written.
 */
static void
judge_what_is_left(void)
{
	bool		read_only = XactReadOnly;

	XactReadOnly = false;
	while (itsm_partition_moves_wait() || itsm_deferred_pending())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		itsm_partition_moves_settle(0);
		PopActiveSnapshot();
		if (itsm_deferred_pending())
			itsm_deferred_judge();
		AfterTriggerFireDeferred();
	}
	XactReadOnly = read_only;
}

static void
on_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			judge_what_is_left();
			itsm_refusals_write();
			if (is_notifying())
				Async_Notify("itsm_event", "");
			break;
		case XACT_EVENT_PRE_PREPARE:
			/* who prepares cannot notify */
			judge_what_is_left();
			itsm_refusals_write();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			itsm_refusals_written(true);
			break;
		case XACT_EVENT_ABORT:
			itsm_refusals_written(false);
			break;
		default:
			break;
	}
}

void
itsm_transaction_end_watch(void)
{
	static bool watched = false;

	if (watched)
		return;
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
	watched = true;
}
