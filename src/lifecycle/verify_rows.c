/*
 * verify_rows.c
 *		Rows of attached tables against the last events of their records, and
 *		projected values against events.
 *
 * A record's row is looked up by its key while its chain is at hand, and its
 * place marked; after the chains, a scan of each table finds rows without a
 * record among those that are not marked.  Values of expressions that are not
 * immutable may differ for good reasons, and are not compared.
 *
 * Memory: a bit for each row that a page may hold.  Locking: AccessShareLock
 * on the attached tables.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/json_read.h"
#include "core/query.h"
#include "executor/executor.h"
#include "ledger/canonical_text.h"
#include "ledger/record_key.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/remember.h"
#include "lifecycle/row_lookup.h"
#include "lifecycle/row_scan.h"
#include "lifecycle/stored_row.h"
#include "lifecycle/verify_rows.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#define SCOPE "row"
#define SCOPE_PROJECTED "projection"

/* Of a table that would need more no row is marked: all are looked up. */
#define MOST_MARK_BYTES ((Size) 256 * 1024 * 1024)

/* A table that some attachment in force governs. */
typedef struct GovernedTable
{
	Verification *verification;
	int			source;
	Oid			relation;
	const char *name;
	Policy	   *policy;
	TupleTableSlot *slot;
	RowLookup  *lookup;			/* the row of a key */
	SPIPlanPtr	plan;			/* the same where that is NULL */
	int			key_count;
	uint8	   *marks;			/* a bit for each place that the row of a record was found at; NULL: not kept */
	BlockNumber marked_blocks;
	List	   *attachments;	/* int: in force */
	List	   *backfilled;		/* int: those whose backfill is finished */
	uint64		right;
	uint64		unrecorded;		/* rows that need not have a record yet */
	const char *counted;		/* what progress counts */
	uint64		scanned;
} GovernedTable;

typedef struct RowChecks
{
	Verification *verification;
	List	   *tables;
	int			attachment;		/* being prepared */
	const VerifiedRecord *record;	/* being checked */
	GovernedTable *table;
} RowChecks;

static GovernedTable *
find_table(const RowChecks *checks, int source)
{
	ListCell   *cell;

	foreach(cell, checks->tables)
		if (((const GovernedTable *) lfirst(cell))->source == source)
			return lfirst(cell);
	return NULL;
}

static void
prepare_look_up(GovernedTable *table, const Source *source)
{
	Oid			types[INDEX_MAX_KEYS];
	char	   *sql = psprintf("SELECT k FROM %s%s k WHERE %s",
							   get_rel_relkind(table->relation) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
							   itsm_relation_name(table->relation),
							   itsm_key_condition(table->relation, source, NULL, "k"));

	for (int i = 0; i < table->key_count; i++)
		types[i] = TEXTOID;
	table->plan = SPI_prepare(sql, table->key_count, types);
	if (table->plan == NULL)
		elog(ERROR, "%s in: %s", SPI_result_code_string(SPI_result), sql);
}

/* Places are told apart in PostgreSQL's own kind of tables. */
static void
prepare_marks(GovernedTable *table, Relation relation)
{
	Size		bytes;

	if (table->lookup == NULL || relation->rd_tableam != GetHeapamTableAmRoutine() ||
		!itsm_verify_is_last(table->verification))
		return;
	table->marked_blocks = RelationGetNumberOfBlocks(relation);
	bytes = ((Size) table->marked_blocks * MaxHeapTuplesPerPage) / BITS_PER_BYTE + 1;
	if (bytes <= MOST_MARK_BYTES)
		table->marks = palloc0(bytes);
}

static Size
mark_of(ItemPointer place)
{
	return (Size) ItemPointerGetBlockNumber(place) * MaxHeapTuplesPerPage + ItemPointerGetOffsetNumber(place) - 1;
}

