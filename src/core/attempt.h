/*
 * attempt.h
 *		Runs something that may fail and goes on when it does.
 */
#ifndef ITSM_ATTEMPT_H
#define ITSM_ATTEMPT_H

/*
 * Calls work(argument) in a subtransaction of its own, in the current memory
 * context.  Returns NULL when it succeeded; the error, copied into that
 * context, when it was raised and undone.  Cancellation, conflicts with other
 * sessions and want of resources are passed on.
 */
extern ErrorData *itsm_attempt(void (*work) (void *argument), void *argument);

/* The same for what can be done without: want of resources is returned, too. */
extern ErrorData *itsm_attempt_resource(void (*work) (void *argument), void *argument);

#endif							/* ITSM_ATTEMPT_H */
