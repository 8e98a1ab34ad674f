/*
 * clock_step.h
 *		What an event does to the clocks of one agreement on one record.
 *
 * The judging trigger and the recomputation of clocks from events both go this
 * way; they differ in how they find out how things stand.
 */
#ifndef ITSM_CLOCK_STEP_H
#define ITSM_CLOCK_STEP_H

#include "service_time/sla.h"

/* The clocks of an agreement: the last one is at hand. */
typedef struct ClockGroup
{
	const BoundSla *versions;	/* of the agreement */
	int			count;
	bool		any;
	Clock		last;
	const BoundSla *by;			/* the last one's version */
	/* what a step did */
	bool		changed;		/* to what was the last clock */
	bool		begun;			/* "last" is a new one, after "before" if there was any */
	bool		had;
	Clock		before;
	const BoundSla *before_by;
} ClockGroup;

typedef struct ClockCircumstances
{
	/* How things stand after the event, by a version. */
	ClockEvent	(*stands) (struct ClockCircumstances *circumstances, const BoundSla *version);
	/* Starts a clock that counts from the opening of the record. */
	void		(*start_retroactive) (struct ClockCircumstances *circumstances, const BoundSla *version,
									  Clock *clock);
	TimestampTz at;
} ClockCircumstances;

/* The version of the group that holds at a time; NULL: none does. */
extern const BoundSla *itsm_clock_version_at(const ClockGroup *group, TimestampTz at);

extern void itsm_clock_step(ClockGroup *group, ClockCircumstances *circumstances);

/* The record's clocks of an agreement that is no longer on it end. */
extern void itsm_clock_end(ClockGroup *group, TimestampTz at);

/* The opening that a row tells of, as far as a clock can count from it. */
extern TimestampTz itsm_clock_opening(TimestampTz told, TimestampTz at);

/* The group that begins at a place in the array of those that are bound. */
extern ClockGroup itsm_clock_group(const BoundSlas *bound, int first);

#endif							/* ITSM_CLOCK_STEP_H */
