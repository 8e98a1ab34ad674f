/*
 * create_view.c
 *		itsm.create_view(attachment integer, name text): a view of the caller's that
 *		joins the columns of an attached table with its records.
 *
 * It reads itsm.shown_record, which hides no rows and so needs no barrier that
 * an index could not be reached through.
 *
 * Records are found by the text of the row's key, and rows by the key that the
 * text says: whichever side a query begins at, the other side's index serves.
 * A record's key is read as the column's type for this source alone; those of
 * others need not be such a value.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/query.h"
#include "ledger/record_key.h"
#include "lib/stringinfo.h"
#include "lifecycle/attachment_row.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

static const char *const columns[] = {
	"record", "lifecycle", "state", "category", "opened_at", "first_response_at", "resolved_at", "closed_at",
	"changed_at", "transitions", "reopened", "reassigned", "time_to_response", "time_to_resolve"
};

/* Types whose text is the same whatever a session's settings are. */
static bool
has_one_text(Oid type)
{
	switch (getBaseType(type))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case UUIDOID:
			return true;
		default:
			return false;
	}
}

static Oid
column_type(Oid relation, const char *name)
{
	AttrNumber	number = get_attnum(relation, name);

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("key column \"%s\" of \"%s\" is gone", name, get_rel_name(relation)),
				 errhint("See itsm_report.attachment_health.")));
	return get_atttype(relation, number);
}

static void
join_by_one(StringInfo sql, const Source *source, const char *name)
{
	const char *column = quote_identifier(name);
	Oid			type = column_type(source->relation, name);

	appendStringInfo(sql, "t.%s %s CASE WHEN r.source_id OPERATOR(pg_catalog.=) %d THEN r.key::%s END",
					 column, itsm_key_operator(getBaseType(type), BTEqualStrategyNumber), source->id, format_type_be_qualified(getBaseType(type)));
	if (has_one_text(type))
		appendStringInfo(sql, " AND r.key OPERATOR(pg_catalog.=) t.%s::pg_catalog.text", column);
}

static void
join_by_several(StringInfo sql, const Source *source)
{
	ListCell   *cell;

	appendStringInfoString(sql, "r.key OPERATOR(pg_catalog.=) ROW(");
	foreach(cell, source->key)
	{
		Oid			type = column_type(source->relation, lfirst(cell));

		if (!has_one_text(type))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("\"%s\" cannot be joined with its records by SQL: key column \"%s\" is of type %s",
							get_rel_name(source->relation), (char *) lfirst(cell), format_type_be(type)),
					 errhint("itsm.record_id finds the record of a row.")));
		appendStringInfo(sql, "%st.%s", foreach_current_index(cell) ? ", " : "", quote_identifier(lfirst(cell)));
	}
	appendStringInfoString(sql, ")::pg_catalog.text");
}

static char *
view_query(const Source *source)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT t.*");
	for (int i = 0; i < lengthof(columns); i++)
		appendStringInfo(&sql, ", r.%s AS itsm_%s", columns[i], columns[i]);
	appendStringInfo(&sql, " FROM %s t LEFT JOIN itsm.shown_record r ON r.source_id OPERATOR(pg_catalog.=) %d AND NOT r.deleted AND ",
					 itsm_relation_name(source->relation), source->id);
	if (list_length(source->key) == 1)
		join_by_one(&sql, source, linitial(source->key));
	else
		join_by_several(&sql, source);
	return sql.data;
}

/* The view's name; in the schema of the table where none is given. */
static char *
view_name(text *name, Oid relation)
{
	RangeVar   *given = makeRangeVarFromNameList(textToQualifiedNameList(name));

	return quote_qualified_identifier(given->schemaname ? given->schemaname
									  : get_namespace_name(get_rel_namespace(relation)), given->relname);
}

ITSM_FUNCTION_OF_ALL(itsm_create_view)
{
	AttachmentRow *attachment = itsm_attachment_read(PG_GETARG_INT32(0));
	const Source *source;
	char	   *name;

	if (!OidIsValid(attachment->relation) || (source = itsm_source_find(attachment->relation)) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the table of attachment %d, \"%s\", is gone", attachment->id, attachment->relation_name),
				 errhint("itsm_report.record still has its records.")));
	name = view_name(PG_GETARG_TEXT_PP(1), attachment->relation);
	itsm_own_ddl(psprintf("CREATE VIEW %s AS %s", name, view_query(source)));
	itsm_own_ddl(psprintf("COMMENT ON VIEW %s IS %s", name,
						  quote_literal_cstr(psprintf("Rows of %s, each with its record (columns itsm_…).",
													  itsm_relation_name(attachment->relation)))));
	PG_RETURN_VOID();
}
