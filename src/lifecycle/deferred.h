/*
 * deferred.h
 *		Verdicts put off to the end of the transaction.
 *
 * The event of a write to a deferred attachment is written at once; whether
 * it may stand is judged before the transaction commits or is prepared, by the
 * row as it stands then.  Neither SET CONSTRAINTS nor anything else a user does
 * moves that time; only TRUNCATE has the verdicts of its table judged before.
 */
#ifndef ITSM_DEFERRED_H
#define ITSM_DEFERRED_H

#include "lifecycle/remember.h"

/*
 * What verdicts have in common: kept once.  Strings are kept once, too, so
 * that frames can be compared as bytes.
 */
typedef struct Frame
{
	const char *tenant;			/* of the record; NULL: there is none */
	const char *claimed;		/* by itsm.act_as; NULL: nobody */
	const char *actor;			/* of the event; NULL: not known */
	const char *reason;			/* NULL: none */
	Oid			role;			/* the outer user */
	Oid			relation;		/* of the row as written, or deleted */
	Oid			file;			/* its storage then */
	Oid			old_relation;
	Oid			old_file;
	int			attachment;
	int			old_attachment;
	int			version;		/* of the lifecycle */
	int			old_version;	/* of the old row's */
	uint32		flags;			/* VERDICT_…; as wide as leaves no hole */
} Frame;

#define VERDICT_CREATING	0x01
#define VERDICT_MOVING		0x02
#define VERDICT_DELETING	0x04
#define VERDICT_HAS_OLD		0x08	/* the old row's attributes can be compared with the new ones */

/* One write that is still to be judged. */
typedef struct Verdict
{
	const Frame *frame;
	const Past *past;			/* NULL: no rule asks for it */
	int64		record;			/* 0: none */
	int64		event;			/* version of the write's event */
	TimestampTz at;
	ItemPointerData old;		/* invalid: there is none */
	ItemPointerData row;		/* as written, or deleted */
	int			from;			/* states; ITSM_NO_STATE: none or unmapped */
	int			to;
	SubTransactionId made_in;
	SubTransactionId judged_in; /* InvalidSubTransactionId: not yet */
	int			generation;		/* how many verdicts led to it, one out of another */
} Verdict;

/* A verdict that is not on the list yet. */
typedef struct NewVerdict
{
	Verdict		verdict;
	Frame		frame;
} NewVerdict;

/* A verdict on a write that is about to be remembered; for itsm_deferred_add. */
extern void itsm_deferred_begin(NewVerdict *made, const Write *write, const RowSide *old, const RowSide *new);

/*
 * Puts it on the list, after itsm_remember.  ERRCODE_STATEMENT_TOO_COMPLEX when
 * judging does not come to an end because it makes ever more writes.
 */
extern void itsm_deferred_add(NewVerdict *made, const Memory *memory);

/* True when there is a verdict that nobody has begun to judge. */
extern bool itsm_deferred_pending(void);

/* The next verdict of the list; NULL: there is none.  Verdicts before it are dropped. */
extern Verdict *itsm_deferred_next(void);

/*
 * The verdict after one (NULL: the first), NULL at the end; nothing is dropped.
 * "position" starts as NULL.
 */
typedef struct DeferredPosition
{
	void	   *chunk;
	int			index;
} DeferredPosition;
extern Verdict *itsm_deferred_walk(DeferredPosition *position);

/* A verdict is judged now: what is written meanwhile comes out of it.  Returns what to give back. */
extern int	itsm_deferred_enter(const Verdict *verdict);
extern void itsm_deferred_leave(int generation);

/* The verdict is judged, unless the current subtransaction is rolled back. */
extern void itsm_deferred_done(Verdict *verdict);

/* Where a row went that left a partition; false: not known. */
extern bool itsm_deferred_moved(Oid *relation, ItemPointer row);

/* Judges what is pending and raises the first refusal; see transaction_end.c. */
extern void itsm_deferred_judge(void);

/* The same for a table whose rows are about to go, with its partitions and children. */
extern void itsm_deferred_judge_table(Oid relation);

#endif							/* ITSM_DEFERRED_H */
