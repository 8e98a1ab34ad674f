/*
 * drift.c
 *		Counting rows that differ from their records: one scan of the table,
 *		and one look-up of the head and of the state for each row.
 *
 * Memory: flat.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/query.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/drift.h"
#include "lifecycle/remember.h"
#include "lifecycle/row_scan.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

typedef struct Drift
{
	int			attachment;
	bool		backfilled;		/* every row of the table at hand has a record */
	int64		recorded;		/* rows whose record is governed by the attachment */
	int64		drifted;
} Drift;

/* The row's state by the version of the lifecycle that its record has. */
static const char *
row_state(const ScannedRow *row, const RecordState *kept)
{
	PolicyAttachment *attachment = row->attachment;
	Unit	   *unit = attachment->current;
	const char *status;
	int			length;
	int			number;

	if (strcmp(kept->lifecycle, attachment->lifecycle) == 0)
		unit = itsm_policy_unit(row->policy, row->relation, attachment, kept->lifecycle_version);
	status = itsm_row_status(attachment, row->slot, &length);
	number = itsm_unit_state(unit, status, length);
	return number == ITSM_NO_STATE ? NULL : unit->definition->states[number].name;
}

static void
count_row(const ScannedRow *row, void *argument)
{
	Drift	   *drift = argument;
	Record		record;
	RecordState kept;

	if (row->attachment->id != drift->attachment)
		return;
	if (!itsm_scanned_record(row, &record) || record.attachment != drift->attachment)
		drift->drifted += drift->backfilled;
	else if (record.deleted)
		drift->drifted++;
	else
	{
		drift->recorded++;
		if (!itsm_lookup_state(row->lookup, &record, &kept) ||
			!itsm_same_text(row_state(row, &kept), kept.state))
			drift->drifted++;
	}
}

static int64
ask_number(const char *sql, int attachment, Oid relation)
{
	OwnerQuery	query;
	Oid			types[] = {INT4OID, REGCLASSOID};
	Datum		values[] = {Int32GetDatum(attachment), ObjectIdGetDatum(relation)};
	int64		number;
	bool		isnull;

	itsm_query_begin(&query);
	itsm_query(SPI_OK_SELECT, sql, 2, types, values, NULL);
	number = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	itsm_query_end(&query);
	return number;
}

int64
itsm_count_drift(int attachment)
{
	AttachmentRow *row = itsm_attachment_read(attachment);
	Drift		drift = {.attachment = attachment};
	ListCell   *cell;

	if (row->detached)
		return 0;
	if (get_rel_relkind(row->relation) != '\0')
		foreach(cell, itsm_governed_relations(row->relation))
		{
			drift.backfilled = ask_number("SELECT pg_catalog.count(*) FROM itsm.backfill_progress b"
										  " WHERE b.attachment OPERATOR(pg_catalog.=) $1"
										  " AND b.relation OPERATOR(pg_catalog.=) $2 AND b.finished",
										  attachment, lfirst_oid(cell)) > 0;
			itsm_scan_rows(lfirst_oid(cell), GetActiveSnapshot(), count_row, &drift);
		}
	return drift.drifted - drift.recorded +
		ask_number("SELECT pg_catalog.count(*) FROM itsm.record r WHERE r.attachment OPERATOR(pg_catalog.=) $1"
				   " AND NOT r.deleted AND $2 IS NOT NULL", attachment, row->relation);
}
