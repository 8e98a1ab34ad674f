/*
 * seal_scan.h
 *		The finished events that are not sealed yet, found without an index.
 *
 * Events of this system and timeline tell by their transaction whether they are
 * sealed: those before the horizon of the last seal are.  All others (restored,
 * replicated, written before a promotion) count as finished once they are
 * visible, and are doubtful: somebody has to look.
 *
 * What need not be read is told by the server: a page whose LSN is not above
 * "since" was not written to since then, and neither was one that the
 * visibility map says is all-visible when that page of the map was not changed.
 */
#ifndef ITSM_SEAL_SCAN_H
#define ITSM_SEAL_SCAN_H

#include "access/xlogdefs.h"
#include "nodes/pg_list.h"
#include "storage/block.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

typedef struct FoundEvent
{
	int64		record;
	int64		version;
	TimestampTz at;
	const char *tenant;			/* not terminated */
	int			tenant_length;
	const uint8 *hash;			/* NULL: it is none */
	bool		doubtful;		/* may be sealed already */
} FoundEvent;

typedef struct SealScan
{
	int64		system;
	int			timeline;
	uint64		sealed_before;	/* own events of earlier transactions are sealed */
	uint64		horizon;		/* own events of earlier transactions are finished */
	bool		thorough;		/* own events before that, too */
	bool		doubtful;		/* own events, too */
	bool		certain;		/* nothing is sealed yet, so no event is doubtful */
	XLogRecPtr	since;
	Snapshot	snapshot;

	List	   *partitions;		/* Oid, locked (AccessShareLock), in a fixed order */

	/* where it begins, and where it stopped; NULL: at the beginning, or the end */
	const char *partition;
	int64		file;
	BlockNumber block;

	void		(*found) (void *argument, const FoundEvent *event);
	bool		(*page_done) (void *argument);	/* true: stop here */
	void	   *argument;
} SealScan;

/* Locks the partitions, so that no event moves between them; before the snapshot is taken. */
extern void itsm_seal_scan_begin(SealScan *scan);

/*
 * Tells all events.  When it was to go on somewhere that is not there any more
 * it begins anew, with every event doubtful.
 */
extern void itsm_seal_scan_run(SealScan *scan);

#endif							/* ITSM_SEAL_SCAN_H */
