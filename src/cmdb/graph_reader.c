/*
 * graph_reader.c
 *		Neighbours of a record: out of packed relationships with what has changed
 *		since laid over them, or, where there is no pack, and for searches as of
 *		a time, by index scans of itsm.relationship.
 *
 * A search sees what its snapshot sees: the changes of its own transaction
 * before the statement, at every isolation level, in savepoints and on a
 * standby.  Nothing is written, and no row locked.
 */
#include "core/itsm.h"

#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "cmdb/graph_reader.h"
#include "cmdb/relationship.h"
#include "core/json_read.h"
#include "core/settings.h"
#include "core/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

static void *
resize(GraphMemory *memory, void *old, size_t size)
{
	if (size == 0)
	{
		pfree(old);
		return NULL;
	}
	if (old)
		return repalloc_huge(old, size);
	return MemoryContextAllocHuge(memory->context, size);
}

static void
exceeded(GraphMemory *memory, size_t wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("search through relationships needs more than itsm.graph_memory (%dkB)", itsm_graph_memory),
			 errhint("Limit the depth or the types, or raise itsm.graph_memory.")));
}

static void
interrupt(GraphMemory *memory)
{
	CHECK_FOR_INTERRUPTS();
}

void
itsm_graph_memory_begin(GraphMemory *memory, MemoryContext context)
{
	*memory = (GraphMemory)
	{
		.limit = (size_t) itsm_graph_memory * 1024, .resize = resize, .exceeded = exceeded,
		.interrupt = interrupt, .context = context
	};
}

/* Does an edge lead on from a node at that end of it? */
static bool
leads_on(GraphSense sense, ImpactDirection impact, bool backward, bool as_target)
{
	if (sense == SENSE_EITHER)
		return true;
	if (sense == SENSE_ALONG)
		return backward == as_target;
	return impact & (backward == as_target ? IMPACT_FORWARD : IMPACT_BACKWARD);
}

static bool
is_named(const List *names, const RelationshipType *type)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), type->name) == 0)
			return true;
	return false;
}

/* By type, whether its edges are followed from a node at that end of them. */
static bool *
make_follow(const RelationshipTypes *types, const GraphQuery *query, bool backward, bool as_target)
{
	bool	   *follow = palloc0(types->count + 1);

	for (int n = 0; n < types->count; n++)
		follow[n] = (!query->some_types || is_named(query->types, &types->types[n])) &&
			leads_on(query->sense, types->types[n].impact, backward, as_target);
	return follow;
}

static GraphFollow *
make_follows(const RelationshipTypes *types, const GraphQuery *query)
{
	GraphFollow *follows = palloc0(sizeof(GraphFollow));

	for (int i = 0; i < 4; i++)
	{
		bool	   *follow = make_follow(types, query, i & 1, i >> 1);

		follows->types[i & 1][i >> 1] = follow;
		follows->any[i & 1][i >> 1] = memchr(follow, true, types->count) != NULL;
	}
	return follows;
}

/* For searches by all types: the session's, until types are others. */
static const GraphFollow *
follows_of_all(const RelationshipTypes *types, const GraphQuery *query)
{
	static MemoryContext context = NULL;
	static uint64 generation = 0;
	static GraphFollow *follows[SENSE_EITHER + 1];
	MemoryContext caller;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "itsm relationship types followed", ALLOCSET_SMALL_SIZES);
	if (generation != types->generation)
	{
		memset(follows, 0, sizeof(follows));
		MemoryContextReset(context);
		generation = types->generation;
	}
	if (follows[query->sense] == NULL)
	{
		caller = MemoryContextSwitchTo(context);
		follows[query->sense] = make_follows(types, query);
		MemoryContextSwitchTo(caller);
	}
	return follows[query->sense];
}

static void
choose_types(GraphReader *reader)
{
	const GraphQuery *query = &reader->query;
	ListCell   *cell;

	foreach(cell, query->types)
		if (itsm_relationship_type(&reader->types, lfirst(cell), strlen(lfirst(cell))) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("there is no relationship type \"%s\"", itsm_clip(lfirst(cell))),
					 errhint("There are: %s.", itsm_relationship_type_names(&reader->types))));
	reader->follow = query->some_types ? make_follows(&reader->types, query) : follows_of_all(&reader->types, query);
}

const RelationshipType *
itsm_graph_type(const RelationshipTypes *types, const RelationshipType **last, Datum value)
{
	text	   *name = DatumGetTextPP(value);
	const char *bytes = VARDATA_ANY(name);
	int			length = VARSIZE_ANY_EXHDR(name);

	/* mostly the one before */
	if (*last == NULL || (*last)->name_length != length || memcmp((*last)->name, bytes, length) != 0)
		*last = itsm_relationship_type(types, bytes, length);
	return *last;
}

