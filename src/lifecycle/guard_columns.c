/*
 * guard_columns.c
 *		What becomes of attachments whose columns are dropped or change their type.
 *
 * Locking: the command holds its lock on the table.  Expressions are parsed
 * with the rights of the table's owner.
 */
#include "core/itsm.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "lifecycle/attach.h"
#include "lifecycle/expression.h"
#include "lifecycle/guard.h"
#include "lifecycle/owner_guard.h"
#include "lifecycle/policy.h"
#include "optimizer/optimizer.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

typedef struct Parse
{
	Relation	relation;
	const char *text;
	Bitmapset  *columns;
} Parse;

static void
parse_row(void *argument)
{
	Parse	   *parse = argument;

	pull_varattnos(itsm_row_parse(parse->relation, parse->text, true), 1, &parse->columns);
}

/* False when the text does not fit the relation any more. */
static bool
parses(Relation relation, const char *text, Bitmapset **columns)
{
	Parse		parse = {relation, text, NULL};
	OwnerGuard	guard;
	ErrorData  *error;

	itsm_guard_enter(&guard, relation->rd_rel->relowner);
	error = itsm_attempt(parse_row, &parse);
	itsm_guard_leave(&guard);
	if (error)
		FreeErrorData(error);
	else
		*columns = bms_join(*columns, parse.columns);
	return error == NULL;
}

static bool
names_column(const List *names, const char *column)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), column) == 0)
			return true;
	return false;
}

/* Status, or part of the key. */
static bool
is_vital(const AttachmentRow *row, const char *column)
{
	Source	   *source = itsm_source_find(row->relation);

	return strcmp(row->status, column) == 0 || (source && names_column(source->key, column));
}

bool
itsm_guard_reads(const AttachmentRow *row, Relation relation, const char *column)
{
	AttrNumber	number = get_attnum(RelationGetRelid(relation), column);
	Bitmapset  *columns = NULL;
	bool		fits = true;
	ListCell   *cell;

	if (is_vital(row, column) || names_column(row->track, column))
		return true;
	foreach(cell, row->attributes)
		fits = fits && parses(relation, ((NamedText *) lfirst(cell))->text, &columns);
	if (row->filter)
		fits = fits && parses(relation, row->filter, &columns);
	if (row->tenant)
		fits = fits && parses(relation, row->tenant, &columns);
	return !fits || bms_is_member(number - FirstLowInvalidHeapAttributeNumber, columns);
}

/* Takes what no longer fits out of the attachment: attributes by name, the column out of track. */
static void
unmap(const AttachmentRow *row, List *attributes, const char *column)
{
	OwnerQuery	query;
	Oid			types[] = {INT4OID, TEXTARRAYOID, TEXTOID};
	Datum	   *names = palloc(sizeof(Datum) * list_length(attributes));
	Datum		values[3];
	ListCell   *cell;

	foreach(cell, attributes)
		names[foreach_current_index(cell)] = CStringGetTextDatum(lfirst(cell));
	values[0] = Int32GetDatum(row->id);
	values[1] = PointerGetDatum(construct_array(names, list_length(attributes), TEXTOID, -1, false,
												TYPALIGN_INT));
	values[2] = CStringGetTextDatum(column);
	itsm_query_begin(&query);
	itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.attachment SET attributes = attributes OPERATOR(pg_catalog.-) $2,"
				   " attribute_expressions = attribute_expressions OPERATOR(pg_catalog.-) $2,"
				   " track = pg_catalog.array_remove(track, $3)"
				   " WHERE id OPERATOR(pg_catalog.=) $1", 3, types, values, NULL);
	itsm_query_end(&query);
	itsm_policy_changed();
}

static void
column_dropped(const AttachmentRow *row, Relation relation, const char *column)
{
	List	   *lost = NIL;		/* attributes that were mapped to it */
	Bitmapset  *columns = NULL;
	bool		weakened = is_vital(row, column) || names_column(row->track, column);
	ListCell   *cell;

	foreach(cell, row->attributes)
		if (!parses(relation, ((NamedText *) lfirst(cell))->text, &columns))
			lost = lappend(lost, ((NamedText *) lfirst(cell))->name);
	weakened |= row->filter && !parses(relation, row->filter, &columns);
	weakened |= row->tenant && !parses(relation, row->tenant, &columns);
	if (!weakened && lost == NIL)
	{
		itsm_guard_record(row, "column_dropped", "column", column, NULL, NULL);
		return;
	}
	if (weakened || itsm_guard_enforces(row) || itsm_maintenance)
		itsm_guard_weakened(row, "column_dropped", psprintf("dropping column \"%s\"", column), column);
	foreach(cell, lost)
		if (!weakened && !itsm_maintenance)
		{
			ereport(WARNING,
					(errcode(ERRCODE_ITSM_ENFORCEMENT),
					 errmsg("attribute \"%s\" of attachment %d is not mapped any more: column \"%s\" is gone",
							(char *) lfirst(cell), row->id, column),
					 errhint("Rules that read it cannot judge; attach the table anew to map it.")));
			itsm_guard_record(row, "column_dropped", "column", column, "attribute", lfirst(cell));
		}
	unmap(row, lost, column);
}

void
itsm_guard_column_dropped(Oid relid, const char *column)
{
	List	   *rows = itsm_attachments_of(relid);
	Relation	relation;
	ListCell   *cell;

	if (rows == NIL)
		return;
	relation = table_open(relid, AccessShareLock);
	foreach(cell, rows)
		column_dropped(lfirst(cell), relation, column);
	table_close(relation, NoLock);
}

void
itsm_guard_column_changed(Oid relid, const char *column, bool converted)
{
	List	   *rows = itsm_guard_governing(relid);
	Relation	relation = table_open(relid, AccessShareLock);
	List	   *faults = NIL;
	ListCell   *cell;

	(void) itsm_policy_build(relation, &faults);
	foreach(cell, rows)
	{
		AttachmentRow *row = lfirst(cell);

		if (!itsm_guard_reads(row, relation, column))
			continue;
		if (faults)
			itsm_guard_weakened(row, "column_changed",
								psprintf("changing the type of column \"%s\" (%s)", column,
										 ((Unmet *) linitial(faults))->message), column);
		else if (converted)
			itsm_guard_weakened(row, "column_changed",
								psprintf("converting column \"%s\", which no trigger sees,", column), column);
		else
			itsm_guard_record(row, "column_changed", "column", column, NULL, NULL);
	}
	table_close(relation, NoLock);
	itsm_policy_changed();
}

void
itsm_guard_key(const AttachmentRow *row, const char *what)
{
	Relation	relation = try_table_open(row->relation, AccessShareLock);
	Source	   *source = itsm_source_find(row->relation);

	if (relation == NULL)
		return;
	if (source && !itsm_key_identifies(relation, source->key))
		itsm_guard_weakened(row, "guard_disabled", what, what);
	table_close(relation, NoLock);
}
