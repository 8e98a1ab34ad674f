/*
 * guard_rename.c
 *		Renamed tables, columns and schemas are followed; what an expression names
 *		by text and cannot follow is refused or recorded.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "core/query.h"
#include "lifecycle/attach.h"
#include "lifecycle/expression.h"
#include "lifecycle/guard.h"
#include "lifecycle/owner_guard.h"
#include "lifecycle/policy.h"
#include "lifecycle/relation_listener.h"
#include "record/source.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* A rename of a relation (column NULL) or of one of its columns, done already. */
typedef struct Renamed
{
	Relation	relation;
	const char *table;			/* what the relation was called */
	const char *column;			/* what the column was called */
	const char *name;			/* what it is called now */
} Renamed;

/* What was given, led on: text that named the column or the table gives way to the qualified one. */
static char *
rename_given(const Renamed *renamed, const char *given, const char *before, const char *after)
{
	if (renamed->column && strcmp(before, quote_identifier(renamed->column)) == 0)
		return pstrdup(quote_identifier(renamed->name));
	if (strcmp(before, after) != 0 || (renamed->column == NULL && strstr(given, renamed->table)))
		return pstrdup(after);
	return pstrdup(given);
}

static char *
rename_text(const Renamed *renamed, const char *text)
{
	OwnerGuard	guard;
	char	   *after;

	itsm_guard_enter(&guard, renamed->relation->rd_rel->relowner);
	after = itsm_row_rename(renamed->relation, text, renamed->table, renamed->column,
							renamed->column ? renamed->name : NULL);
	itsm_guard_leave(&guard);
	return after;
}

/* A pair of an expression as given and as qualified, led on. */
static void
rename_pair(const Renamed *renamed, char **given, char **qualified)
{
	char	   *after;

	if (*qualified == NULL)
		return;
	after = rename_text(renamed, *qualified);
	if (*given)
		*given = rename_given(renamed, *given, *qualified, after);
	*qualified = after;
}

static void
rename_in_attachment(const Renamed *renamed, const AttachmentRow *row)
{
	OwnerQuery	query;
	Oid			types[] = {INT4OID, JSONBOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	char	   *filter = row->filter;
	char	   *tenant = row->tenant;
	char	   *given_filter;
	char	   *given_tenant;
	List	   *given;
	List	   *qualified = NIL;
	ListCell   *cell;
	bool		isnull;

	itsm_query_begin(&query);
	values[0] = Int32GetDatum(row->id);
	itsm_query_now(SPI_OK_SELECT, "SELECT attributes, filter, tenant FROM itsm.attachment"
				   " WHERE id OPERATOR(pg_catalog.=) $1", 1, types, values, NULL);
	given = itsm_named_texts(DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
														  &isnull)));
	given_filter = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	given_tenant = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);
	rename_pair(renamed, &given_filter, &filter);
	rename_pair(renamed, &given_tenant, &tenant);
	foreach(cell, row->attributes)
	{
		NamedText  *pair = palloc(sizeof(NamedText));
		ListCell   *inner;

		*pair = *(NamedText *) lfirst(cell);
		foreach(inner, given)
			if (strcmp(((NamedText *) lfirst(inner))->name, pair->name) == 0)
				rename_pair(renamed, &((NamedText *) lfirst(inner))->text, &pair->text);
		qualified = lappend(qualified, pair);
	}
#define TEXT(text) ((text) ? CStringGetTextDatum(text) : (Datum) 0)
	values[1] = itsm_named_texts_jsonb(given);
	values[2] = itsm_named_texts_jsonb(qualified);
	values[3] = TEXT(given_filter);
	values[4] = TEXT(filter);
	values[5] = TEXT(given_tenant);
	values[6] = TEXT(tenant);
	values[7] = TEXT(renamed->column);
	values[8] = TEXT(renamed->name);
#undef TEXT
	for (int i = 0; i < lengthof(types); i++)
		nulls[i] = i > 0 && DatumGetPointer(values[i]) == NULL ? 'n' : ' ';
	itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.attachment SET attributes = $2, attribute_expressions = $3,"
				   " filter = $4, filter_expression = $5, tenant = $6, tenant_expression = $7,"
				   " status = CASE WHEN status::pg_catalog.text OPERATOR(pg_catalog.=) $8 THEN $9::pg_catalog.name ELSE status END,"
				   " track = CASE WHEN $8 IS NULL THEN track ELSE pg_catalog.array_replace(track, $8, $9) END"
				   " WHERE id OPERATOR(pg_catalog.=) $1", lengthof(types), types, values, nulls);
	itsm_query_end(&query);
}

/* The names that tables and schemas have now. */
static void
refresh_names(Oid relation_or_schema)
{
	static const char *const tables[] = {"attachment", "source"};
	OwnerQuery	query;
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(relation_or_schema)};

	itsm_query_begin(&query);
	for (int i = 0; i < lengthof(tables); i++)
		itsm_query_now(SPI_OK_UPDATE,
					   psprintf("UPDATE itsm.%s a SET relation_name = pg_catalog.format('%%I.%%I', n.nspname, c.relname)"
							" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
							" ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
							" WHERE c.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid"
							" AND $1 OPERATOR(pg_catalog.=) ANY (ARRAY[c.oid, n.oid])", tables[i]),
					   1, types, values, NULL);
	itsm_query_end(&query);
}

static void
rename_key(Oid relation, const char *column, const char *name)
{
	OwnerQuery	query;
	Oid			types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(relation), CStringGetTextDatum(column), CStringGetTextDatum(name)
	};

	itsm_query_begin(&query);
	itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.source"
				   " SET key = pg_catalog.array_replace(key, $2::pg_catalog.name, $3::pg_catalog.name)"
				   " WHERE relation OPERATOR(pg_catalog.=) $1", 3, types, values, NULL);
	itsm_query_end(&query);
}

