/*
 * verify_policies.h
 *		Policies and grants against the events that tell of them.
 */
#ifndef ITSM_VERIFY_POLICIES_H
#define ITSM_VERIFY_POLICIES_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_policies;

#endif							/* ITSM_VERIFY_POLICIES_H */
