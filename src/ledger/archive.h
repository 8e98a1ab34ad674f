/*
 * archive.h
 *		Records whose events, up to a version, were moved out of itsm.event.
 *
 * A record is archived when it has ended, with all of its events, so what is
 * alive has its whole history at hand.  Only a record that begins anew
 * afterwards has events whose predecessors are elsewhere.
 */
#ifndef ITSM_ARCHIVE_H
#define ITSM_ARCHIVE_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "record/record.h"
#include "utils/array.h"

/* A row of itsm.archived. */
typedef struct ArchivedRecord
{
	int64		record;
	int64		version;		/* of the last event that is elsewhere; 0: none is */
	int64		events;
	int64		archive;
	const char *tenant;
	uint8		hash[ITSM_HASH_LENGTH];
} ArchivedRecord;

/* The latest one of a record, committed or our own; false, and a version of 0, when there is none. */
extern bool itsm_archived_find(const char *tenant, int64 record, ArchivedRecord *archived);

/* The one that ended with a version. */
extern bool itsm_archived_find_version(const char *tenant, int64 record, int64 version, ArchivedRecord *archived);

/* IT040 when events of the record are elsewhere; what: what would need them. */
extern void itsm_archived_refuse(const char *tenant, int64 record, const char *what);

/*
 * The tables named by a regclass[], as a list of Oid: locked (AccessShareLock),
 * ordinary tables with the columns of itsm.event that the current user may
 * read.  22023 when one is not.
 */
extern List *itsm_archive_tables(ArrayType *array);

/* Out of a row; ERRCODE_DATA_CORRUPTED when a column is null or has not its size. */
extern void itsm_archived_of_tuple(TupleDesc descriptor, HeapTuple tuple, ArchivedRecord *archived);
extern void itsm_archived_of_values(const Datum *values, const bool *nulls, ArchivedRecord *archived);

/*
 * SQL that tells of each archive, all as texts but its number: what its event
 * tells, too, in this order.
 */
#define ARCHIVE_FACTS 6
extern const char itsm_archive_facts[];
extern const char *const itsm_archive_fact_names[ARCHIVE_FACTS];

/* When an archive was made; the epoch when it is not known. */
extern TimestampTz itsm_archive_time(int64 archive);

/* The names of an archive's tables, for people; NULL when none is known. */
extern char *itsm_archive_places(int64 archive);

#endif							/* ITSM_ARCHIVE_H */
