/*
 * graph_changes.c
 *		Changes of edges, by the nodes at both of their ends.
 */
#include "cmdb/graph_changes.h"

#include <string.h>

void
graph_changes_begin(GraphChanges *changes, GraphMemory *memory)
{
	memset(changes, 0, sizeof(GraphChanges));
	graph_nodes_begin(&changes->nodes, memory);
}

static void
add(GraphChanges *changes, int64_t node, bool as_target, int64_t other, int label, bool holds)
{
	GraphMemory *memory = changes->nodes.memory;
	bool		added;
	int			number = graph_node_add(&changes->nodes, node, &added);

	if (added)
	{
		GRAPH_GROW(memory, changes->first, (size_t) number, changes->node_capacity);
		changes->first[number] = -1;
	}
	GRAPH_GROW(memory, changes->changes, (size_t) changes->count, changes->capacity);
	changes->changes[changes->count] = (GraphChange) {other, label, as_target, holds, changes->first[number]};
	changes->first[number] = changes->count++;
}

void
graph_changes_add(GraphChanges *changes, int64_t source, int label, int64_t target, bool holds)
{
	add(changes, source, false, target, label, holds);
	add(changes, target, true, source, label, holds);
}
