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

/*
 * The same for many small pieces of work that only read: a subtransaction is
 * shared by some hundred of them, since to begin and to end it costs more than
 * the piece.  What pieces hold open (scans, pins) they may hold over to the
 * next; "settle" closes it before the subtransaction ends well.  When a piece
 * fails all of that is gone with it.
 *
 * Begin with zeros but for settle and its argument.  Whoever attempts pieces
 * ends the span afterwards, or abandons it in his PG_CATCH.  What is to
 * outlive the span is not made while it is open.
 */
typedef struct AttemptSpan
{
	void		(*settle) (void *argument);
	void	   *argument;
	struct ResourceOwnerData *owner;	/* of the subtransaction; NULL: none is open */
	int			pieces;
} AttemptSpan;

extern ErrorData *itsm_attempt_piece(AttemptSpan *span, void (*work) (void *argument), void *argument);
extern void itsm_span_end(AttemptSpan *span);
extern void itsm_span_abandon(AttemptSpan *span);

#endif							/* ITSM_ATTEMPT_H */
