/*
 * verify_partition.h
 *		Whether events stand in the partitions of their times.
 */
#ifndef ITSM_VERIFY_PARTITION_H
#define ITSM_VERIFY_PARTITION_H

#include "ledger/verify.h"

/* The partitions of itsm.event with their bounds, locked (AccessShareLock); in the current memory context. */
extern List *itsm_verify_partitions(void);

/* Counts an event of a partition; the partition's name when that is not the one of its time, NULL otherwise. */
extern const char *itsm_verify_place(List *partitions, Oid relation, TimestampTz at);

/* What was found right. */
extern void itsm_verify_placed(Verification *verification, const List *partitions);

#endif							/* ITSM_VERIFY_PARTITION_H */