static GovernedTable *
prepare_table(RowChecks *checks, Oid relation)
{
	Source	   *source = itsm_source_find(relation);
	GovernedTable *table;
	Relation	opened;

	/* an inheritance child whose rows were never seen */
	if (source == NULL)
		return NULL;
	table = find_table(checks, source->id);
	if (table)
		return table;
	table = palloc0(sizeof(GovernedTable));
	table->verification = checks->verification;
	table->source = source->id;
	table->relation = relation;
	table->name = itsm_relation_name(relation);
	table->counted = psprintf("rows of %s", table->name);
	/* the lock stays; what is open would not outlive the subtransaction */
	opened = table_open(relation, AccessShareLock);
	table->policy = itsm_policy_get(opened);
	table->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(opened)), &TTSOpsHeapTuple);
	table->key_count = list_length(source->key);
	table->lookup = itsm_row_lookup(opened, source);
	prepare_marks(table, opened);
	table_close(opened, NoLock);
	if (table->lookup == NULL)
		prepare_look_up(table, source);
	checks->tables = lappend(checks->tables, table);
	return table;
}

static bool
backfill_finished(int attachment, Oid relation)
{
	Oid			types[] = {INT4OID, REGCLASSOID};
	Datum		values[] = {Int32GetDatum(attachment), ObjectIdGetDatum(relation)};

	return itsm_query(SPI_OK_SELECT,
					  "SELECT FROM itsm.backfill_progress b WHERE b.attachment OPERATOR(pg_catalog.=) $1"
					  " AND b.relation OPERATOR(pg_catalog.=) $2 AND b.finished", 2, types, values, NULL) > 0;
}

static void
prepare_attachment(void *argument)
{
	RowChecks  *checks = argument;
	AttachmentRow *row = itsm_attachment_read(checks->attachment);
	ListCell   *cell;

	if (row->detached)
		return;
	if (get_rel_relkind(row->relation) == '\0')
	{
		itsm_verify_fault(checks->verification, SCOPE, row->relation_name,
						  "the table of attachment %d is gone", row->id);
		return;
	}
	foreach(cell, itsm_governed_relations(row->relation))
	{
		GovernedTable *table = prepare_table(checks, lfirst_oid(cell));

		if (table == NULL)
			continue;
		if (itsm_policy_attachment(table->policy, row->id) == NULL)
		{
			itsm_verify_fault(checks->verification, SCOPE, table->name,
							  "attachment %d no longer fits the table, so its rows were not checked", row->id);
			continue;
		}
		table->attachments = lappend_int(table->attachments, row->id);
		if (backfill_finished(row->id, table->relation))
			table->backfilled = lappend_int(table->backfilled, row->id);
	}
}

static void *
begin_rows(Verification *verification)
{
	RowChecks  *checks = palloc0(sizeof(RowChecks));
	List	   *attachments = NIL;
	ListCell   *cell;
	uint64		count = itsm_query(SPI_OK_SELECT, "SELECT a.id FROM itsm.attachment a WHERE a.detached_at IS NULL"
								   " ORDER BY a.id", 0, NULL, NULL, NULL);

	checks->verification = verification;
	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;

		attachments = lappend_int(attachments,
								  DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull)));
	}
	foreach(cell, attachments)
	{
		ErrorData  *error;
		List	   *before = list_copy(checks->tables);

		checks->attachment = lfirst_int(cell);
		error = itsm_attempt(prepare_attachment, checks);
		if (error)
		{
			/* what was prepared meanwhile hangs on what is undone */
			checks->tables = before;
			itsm_verify_fault(verification, SCOPE, psprintf("attachment %d", checks->attachment),
							  "its rows cannot be checked: %s", error->message);
		}
	}
	return checks;
}

/* Expressions whose value depends on more than the row may give another one today. */
static bool
tells_row_alone(const BoundExpression *bound)
{
	return bound->cached == NULL || bound->immutable;
}

static bool
same_told(const char *text, const FoldedValue *told)
{
	return itsm_same_text(text, told == NULL || told->form == BODY_NULL ? NULL : told->text);
}

/* False when nothing can be said of a value: erased, or perhaps never told. */
static bool
is_told(const EventFold *fold, int number, const FoldedValue **told)
{
	*told = itsm_folded_value(fold, number);
	return *told ? (*told)->form != BODY_ERASED : fold->complete;
}

