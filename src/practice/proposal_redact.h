/*
 * proposal_redact.h
 *		Values erased from proposals.
 */
#ifndef ITSM_PROPOSAL_REDACT_H
#define ITSM_PROPOSAL_REDACT_H

#include "ledger/redact.h"

extern const Redactor itsm_proposal_redactor;

#endif							/* ITSM_PROPOSAL_REDACT_H */
