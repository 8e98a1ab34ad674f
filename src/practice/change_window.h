/*
 * change_window.h
 *		Change windows: maintenance and freezes.
 */
#ifndef ITSM_CHANGE_WINDOW_H
#define ITSM_CHANGE_WINDOW_H

#include "practice/change_plan.h"

/* How many windows stand against a plan. */
typedef struct WindowConflict
{
	int			freezes;		/* that it overlaps */
	int			outside;		/* of its configuration items: it is outside their maintenance windows */
} WindowConflict;

/* Looks the windows up as they are committed now, and as we have defined them ourselves. */
extern void itsm_window_conflicts(const char *tenant, const ChangePlan *plan, WindowConflict *conflict);

/* Values for the parameters that PLAN_ITEMS reads. */
#define PLAN_ARGUMENTS 5
extern const Oid itsm_plan_argument_types[PLAN_ARGUMENTS];
extern void itsm_plan_arguments(const char *tenant, const ChangePlan *plan, Datum *values, char *nulls);

/*
 * The configuration items of a plan, a row (ci) each, one with null when it has
 * none; SQL for a FROM clause.  $1: tenant, $2: cis, $3: service, $4: class, $5: time.
 */
#define PLAN_ITEMS \
	"pg_catalog.unnest(CASE WHEN $2 OPERATOR(pg_catalog.=) '{}' THEN ARRAY[NULL::pg_catalog.text]" \
	" ELSE $2 END) AS x(ci)"
/* The windows of a kind for such an item, within a range. */
#define ITEM_WINDOWS(kind, range) "itsm.windows_in_scope('" kind "', $1, $3, $4, x.ci, " range ") AS w"

#endif							/* ITSM_CHANGE_WINDOW_H */
