/*
 * milestone.c
 *		Milestones of a record.  Pure: no server facilities.
 */
#include "record/milestone.h"

bool
milestone_over(int category)
{
	return category == CATEGORY_RESOLVED || category == CATEGORY_CLOSED ||
		category == CATEGORY_CANCELLED;
}

bool
milestone_reopens(int from, int to)
{
	return milestone_over(from) &&
		(to == CATEGORY_NEW || to == CATEGORY_ACTIVE || to == CATEGORY_WAITING);
}

static void
reach(Milestones *milestones, Milestone milestone, int64_t at)
{
	milestones->reached[milestone] = true;
	milestones->at[milestone] = at;
}

void
milestone_move(Milestones *milestones, int from, int to, int64_t at)
{
	if (milestone_reopens(from, to))
		milestones->reached[MILESTONE_RESOLVED] = milestones->reached[MILESTONE_CLOSED] = false;
	if (!milestones->reached[MILESTONE_FIRST_RESPONSE] && to != CATEGORY_NONE &&
		to != CATEGORY_NEW && to != CATEGORY_CANCELLED)
		reach(milestones, MILESTONE_FIRST_RESPONSE, at);
	switch (to)
	{
		case CATEGORY_RESOLVED:
			milestones->reached[MILESTONE_CLOSED] = false;
			if (from != CATEGORY_RESOLVED || !milestones->reached[MILESTONE_RESOLVED])
				reach(milestones, MILESTONE_RESOLVED, at);
			break;
		case CATEGORY_CLOSED:
			/* closed at once: that was the solution too */
			if (!milestones->reached[MILESTONE_RESOLVED])
				reach(milestones, MILESTONE_RESOLVED, at);
			if (from != CATEGORY_CLOSED || !milestones->reached[MILESTONE_CLOSED])
				reach(milestones, MILESTONE_CLOSED, at);
			break;
		case CATEGORY_CANCELLED:
			if (from != CATEGORY_CANCELLED || !milestones->reached[MILESTONE_CLOSED])
				reach(milestones, MILESTONE_CLOSED, at);
			break;
	}
}
