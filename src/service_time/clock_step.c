/*
 * clock_step.c
 *		First a clock may start; then those that are there stop, are reset,
 *		cancelled, paused or resumed; where one has ended so, another may start.
 */
#include "core/itsm.h"

#include "service_time/clock_step.h"

ClockGroup
itsm_clock_group(const BoundSlas *bound, int first)
{
	return (ClockGroup) {.versions = &bound->slas[first], .count = bound->slas[first].versions};
}

TimestampTz
itsm_clock_opening(TimestampTz told, TimestampTz at)
{
	return TIMESTAMP_NOT_FINITE(told) || told > at ? at : told;
}

const BoundSla *
itsm_clock_version_at(const ClockGroup *group, TimestampTz at)
{
	for (int i = group->count - 1; i >= 0; i--)
		if (group->versions[i].sla->from <= at && at < group->versions[i].sla->until)
			return &group->versions[i];
	return NULL;
}

static bool
try_start(ClockGroup *group, ClockCircumstances *circumstances)
{
	const BoundSla *version;
	ClockEvent	event;

	/* as things stand matters only where there is none in the way */
	if (group->any && !clock_makes_way(&group->last, group->by->sla->terms.reopen))
		return false;
	version = itsm_clock_version_at(group, circumstances->at);
	if (version == NULL)
		return false;
	event = circumstances->stands(circumstances, version);
	if (!clock_attaches(&version->sla->terms, &event, group->any ? &group->last : NULL,
						group->any ? group->by->sla->terms.reopen : CLOCK_REOPEN_NONE))
		return false;
	group->had = group->any;
	group->before = group->last;
	group->before_by = group->by;
	group->begun = group->any = true;
	group->by = version;
	if (version->sla->retroactive)
		circumstances->start_retroactive(circumstances, version, &group->last);
	else
		clock_start(&version->sla->terms, &group->last, circumstances->at,
					itsm_sla_target(version->sla, circumstances->at, &event));
	(void) clock_advance(&version->sla->terms, &group->last, &event, NULL);
	return true;
}

void
itsm_clock_step(ClockGroup *group, ClockCircumstances *circumstances)
{
	ClockEvent	event;
	bool		reset = false;

	group->changed = group->begun = group->had = false;
	if (try_start(group, circumstances) || !group->any)
		return;
	event = circumstances->stands(circumstances, group->by);
	group->changed = clock_advance(&group->by->sla->terms, &group->last, &event, &reset);
	if (group->changed && group->last.stage >= CLOCK_COMPLETED)
		(void) try_start(group, circumstances);
}

void
itsm_clock_end(ClockGroup *group, TimestampTz at)
{
	ClockEvent	event = {.at = at, .ended = true};

	group->begun = group->had = false;
	group->changed = clock_advance(&group->by->sla->terms, &group->last, &event, NULL);
}
