/*
 * project.h
 *		Keeping a record's state row and projection in step with its events.
 */
#ifndef ITSM_PROJECT_H
#define ITSM_PROJECT_H

#include "lifecycle/remember.h"
#include "record/projection.h"

/* A record that was not there before.  unknown_past: its milestones are not known. */
extern void itsm_project_appearance(const Record *record, RowSide *side, TimestampTz at,
									bool unknown_past);

/* A record whose row comes back; "continued": it goes on from the state it has. */
extern void itsm_project_return(const Record *record, RowSide *side, TimestampTz at, bool continued);

/*
 * A record that an earlier attachment left, as its row is found now: what
 * happened meanwhile is not known, so no milestone comes of it.
 */
extern void itsm_project_adoption(const Record *record, RowSide *side, TimestampTz at);

/* What is kept of a record beside its head. */
typedef struct Standing
{
	RecordState state;			/* as far as it is needed to store it anew */
	Projection	projection;
} Standing;

/*
 * Reads what a change will replace, before the head is: if that can be
 * replaced then, nobody has written the rest since, for that takes the head.
 * Tells the record where it was found.  moving: as for itsm_project_change.
 */
extern void itsm_project_read(Record *record, bool moving, Standing *standing);

/* A change of a row; moving: its state or attachment changed. */
extern void itsm_project_change(const Record *record, Standing *standing, RowSide *old, RowSide *new,
								TimestampTz at, bool moving);

/* The change that brought the row where "side" is will be judged later: no event tells of it yet. */
extern void itsm_project_catch_up(const Record *record, RowSide *side);

/* A change that the record is past already: it only counts. */
extern void itsm_project_past(const Record *record, RowSide *old, RowSide *new, bool moving);

/* The record goes on from where another one, of the same row, has come to. */
extern void itsm_project_join(const Record *record, const Record *other);

/* The record's head changed: another key or none, deleted or not. */
extern void itsm_project_head(const Record *record);

/*
 * Folds all events of a record anew, in order of time: after history was
 * imported.  Milestones that the application keeps itself stay.
 */
extern void itsm_project_fold(const Record *record, const Unit *unit);

/* The record is in a state of another version or lifecycle from now on. */
extern void itsm_project_migration(const Record *record, const Definition *definition, int version,
								   int state, TimestampTz at);

#endif							/* ITSM_PROJECT_H */
