/*
 * verify_months.h
 *		Months that are not what records and clocks say.
 */
#ifndef ITSM_VERIFY_MONTHS_H
#define ITSM_VERIFY_MONTHS_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_months;

#endif							/* ITSM_VERIFY_MONTHS_H */
