/*
 * partition.h
 *		The monthly partitions of itsm.event.
 */
#ifndef ITSM_PARTITION_H
#define ITSM_PARTITION_H

#include "core/own_table.h"
#include "utils/timestamp.h"

/*
 * All partitions, locked, as a list of Oid: none was made, detached or exchanged between
 * looking for them and locking them.
 */
extern List *itsm_event_partitions(LOCKMODE lockmode);

/* The partition that holds events of that time: its month's (UTC), or the default one. */
extern Oid	itsm_event_partition(TimestampTz at);

/* The same opened for writing, and locked; itsm_own_close ends it. */
extern OwnTable *itsm_event_partition_open(TimestampTz at);

/* The month (UTC) of a time, [starts, ends). */
extern void itsm_month_bounds(TimestampTz at, TimestampTz *starts, TimestampTz *ends);

/* The month of a partition by its name; false when it is none of a month. */
extern bool itsm_partition_month(const char *name, TimestampTz *starts, TimestampTz *ends);

/*
 * Makes the partitions of the months (UTC) from one time to another that do
 * not exist yet; takes ACCESS EXCLUSIVE on event_default for a moment when
 * there is one to make.  Returns how many were made.
 */
extern int	itsm_make_partitions_between(TimestampTz from, TimestampTz to);

/* The same for this month and the two after it. */
extern int	itsm_make_partitions_ahead(void);

#endif							/* ITSM_PARTITION_H */
