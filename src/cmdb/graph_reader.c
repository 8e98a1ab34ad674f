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
itsm_graph_memory_begin(GraphMemory *memory, MemoryContext *context)
{
	*context = AllocSetContextCreate(CurrentMemoryContext, "itsm graph", ALLOCSET_DEFAULT_SIZES);
	*memory = (GraphMemory)
	{
		.limit = (size_t) itsm_graph_memory * 1024, .resize = resize, .exceeded = exceeded,
		.interrupt = interrupt, .context = *context
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
	for (int i = 0; i < 4; i++)
	{
		bool		backward = i & 1;
		bool		as_target = i & 2;
		bool	   *follow = palloc0(reader->types.count + 1);

		for (int n = 0; n < reader->types.count; n++)
		{
			const RelationshipType *type = &reader->types.types[n];

			follow[n] = (!query->some_types || is_named(query->types, type)) &&
				leads_on(query->sense, type->impact, backward, as_target);
			reader->any[backward][as_target] |= follow[n];
		}
		reader->follow[backward][as_target] = follow;
	}
}

const RelationshipType *
itsm_graph_type(GraphReader *reader, Datum value)
{
	text	   *name = DatumGetTextPP(value);
	const char *bytes = VARDATA_ANY(name);
	int			length = VARSIZE_ANY_EXHDR(name);

	/* mostly the one before */
	if (reader->last == NULL || reader->last->name_length != length ||
		memcmp(reader->last->name, bytes, length) != 0)
		reader->last = itsm_relationship_type(&reader->types, bytes, length);
	return reader->last;
}

/* Whether the relationship in the slot held at the time that is asked for. */
static bool
held(GraphReader *reader)
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

/* Whether what has changed, or only what is supposed, says that an edge does not hold. */
static bool
has_ended(const GraphReader *reader, int change, int64 other, int type, bool as_target, bool supposed)
{
	for (; change >= 0; change = reader->changes[change].next)
	{
		const GraphChange *c = &reader->changes[change];

		if (!c->holds && c->other == other && c->type == type && c->as_target == as_target &&
			(c->supposed || !supposed))
			return true;
	}
	return false;
}

/* The first of a node's changes; -1: it has none. */
static int
first_change(const GraphReader *reader, int64 node)
{
	int			changed = reader->change_count ? graph_node_find(&reader->changed, node) : -1;

	return changed < 0 ? -1 : reader->first_changes[changed];
}

/* Adds what has begun since, or is supposed to hold. */
static int
add_changes(GraphReader *reader, int first, bool backward, bool as_target, int count)
{
	const bool *follow = reader->follow[backward][as_target];

	for (int i = first; i >= 0; i = reader->changes[i].next)
	{
		const GraphChange *change = &reader->changes[i];

		if (change->holds && change->as_target == as_target && follow[change->type] &&
			(!reader->supposing || change->supposed ||
			 !has_ended(reader, first, change->other, change->type, as_target, true)))
			add_edge(reader, &count, change->other, change->type);
	}
	return count;
}

static int
read_end(GraphReader *reader, int64 node, bool backward, bool as_target, int count)
{
	const bool *follow = reader->follow[backward][as_target];
	int			other = as_target ? RELATIONSHIP_SOURCE : RELATIONSHIP_TARGET;
	int			columns = reader->query.as_of ? RELATIONSHIP_ENDED_AT + 1 : RELATIONSHIP_TYPE + 1;
	IndexScanDesc scan = reader->scans[as_target];
	ScanKeyData keys[2];
	int			first = reader->supposing ? first_change(reader, node) : -1;

	if (scan == NULL)
	{
		reader->indexes[as_target] = index_open(itsm_relation(as_target ? "relationship_target_idx"
															  : "relationship_source_idx"), AccessShareLock);
		scan = reader->scans[as_target] = itsm_index_beginscan(reader->table, reader->indexes[as_target],
														  reader->snapshot, reader->query.as_of ? 1 : 2, 0);
	}
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(node));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(0));
	index_rescan(scan, keys, reader->query.as_of ? 1 : 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, reader->slot))
	{
		const RelationshipType *type;

		slot_getsomeattrs(reader->slot, columns);
		if (!held(reader))
			continue;
		type = itsm_graph_type(reader, reader->slot->tts_values[RELATIONSHIP_TYPE]);
		if (type == NULL || !follow[type->number] ||
			(first >= 0 && has_ended(reader, first, DatumGetInt64(reader->slot->tts_values[other]), type->number,
									 as_target, true)))
			continue;
		add_edge(reader, &count, DatumGetInt64(reader->slot->tts_values[other]), type->number);
	}
	return add_changes(reader, first, backward, as_target, count);
}

