/*
 * impact_diagram.c
 *		What a failure reaches, as text for a drawing program.
 *
 * Arrows go as the failure does.  Records of tables whose row-level security
 * holds for the caller are drawn by their numbers.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "cmdb/graph_call.h"
#include "core/json_read.h"
#include "core/table.h"
#include "lib/stringinfo.h"
#include "lifecycle/diagram.h"
#include "miscadmin.h"
#include "record/record.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

/* May the caller see values of a source's rows? */
static bool
shows_values(int id)
{
	Relation	table = table_open(itsm_relation("source"), AccessShareLock);
	bool		shows = true;
	ScanKeyData key;
	HeapTuple	tuple;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(id));
	tuple = itsm_table_find(table, itsm_relation("source_pkey"), SnapshotSelf, 1, &key);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Oid			relation = DatumGetObjectId(heap_getattr(tuple, 2, RelationGetDescr(table), &isnull));

		if (!isnull && get_rel_relkind(relation) != '\0')
			shows = check_enable_rls(relation, InvalidOid, true) != RLS_ENABLED;
	}
	table_close(table, AccessShareLock);
	return shows;
}

/* The record's title, or its key, or its number. */
static const char *
label_of(int64 id)
{
	Record		record;
	const char *label = NULL;

	if (itsm_record_read_anywhere(id, &record) && shows_values(record.source))
	{
		label = itsm_record_text(&record, RECORD_TEXTS);
		if (itsm_blank(label))
			label = record.key;
	}
	return itsm_blank(label) ? psprintf("record " INT64_FORMAT, id) : label;
}

static void
draw_node(StringInfo text, bool dot, int64 id, bool start)
{
	if (dot)
	{
		appendStringInfo(text, "    \"r" INT64_FORMAT "\" [label=", id);
		itsm_append_dot(text, label_of(id));
		appendStringInfoString(text, start ? ", peripheries=2];\n" : "];\n");
		return;
	}
	appendStringInfo(text, "    r" INT64_FORMAT "%s\"", id, start ? "([" : "[");
	itsm_append_mermaid(text, label_of(id));
	appendStringInfoString(text, start ? "\"])\n" : "\"]\n");
}

static void
draw_edge(StringInfo text, bool dot, int64 from, int64 to, const RelationshipType *type)
{
	bool		both = type->impact == IMPACT_BOTH;

	if (dot)
	{
		appendStringInfo(text, "    \"r" INT64_FORMAT "\" -> \"r" INT64_FORMAT "\" [label=", from, to);
		itsm_append_dot(text, type->name);
		appendStringInfoString(text, both ? ", dir=both];\n" : "];\n");
		return;
	}
	appendStringInfo(text, "    r" INT64_FORMAT " %s|\"", from, both ? "<-->" : "-->");
	itsm_append_mermaid(text, type->name);
	appendStringInfo(text, "\"| r" INT64_FORMAT "\n", to);
}

/* All ways from one record that was reached to another. */
static void
draw_edges(StringInfo text, bool dot, GraphReader *reader, const GraphReach *found)
{
	for (int node = 0; node < found->nodes.count; node++)
	{
		const GraphEdge *edges;
		int			count = reader->graph.neighbours(&reader->graph, found->nodes.ids[node], false, &edges);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < count; i++)
		{
			const RelationshipType *type = &reader->types.types[edges[i].label];
			int			other = graph_node_find(&found->nodes, edges[i].node);

			/* a way in both directions is drawn once */
			if (other >= 0 && (type->impact != IMPACT_BOTH || node < other))
				draw_edge(text, dot, found->nodes.ids[node], edges[i].node, type);
		}
	}
}

ITSM_FUNCTION(itsm_impact_diagram);
Datum
itsm_impact_diagram(PG_FUNCTION_ARGS)
{
	GraphQuery	query = {.sense = SENSE_IMPACT};
	GraphReader reader;
	GraphReach	found;
	StringInfoData diagram;
	int64		start;
	bool		dot;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(4))
		PG_RETURN_NULL();
	start = PG_GETARG_INT64(0);
	itsm_graph_permit(start);
	dot = itsm_diagram_is_dot(text_to_cstring(PG_GETARG_TEXT_PP(4)));
	query.max_depth = itsm_depth_argument(fcinfo, 1);
	itsm_types_argument(fcinfo, 2, &query);
	itsm_time_argument(fcinfo, 3, &query);
	itsm_graph_open(&reader, GetActiveSnapshot(), &query);
	itsm_graph_tolerate(&reader);
	graph_reach(&reader.graph, false, &start, 1, query.max_depth, &found);
	if (found.nodes.count == 1)
		itsm_graph_require(start);
	initStringInfo(&diagram);
	appendStringInfoString(&diagram, dot ? "digraph impact {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n"
						   : "flowchart LR\n");
	for (int node = 0; node < found.nodes.count; node++)
		draw_node(&diagram, dot, found.nodes.ids[node], node == 0);
	draw_edges(&diagram, dot, &reader, &found);
	if (dot)
		appendStringInfoString(&diagram, "}\n");
	itsm_graph_close(&reader);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(diagram.data, diagram.len));
}
