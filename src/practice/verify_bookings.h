/*
 * verify_bookings.h
 *		verify(): bookings have a change that they are of.
 */
#ifndef ITSM_VERIFY_BOOKINGS_H
#define ITSM_VERIFY_BOOKINGS_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_bookings;

#endif							/* ITSM_VERIFY_BOOKINGS_H */
