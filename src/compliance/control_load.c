/*
 * control_load.c
 *		Controls as they hold, out of itsm.control.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "compliance/control.h"
#include "core/json_read.h"
#include "core/query.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* What a control needs and nothing is attached for comes last. */
static const char load_controls[] =
	"WITH attached AS MATERIALIZED (SELECT a.process, a.attribute FROM itsm.attached_attribute a)"
	" SELECT c.id, c.framework, c.clause, k.title, c.kind, c.grade, c.title, c.parameter, c.query, c.remedy, c.excluded,"
	" c.defined_by, c.shipped,"
	" (SELECT pg_catalog.string_agg(n.need, ', ' ORDER BY n.ordinality)"
	"  FROM pg_catalog.unnest(c.needs) WITH ORDINALITY AS n(need, ordinality)"
	"  WHERE NOT EXISTS (SELECT FROM attached a"
	"   WHERE a.process OPERATOR(pg_catalog.=) pg_catalog.split_part(n.need, '.', 1)"
	"   AND a.attribute OPERATOR(pg_catalog.=) pg_catalog.split_part(n.need, '.', 2)))"
	" FROM itsm.control c"
	" LEFT JOIN itsm.clause k ON k.framework OPERATOR(pg_catalog.=) c.framework AND k.clause OPERATOR(pg_catalog.=) c.clause"
	" WHERE ($1 IS NULL OR c.framework OPERATOR(pg_catalog.=) $1) AND ($2 IS NULL OR c.id OPERATOR(pg_catalog.=) $2)"
	" ORDER BY c.framework, k.ordinal, c.ordinal, c.id";

enum
{
	LOAD_ID = 1, LOAD_FRAMEWORK, LOAD_CLAUSE, LOAD_CLAUSE_TITLE, LOAD_KIND, LOAD_GRADE, LOAD_TITLE, LOAD_PARAMETER,
	LOAD_QUERY, LOAD_REMEDY, LOAD_EXCLUDED, LOAD_DEFINED_BY, LOAD_SHIPPED, LOAD_MISSING
};

static Control *
control_of(HeapTuple tuple, TupleDesc columns)
{
	Control    *control = palloc0(sizeof(Control));

	control->id = SPI_getvalue(tuple, columns, LOAD_ID);
	control->framework = SPI_getvalue(tuple, columns, LOAD_FRAMEWORK);
	control->clause = SPI_getvalue(tuple, columns, LOAD_CLAUSE);
	control->clause_title = SPI_getvalue(tuple, columns, LOAD_CLAUSE_TITLE);
	control->kind = SPI_getvalue(tuple, columns, LOAD_KIND);
	control->grade = SPI_getvalue(tuple, columns, LOAD_GRADE);
	control->title = SPI_getvalue(tuple, columns, LOAD_TITLE);
	control->parameter = SPI_getvalue(tuple, columns, LOAD_PARAMETER);
	control->query = SPI_getvalue(tuple, columns, LOAD_QUERY);
	control->remedy = SPI_getvalue(tuple, columns, LOAD_REMEDY);
	control->excluded = SPI_getvalue(tuple, columns, LOAD_EXCLUDED);
	control->defined_by = SPI_getvalue(tuple, columns, LOAD_DEFINED_BY);
	control->shipped = strcmp(SPI_getvalue(tuple, columns, LOAD_SHIPPED), "t") == 0;
	control->missing = SPI_getvalue(tuple, columns, LOAD_MISSING);
	return control;
}

List *
itsm_controls_load(const char *framework, const char *id)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {
		framework ? CStringGetTextDatum(framework) : (Datum) 0, id ? CStringGetTextDatum(id) : (Datum) 0
	};
	const char	nulls[] = {framework ? ' ' : 'n', id ? ' ' : 'n', '\0'};
	MemoryContext caller = CurrentMemoryContext;
	List	   *controls = NIL;
	OwnerQuery	query;
	uint64		count;

	itsm_query_begin(&query);
	count = itsm_query(SPI_OK_SELECT, load_controls, lengthof(types), types, values, nulls);
	for (uint64 i = 0; i < count; i++)
	{
		MemoryContext own = MemoryContextSwitchTo(caller);

		controls = lappend(controls, control_of(SPI_tuptable->vals[i], SPI_tuptable->tupdesc));
		MemoryContextSwitchTo(own);
	}
	itsm_query_end(&query);
	return controls;
}

Control *
itsm_control_load(const char *id)
{
	List	   *controls = itsm_controls_load(NULL, id);

	if (controls == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("control \"%s\" does not exist", itsm_clip(id)),
				 errhint("View itsm.control has those that there are; itsm.define_control makes one.")));
	return linitial(controls);
}

char *
itsm_control_subject(const char *id)
{
	return psprintf("control %s", id);
}
