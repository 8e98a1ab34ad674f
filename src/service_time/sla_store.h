/*
 * sla_store.h
 *		The table itsm.sla.
 */
#ifndef ITSM_SLA_STORE_H
#define ITSM_SLA_STORE_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "service_time/sla.h"

/* Columns, from 0. */
typedef enum SlaColumn
{
	SLA_ID, SLA_VERSION, SLA_FROM, SLA_UNTIL, SLA_NAME, SLA_LIFECYCLE, SLA_PROCESS, SLA_KIND, SLA_METRIC,
	SLA_CONDITION_TEXT, SLA_CALENDAR, SLA_HOURS, SLA_TARGET, SLA_DEFINITION, SLA_EXPRESSIONS,
	SLA_DEFINED_AT, SLA_DEFINED_BY, SLA_COLUMNS
} SlaColumn;

/* A row, without its hours made ready. */
extern Sla *itsm_sla_of_tuple(TupleDesc descriptor, HeapTuple tuple);

extern bool itsm_sla_set_has(const StateSet *set, const LifecycleState *state);

#endif							/* ITSM_SLA_STORE_H */
