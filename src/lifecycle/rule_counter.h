/*
 * rule_counter.h
 *		How often each rule of an attachment was judged, and what it said.
 *
 * A session counts for itself and adds what it counted to the server's
 * counters when a transaction ends, committed or not.
 */
#ifndef ITSM_RULE_COUNTER_H
#define ITSM_RULE_COUNTER_H

#include "lib/ilist.h"
#include "utils/timestamp.h"

typedef enum RuleCount
{
	COUNT_CALLS,				/* it was judged */
	COUNT_IN_SCOPE,				/* on a write that its from and to are about */
	COUNT_UNMET,				/* it was not met, enforced or observed */
	COUNT_REFUSED,				/* it was not met and is enforced */
	COUNT_NANOSECONDS,			/* that judging took, while itsm.track_timing was on */
	COUNT_COUNT
} RuleCount;

typedef struct RuleCounterKey
{
	int			attachment;
	NameData	rule;
} RuleCounterKey;

/* A rule's counter in this session; it stays for the session. */
typedef struct RuleCounter
{
	RuleCounterKey key;
	slist_node	node;
	bool		waiting;		/* has counts that the server's counters do not have yet */
	uint64		generation;		/* of the server's counters when "slot" was found */
	int			slot;			/* -1: there was no room */
	uint64		counts[COUNT_COUNT];
} RuleCounter;

extern RuleCounter *itsm_rule_counter(int attachment, const char *rule);

/* To be called before something is counted that may be the first since the last flush. */
extern void itsm_rule_counter_wait(RuleCounter *counter);

static inline void
itsm_rule_count(RuleCounter *counter, RuleCount what)
{
	if (!counter->waiting)
		itsm_rule_counter_wait(counter);
	counter->counts[what]++;
}

/* What the server counted for a rule of this database. */
typedef struct RuleTotal
{
	RuleCounterKey key;
	TimestampTz since;
	uint64		counts[COUNT_COUNT];
} RuleTotal;

/* All of them; what this session has counted so far is in them. */
extern RuleTotal *itsm_rule_totals(int *count);

/* Begins anew for an attachment, or (0) for all of the database; how many rules were counted. */
extern int64 itsm_rule_totals_reset(int attachment);

#endif							/* ITSM_RULE_COUNTER_H */
