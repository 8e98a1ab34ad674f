/*
 * attempt.c
 *		An error caught in a subtransaction.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "core/attempt.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* Cancelled, in conflict with others or with recovery: nothing that the work is to blame for. */
static bool
stops_the_whole(int code)
{
	int			category = ERRCODE_TO_CATEGORY(code);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK) ||
		code == ERRCODE_LOCK_NOT_AVAILABLE;
}

static bool
wants_resources(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES);
}

ErrorData *
itsm_attempt(void (*work) (void *argument), void *argument)
{
	ErrorData  *error = itsm_attempt_resource(work, argument);

	if (error && wants_resources(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

ErrorData *
itsm_attempt_resource(void (*work) (void *argument), void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (error && stops_the_whole(error->sqlerrcode))
		ReThrowError(error);
	return error;
}
