/*
 * plan_cache.h
 *		Plans of service hours, kept per session.
 */
#ifndef ITSM_PLAN_CACHE_H
#define ITSM_PLAN_CACHE_H

#include "fmgr.h"
#include "service_time/service_time_arithmetic.h"

/* The plan of a value of type service_hours; valid until the next call. */
extern ServicePlan *itsm_plan_of(const char *text, int length);

/* Where a plan was found last; zeroed at first. */
typedef struct PlanPlace
{
	struct PlanSlot *slot;
	uint64		serial;
} PlanPlace;

/* The same, for who asks for a text again. */
extern ServicePlan *itsm_plan_again(PlanPlace *place, const char *text, int length);

/* The same, remembered in flinfo->fn_extra, for an argument that seldom changes. */
extern ServicePlan *itsm_plan_of_argument(FunctionCallInfo fcinfo, int argument);

#endif							/* ITSM_PLAN_CACHE_H */