/* Attachments of the relation itself. */
static void
follow(Oid relid, const char *table, const char *column, const char *name)
{
	List	   *rows = itsm_attachments_of(relid);
	Renamed		renamed = {NULL, table, column, name};
	ListCell   *cell;

	if (column)
		rename_key(relid, column, name);
	if (rows == NIL)
		return;
	renamed.relation = table_open(relid, AccessShareLock);
	foreach(cell, rows)
	{
		rename_in_attachment(&renamed, lfirst(cell));
		itsm_guard_record(lfirst(cell), "renamed", column ? "column" : "table", column ? column : table,
						  "to", name);
	}
	table_close(renamed.relation, NoLock);
}

void
itsm_guard_named(List *rows, const char *before, const char *name, const char *after, const char *what)
{
	const char *searched = psprintf("%s%s%s", before, quote_identifier(name), after);
	ListCell   *cell;

	foreach(cell, rows)
	{
		const AttachmentRow *row = lfirst(cell);
		bool		named = (row->filter && strstr(row->filter, searched)) ||
			(row->tenant && strstr(row->tenant, searched));
		ListCell   *inner;

		foreach(inner, row->attributes)
			named = named || strstr(((NamedText *) lfirst(inner))->text, searched);
		if (named)
			itsm_guard_weakened(row, "renamed",
								psprintf("%s \"%s\", which its expressions name,", what, name), name);
	}
}

static void
rename_column(Oid relation, const char *column, const char *name)
{
	follow(relation, get_rel_name(relation), column, name);
	for (int i = 0; itsm_relation_listeners[i]; i++)
		itsm_relation_listeners[i]->column_renamed(relation, column, name);
}

static void
rename_relation(RenameStmt *statement, Oid relation)
{
	bool		column = statement->renameType == OBJECT_COLUMN;
	const char *table = column ? get_rel_name(relation) : statement->relation->relname;
	ListCell   *cell;

	if (itsm_guard_is_history(relation) ||
		(!column && get_rel_namespace(relation) == get_namespace_oid(ITSM_SCHEMA, true)))
		itsm_guard_history(column ? table : statement->relation->relname, "renaming");
	if (get_rel_relkind(relation) != RELKIND_RELATION && get_rel_relkind(relation) != RELKIND_PARTITIONED_TABLE)
		return;
	if (column)
		foreach(cell, find_all_inheritors(relation, NoLock, NULL))
			rename_column(lfirst_oid(cell), statement->subname, statement->newname);
	else
	{
		follow(relation, table, NULL, statement->newname);
		refresh_names(relation);
	}
	itsm_policy_changed();
}

static void
rename_trigger(RenameStmt *statement)
{
	Oid			relation = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell   *cell;

	if (itsm_guard_is_history(relation))
		itsm_guard_history(get_rel_name(relation), "renaming a trigger of");
	if (strcmp(statement->subname, ITSM_ROW_TRIGGER) != 0 &&
		strcmp(statement->subname, ITSM_TRUNCATE_TRIGGER) != 0)
		return;
	foreach(cell, itsm_guard_related(relation))
		itsm_guard_weakened(lfirst(cell), "guard_disabled",
							psprintf("renaming trigger \"%s\"", statement->subname), statement->subname);
}

/* The last of the names in an object of a statement; NULL when it has none. */
static const char *
object_name(Node *object)
{
	List	   *names = NIL;

	if (object && IsA(object, ObjectWithArgs))
		names = ((ObjectWithArgs *) object)->objname;
	else if (object && IsA(object, TypeName))
		names = ((TypeName *) object)->names;
	else if (object && IsA(object, List))
		names = (List *) object;
	return names && IsA(llast(names), String) ? strVal(llast(names)) : NULL;
}

void
itsm_guard_rename(RenameStmt *statement, Oid class, Oid object)
{
	const char *name;

	if (statement->renameType == OBJECT_TRIGGER)
		rename_trigger(statement);
	else if (statement->renameType == OBJECT_SCHEMA)
	{
		if (strcmp(statement->subname, ITSM_SCHEMA) == 0)
			itsm_guard_history("*", "renaming");
		refresh_names(object);
		itsm_guard_named(itsm_attachments(), "", statement->subname, ".", "renaming schema");
		itsm_policy_changed();
	}
	else if (statement->renameType == OBJECT_COLUMN || class == RelationRelationId)
		rename_relation(statement, object);
	else if ((name = object_name(statement->object)) != NULL)
		itsm_guard_named(itsm_attachments(), ".", name, class == ProcedureRelationId ? "(" : "",
						 "renaming");
}

void
itsm_guard_move(AlterObjectSchemaStmt *statement, Oid class, Oid object)
{
	const char *name;
	ListCell   *cell;

	if (class != RelationRelationId)
	{
		if ((name = object_name(statement->object)) != NULL)
			itsm_guard_named(itsm_attachments(), ".", name, class == ProcedureRelationId ? "(" : "",
						 "moving");
		return;
	}
	/* it has left the schema already */
	if (statement->relation->schemaname && strcmp(statement->relation->schemaname, ITSM_SCHEMA) == 0)
		itsm_guard_history(statement->relation->relname, "SET SCHEMA of");
	foreach(cell, itsm_attachments_of(object))
		itsm_guard_record(lfirst(cell), "renamed", "table", ((AttachmentRow *) lfirst(cell))->relation_name,
						  "to", itsm_relation_name(object));
	refresh_names(object);
	itsm_policy_changed();
}
