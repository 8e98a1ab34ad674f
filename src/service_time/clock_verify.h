/*
 * clock_verify.h
 *		Clocks in itsm.verify().
 */
#ifndef ITSM_CLOCK_VERIFY_H
#define ITSM_CLOCK_VERIFY_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_clocks;

#endif							/* ITSM_CLOCK_VERIFY_H */
