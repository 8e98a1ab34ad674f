/*
 * project.h
 *		Keeping a record's state row and projection in step with its events.
 */
#ifndef ITSM_PROJECT_H
#define ITSM_PROJECT_H

#include "lifecycle/remember.h"
#include "record/projection.h"

/*
 * A record that was not there before: its projection, before it is stored, and
 * its state row, afterwards.  unknown_past: its milestones are not known.
 */
extern void itsm_project_appearance(Record *record, RowSide *side, TimestampTz at, bool unknown_past);
extern void itsm_project_appeared(const Record *record, RowSide *side, TimestampTz at);

/* A record whose row comes back; "continued": it goes on from the state it has. */
extern void itsm_project_return(Record *record, RowSide *side, TimestampTz at, bool continued);

/*
 * A record that an earlier attachment left, as its row is found now: what
 * happened meanwhile is not known, so no milestone comes of it.
 */
extern void itsm_project_adoption(Record *record, RowSide *side, TimestampTz at);

/*
 * A change of a row, before the head is replaced: the projection goes with it.
 * moving: its state or attachment changed; then the state row is read too.  If
 * the head can be replaced then, nobody has written it since, for that takes
 * the head.
 */
extern void itsm_project_change(Record *record, RowSide *old, RowSide *new, TimestampTz at, bool moving,
								RecordState *state);

/* The state row of a change that moves, afterwards. */
extern void itsm_project_moved(const Record *record, RecordState *state, RowSide *old, RowSide *new,
							   TimestampTz at);

/* The change that brought the row where "side" is will be judged later: no event tells of it yet. */
extern void itsm_project_catch_up(Record *record, RowSide *side);

/* A change that the record is past already: it only counts. */
extern void itsm_project_past(Record *record, RowSide *old, RowSide *new, bool moving);

/* The record goes on from where another one, of the same row, has come to. */
extern void itsm_project_join(Record *record, const Record *other);

/*
 * Folds all events of a record anew, in order of time: after history was
 * imported.  Milestones that the application keeps itself stay.  near: a time of
 * what was imported.
 */
extern void itsm_project_fold(Record *record, const Unit *unit, TimestampTz near);

/* The record is in a state of another version or lifecycle from now on. */
extern void itsm_project_migration(Record *record, const Definition *definition, int version,
								   int state, TimestampTz at);

#endif							/* ITSM_PROJECT_H */
