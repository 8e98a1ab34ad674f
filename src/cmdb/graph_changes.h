/*
 * graph_changes.h
 *		Edges that are otherwise than in the graph under them: begun or ended.
 *		Pure.
 */
#ifndef ITSM_GRAPH_CHANGES_H
#define ITSM_GRAPH_CHANGES_H

#include "cmdb/graph_nodes.h"

/* A change at one of its ends. */
typedef struct GraphChange
{
	int64_t		other;			/* the node at the other one */
	int			label;
	bool		as_target;		/* the node is the edge's target */
	bool		holds;
	int			next;			/* of the same node; -1: none */
} GraphChange;

typedef struct GraphChanges
{
	GraphNodes	nodes;			/* that have any */
	size_t		node_capacity;
	int		   *first;			/* by the number of a node */
	int			count;
	size_t		capacity;
	GraphChange *changes;
} GraphChanges;

extern void graph_changes_begin(GraphChanges *changes, GraphMemory *memory);
extern void graph_changes_add(GraphChanges *changes, int64_t source, int label, int64_t target, bool holds);

/* The first change of a node; -1: it has none. */
static inline int
graph_changes_of(const GraphChanges *changes, int64_t node)
{
	int			number = changes->count ? graph_node_find(&changes->nodes, node) : -1;

	return number < 0 ? -1 : changes->first[number];
}

/* Whether the changes from "first" on say that an edge of their node does not hold. */
static inline bool
graph_changes_ended(const GraphChanges *changes, int first, int64_t other, int label, bool as_target)
{
	for (int i = first; i >= 0; i = changes->changes[i].next)
	{
		const GraphChange *change = &changes->changes[i];

		if (!change->holds && change->other == other && change->label == label && change->as_target == as_target)
			return true;
	}
	return false;
}

#endif							/* ITSM_GRAPH_CHANGES_H */
