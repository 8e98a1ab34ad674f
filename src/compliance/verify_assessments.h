/*
 * verify_assessments.h
 *		The part of verify() that looks at assessments.
 */
#ifndef ITSM_VERIFY_ASSESSMENTS_H
#define ITSM_VERIFY_ASSESSMENTS_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_assessments;

#endif							/* ITSM_VERIFY_ASSESSMENTS_H */
