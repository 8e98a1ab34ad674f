/*
 * relationship_follow.c
 *		The trigger that keeps relationships in step with rows of applications.
 *
 * It fires after itsm_judge, by its name, so that the row's own record is
 * there.  A row is taken as stored, for what it says then: one that our
 * transaction has replaced already says nothing any more.
 *
 * Memory: the trigger call's, which is reset after the row; the attachments
 * that hold are looked up once a statement.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "cmdb/relationship.h"
#include "cmdb/relationship_attach.h"
#include "commands/trigger.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/own_table.h"
#include "core/query.h"
#include "ledger/canonical_text.h"
#include "ledger/record_key.h"
#include "lifecycle/guard.h"
#include "lifecycle/judge_row.h"
#include "miscadmin.h"
#include "record/source.h"
#include "replication/logicalworker.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* What a row says: the records at both ends. */
typedef struct Link
{
	Record		ends[2];
	const char *keys[2];		/* canonical texts; NULL: none */
	bool		complete;		/* both records are there */
} Link;

/* The canonical text of a column; NULL for null. */
static char *
column_text(Relation relation, TupleTableSlot *slot, const char *name)
{
	AttrNumber	column = get_attnum(RelationGetRelid(relation), name);
	bool		isnull;
	Datum		value;
	int			length;

	if (column <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("table \"%s\" has no column \"%s\" any more, which names a record",
						RelationGetRelationName(relation), name),
				 errhint("itsm.detach_relationships takes the attachment off; attach the column anew.")));
	value = slot_getattr(slot, column, &isnull);
	if (isnull)
		return NULL;
	return itsm_canonical_text(value, getBaseType(TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid),
							   &length);
}

static const char *
end_key(const LinkEnd *end, Relation relation, TupleTableSlot *slot)
{
	const char **fields;
	ListCell   *cell;

	if (end->column)
		return column_text(relation, slot, end->column);
	fields = palloc(sizeof(char *) * list_length(end->key));
	foreach(cell, end->key)
		fields[foreach_current_index(cell)] = column_text(relation, slot, lfirst(cell));
	return itsm_key_join(fields, list_length(end->key));
}

static void
read_link(const LinkAttachment *attachment, Relation relation, TupleTableSlot *slot, Link *link)
{
	link->complete = true;
	for (int i = 0; i < 2; i++)
	{
		link->keys[i] = end_key(&attachment->ends[i], relation, slot);
		link->complete &= link->keys[i] &&
			itsm_record_find_anywhere(attachment->ends[i].source, link->keys[i], NULL, &link->ends[i]);
	}
}

typedef struct Relating
{
	const LinkAttachment *attachment;
	const Link *link;
	bool		known;			/* the row was there before */
} Relating;

static void
relate(void *argument)
{
	const Relating *relating = argument;
	const Record *ends = relating->link->ends;

	if (relating->known)
		(void) itsm_relate_known(ends[0].id, relating->attachment->type, ends[1].id);
	else
		(void) itsm_relate_records(ends[0].id, relating->attachment->type, ends[1].id, RELATIONSHIP_NOW);
}

static bool
begin_link(const LinkAttachment *attachment, const Link *link, bool known)
{
	Relating	relating = {attachment, link, known};
	Relationship held;
	ErrorData  *error;

	if (!link->complete || link->ends[0].deleted || link->ends[1].deleted ||
		itsm_relationship_find(link->ends[0].tenant, link->ends[0].id, attachment->type, link->ends[1].id, &held))
		return false;
	if (attachment->enforce)
	{
		relate(&relating);
		return true;
	}
	error = itsm_attempt(relate, &relating);
	/* that a rule has a change stand behind it is not for the attachment to loosen */
	if (error && error->sqlerrcode == ERRCODE_ITSM_UNAUTHORISED)
		ReThrowError(error);
	return error == NULL;
}

/* Another row says the same as the one that is gone: links may be told twice. */
static bool
is_told_still(const LinkAttachment *attachment, const Link *link)
{
	StringInfoData sql;
	OwnerQuery	query;
	bool		told;

	/* what a row says of itself no other row can say */
	if (attachment->ends[0].column == NULL || attachment->ends[1].column == NULL)
		return false;
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT FROM %s k WHERE ", itsm_relation_name(attachment->relation));
	for (int i = 0; i < 2; i++)
	{
		const char *column = attachment->ends[i].column;
		Oid			type = getBaseType(get_atttype(attachment->relation, get_attnum(attachment->relation, column)));

		appendStringInfo(&sql, "%sk.%s %s %s::%s", i ? " AND " : "", quote_identifier(column),
						 itsm_key_operator(type, BTEqualStrategyNumber), quote_literal_cstr(link->keys[i]),
						 format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN));
	}
	/* what the statement has done is to be seen */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	itsm_query_begin(&query);
	if (SPI_execute(sql.data, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for the row");
	told = SPI_processed > 0;
	itsm_query_end(&query);
	PopActiveSnapshot();
	return told;
}

static void
end_link(const LinkAttachment *attachment, const Link *link)
{
	Relationship held;

	if (link->complete &&
		itsm_relationship_find(link->ends[0].tenant, link->ends[0].id, attachment->type, link->ends[1].id, &held) &&
		!is_told_still(attachment, link))
		(void) itsm_relationship_end(held.id, RELATIONSHIP_NOW);
}

bool
itsm_link_row(const LinkAttachment *attachment, Relation relation, TupleTableSlot *slot)
{
	Link		link;

	read_link(attachment, relation, slot, &link);
	return begin_link(attachment, &link, true);
}

static HeapTupleHeader
stored_header(TupleTableSlot *slot)
{
	bool		free_it;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &free_it);

	return tuple->t_data;
}

