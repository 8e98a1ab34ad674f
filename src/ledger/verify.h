/*
 * verify.h
 *		Checking the whole history under one snapshot.
 *
 * The ledger walks the chains.  Higher rooms bring checkers, which are told of
 * every record whose chain could be read, and have their own turn before and
 * after; core's module entry lists them.
 */
#ifndef ITSM_VERIFY_H
#define ITSM_VERIFY_H

#include "access/skey.h"
#include "ledger/event_fold.h"
#include "record/projection.h"
#include "record/record.h"
#include "utils/jsonb.h"

/* A pass over everything; opaque. */
typedef struct Verification Verification;

/* A record whose versions are complete. */
typedef struct VerifiedRecord
{
	const Record *head;
	const RecordState *state;	/* NULL: none is stored */
	const Projection *projection;	/* likewise */
	const EventFold *fold;
} VerifiedRecord;

typedef struct VerifyChecker
{
	/* Before the chains; what it returns, in the current memory context, is handed to the others. */
	void	   *(*begin) (Verification *verification);

	/* A record, in a memory context that is reset after it. */
	void		(*record) (Verification *verification, void *own, const VerifiedRecord *record);

	/* After the chains. */
	void		(*end) (Verification *verification, void *own);

	/*
	 * An event whose hash could be read, before its record; head: NULL when
	 * that has none.  Of one that is archived only record, version, tenant and
	 * hash are known, and the kind is NULL.  Or NULL.
	 */
	void		(*event) (Verification *verification, void *own, const Event *event, const Record *head);

	/* Closes what itsm_verify_attempt left open, before its subtransaction ends.  Or NULL. */
	void		(*settle) (void *own);
} VerifyChecker;

/* In core/module.c; ends with NULL. */
extern const VerifyChecker *const itsm_verify_checkers[];

/* A row of the result: something wrong, or what was found right. */
extern void itsm_verify_fault(Verification *verification, const char *scope, const char *object,
							  const char *format,...) pg_attribute_printf(4, 5);
extern void itsm_verify_right(Verification *verification, const char *scope, const char *object,
							  const char *format,...) pg_attribute_printf(4, 5);

/*
 * Attempts a piece of work on a record (attempt.h): what it opens stays so for
 * the next, until "settle"; after an error it is gone.
 */
extern ErrorData *itsm_verify_attempt(Verification *verification, void (*work) (void *argument), void *argument);

/* Ends the subtransaction of such pieces: before what is to outlive it is made. */
extern void itsm_verify_settle(Verification *verification);

/* The digest to compare the history with; NULL: none was given. */
extern const JsonbContainer *itsm_verify_digest(const Verification *verification);

/*
 * A pass may be over a part of the records, from one number on and before
 * another.  What belongs to no record is looked at in the part that has no
 * lower bound, or in the one that has no upper bound: both tell true when
 * there is one part only.
 */
extern bool itsm_verify_is_first(const Verification *verification);
extern bool itsm_verify_is_last(const Verification *verification);

/* Keys of a scan over a column of record numbers for that, at most two; returns how many. */
extern int	itsm_verify_range_keys(const Verification *verification, AttrNumber column, ScanKey keys);

/* A condition for that, as SQL: " WHERE …", or empty. */
extern char *itsm_verify_range(const Verification *verification, const char *column);

/* The tables of archives that are at hand: a list of Oid, locked. */
extern const List *itsm_verify_archives(const Verification *verification);

/* Faults told so far. */
extern uint64 itsm_verify_faults(const Verification *verification);

/* A NOTICE every some seconds; what: "events", "rows of …". */
extern void itsm_verify_progress(Verification *verification, const char *what, uint64 done);

/* How results name a record ("record 12 (public.ticket 17)") or, with a version, one of its events. */
extern char *itsm_verify_name(Verification *verification, const char *tenant, int64 record, int64 version,
							  const Record *head);

/* The qualified name of a source's table; NULL when there is no such source. */
extern const char *itsm_verify_source(Verification *verification, int source);

/* The chains (verify_chain.c): events, heads, states, projections, violations and partitions. */
extern void itsm_verify_chains(Verification *verification, void **checkers);

#endif							/* ITSM_VERIFY_H */
