/*
 * seal_unsealed.c
 *		Events that are visible and not sealed, counted by the sealer's scan.
 *
 * A pure read, also on a standby.  Memory: a count for each tenant.
 */
#include "core/itsm.h"

#include "access/xlog.h"
#include "ledger/seal.h"
#include "ledger/seal_scan.h"
#include "ledger/seal_unsealed.h"
#include "utils/snapmgr.h"

typedef struct UnsealedCount
{
	SealRuns	runs;
	List	   *counts;			/* UnsealedEvents */
	UnsealedEvents *last;
} UnsealedCount;

static bool
is_of(const UnsealedEvents *count, const FoundEvent *event)
{
	return strncmp(count->tenant, event->tenant, event->tenant_length) == 0 &&
		count->tenant[event->tenant_length] == '\0';
}

static UnsealedEvents *
count_of(UnsealedCount *counting, const FoundEvent *event)
{
	ListCell   *cell;

	if (counting->last && is_of(counting->last, event))
		return counting->last;
	foreach(cell, counting->counts)
		if (is_of(lfirst(cell), event))
			return counting->last = lfirst(cell);
	counting->last = palloc0(sizeof(UnsealedEvents));
	counting->last->tenant = pnstrdup(event->tenant, event->tenant_length);
	counting->last->oldest = event->at;
	counting->counts = lappend(counting->counts, counting->last);
	return counting->last;
}

static void
count_event(void *argument, const FoundEvent *event)
{
	UnsealedCount *counting = argument;
	UnsealedEvents *count = count_of(counting, event);

	if (event->doubtful &&
		itsm_seal_find(&counting->runs, count->tenant, event->record, event->version) >= 0)
		return;
	count->events++;
	count->oldest = Min(count->oldest, event->at);
}

static bool
go_on(void *argument)
{
	return false;
}

/* The seals of another cluster's log say nothing of our pages. */
static bool
is_of_this_cluster(const Seal *seal)
{
	return seal->system == (int64) GetSystemIdentifier() &&
		(RecoveryInProgress() || seal->timeline == (int) GetWALInsertionTimeLine());
}

List *
itsm_seal_unsealed(void)
{
	UnsealedCount counting = {.counts = NIL};
	SealScan	scan = {.found = count_event, .page_done = go_on, .argument = &counting,
	.snapshot = GetActiveSnapshot(), .horizon = PG_UINT64_MAX};
	Seal		last;
	Seal		complete;
	List	   *counts = NIL;
	ListCell   *cell;

	scan.certain = !itsm_seal_last(scan.snapshot, &last);
	itsm_seal_complete(scan.snapshot, &last, &complete);
	scan.system = complete.system;
	scan.timeline = complete.timeline;
	scan.sealed_before = complete.horizon;
	/* some of what a rest was left of is sealed */
	scan.doubtful = last.number != complete.number;
	if (complete.number && is_of_this_cluster(&complete))
		scan.since = itsm_seal_since(scan.snapshot, &complete);
	itsm_seal_scan_begin(&scan);
	itsm_seal_runs_begin(&counting.runs, scan.snapshot);
	itsm_seal_scan_run(&scan);
	itsm_seal_runs_end(&counting.runs);
	foreach(cell, counting.counts)
		if (((UnsealedEvents *) lfirst(cell))->events)
			counts = lappend(counts, lfirst(cell));
	return counts;
}
