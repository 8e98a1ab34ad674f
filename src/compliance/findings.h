/*
 * findings.h
 *		The rows that a control's query found to fail, kept for other queries to read.
 */
#ifndef ITSM_FINDINGS_H
#define ITSM_FINDINGS_H

#include "compliance/control.h"

/* An empty store for itsm_control_run, in the current memory context; tuplestore_end ends it. */
extern Tuplestorestate *itsm_findings_begin(void);

/*
 * Lets the queries of the current SPI connection read a store as the relation
 * "failing" (subject, record, ok, problem), in place of the one before.
 */
extern void itsm_findings_show(Tuplestorestate *failing);

#endif							/* ITSM_FINDINGS_H */
