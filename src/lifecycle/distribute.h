/*
 * distribute.h
 *		Attached tables that Citus spreads over nodes by tenant.
 *
 * Each node judges and remembers what is written to its shards, by its own copy
 * of the policy, in a ledger of its own.  The coordinator sends the policy; the
 * triggers go with the table, which Citus sees to.
 */
#ifndef ITSM_DISTRIBUTE_H
#define ITSM_DISTRIBUTE_H

#include "lifecycle/policy.h"

/*
 * Appends to *faults what of a policy cannot hold for a table that is spread by
 * the values of a column.
 */
extern void itsm_spread_check(Relation relation, const Policy *policy, const char *column, List **faults);

/* The same for a table as Citus spreads it now; nothing for an ordinary one. */
extern void itsm_spread_check_now(Relation relation, const Policy *policy, List **faults);

/* ERRCODE_ITSM_ATTACHMENT when the triggers of a table that is spread cannot be dropped in this session. */
extern void itsm_spread_require_triggers(Oid relation);

/*
 * Sends the policy of a table that is spread, as this transaction sees it, to
 * the nodes that have no such one; returns how many took it.  They keep it
 * whatever becomes of this transaction.  Does nothing on a worker, nor for an
 * ordinary table.  ERRCODE_ITSM_ATTACHMENT names the nodes that did not take it.
 */
extern int	itsm_policy_send(Oid relation);

#endif							/* ITSM_DISTRIBUTE_H */
