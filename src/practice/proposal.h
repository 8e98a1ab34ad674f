/*
 * proposal.h
 *		Values that a change proposes for configuration items.
 */
#ifndef ITSM_PROPOSAL_H
#define ITSM_PROPOSAL_H

#include "fmgr.h"

/* itsm.propose_values(relation, key, target, target_key, new_values), for DirectFunctionCall5. */
extern PGDLLEXPORT Datum itsm_propose_values(PG_FUNCTION_ARGS);

#endif							/* ITSM_PROPOSAL_H */
