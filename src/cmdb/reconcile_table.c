/*
 * reconcile_table.c
 *		The tables of configuration items: which columns hold which attributes,
 *		and writing them as the current user.
 *
 * An application's own write, with the caller's rights and under the caller's
 * search_path: its triggers, row security and lifecycle judge it.  Each is an
 * attempt of its own, so that one that is refused leaves the others alone.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "cmdb/ci_attribute.h"
#include "cmdb/ci_class.h"
#include "cmdb/reconcile.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/canonical_text.h"
#include "ledger/record_key.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* The column that an expression of a type is, as it was deparsed; 0: none. */
static AttrNumber
plain_column(Relation relation, const char *expression, Oid type)
{
	TupleDesc	descriptor = RelationGetDescr(relation);

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		const char *name = quote_identifier(NameStr(attribute->attname));

		if (attribute->attisdropped || attribute->attgenerated)
			continue;
		/* or what makes it the attribute's type, as text from varchar */
		if (strcmp(expression, name) == 0 ||
			strcmp(expression, psprintf("(%s)::%s", name, format_type_be(type))) == 0)
			return attribute->attnum;
	}
	return 0;
}

static bool
is_in_key(const Source *source, const char *name)
{
	ListCell   *cell;

	foreach(cell, source->key)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static CiTable *
read_table(AttachmentRow *attachment)
{
	CiTable    *table = palloc0(sizeof(CiTable));
	Relation	relation;
	int			version = 0;

	table->attachment = attachment;
	if (attachment->detached || !OidIsValid(attachment->relation))
		return table;
	relation = table_open(attachment->relation, AccessShareLock);
	table->holds = true;
	table->source = itsm_source_find(attachment->relation);
	table->definition = itsm_definition_load(attachment->lifecycle, &version);
	table->columns = palloc0(sizeof(CiColumn) * table->definition->attribute_count);
	for (int i = 0; i < table->definition->attribute_count; i++)
	{
		const LifecycleAttribute *attribute = &table->definition->attributes[i];
		const char *expression = itsm_named_text(attachment->attributes, attribute->name);
		CiColumn   *column = &table->columns[table->count];

		if (expression == NULL)
			continue;
		column->attribute = attribute->name;
		/* constraints of domains would run their owner's code */
		column->typmod = attribute->typmod;
		column->type = getBaseTypeAndTypmod(attribute->type, &column->typmod);
		column->column = plain_column(relation, expression, attribute->type);
		column->in_key = column->column &&
			is_in_key(table->source, get_attname(attachment->relation, column->column, false));
		table->count++;
	}
	table_close(relation, AccessShareLock);
	return table;
}

CiTable *
itsm_ci_table(Reconciliation *run, int attachment)
{
	MemoryContext caller;
	CiTable    *table;
	ListCell   *cell;

	foreach(cell, run->tables)
		if (((CiTable *) lfirst(cell))->attachment->id == attachment)
			return lfirst(cell);
	caller = MemoryContextSwitchTo(run->context);
	table = read_table(itsm_attachment_read(attachment));
	run->tables = lappend(run->tables, table);
	MemoryContextSwitchTo(caller);
	return table;
}

bool
itsm_is_ci(Reconciliation *run, const Record *record)
{
	return !record->deleted && record->attachment != 0 && itsm_ci_table(run, record->attachment)->holds;
}

CiTable *
itsm_ci_table_into(Reconciliation *run, Oid relation)
{
	List	   *attachments = itsm_attachments_of(relation);
	AttachmentRow *attachment;

	if (list_length(attachments) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("\"%s\" has %d attachments; new configuration items go into a table with one",
						get_rel_name(relation), list_length(attachments)),
				 errhint("itsm.attach makes records of a table's rows.")));
	attachment = linitial(attachments);
	if (!itsm_named_text(attachment->attributes, "ci_class") && !itsm_named_text(attachment->attributes, "class"))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("attachment %d of \"%s\" maps no attribute ci_class or class", attachment->id, get_rel_name(relation)),
				 errhint("What has no class is no configuration item; map the attribute to a column or an expression.")));
	return itsm_ci_table(run, attachment->id);
}

const CiColumn *
itsm_ci_column(const CiTable *table, const char *attribute)
{
	for (int i = 0; i < table->count; i++)
		if (strcmp(table->columns[i].attribute, attribute) == 0)
			return &table->columns[i];
	return NULL;
}