Relation
itsm_graph_table(GraphReader *reader)
{
	if (reader->table == NULL)
	{
		reader->table = table_open(itsm_relation("relationship"), AccessShareLock);
		reader->slot = table_slot_create(reader->table, NULL);
	}
	return reader->table;
}

bool
itsm_graph_held(GraphReader *reader)
{
	TupleTableSlot *slot = reader->slot;

	if (!reader->query.as_of)
		return DatumGetInt64(slot->tts_values[RELATIONSHIP_ENDED]) == 0;
	return DatumGetTimestampTz(slot->tts_values[RELATIONSHIP_STARTED_AT]) <= reader->query.at &&
		(slot->tts_isnull[RELATIONSHIP_ENDED_AT] ||
		 DatumGetTimestampTz(slot->tts_values[RELATIONSHIP_ENDED_AT]) > reader->query.at);
}

static void
add_edge(GraphReader *reader, int *count, int64 node, int type)
{
	GRAPH_GROW(&reader->memory, reader->edges, (size_t) *count, reader->capacity);
	reader->edges[(*count)++] = (GraphEdge) {node, type};
}

/* Adds what has begun since, or is supposed to hold. */
static int
add_changes(GraphReader *reader, const GraphChanges *changes, int first, int supposed, bool backward,
			bool as_target, int count)
{
	const bool *follow = reader->follow->types[backward][as_target];

	for (int i = first; i >= 0; i = changes->changes[i].next)
	{
		const GraphChange *change = &changes->changes[i];

		if (change->holds && change->as_target == as_target && follow[change->label] &&
			!graph_changes_ended(&reader->supposed, supposed, change->other, change->label, as_target))
			add_edge(reader, &count, change->other, change->label);
	}
	return count;
}

/* The scan of one end's index, opened when it is needed first. */
static IndexScanDesc
scan_of(GraphReader *reader, bool as_target)
{
	if (reader->scans[as_target] == NULL)
	{
		Relation	table = itsm_graph_table(reader);

		reader->indexes[as_target] = index_open(itsm_relation(as_target ? "relationship_target_idx"
															  : "relationship_source_idx"), AccessShareLock);
		reader->scans[as_target] = itsm_index_beginscan(table, reader->indexes[as_target], reader->snapshot,
														reader->query.as_of ? 1 : 2, 0);
		reader->scans[as_target]->xs_want_itup = reader->query.entries;
	}
	return reader->scans[as_target];
}

/* A scan of the relationships of which the node is that end. */
static IndexScanDesc
scan_for(GraphReader *reader, int64 node, bool as_target)
{
	IndexScanDesc scan = scan_of(reader, as_target);
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(node));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(0));
	index_rescan(scan, keys, reader->query.as_of ? 1 : 2, NULL, 0);
	return scan;
}

/* Both indexes go on with the other end, and the type. */
static int
read_entries(GraphReader *reader, int64 node, bool backward, bool as_target, int count)
{
	const bool *follow = reader->follow->types[backward][as_target];
	IndexScanDesc scan = scan_for(reader, node, as_target);

	while (index_getnext_tid(scan, ForwardScanDirection))
	{
		bool		isnull;
		int64		other = DatumGetInt64(index_getattr(scan->xs_itup, 3, scan->xs_itupdesc, &isnull));
		const RelationshipType *type =
			itsm_graph_type(&reader->types, &reader->last, index_getattr(scan->xs_itup, 4, scan->xs_itupdesc, &isnull));

		if (type && follow[type->number])
			add_edge(reader, &count, other, type->number);
	}
	return count;
}

static int
read_end(GraphReader *reader, int64 node, int supposed, bool backward, bool as_target, int count)
{
	const bool *follow = reader->follow->types[backward][as_target];
	int			other = as_target ? RELATIONSHIP_SOURCE : RELATIONSHIP_TARGET;
	int			columns = reader->query.as_of ? RELATIONSHIP_ENDED_AT + 1 : RELATIONSHIP_TYPE + 1;
	IndexScanDesc scan;

	if (reader->query.entries)
		return read_entries(reader, node, backward, as_target, count);
	scan = scan_for(reader, node, as_target);
	while (index_getnext_slot(scan, ForwardScanDirection, reader->slot))
	{
		Datum	   *values = reader->slot->tts_values;
		const RelationshipType *type;

		slot_getsomeattrs(reader->slot, columns);
		if (!itsm_graph_held(reader))
			continue;
		type = itsm_graph_type(&reader->types, &reader->last, values[RELATIONSHIP_TYPE]);
		if (type == NULL || !follow[type->number] ||
			graph_changes_ended(&reader->supposed, supposed, DatumGetInt64(values[other]), type->number, as_target))
			continue;
		add_edge(reader, &count, DatumGetInt64(values[other]), type->number);
	}
	return count;
}

