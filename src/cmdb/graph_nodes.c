/*
 * graph_nodes.c
 *		Numbering nodes: an open hash table over an array of their ids.
 */
#include "cmdb/graph_nodes.h"

#include <limits.h>
#include <string.h>

#define FIRST_SLOTS 128

void
graph_nodes_begin(GraphNodes *nodes, GraphMemory *memory)
{
	memset(nodes, 0, sizeof(GraphNodes));
	nodes->memory = memory;
	nodes->slot_count = FIRST_SLOTS;
	nodes->slots = graph_resize(memory, NULL, 0, sizeof(int) * nodes->slot_count);
	memset(nodes->slots, -1, sizeof(int) * nodes->slot_count);
}

void
graph_nodes_end(GraphNodes *nodes)
{
	(void) graph_resize(nodes->memory, nodes->slots, sizeof(int) * nodes->slot_count, 0);
	if (nodes->capacity)
		(void) graph_resize(nodes->memory, nodes->ids, sizeof(int64_t) * nodes->capacity, 0);
}

static void
rehash(GraphNodes *nodes)
{
	size_t		old = nodes->slot_count;

	nodes->slots = graph_resize(nodes->memory, nodes->slots, sizeof(int) * old, sizeof(int) * old * 2);
	nodes->slot_count = old * 2;
	memset(nodes->slots, -1, sizeof(int) * nodes->slot_count);
	for (int number = 0; number < nodes->count; number++)
	{
		size_t		slot = graph_node_slot(nodes, nodes->ids[number]);

		while (nodes->slots[slot] >= 0)
			slot = (slot + 1) & (nodes->slot_count - 1);
		nodes->slots[slot] = number;
	}
}

int
graph_node_put(GraphNodes *nodes, size_t slot, int64_t id)
{
	if (nodes->count == INT_MAX / 2)
		nodes->memory->exceeded(nodes->memory, SIZE_MAX);
	GRAPH_GROW(nodes->memory, nodes->ids, (size_t) nodes->count, nodes->capacity);
	nodes->ids[nodes->count] = id;
	nodes->slots[slot] = nodes->count++;
	/* two thirds full at most */
	if ((size_t) nodes->count * 3 > nodes->slot_count * 2)
		rehash(nodes);
	return nodes->count - 1;
}