/* A statement to be run as the caller, and what came of it. */
typedef struct CiWrite
{
	ReconcileItem *item;
	const CiTable *table;
	char	   *sql;
	int			expected;		/* SPI_OK_… */
	uint64		rows;
	char	   *key;			/* of the row inserted */
} CiWrite;

/* value::type of a column. */
static void
append_value(StringInfo sql, Oid relation, AttrNumber column, const char *value)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(relation, column, &type, &typmod, &collation);
	appendStringInfo(sql, "%s::%s", quote_literal_cstr(value),
					 format_type_extended(type, typmod, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN));
}

static char *
inserted_key(const CiTable *table)
{
	int			count = list_length(table->source->key);
	const char **fields = palloc(sizeof(char *) * count);

	for (int i = 0; i < count; i++)
	{
		bool		isnull;
		int			length;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull);

		fields[i] = isnull ? NULL : itsm_canonical_text(value, SPI_gettypeid(SPI_tuptable->tupdesc, i + 1), &length);
	}
	return count == 1 ? unconstify(char *, fields[0]) : itsm_key_join(fields, count);
}

/* The row is that of a record of the run's tenant and class. */
static void
find_inserted(CiWrite *write, MemoryContext caller)
{
	ReconcileItem *item = write->item;
	MemoryContext spi = MemoryContextSwitchTo(caller);
	const char *class;
	Record		record;

	if (!itsm_record_find(write->table->source->id, item->run->tenant, write->key, &record) || record.deleted)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the row inserted into \"%s\" is no configuration item of tenant \"%s\"",
						get_rel_name(write->table->attachment->relation), itsm_clip(item->run->tenant))));
	class = itsm_class_of(&record);
	if (class == NULL || !itsm_class_is_within(class, item->run->class))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the row inserted into \"%s\" has %s, which is not within \"%s\"",
						get_rel_name(write->table->attachment->relation),
						class ? psprintf("class \"%s\"", class) : "no class", itsm_clip(item->run->class))));
	item->record = record;
	MemoryContextSwitchTo(spi);
}

static void
run_write(void *argument)
{
	CiWrite	   *write = argument;
	MemoryContext caller = CurrentMemoryContext;
	int			level = NewGUCNestLevel();

	(void) set_config_option("itsm.reason", psprintf("reconciled with source %s", write->item->run->source),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(write->sql, false, 0) != write->expected)
		elog(ERROR, "could not write \"%s\"", get_rel_name(write->table->attachment->relation));
	write->rows = SPI_processed;
	if (write->expected == SPI_OK_INSERT_RETURNING && write->rows == 1)
	{
		char	   *key = inserted_key(write->table);

		write->key = key ? MemoryContextStrdup(caller, key) : NULL;
		find_inserted(write, caller);
	}
	SPI_finish();
	AtEOXact_GUC(true, level);
}

/* What refused a write; NULL: nothing. */
static char *
write_row(CiWrite *write)
{
	ErrorData  *error = itsm_attempt(run_write, write);

	if (error)
		return psprintf("%s: %s", unpack_sql_state(error->sqlerrcode), error->message);
	if (write->rows)
		return NULL;
	return write->expected == SPI_OK_UPDATE ? "the row is gone, or not visible to the caller"
		: "a trigger of the table kept the row out";
}

static char *
update_sql(const ReconcileItem *item, const CiTable *table)
{
	Oid			relation = table->attachment->relation;
	bool		any = false;
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s%s k SET ", get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 itsm_relation_name(relation));
	foreach(cell, item->findings)
	{
		const Finding *finding = lfirst(cell);

		if (finding->action != RECONCILE_UPDATE)
			continue;
		appendStringInfo(&sql, "%s%s = ", any ? ", " : "",
						 quote_identifier(get_attname(relation, finding->column->column, false)));
		append_value(&sql, relation, finding->column->column, finding->value);
		any = true;
	}
	appendStringInfo(&sql, " WHERE %s", itsm_key_condition(relation, table->source, item->record.key, "k"));
	return any ? sql.data : NULL;
}