static int
read_packed(GraphReader *reader, int64 node, bool backward, bool as_target, int count)
{
	const bool *follow = reader->follow[backward][as_target];
	int			first = first_change(reader, node);
	const GraphEdge *packed;
	int			packed_count = itsm_graph_pack_edges(reader->snapshot, node, as_target, &packed);

	for (int i = 0; i < packed_count; i++)
	{
		int			type = reader->labels[packed[i].label];

		if (type >= 0 && follow[type] && (first < 0 || !has_ended(reader, first, packed[i].node, type, as_target, false)))
			add_edge(reader, &count, packed[i].node, type);
	}
	return add_changes(reader, first, backward, as_target, count);
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
	int			count = 0;

	*edges = reader->edges;
	if (reader->supposing && graph_node_find(&reader->absent, node) >= 0)
		return 0;
	for (int as_target = 0; as_target < 2; as_target++)
		if (reader->any[backward][as_target])
			count = reader->pack ? read_packed(reader, node, backward, as_target, count)
				: read_end(reader, node, backward, as_target, count);
	if (reader->supposing)
		count = drop_absent(reader, count);
	*edges = reader->edges;
	return count;
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

/* How many of the records that an edge of the type leads from may fail: those beyond what the node needs. */
static int
tolerates(Graph *graph, int64 node, int type)
{
	GraphReader *reader = (GraphReader *) graph;
	GraphEdge  *kept = reader->edges;
	size_t		capacity = reader->capacity;
	const GraphEdge *edges;
	int			needs = itsm_graph_needs(reader, node, type);
	int			spare = 0;
	int			count;

	if (needs == 0)
		return 0;
	/* the search still reads the array of neighbours */
	reader->edges = reader->arriving;
	reader->capacity = reader->arriving_capacity;
	count = graph->neighbours(graph, node, true, &edges);
	for (int i = 0; i < count; i++)
		spare += edges[i].label == type;
	reader->arriving = reader->edges;
	reader->arriving_capacity = reader->capacity;
	reader->edges = kept;
	reader->capacity = capacity;
	return Max(spare - needs, 0);
}

void
itsm_graph_tolerate(GraphReader *reader)
{
	itsm_redundancy_open(&reader->redundancy, reader->snapshot, reader->query.as_of, reader->query.at);
	if (reader->redundancy.relation == NULL)
		return;
	reader->redundant = palloc(reader->types.count + 1);
	memset(reader->redundant, -1, reader->types.count + 1);
	reader->graph.tolerates = tolerates;
}

/* Numbers of types by the labels of a pack; the session's, until either is another one. */
static const int *
labels_of(const GraphPack *pack, const RelationshipTypes *types)
{
	static uint64 types_generation = 0;
	static int64 pack_generation = 0;
	static int *labels = NULL;

	if (labels == NULL || types_generation != types->generation || pack_generation != pack->generation)
	{
		int		   *made = MemoryContextAlloc(TopMemoryContext, sizeof(int) * (pack->type_count + 1));

		for (int i = 0; i < pack->type_count; i++)
		{
			const RelationshipType *type = itsm_relationship_type(types, pack->types[i], strlen(pack->types[i]));

			made[i] = type ? type->number : -1;
		}
		if (labels)
			pfree(labels);
		labels = made;
		types_generation = types->generation;
		pack_generation = pack->generation;
	}
	return labels;
}

static void
add_change(GraphReader *reader, int64 node, bool as_target, int64 other, int type, bool holds, bool supposed)
{
	bool		added;
	int			number;

	if (reader->changed.memory == NULL)
		graph_nodes_begin(&reader->changed, &reader->memory);
	number = graph_node_add(&reader->changed, node, &added);

	if (added)
	{
		GRAPH_GROW(&reader->memory, reader->first_changes, (size_t) number, reader->changed_capacity);
		reader->first_changes[number] = -1;
	}
	GRAPH_GROW(&reader->memory, reader->changes, (size_t) reader->change_count, reader->change_capacity);
	reader->changes[reader->change_count] = (GraphChange) {other, type, as_target, holds, supposed, reader->first_changes[number]};
	reader->first_changes[number] = reader->change_count++;
}

void
itsm_graph_change(GraphReader *reader, int64 source, int type, int64 target, bool holds)
{
	add_change(reader, source, false, target, type, holds, true);
	add_change(reader, target, true, source, type, holds, true);
}

/* What the snapshot sees of relationships whose last change is not in the pack. */
static void
read_changes(GraphReader *reader)
{
	Relation	index = index_open(itsm_relation("relationship_xid_idx"), AccessShareLock);
	IndexScanDesc scan = itsm_index_beginscan(reader->table, index, reader->snapshot, 2, 0);
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(reader->pack->system));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_XID8GE, UInt64GetDatum(reader->pack->xid_min));
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, reader->slot))
	{
		Datum	   *values = reader->slot->tts_values;
		const RelationshipType *type;
		int64		source;
		int64		target;
		bool		holds;

		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(reader->slot, RELATIONSHIP_TYPE + 1);
		if (itsm_graph_pack_has(reader->pack, DatumGetUInt64(values[RELATIONSHIP_XID])) ||
			(type = itsm_graph_type(reader, values[RELATIONSHIP_TYPE])) == NULL)
			continue;
		source = DatumGetInt64(values[RELATIONSHIP_SOURCE]);
		target = DatumGetInt64(values[RELATIONSHIP_TARGET]);
		holds = DatumGetInt64(values[RELATIONSHIP_ENDED]) == 0;
		add_change(reader, source, false, target, type->number, holds, false);
		add_change(reader, target, true, source, type->number, holds, false);
	}
	index_endscan(scan);
	index_close(index, AccessShareLock);
}

