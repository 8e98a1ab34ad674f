/*
 * graph_nodes.h
 *		The nodes that a search has met, numbered from 0 in the order in which
 *		it met them.  Pure.
 */
#ifndef ITSM_GRAPH_NODES_H
#define ITSM_GRAPH_NODES_H

#include "cmdb/graph_memory.h"

typedef struct GraphNodes
{
	GraphMemory *memory;
	int			count;
	size_t		capacity;
	int64_t    *ids;			/* by number */
	int		   *slots;			/* hash table of numbers; -1: empty */
	size_t		slot_count;		/* a power of two */
} GraphNodes;

extern void graph_nodes_begin(GraphNodes *nodes, GraphMemory *memory);
extern void graph_nodes_end(GraphNodes *nodes);

/* Gives a node that was not met before its number, in the empty slot where it was looked for. */
extern int	graph_node_put(GraphNodes *nodes, size_t slot, int64_t id);

/* Where the search for a node begins. */
static inline size_t
graph_node_slot(const GraphNodes *nodes, int64_t id)
{
	uint64_t	hash = (uint64_t) id * UINT64_C(0x9E3779B97F4A7C15);

	return (size_t) (hash ^ (hash >> 32)) & (nodes->slot_count - 1);
}

/* The number of a node; -1: not met.  *slot: where it is, or would be. */
static inline int
graph_node_look(const GraphNodes *nodes, int64_t id, size_t *slot)
{
	int			number;

	*slot = graph_node_slot(nodes, id);
	while ((number = nodes->slots[*slot]) >= 0 && nodes->ids[number] != id)
		*slot = (*slot + 1) & (nodes->slot_count - 1);
	return number;
}

static inline int
graph_node_find(const GraphNodes *nodes, int64_t id)
{
	size_t		slot;

	return graph_node_look(nodes, id, &slot);
}

/* The number of a node, which is a new one when it was not met before (*added). */
static inline int
graph_node_add(GraphNodes *nodes, int64_t id, bool *added)
{
	size_t		slot;
	int			number = graph_node_look(nodes, id, &slot);

	*added = number < 0;
	return *added ? graph_node_put(nodes, slot, id) : number;
}

#endif							/* ITSM_GRAPH_NODES_H */