static void
row_fault(const RowChecks *checks, const char *scope, const char *detail)
{
	const Record *head = checks->record->head;

	itsm_verify_fault(checks->verification, scope,
					  itsm_verify_name(checks->verification, head->tenant, head->id, 0, head), "%s", detail);
}

static const char *
quoted(const char *text)
{
	return text ? psprintf("\"%s\"", text) : "null";
}

static void
check_status(const RowChecks *checks, PolicyAttachment *attachment, const Unit *unit, TupleTableSlot *slot)
{
	int			length;
	const char *status = itsm_row_status(attachment, slot, &length);
	int			number = itsm_unit_state(unit, status, length);
	const char *state = number == ITSM_NO_STATE ? NULL : unit->definition->states[number].name;
	const FoldedValue *told = itsm_folded_value(checks->record->fold, BODY_STATUS);

	if (told && told->form != BODY_ERASED && !same_told(status, told))
		row_fault(checks, SCOPE, psprintf("the row's status is %s, its last event says %s", quoted(status),
										  quoted(told->form == BODY_NULL ? NULL : told->text)));
	else if (!itsm_same_text(state, checks->record->fold->state))
		row_fault(checks, SCOPE, psprintf("the row's status %s is state %s, its last event says %s", quoted(status),
										  quoted(state), quoted(checks->record->fold->state)));
}

static void
check_attributes(const RowChecks *checks, PolicyState *state, Unit *unit, TupleTableSlot *slot)
{
	const VerifiedRecord *record = checks->record;

	for (int i = 0; i < unit->definition->attribute_count; i++)
	{
		const AttributeBinding *binding = &unit->attributes[i];
		const LifecycleAttribute *attribute = &unit->definition->attributes[i];
		const FoldedValue *told;
		const char *text = NULL;
		bool		isnull;
		Datum		value;
		int			length;

		if (!binding->mapped || (!binding->column && !tells_row_alone(&binding->expression)) ||
			!is_told(record->fold, binding->number, &told))
			continue;
		value = itsm_evaluate_attribute(state, unit, slot, i, &isnull);
		if (!isnull)
			text = itsm_canonical_text(value, attribute->type, &length);
		if (!same_told(text, told))
			row_fault(checks, SCOPE, psprintf("attribute \"%s\" of the row is not what its events say", attribute->name));
		if (record->projection && !same_told(itsm_projection_attribute(record->projection, attribute->name), told))
			row_fault(checks, SCOPE_PROJECTED,
					  psprintf("attribute \"%s\" is not what the events say", attribute->name));
	}
}

static void
check_columns(const RowChecks *checks, const PolicyAttachment *attachment, TupleTableSlot *slot)
{
	for (int i = 0; i < attachment->tracked_count; i++)
	{
		const TrackedColumn *tracked = &attachment->tracked[i];
		Form_pg_attribute column = TupleDescAttr(slot->tts_tupleDescriptor, tracked->column - 1);
		const FoldedValue *told = itsm_folded_value(checks->record->fold, tracked->number);
		const char *text = NULL;
		bool		isnull;
		Datum		value;
		int			length;

		/* one that no event tells may have been added since, with a default */
		if (told == NULL || told->form == BODY_ERASED)
			continue;
		value = slot_getattr(slot, tracked->column, &isnull);
		if (!isnull)
			text = itsm_canonical_text(value, column->atttypid, &length);
		if (!same_told(text, told))
			row_fault(checks, SCOPE, psprintf("column \"%s\" of the row is not what its events say",
											  NameStr(column->attname)));
	}
}

/* Through the index; the row's place is marked. */
static bool
find_row(GovernedTable *table, char **fields)
{
	HeapTuple	tuple = itsm_row_lookup_find(table->lookup, GetActiveSnapshot(), fields);

	if (tuple == NULL)
		return false;
	if (table->marks && ItemPointerGetBlockNumber(&tuple->t_self) < table->marked_blocks)
	{
		Size		mark = mark_of(&tuple->t_self);

		table->marks[mark / BITS_PER_BYTE] |= 1 << (mark % BITS_PER_BYTE);
	}
	ExecStoreHeapTuple(tuple, table->slot, true);
	return true;
}