void
itsm_graph_open(GraphReader *reader, Snapshot snapshot, const GraphQuery *query)
{
	memset(reader, 0, sizeof(GraphReader));
	itsm_graph_memory_begin(&reader->memory, &reader->work);
	reader->graph.memory = &reader->memory;
	reader->graph.neighbours = neighbours;
	reader->types = itsm_relationship_types();
	reader->query = *query;
	choose_types(reader);
	reader->snapshot = snapshot;
	reader->table = table_open(itsm_relation("relationship"), AccessShareLock);
	reader->slot = table_slot_create(reader->table, NULL);
	/* the pack is of now, and for those who see what is committed */
	if (!query->as_of && IsMVCCSnapshot(snapshot))
		reader->pack = itsm_graph_pack(snapshot);
	if (reader->pack)
	{
		reader->labels = labels_of(reader->pack, &reader->types);
		read_changes(reader);
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
	if (reader->pack)
		itsm_graph_pack_end();
	ExecDropSingleTupleTableSlot(reader->slot);
	table_close(reader->table, AccessShareLock);
	MemoryContextDelete(reader->work);
}

void
itsm_graph_list(GraphReader *reader, GraphList *list)
{
	TableScanDesc scan = table_beginscan(reader->table, reader->snapshot, 0, NULL);
	const bool *follow = reader->follow[0][0];

	memset(list, 0, sizeof(GraphList));
	graph_nodes_begin(&list->nodes, &reader->memory);
	while (table_scan_getnextslot(scan, ForwardScanDirection, reader->slot))
	{
		const RelationshipType *type;
		bool		added;

		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(reader->slot, RELATIONSHIP_ENDED_AT + 1);
		if (!held(reader))
			continue;
		type = itsm_graph_type(reader, reader->slot->tts_values[RELATIONSHIP_TYPE]);
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
