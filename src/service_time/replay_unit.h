/*
 * replay_unit.h
 *		A version of a lifecycle as events of a source tell it: for clocks that are
 *		made out of events, also of tables and attachments that are gone.
 */
#ifndef ITSM_REPLAY_UNIT_H
#define ITSM_REPLAY_UNIT_H

#include "executor/executor.h"
#include "ledger/event.h"
#include "service_time/sla.h"

typedef struct ReplayUnit
{
	int			source;
	const char *lifecycle;
	int			version;
	Oid			owner;			/* of the table; InvalidOid: gone */
	Definition *definition;		/* NULL: nothing is agreed on it */
	BoundSlas  *bound;
	Bitmapset  *reads;			/* attributes that any check reads, and opened_at */
	int		   *numbers;		/* per attribute, in the source's dictionary; 0: none */
	FmgrInfo   *input;			/* per attribute that is read */
	Oid		   *parameter;		/* of these */
	TupleTableSlot *slot;		/* canonical */
	struct ReplayCheck *checks; /* per text of bound */
	const char *lost;			/* a condition that runs with the rights of the owner, who is gone; NULL: none */
} ReplayUnit;

typedef struct ReplayUnits ReplayUnits;

/* In the current memory context. */
extern ReplayUnits *itsm_replay_units_begin(void);
extern void itsm_replay_units_end(ReplayUnits *units);

/* The unit by which an event of a record of the source was judged. */
extern ReplayUnit *itsm_replay_unit(ReplayUnits *units, int source, const Event *event);

/* A value of an attribute that is read, out of its canonical text. */
extern Datum itsm_replay_value(const ReplayUnit *unit, int attribute, char *text);

/* A check over the values of the attributes that are read; others are null. */
extern bool itsm_replay_check(ReplayUnits *units, ReplayUnit *unit, int check, const Datum *values,
							  const bool *nulls);

#endif							/* ITSM_REPLAY_UNIT_H */
