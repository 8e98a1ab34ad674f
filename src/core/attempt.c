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

/* Pieces of work in one subtransaction. */
#define MOST_PIECES 256

static void
begin_span(AttemptSpan *span)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	span->owner = CurrentResourceOwner;
	span->pieces = 0;
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

void
itsm_span_end(AttemptSpan *span)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	if (span->owner == NULL)
		return;
	CurrentResourceOwner = span->owner;
	span->settle(span->argument);
	span->owner = NULL;
	ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

void
itsm_span_abandon(AttemptSpan *span)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	if (span->owner == NULL)
		return;
	span->owner = NULL;
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

ErrorData *
itsm_attempt_piece(AttemptSpan *span, void (*work) (void *argument), void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	if (span->owner && span->pieces >= MOST_PIECES)
		itsm_span_end(span);
	if (span->owner == NULL)
		begin_span(span);
	span->pieces++;
	CurrentResourceOwner = span->owner;
	PG_TRY();
	{
		work(argument);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		error = CopyErrorData();
		FlushErrorState();
		itsm_span_abandon(span);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error && (stops_the_whole(error->sqlerrcode) || wants_resources(error->sqlerrcode)))
		ReThrowError(error);
	return error;
}
