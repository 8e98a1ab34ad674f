/*
 * relative_target.h
 *		Targets that fix a time instead of a length: at a time of some day, at an
 *		opening, at what the record says, or beside another clock of it.
 *
 * Such a time is fixed when a clock starts.  The clock then counts real time up
 * to it; pauses put it off by as long as they last.
 */
#ifndef ITSM_RELATIVE_TARGET_H
#define ITSM_RELATIVE_TARGET_H

#include "lifecycle/definition_parse.h"

struct ClockHours;

typedef enum TargetKind
{
	TARGET_LENGTH,				/* none of these: service time */
	TARGET_BY,					/* at a time of the day, so many open days on */
	TARGET_OPENINGS,			/* when the hours open for the nth time */
	TARGET_ATTRIBUTE,			/* at the time in an attribute, or so long before or after it */
	TARGET_CLOCK				/* likewise, of when another clock was due when it started */
} TargetKind;

typedef struct RelativeTarget
{
	TargetKind	kind;
	int			minutes;		/* of the day */
	int			count;			/* of days, or openings */
	char	   *name;			/* of the attribute, or the other agreement */
	int			sla;			/* the other's number; 0: there is none */
	int64		offset;			/* in service hours; less than 0: before */
} RelativeTarget;

/* Parses a target that is an object; faults are appended. */
extern void itsm_relative_parse(DefinitionParse *parse, const JsonbContainer *object, bool stored,
								RelativeTarget *target);

/* When a target of a time or of openings is due that is agreed from a time on; CLOCK_NEVER: not at all. */
extern int64 itsm_relative_due(const RelativeTarget *target, const struct ClockHours *hours, int64 start);

/* A time in an attribute, or of another clock, as far off as the target says. */
extern int64 itsm_relative_offset(const RelativeTarget *target, const struct ClockHours *hours, int64 at);

#endif							/* ITSM_RELATIVE_TARGET_H */
