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

/* The number of a node, which is a new one when it was not met before (*added). */
extern int	graph_node_add(GraphNodes *nodes, int64_t id, bool *added);

/* The number of a node; -1: not met. */
extern int	graph_node_find(const GraphNodes *nodes, int64_t id);

#endif							/* ITSM_GRAPH_NODES_H */
