/*
 * append_only.h
 *		Guarding the tables that hold history against SQL.
 */
#ifndef ITSM_APPEND_ONLY_H
#define ITSM_APPEND_ONLY_H

/*
 * Makes the trigger against TRUNCATE of a partition of itsm.event where it is
 * missing.  It is an internal one, so that a dump leaves it out.  Takes SHARE
 * ROW EXCLUSIVE on the partition then.
 */
extern void itsm_append_only_partition(Oid partition);

/* The same for all partitions. */
extern void itsm_append_only_partitions(void);

/* True for the tables of the schema itsm that hold history, by their names. */
extern bool itsm_holds_history(const char *table);

#endif							/* ITSM_APPEND_ONLY_H */
