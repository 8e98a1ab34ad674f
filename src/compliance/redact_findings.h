/*
 * redact_findings.h
 *		Erasing what assessments say of records.
 */
#ifndef ITSM_REDACT_FINDINGS_H
#define ITSM_REDACT_FINDINGS_H

#include "ledger/redact.h"

extern const Redactor itsm_finding_redactor;

#endif							/* ITSM_REDACT_FINDINGS_H */
