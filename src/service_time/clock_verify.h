/*
 * clock_verify.h
 *		Clocks, and what is agreed, in itsm.verify().
 */
#ifndef ITSM_CLOCK_VERIFY_H
#define ITSM_CLOCK_VERIFY_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_clocks;

/* verify_agreements.c */
extern const VerifyChecker itsm_verify_agreements;

#endif							/* ITSM_CLOCK_VERIFY_H */
