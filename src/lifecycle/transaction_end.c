/*
 * transaction_end.c
 *		What is done before a transaction commits or is prepared, in its order.
 *
 * PostgreSQL has fired its deferred triggers when it calls us.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "lifecycle/partition_move.h"
#include "lifecycle/refusal.h"
#include "lifecycle/transaction_end.h"
#include "utils/snapmgr.h"

static void
before_end(void)
{
	if (itsm_partition_moves_wait())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		itsm_partition_moves_settle(0);
		PopActiveSnapshot();
	}
	itsm_refusals_write();
}

static void
on_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			before_end();
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
	watched = true;
}