/* What came of each update: the table's own triggers may have made another value of it. */
static void
tell_updates(ReconcileItem *item, char *message)
{
	ListCell   *cell;

	if (!message && !itsm_record_read(item->run->tenant, item->record.id, &item->record))
		message = "its record is gone";
	foreach(cell, item->findings)
	{
		Finding    *finding = lfirst(cell);
		char	   *now;

		if (finding->action != RECONCILE_UPDATE)
			continue;
		now = message ? NULL : itsm_ci_attribute(&item->record, finding->attribute);
		finding->action = now && strcmp(now, finding->value) == 0 ? RECONCILE_UPDATED : RECONCILE_REFUSED;
		if (finding->action == RECONCILE_REFUSED)
			finding->detail = message ? message : "the table keeps another value";
	}
}

void
itsm_item_update(ReconcileItem *item)
{
	CiTable    *table = itsm_ci_table(item->run, item->record.attachment);
	CiWrite		write = {item, table, NULL, SPI_OK_UPDATE};

	if (item->record.key == NULL || (write.sql = update_sql(item, table)) == NULL)
		return;
	/* its key says nothing of the table that is attached */
	tell_updates(item, item->record.source != table->source->id ? "its row stands in a table that inherits from the attached one"
				 : write_row(&write));
}

/* A status value of a state to begin in; NULL: there is none. */
static const char *
initial_status(const CiTable *table)
{
	const Definition *definition = table->definition;
	ListCell   *cell;

	for (int i = 0; i < definition->state_count; i++)
	{
		if (!definition->machine.initial[i])
			continue;
		if (table->attachment->identity)
			return definition->states[i].name;
		foreach(cell, table->attachment->states)
			if (strcmp(((NamedText *) lfirst(cell))->text, definition->states[i].name) == 0)
				return ((NamedText *) lfirst(cell))->name;
	}
	return NULL;
}

static bool
has_default(Oid relation, AttrNumber column)
{
	Relation	table = table_open(relation, AccessShareLock);
	bool		found = TupleDescAttr(RelationGetDescr(table), column - 1)->atthasdef;

	table_close(table, AccessShareLock);
	return found;
}

/* Columns of a row to be inserted, and their values. */
typedef struct NewRow
{
	Oid			relation;
	StringInfoData columns;
	StringInfoData values;
} NewRow;

static void
add_column(NewRow *row, AttrNumber column, const char *value)
{
	if (column == 0 || value == NULL)
		return;
	if (row->columns.len)
	{
		appendStringInfoString(&row->columns, ", ");
		appendStringInfoString(&row->values, ", ");
	}
	appendStringInfoString(&row->columns, quote_identifier(get_attname(row->relation, column, false)));
	append_value(&row->values, row->relation, column, value);
}

/* NULL: the table has no column for any of its attributes. */
static char *
insert_sql(const ReconcileItem *item, const CiTable *table)
{
	Oid			relation = table->attachment->relation;
	AttrNumber	status = get_attnum(relation, table->attachment->status);
	NewRow		row = {relation};
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&row.columns);
	initStringInfo(&row.values);
	for (int i = 0; i < table->count; i++)
	{
		const CiColumn *column = &table->columns[i];
		char	   *value = itsm_item_attribute(item->json, column->attribute);

		if (value == NULL && (strcmp(column->attribute, "ci_class") == 0 || strcmp(column->attribute, "class") == 0))
			value = unconstify(char *, item->run->class);
		if (column->column != status)
			add_column(&row, column->column, value);
	}
	if (row.columns.len == 0)
		return NULL;
	if (!has_default(relation, status))
		add_column(&row, status, initial_status(table));
	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s) VALUES (%s) RETURNING ", itsm_relation_name(relation), row.columns.data,
					 row.values.data);
	foreach(cell, table->source->key)
		appendStringInfo(&sql, "%s%s", foreach_current_index(cell) ? ", " : "", quote_identifier(lfirst(cell)));
	return sql.data;
}

void
itsm_item_create(ReconcileItem *item)
{
	CiTable    *table = item->run->into;
	CiWrite		write = {item, table, insert_sql(item, table), SPI_OK_INSERT_RETURNING};
	char	   *message = write.sql ? write_row(&write) : "no attribute of the item is mapped to a column as it is";

	if (message)
	{
		itsm_reconcile_find(item, RECONCILE_REFUSED, NULL, "%s", message);
		item->action = RECONCILE_REFUSED;
		item->detail = message;
		return;
	}
	item->action = RECONCILE_CREATED;
	item->next.record = item->record.id;
}
