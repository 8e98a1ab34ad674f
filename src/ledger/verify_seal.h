/*
 * verify_seal.h
 *		Seals, trees and leaves against the events, and all of it against a
 *		digest from outside.
 */
#ifndef ITSM_VERIFY_SEAL_H
#define ITSM_VERIFY_SEAL_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_seals;

#endif							/* ITSM_VERIFY_SEAL_H */
