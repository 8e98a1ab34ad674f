/*
 * partition.h
 *		The monthly partitions of itsm.event.
 */
#ifndef ITSM_PARTITION_H
#define ITSM_PARTITION_H

#include "core/own_table.h"
#include "utils/timestamp.h"

/* The partition that holds events of that time: its month's (UTC), or the default one. */
extern Oid	itsm_event_partition(TimestampTz at);

/* The same opened for writing, and locked; itsm_own_close ends it. */
extern OwnTable *itsm_event_partition_open(TimestampTz at);

/*
 * Makes the partitions of the months (UTC) from one time to another that do
 * not exist yet; takes ACCESS EXCLUSIVE on event_default for a moment when
 * there is one to make.  Returns how many were made.
 */
extern int	itsm_make_partitions_between(TimestampTz from, TimestampTz to);

/* The same for this month and the two after it. */
extern int	itsm_make_partitions_ahead(void);

#endif							/* ITSM_PARTITION_H */
