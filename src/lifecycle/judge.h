/*
 * judge.h
 *		Judging one write of one row under one unit.
 */
#ifndef ITSM_JUDGE_H
#define ITSM_JUDGE_H

#include "lifecycle/evaluate.h"
#include "record/milestone.h"
#include "record/record.h"

/* What a record had behind it when a write happened that is judged later. */
typedef struct Past
{
	int64		record;			/* 0: there was none */
	int64		version;
	const char *tenant;
	const char *from_name;		/* a state of another lifecycle that the write came from; NULL: none */
	Milestones	milestones;
} Past;

/* A write that is judged later, as of the time when it happened. */
typedef struct AsOf
{
	TimestampTz at;
	Oid			role;			/* the outer user */
	const char *claimed;		/* by itsm.act_as; NULL: nobody */
	const char *reason;			/* NULL: none */
	const Past *past;			/* NULL: no rule asks for it */
	int64		record;			/* its number; 0: none */
	TupleTableSlot *written;	/* canonical tuple as it was written; "new" is the row as it stands now */
} AsOf;

/* A write under judgement: made up by the caller, then judged. */
typedef struct Write
{
	Relation	relation;		/* of the new row, or the old one when deleting */
	Relation	old_relation;	/* of the old row when there is a new one */
	Policy	   *policy;
	PolicyState *state;
	Unit	   *unit;
	TupleTableSlot *old;		/* canonical tuples; NULL: there is none */
	TupleTableSlot *new;
	const char *old_status;		/* text; NULL: null or there is no such row */
	int			old_status_length;
	const char *new_status;
	int			new_status_length;
	int			from;			/* states; ITSM_NO_STATE: none or unmapped */
	int			to;
	const char *from_name;		/* of "from", also when it is a state of another lifecycle; NULL: none */
	bool		creating;		/* the row comes under the lifecycle */
	bool		moving;
	bool		hypothetical;	/* nothing was written: what would be said if it were? */
	const Record *record;		/* NULL: not known yet, or there is none */
	bool		record_sought;
	const char *tenant;			/* identity by which the record is found when it is needed */
	const char *key;			/* NULL: not known */
	const char *tenant_after;	/* that the row goes to; NULL: it stays */
	bool		rekeyed;		/* it gets another key */
	const AsOf *as_of;			/* NULL: it happens now */
	Actor		actor;
	List	   *refused;		/* Unmet: conditions that are enforced */
	List	   *observed;		/* Unmet: conditions that are observed */
} Write;

/* Fills in the actor, in "write" and in the canonical tuples. */
extern void itsm_write_actor(Write *write);

/*
 * Judges: appends unmet conditions to refused and observed.  With
 * "hypothetical" the modes of the rules themselves count, not the attachment's.
 */
extern void itsm_judge_write(Write *write);

/*
 * Judges a row at rest: what would refuse it if it came into its state today,
 * as far as the row alone tells.  Appends to refused and observed.
 */
extern void itsm_judge_standing(Write *write);

/*
 * A row passes from another lifecycle, "left", in which its state was "from":
 * what was frozen there may not change with that.  old: the old row by that
 * lifecycle; row: the new one.  Appends to refused and observed.
 */
extern void itsm_judge_passing(Write *write, Unit *left, int from, TupleTableSlot *old, TupleTableSlot *row);

/* Judges a deletion by the lifecycle's policy. */
extern void itsm_judge_delete(Write *write);

/* Counts that a built-in rule is judged. */
extern void itsm_count_builtin(const Write *write, BuiltinRule rule);

/* Appends an unmet condition of a built-in rule, as its mode says. */
extern void itsm_judge_builtin(Write *write, BuiltinRule rule, int code, const char *message);

/*
 * Raises the error of the conditions refused, of the row with that identity
 * (NULL: the write was of no single row), and takes note of it (refusal.h).  No value of the row stands in
 * the message or in the server's log.
 */
struct RecordIdentity;
pg_noreturn extern void itsm_refuse(const Write *write, const struct RecordIdentity *identity);

#endif							/* ITSM_JUDGE_H */
