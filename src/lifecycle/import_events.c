/*
 * import_events.c
 *		Past history out of a log: events with the times at which things
 *		happened, behind those that are there, and milestones folded anew.
 *
 * Importing the same log again adds nothing.  A key that no row has becomes a
 * record whose row is gone.  Memory: one record at a time.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "core/errors.h"
#include "core/own_table.h"
#include "executor/executor.h"
#include "ledger/event.h"
#include "ledger/partition.h"
#include "ledger/record_key.h"
#include "ledger/tenant_access.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/backfill.h"
#include "lifecycle/evaluate.h"
#include "lifecycle/log_reader.h"
#include "lifecycle/project.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct Import
{
	Relation	relation;
	Policy	   *policy;
	PolicyAttachment *attachment;
	TupleTableSlot *slot;
	MemoryContext context;		/* of the record at hand */
	Record		record;
	List	   *known;			/* Event: imported before, not matched yet */
	bool		begun;
	const char *state;			/* after the last entry */
	const char *value;			/* its status value where that maps to no state; NULL: null */
	int64		written;
	int64		written_here;
	TimestampTz last;			/* that was written */
} Import;

/* The record of a key: found, made from its row, or made as one whose row is gone. */
static void
begin_record(Import *import, const char *written_key)
{
	Oid			relid = RelationGetRelid(import->relation);
	HeapTuple	tuple;
	ListCell   *cell;

	import->begun = false;
	import->state = import->value = NULL;
	import->known = NIL;
	import->written_here = 0;
	if (!itsm_record_lookup(relid, written_key, &import->record))
	{
		tuple = itsm_stored_row(import->relation, written_key);
		if (tuple)
		{
			ExecStoreHeapTuple(tuple, import->slot, false);
			if (!itsm_backfill_row(import->relation, import->policy, import->attachment->id,
								   import->slot, NULL) ||
				!itsm_record_lookup(relid, written_key, &import->record))
				ereport(ERROR,
						(errcode(ERRCODE_ITSM_ATTACHMENT),
						 errmsg("attachment %d does not govern the row with key \"%s\"",
								import->attachment->id, written_key),
						 errhint("Leave keys of other rows out of the log.")));
			ExecClearTuple(import->slot);
		}
		else
		{
			Source	   *source = itsm_source_find(relid);

			itsm_record_begin(source->id, "", itsm_key_normalise(relid, source, written_key),
							  &import->record);
			import->record.attachment = import->attachment->id;
			import->record.deleted = true;
			return;
		}
	}
	foreach(cell, itsm_event_read_by_head(import->record.tenant, import->record.id, DT_NOEND))
		if (strcmp(((Event *) lfirst(cell))->kind, "imported") == 0)
			import->known = lappend(import->known, lfirst(cell));
}

/* The status value that an event keeps: of one that maps to no state. */
static const char *
kept_value(const Event *event)
{
	BodyItem	item;
	int			offset = 0;

	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
		if (item.number == BODY_STATUS)
			return item.text;
	return NULL;
}

static bool
is_known(Import *import, const char *state, const char *value, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, import->known)
	{
		const Event *event = lfirst(cell);

		if (event->at == at && itsm_same_text(event->to_state, state) &&
			(state || itsm_same_text(kept_value(event), value)))
		{
			import->known = foreach_delete_current(import->known, cell);
			return true;
		}
	}
	return false;
}

static void
make_partition_for(TimestampTz at)
{
	if (itsm_event_partition(at) == itsm_relation("event_default"))
		(void) itsm_make_partitions_between(at, at);
}

