/*
 * verify_rows.h
 *		Rows of attached tables against the last events of their records.
 */
#ifndef ITSM_VERIFY_ROWS_H
#define ITSM_VERIFY_ROWS_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_rows;

#endif							/* ITSM_VERIFY_ROWS_H */