/* The pack's labels as numbers of types, without those that are not followed; made when they are needed first. */
static const GraphLabels *
packed_labels(GraphReader *reader, bool backward, bool as_target)
{
	const bool *follow = reader->follow->types[backward][as_target];
	const int  *types = reader->since->labels;
	GraphLabels *labels = &reader->labels[backward][as_target];

	if (labels->names)
		return labels;
	labels->count = reader->since->pack->type_count;
	labels->names = MemoryContextAlloc(reader->work, sizeof(int) * (labels->count + 1));
	for (int i = 0; i < labels->count; i++)
		labels->names[i] = types[i] >= 0 && follow[types[i]] ? types[i] : -1;
	return labels;
}

/* Leaves out those from "first" on that do not hold any more, or are supposed not to. */
static int
drop_ended(GraphReader *reader, int changed, int supposed, bool as_target, int first, int count)
{
	int			kept = first;

	for (int i = first; i < count; i++)
	{
		const GraphEdge *edge = &reader->edges[i];

		if (!graph_changes_ended(&reader->since->changes, changed, edge->node, edge->label, as_target) &&
			!graph_changes_ended(&reader->supposed, supposed, edge->node, edge->label, as_target))
			reader->edges[kept++] = *edge;
	}
	return kept;
}

static int
read_packed(GraphReader *reader, int64 node, int supposed, bool backward, bool as_target, int count)
{
	const GraphChanges *changes = &reader->since->changes;
	int			changed = graph_changes_of(changes, node);
	const PackedPage *page = itsm_graph_pack_page(reader->snapshot, node);
	size_t		room = count + graph_page_bytes(page, as_target, graph_page_place(node));
	int			packed;

	if (room > reader->capacity)
	{
		reader->edges = graph_resize(&reader->memory, reader->edges, sizeof(GraphEdge) * reader->capacity,
									 sizeof(GraphEdge) * room * 2);
		reader->capacity = room * 2;
	}
	packed = graph_page_edges(page, node, as_target, packed_labels(reader, backward, as_target), reader->edges + count);
	if (packed < 0)
		itsm_graph_pack_damaged(node);
	if (changed < 0 && supposed < 0)
		return count + packed;
	count = drop_ended(reader, changed, supposed, as_target, count, count + packed);
	return add_changes(reader, changes, changed, supposed, backward, as_target, count);
}

/* Leaves out the edges to records that are supposed not to be there. */
static int
drop_absent(GraphReader *reader, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
		if (graph_node_find(&reader->absent, reader->edges[i].node) < 0)
			reader->edges[kept++] = reader->edges[i];
	return kept;
}

static int
neighbours(Graph *graph, int64 node, bool backward, const GraphEdge **edges)
{
	GraphReader *reader = (GraphReader *) graph;
	int			supposed = graph_changes_of(&reader->supposed, node);
	int			count = 0;

	*edges = reader->edges;
	if (reader->supposing && graph_node_find(&reader->absent, node) >= 0)
		return 0;
	for (int as_target = 0; as_target < 2; as_target++)
		if (reader->follow->any[backward][as_target])
		{
			count = reader->packed ? read_packed(reader, node, supposed, backward, as_target, count)
				: read_end(reader, node, supposed, backward, as_target, count);
			if (supposed >= 0)
				count = add_changes(reader, &reader->supposed, supposed, -1, backward, as_target, count);
		}
	if (reader->supposing)
		count = drop_absent(reader, count);
	*edges = reader->edges;
	return count;
}

static void
expect(Graph *graph, int64 node, bool backward, bool near)
{
	GraphReader *reader = (GraphReader *) graph;

	for (int as_target = 0; as_target < 2; as_target++)
		if (reader->follow->any[backward][as_target])
			itsm_graph_pack_expect(node, as_target, near);
}

/* Whether a type has any redundancy is looked up once a search. */
static bool
is_redundant_type(GraphReader *reader, int type)
{
	if (reader->redundant[type] < 0)
		reader->redundant[type] = itsm_redundancy_of_type(&reader->redundancy, reader->types.types[type].name);
	return reader->redundant[type] > 0;
}

int
itsm_graph_needs(GraphReader *reader, int64 node, int type)
{
	if (reader->redundant == NULL || !is_redundant_type(reader, type))
		return 0;
	return itsm_redundancy_needs(&reader->redundancy, reader->types.types[type].name, node);
}

/*
 * How many of the records that an edge of the type leads from may fail: those
 * beyond what the node needs.  One that several edges lead from is one.
 */