/* The row with the record's key, in the table's slot; false when there is none. */
static bool
look_up_row(GovernedTable *table, const char *key)
{
	char	  **fields = itsm_key_split(key, table->key_count);
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull;

	if (table->lookup)
		return find_row(table, fields);
	for (int i = 0; i < table->key_count; i++)
		values[i] = CStringGetTextDatum(fields[i] ? fields[i] : "");
	if (SPI_execute_plan(table->plan, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for the row");
	if (SPI_processed > 0)
		ExecStoreHeapTuple(itsm_row_tuple(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)),
						   table->slot, true);
	SPI_freetuptable(SPI_tuptable);
	return !TupIsNull(table->slot);
}

static bool
filters_tell_row_alone(const Policy *policy)
{
	for (int i = 0; i < policy->count; i++)
		if (!tells_row_alone(&policy->attachments[i]->filter))
			return false;
	return true;
}

static Unit *
unit_of(GovernedTable *table, PolicyAttachment *attachment, int version)
{
	Relation	relation;
	Unit	   *unit;

	if (version == attachment->current->version)
		return attachment->current;
	relation = table_open(table->relation, NoLock);
	unit = itsm_policy_unit(table->policy, relation, attachment, version);
	table_close(relation, NoLock);
	return unit;
}

/*
 * What a filter looks up has let the row go, which is nobody's fault and no
 * event: but what became of its status then, nobody judged.
 */
static void
check_let_go(const RowChecks *checks)
{
	GovernedTable *table = checks->table;
	const Policy *policy = table->policy;

	for (int i = 0; i < policy->count; i++)
		if (policy->attachments[i]->id == checks->record->head->attachment)
			check_status(checks, policy->attachments[i], policy->attachments[i]->current, table->slot);
}

static void
check_row(const RowChecks *checks, PolicyState *state)
{
	GovernedTable *table = checks->table;
	const VerifiedRecord *record = checks->record;
	PolicyAttachment *attachment = itsm_governing(state, table->policy, table->slot, NULL);
	Unit	   *unit;

	if (attachment == NULL || attachment->id != record->head->attachment)
	{
		if (filters_tell_row_alone(table->policy))
			row_fault(checks, SCOPE, attachment == NULL ? "no attachment governs the row"
					  : psprintf("attachment %d governs the row, its last event says %d", attachment->id,
								 record->head->attachment));
		else if (attachment == NULL)
			check_let_go(checks);
		return;
	}
	if (strcmp(itsm_row_key(attachment, table->slot), record->head->key) != 0)
		row_fault(checks, SCOPE, "the key of the row is written in another way");
	if (tells_row_alone(&attachment->tenant) &&
		strcmp(itsm_evaluate_tenant(state, attachment, table->slot), record->head->tenant) != 0)
		row_fault(checks, SCOPE, "the row belongs to another tenant");
	unit = attachment->current;
	if (record->state && strcmp(record->state->lifecycle, attachment->lifecycle) == 0)
		unit = unit_of(table, attachment, record->state->lifecycle_version);
	check_status(checks, attachment, unit, table->slot);
	check_attributes(checks, state, unit, table->slot);
	check_columns(checks, attachment, table->slot);
}

static void
check_record(void *argument)
{
	const RowChecks *checks = argument;
	GovernedTable *table = checks->table;
	PolicyState *state;

	ExecClearTuple(table->slot);
	if (checks->record->head->key == NULL)
		row_fault(checks, SCOPE, "another row has taken over the record's key, and its own row is not known");
	else if (!look_up_row(table, checks->record->head->key))
		row_fault(checks, SCOPE, "the row is gone, and no event says so");
	else
	{
		state = itsm_evaluate_begin(table->policy);
		check_row(checks, state);
		itsm_evaluate_end(table->policy, state);
	}
	ExecClearTuple(table->slot);
}

/* What was open when an attempt failed is gone. */
static void
forget_open(RowChecks *checks)
{
	ListCell   *cell;

	foreach(cell, checks->tables)
		if (((const GovernedTable *) lfirst(cell))->lookup)
			itsm_row_lookup_forget(((const GovernedTable *) lfirst(cell))->lookup);
}

static void
settle_rows(void *own)
{
	ListCell   *cell;

	foreach(cell, ((const RowChecks *) own)->tables)
		if (((const GovernedTable *) lfirst(cell))->lookup)
			itsm_row_lookup_close(((const GovernedTable *) lfirst(cell))->lookup);
}

static void
check_rows_record(Verification *verification, void *own, const VerifiedRecord *record)
{
	RowChecks  *checks = own;
	uint64		faults = itsm_verify_faults(verification);
	ErrorData  *error;

	checks->record = record;
	checks->table = find_table(checks, record->head->source);
	if (record->head->deleted || checks->table == NULL ||
		!list_member_int(checks->table->attachments, record->head->attachment))
		return;
	error = itsm_verify_attempt(verification, check_record, checks);
	if (error)
	{
		/* its row goes with the record's memory */
		ExecClearTuple(checks->table->slot);
		forget_open(checks);
		row_fault(checks, SCOPE, psprintf("the row cannot be compared: %s", error->message));
	}
	if (itsm_verify_faults(verification) == faults)
		checks->table->right++;
}

/* Rows that have no record, or one that says otherwise. */
static void
visit_row(const ScannedRow *row, void *argument)
{
	GovernedTable *table = argument;
	int			attachment = row->attachment->id;
	const char *detail;
	Record		record = {0};

	itsm_verify_progress(table->verification, table->counted, ++table->scanned);
	if (!list_member_int(table->attachments, attachment))
		return;
	if (itsm_scanned_record(row, &record))
	{
		if (record.deleted)
			detail = "the row is there, but its last event says that it was deleted";
		/* the other one has been checked with its record */
		else if (record.attachment == attachment || list_member_int(table->attachments, record.attachment))
			return;
		else
			detail = psprintf("attachment %d governs the row, its last event says %d", attachment, record.attachment);
	}
	else
		detail = "the row has no record";
	/* what happened while an earlier attachment was off is told to nobody before the backfill */
	if ((record.deleted && list_member_int(table->attachments, record.attachment)) ||
		list_member_int(table->backfilled, attachment))
		itsm_verify_fault(table->verification, SCOPE,
						  psprintf("%s %s", table->name, itsm_row_key(row->attachment, row->slot)), "%s", detail);
	else
		table->unrecorded++;
}

/* Its record was compared with it. */
static bool
is_marked(const TupleTableSlot *slot, void *argument)
{
	const GovernedTable *table = argument;
	ItemPointerData place = slot->tts_tid;
	Size		mark = mark_of(&place);

	return ItemPointerGetBlockNumber(&place) < table->marked_blocks &&
		table->marks[mark / BITS_PER_BYTE] >> (mark % BITS_PER_BYTE) & 1;
}

static void
scan_table(void *argument)
{
	GovernedTable *table = argument;

	itsm_scan_other_rows(table->relation, GetActiveSnapshot(), table->marks ? is_marked : NULL, visit_row, table);
}

static void
end_rows(Verification *verification, void *own)
{
	RowChecks  *checks = own;
	ListCell   *cell;

	foreach(cell, checks->tables)
	{
		GovernedTable *table = lfirst(cell);
		/* rows without a record belong to no part of the records */
		ErrorData  *error = itsm_verify_is_last(verification) ? itsm_attempt(scan_table, table) : NULL;

		if (error)
			itsm_verify_fault(verification, SCOPE, table->name, "its rows cannot be read to the end: %s",
							  error->message);
		itsm_verify_right(verification, SCOPE, table->name, UINT64_FORMAT " rows are as their last events say%s",
						  table->right, table->unrecorded == 0 ? ""
						  : psprintf(", " UINT64_FORMAT " have no record yet", table->unrecorded));
		ExecDropSingleTupleTableSlot(table->slot);
	}
}

const VerifyChecker itsm_verify_rows = {begin_rows, check_rows_record, end_rows, NULL, settle_rows};
