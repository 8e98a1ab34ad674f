/*
 * proposal_redact.c
 *		Values erased from proposals: of a row's columns, or a value wherever it
 *		stands.
 *
 * A member goes with its column's name: what is not applied yet no longer sets
 * that column.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/query.h"
#include "practice/proposal_redact.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* The columns of these names, and those that attributes of these names are mapped to: $1 source, $2 key, $3 names, $4 value. */
static const char erase_columns[] =
"WITH columns AS (SELECT pg_catalog.array_agg(DISTINCT c.name) AS names FROM ("
"  SELECT n AS name FROM pg_catalog.unnest($3) n"
"  UNION SELECT m.value FROM itsm.attachment a, pg_catalog.jsonb_each_text(a.attributes) m"
"  WHERE a.source = $1 AND m.key = ANY ($3)) c)"
" UPDATE itsm.proposal p SET new_values = (SELECT coalesce(pg_catalog.jsonb_object_agg(m.key, m.value), '{}')"
"  FROM pg_catalog.jsonb_each(p.new_values) m"
"  WHERE NOT (m.key = ANY (columns.names) AND ($4 IS NULL OR m.value #>> '{}' IS NOT DISTINCT FROM $4)))"
" FROM columns, itsm.source s"
" WHERE s.id = $1 AND p.key = $2 AND p.new_values ?| columns.names"
" AND (p.relation = s.relation OR s.relation IN (SELECT t.relid FROM pg_catalog.pg_partition_ancestors(p.relation) t))";

static const char erase_values[] =
"UPDATE itsm.proposal p SET new_values = (SELECT coalesce(pg_catalog.jsonb_object_agg(m.key, m.value), '{}')"
"  FROM pg_catalog.jsonb_each(p.new_values) m WHERE m.value #>> '{}' IS DISTINCT FROM $1)"
" WHERE EXISTS (SELECT FROM pg_catalog.jsonb_each(p.new_values) m WHERE m.value #>> '{}' = $1)";

static ArrayType *
text_array(const List *names)
{
	Datum	   *elements = palloc(sizeof(Datum) * list_length(names));
	ListCell   *cell;

	foreach(cell, names)
		elements[foreach_current_index(cell)] = CStringGetTextDatum(lfirst(cell));
	return construct_array(elements, list_length(names), TEXTOID, -1, false, TYPALIGN_INT);
}

static void
erase_of_record(const Record *record, const List *attributes, const char *value)
{
	Oid			types[] = {INT4OID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum		values[4];
	const char	nulls[] = {' ', ' ', ' ', value ? ' ' : 'n', '\0'};
	OwnerQuery	query;

	if (record->key == NULL)
		return;
	values[0] = Int32GetDatum(record->source);
	values[1] = CStringGetTextDatum(record->key);
	values[2] = PointerGetDatum(text_array(attributes));
	values[3] = value ? CStringGetTextDatum(value) : (Datum) 0;
	itsm_query_begin(&query);
	(void) itsm_query_now(SPI_OK_UPDATE, erase_columns, 4, types, values, nulls);
	itsm_query_end(&query);
}

static void
erase_everywhere(const char *value)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(value)};
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query_now(SPI_OK_UPDATE, erase_values, 1, types, values, NULL);
	itsm_query_end(&query);
}

const Redactor itsm_proposal_redactor = {erase_of_record, erase_everywhere};
