/*
 * milestone.h
 *		Categories of states, and the milestones of a record that follow from
 *		moves between them.  Pure arithmetic.
 */
#ifndef ITSM_MILESTONE_H
#define ITSM_MILESTONE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum StateCategory
{
	CATEGORY_NEW,
	CATEGORY_ACTIVE,
	CATEGORY_WAITING,
	CATEGORY_RESOLVED,
	CATEGORY_CLOSED,
	CATEGORY_CANCELLED,
} StateCategory;

#define CATEGORY_NONE (-1)

typedef enum Milestone
{
	MILESTONE_OPENED,
	MILESTONE_FIRST_RESPONSE,
	MILESTONE_RESOLVED,
	MILESTONE_CLOSED,
} Milestone;

#define MILESTONE_COUNT 4
extern const char *const itsm_milestone_names[];	/* opened, first_response, resolved, closed */

typedef struct Milestones
{
	int64_t		at[MILESTONE_COUNT];	/* timestamptz */
	bool		reached[MILESTONE_COUNT];
} Milestones;

/* True for resolved, closed and cancelled: the work is over. */
extern bool milestone_over(int category);

/* True for a move that takes up again what was over. */
extern bool milestone_reopens(int from, int to);

/*
 * A record enters a category at a time: opened and the first response once,
 * resolved and closed again after each reopening, which clears them.
 * Categories are StateCategory, or CATEGORY_NONE before the record begins and
 * where a status maps to no state.
 */
extern void milestone_move(Milestones *milestones, int from, int to, int64_t at);

#endif							/* ITSM_MILESTONE_H */