static int
tolerates(Graph *graph, int64 node, int type)
{
	GraphReader *reader = (GraphReader *) graph;
	GraphEdge  *kept = reader->edges;
	size_t		capacity = reader->capacity;
	const GraphEdge *edges;
	int			needs = itsm_graph_needs(reader, node, type);
	GraphNodes	records;
	bool		added;
	int			spare;
	int			count;

	if (needs == 0)
		return 0;
	/* the search still reads the array of neighbours */
	reader->edges = reader->arriving;
	reader->capacity = reader->arriving_capacity;
	count = graph->neighbours(graph, node, true, &edges);
	graph_nodes_begin(&records, &reader->memory);
	for (int i = 0; i < count; i++)
		if (edges[i].label == type)
			(void) graph_node_add(&records, edges[i].node, &added);
	spare = records.count - needs;
	graph_nodes_end(&records);
	reader->arriving = reader->edges;
	reader->arriving_capacity = reader->capacity;
	reader->edges = kept;
	reader->capacity = capacity;
	return Max(spare, 0);
}

void
itsm_graph_tolerate(GraphReader *reader)
{
	if (reader->since && reader->since->no_redundancy)
		return;
	itsm_redundancy_open(&reader->redundancy, reader->snapshot, reader->query.as_of, reader->query.at);
	if (reader->redundancy.relation == NULL)
	{
		if (reader->since)
			reader->since->no_redundancy = true;
		return;
	}
	reader->redundant = palloc(reader->types.count + 1);
	memset(reader->redundant, -1, reader->types.count + 1);
	reader->graph.tolerates = tolerates;
}

void
itsm_graph_open(GraphReader *reader, Snapshot snapshot, const GraphQuery *query)
{
	memset(reader, 0, sizeof(GraphReader));
	reader->work = AllocSetContextCreate(CurrentMemoryContext, "itsm graph", ALLOCSET_DEFAULT_SIZES);
	itsm_graph_memory_begin(&reader->memory, reader->work);
	reader->graph.memory = &reader->memory;
	reader->graph.neighbours = neighbours;
	reader->types = itsm_relationship_types();
	reader->query = *query;
	choose_types(reader);
	reader->snapshot = snapshot;
	/* the pack is of now, and for those who see what is committed */
	if (!query->as_of && IsMVCCSnapshot(snapshot))
		reader->since = itsm_graph_since(snapshot, &reader->types);
	reader->packed = reader->since && reader->since->pack;
	if (reader->packed)
	{
		itsm_graph_pack_begin();
		reader->graph.expect = expect;
	}
}

void
itsm_graph_close(GraphReader *reader)
{
	for (int i = 0; i < 2; i++)
		if (reader->scans[i])
		{
			index_endscan(reader->scans[i]);
			index_close(reader->indexes[i], AccessShareLock);
		}
	itsm_redundancy_close(&reader->redundancy);
	if (reader->packed)
		itsm_graph_pack_end();
	if (reader->table)
	{
		ExecDropSingleTupleTableSlot(reader->slot);
		table_close(reader->table, AccessShareLock);
	}
	MemoryContextDelete(reader->work);
}

void
itsm_graph_list(GraphReader *reader, GraphList *list)
{
	TableScanDesc scan = table_beginscan(itsm_graph_table(reader), reader->snapshot, 0, NULL);
	const bool *follow = reader->follow->types[false][false];

	memset(list, 0, sizeof(GraphList));
	graph_nodes_begin(&list->nodes, &reader->memory);
	while (table_scan_getnextslot(scan, ForwardScanDirection, reader->slot))
	{
		const RelationshipType *type;
		bool		added;

		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(reader->slot, RELATIONSHIP_ENDED_AT + 1);
		if (!itsm_graph_held(reader))
			continue;
		type = itsm_graph_type(&reader->types, &reader->last, reader->slot->tts_values[RELATIONSHIP_TYPE]);
		if (type == NULL || !follow[type->number])
			continue;
		GRAPH_GROW(&reader->memory, list->tails, (size_t) list->arc_count, list->tail_capacity);
		GRAPH_GROW(&reader->memory, list->heads, (size_t) list->arc_count, list->head_capacity);
		if (list->arc_count == PG_INT32_MAX - 2)
			exceeded(&reader->memory, 0);
		list->tails[list->arc_count] =
			graph_node_add(&list->nodes, DatumGetInt64(reader->slot->tts_values[RELATIONSHIP_SOURCE]), &added);
		list->heads[list->arc_count++] =
			graph_node_add(&list->nodes, DatumGetInt64(reader->slot->tts_values[RELATIONSHIP_TARGET]), &added);
	}
	table_endscan(scan);
}
