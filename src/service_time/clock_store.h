/*
 * clock_store.h
 *		The table itsm.clock, as the per-row path reads and writes it.
 *
 * Whoever holds the record's head writes its clocks; only itsm.due_clocks
 * writes what it has told without it.
 */
#ifndef ITSM_CLOCK_STORE_H
#define ITSM_CLOCK_STORE_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "service_time/clock_month.h"
#include "service_time/sla.h"

/* A row. */
typedef struct ClockRow
{
	int			sla;
	int			sla_version;
	int			number;			/* 0: the last one of its SLA; those before it: 1, 2, … */
	Clock		clock;
	TimestampTz bound;			/* nothing is to be told of it before; DT_NOEND: nothing at all */
	int			told;			/* warnings, then the breach */
	const Sla  *agreed;			/* by which it was made out of events; NULL: it was read */
	HeapTuple	tuple;			/* as read: what is stored is stored once; NULL: not stored yet */
} ClockRow;

extern bool itsm_clock_find(const char *tenant, int64 record, int sla, int number, ClockRow *row);

/*
 * Stores a row; false when somebody changed it since it was read.  group: what
 * the record's row counts for, by which the months group it; NULL: it is read.
 */
extern bool itsm_clock_store(const char *tenant, int64 record, ClockRow *row, const RecordCount *group);

/* All rows of a record: a list of ClockRow *, by SLA and number. */
extern List *itsm_clocks_of(const char *tenant, int64 record);

/* Whose clock a tuple with the columns of the table is. */
extern void itsm_clock_owner(TupleDesc descriptor, HeapTuple tuple, int64 *record, const char **tenant);

/* What such a tuple counts for; false: for nothing, it has not ended. */
extern bool itsm_clock_count(TupleDesc descriptor, HeapTuple tuple, ClockCount *count);

/* The same of all clocks of a record that have ended: a list of ClockCount *. */
extern List *itsm_clock_counts_of(const char *tenant, int64 record);

/* False when somebody changed it since it was read. */
extern bool itsm_clock_remove(const ClockRow *row);

/* Out of a tuple with the columns of the table, which is kept. */
extern void itsm_clock_of_tuple(TupleDesc descriptor, HeapTuple tuple, ClockRow *row);

/* Service time after which the notice with that position is due: a warning's, or the breach's, which is the last. */
extern int64 itsm_clock_notice_length(const Sla *sla, const Clock *clock, int position);

/* The bound of a clock as it stands. */
extern TimestampTz itsm_clock_bound(const Sla *sla, const Clock *clock, int told);

/* The same clock: all but bound and told. */
extern bool itsm_clock_same(const ClockRow *a, const ClockRow *b);

#endif							/* ITSM_CLOCK_STORE_H */
