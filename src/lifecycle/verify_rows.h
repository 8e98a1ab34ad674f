/*
 * verify_rows.h
 *		Rows of attached tables against the last events of their records, and
 *		what reports read of records against their events.
 */
#ifndef ITSM_VERIFY_ROWS_H
#define ITSM_VERIFY_ROWS_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_rows;

/* verify_milestones.c */
extern const VerifyChecker itsm_verify_milestones;

/* verify_ended.c */
extern const VerifyChecker itsm_verify_ended;

/* verify_violations.c */
extern const VerifyChecker itsm_verify_violations;

#endif							/* ITSM_VERIFY_ROWS_H */