static bool
same_key(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* A column is gone that an attachment in mode observe reads: its rows say nothing any more. */
static bool
is_mute(const LinkAttachment *attachment, Relation relation)
{
	bool		gone = false;

	for (int i = 0; i < lengthof(attachment->ends); i++)
		gone |= attachment->ends[i].column &&
			get_attnum(RelationGetRelid(relation), attachment->ends[i].column) == InvalidAttrNumber;
	return gone && !attachment->enforce;
}

static void
follow(const LinkAttachment *attachment, Relation relation, TupleTableSlot *old, TupleTableSlot *new)
{
	Link		before;
	Link		after;

	if (is_mute(attachment, relation))
		return;
	if (old)
		read_link(attachment, relation, old, &before);
	if (new)
		read_link(attachment, relation, new, &after);
	if (old && new && same_key(before.keys[0], after.keys[0]) && same_key(before.keys[1], after.keys[1]))
		return;
	if (old)
		end_link(attachment, &before);
	if (new && !itsm_is_superseded(stored_header(new)))
		(void) begin_link(attachment, &after, false);
}

/* All rows go. */
static void
end_all(Relation relation, const List *attachments)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan;
	TupleTableSlot *slot;

	if (relation->rd_rel->relkind == RELKIND_RELATION)
	{
		scan = table_beginscan(relation, snapshot, 0, NULL);
		slot = table_slot_create(relation, NULL);
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			ListCell   *cell;

			CHECK_FOR_INTERRUPTS();
			foreach(cell, attachments)
			{
				const LinkAttachment *attachment = lfirst(cell);
				Relationship held;
				Link		link;

				if (is_mute(attachment, relation))
					continue;
				read_link(attachment, relation, slot, &link);
				if (link.complete && itsm_relationship_find(link.ends[0].tenant, link.ends[0].id, attachment->type,
															link.ends[1].id, &held))
					(void) itsm_relationship_end(held.id, RELATIONSHIP_NOW);
			}
		}
		ExecDropSingleTupleTableSlot(slot);
		table_endscan(scan);
	}
	UnregisterSnapshot(snapshot);
}

static List *
attachments_of(FunctionCallInfo fcinfo, Relation relation)
{
	MemoryContext caller;
	List	  **kept = fcinfo->flinfo->fn_extra;

	if (kept == NULL)
	{
		caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		kept = palloc(sizeof(List *));
		*kept = itsm_link_attachments(RelationGetRelid(relation));
		fcinfo->flinfo->fn_extra = kept;
		MemoryContextSwitchTo(caller);
		itsm_own_keep(fcinfo->flinfo->fn_mcxt);
	}
	return *kept;
}

ITSM_FUNCTION(itsm_follow_relationships);
Datum
itsm_follow_relationships(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleTableSlot *old = NULL;
	TupleTableSlot *new = NULL;
	List	   *attachments;
	ListCell   *cell;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ? !TRIGGER_FIRED_AFTER(trigger->tg_event)
		 : !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.follow_relationships() can only be called by the triggers of itsm.attach_relationships"),
				 errhint("itsm.attach_relationships makes them.")));
	/* the origin has done it, and its relationships are replicated */
	if (IsLogicalWorker() || itsm_guard_passes(trigger->tg_relation))
		return PointerGetDatum(NULL);
	attachments = attachments_of(fcinfo, trigger->tg_relation);
	if (attachments == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("relationships of table \"%s\" are not attached", RelationGetRelationName(trigger->tg_relation)),
				 errhint("itsm.attach_relationships makes the trigger; drop this one.")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		end_all(trigger->tg_relation, attachments);
		return PointerGetDatum(NULL);
	}
	if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		old = trigger->tg_trigslot;
	if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		new = old ? trigger->tg_newslot : trigger->tg_trigslot;
	foreach(cell, attachments)
		follow(lfirst(cell), trigger->tg_relation, old, new);
	return PointerGetDatum(NULL);
}
