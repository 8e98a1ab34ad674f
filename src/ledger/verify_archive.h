/*
 * verify_archive.h
 *		What was archived, against the events that tell of it.
 */
#ifndef ITSM_VERIFY_ARCHIVE_H
#define ITSM_VERIFY_ARCHIVE_H

#include "ledger/verify.h"

extern const VerifyChecker itsm_verify_archived;

#endif							/* ITSM_VERIFY_ARCHIVE_H */