static void
append_imported(Import *import, const LogEntry *entry, const char *state, const char *actor)
{
	Event		event = {
		.kind = "imported", .attachment = import->attachment->id, .at = entry->at,
		.lifecycle_version = import->attachment->current->version, .actor = actor,
		.from_state = import->state, .to_state = state
	};
	EventBody	body;

	make_partition_for(entry->at);
	itsm_body_begin(&body);
	if (state == NULL)
		itsm_body_add(&body, BODY_STATUS, entry->state, entry->state_length);
	if (import->record.tuple == NULL)
		itsm_body_add(&body, BODY_KEY, import->record.key, strlen(import->record.key));
	if (!itsm_event_append(&import->record, &event, &body, NULL, NIL))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("record " INT64_FORMAT " changed while its history was imported", import->record.id),
				 errhint("Import it again: what is there already is passed over.")));
	/* a new record is read back, so that the next event finds its head */
	if (import->record.tuple == NULL &&
		!itsm_record_read(import->record.tenant, import->record.id, &import->record))
		elog(ERROR, "record " INT64_FORMAT " is gone", import->record.id);
	import->written++;
	import->written_here++;
	import->last = entry->at;
}

/* A status value of the application, or the name of a state; NULL when it is neither. */
static const char *
state_of(const Import *import, const LogEntry *entry)
{
	const Unit *unit = import->attachment->current;
	int			number = entry->state ? itsm_unit_state(unit, entry->state, entry->state_length) : ITSM_NO_STATE;

	if (number == ITSM_NO_STATE && entry->state)
		number = itsm_definition_state(unit->definition, entry->state, entry->state_length);
	return number == ITSM_NO_STATE ? NULL : unit->definition->states[number].name;
}

static void
import_entry(Import *import, const LogEntry *entry)
{
	const char *state = state_of(import, entry);
	const char *value = NULL;

	if (TIMESTAMP_NOT_FINITE(entry->at))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the log has an infinite time for key \"%s\"", itsm_log_key(entry))));
	/* among values that map to no state each is a place of its own */
	if (state == NULL && entry->state)
		value = pnstrdup(entry->state, entry->state_length);
	if (import->begun && itsm_same_text(import->state, state) && itsm_same_text(import->value, value))
		return;
	if (!is_known(import, state, value, entry->at))
		append_imported(import, entry, state,
						entry->actor ? pnstrdup(entry->actor, entry->actor_length) : NULL);
	import->begun = true;
	import->state = state;
	import->value = value;
}

static void
end_record(Import *import)
{
	if (import->written_here > 0)
		itsm_project_fold(&import->record, import->attachment->current, import->last);
	MemoryContextReset(import->context);
}

ITSM_FUNCTION(itsm_import_events);
Datum
itsm_import_events(PG_FUNCTION_ARGS)
{
	AttachmentRow *row = itsm_attachment_read(PG_GETARG_INT32(0));
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Import		import = {0};
	LogReader  *reader;
	LogEntry	entry;
	MemoryContext caller = CurrentMemoryContext;
	bool		any = false;

	if (row->detached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("attachment %d is detached", row->id),
				 errhint("Attach the table anew.")));
	itsm_check_owner(row->relation);
	/* a record that is not shown would be taken for one that is not there */
	itsm_require_every_tenant("itsm.import_events");
	import.relation = table_open(row->relation, AccessShareLock);
	import.policy = itsm_policy_get(import.relation);
	import.attachment = itsm_policy_fitting(import.policy, row->id, import.relation);
	import.slot = MakeSingleTupleTableSlot(RelationGetDescr(import.relation), &TTSOpsHeapTuple);
	itsm_own_keep(fcinfo->flinfo->fn_mcxt);
	import.context = AllocSetContextCreate(caller, "itsm import", ALLOCSET_DEFAULT_SIZES);
	reader = itsm_log_open(query, true);
	while (itsm_log_next(reader, &entry))
	{
		CHECK_FOR_INTERRUPTS();
		Assert(entry.first || any);
		if (entry.first)
		{
			if (any)
				end_record(&import);
			MemoryContextSwitchTo(import.context);
			begin_record(&import, pnstrdup(entry.key, entry.key_length));
			any = true;
		}
		else
			MemoryContextSwitchTo(import.context);
		import_entry(&import, &entry);
		MemoryContextSwitchTo(caller);
	}
	if (any)
		end_record(&import);
	itsm_log_close(reader);
	ExecDropSingleTupleTableSlot(import.slot);
	table_close(import.relation, NoLock);
	PG_RETURN_INT64(import.written);
}
