/*
 * graph_structure.h
 *		What a whole graph is like: cycles, parts that hang together, and nodes
 *		that everything behind them depends on.  Pure, and without recursion.
 */
#ifndef ITSM_GRAPH_STRUCTURE_H
#define ITSM_GRAPH_STRUCTURE_H

#include "cmdb/graph_memory.h"

/* Nodes are numbers from 0; the arcs of node n are heads[offsets[n]] to before heads[offsets[n + 1]]. */
typedef struct GraphArcs
{
	int			node_count;
	int			arc_count;
	int		   *offsets;
	int		   *heads;
} GraphArcs;

/* From arcs in any order; reversed: the other way round. */
extern void graph_arcs_begin(GraphArcs *arcs, GraphMemory *memory, int node_count, int arc_count, const int *tails,
							 const int *heads, bool reversed);
extern void graph_arcs_end(GraphArcs *arcs, GraphMemory *memory);

/*
 * Strongly connected components (Tarjan): those that lead to each other have
 * the same number.  components: one per node.  Returns how many there are.
 */
extern int	graph_strong_components(const GraphArcs *arcs, GraphMemory *memory, int *components);

/* Weakly connected components: the smallest node of each, for each node. */
extern void graph_weak_components(const GraphArcs *arcs, GraphMemory *memory, int *smallest);

/*
 * Immediate dominators (Lengauer and Tarjan): the last node that every way
 * from the root to a node passes, but for the node itself; -1 for the root and
 * what it does not reach.
 */
extern void graph_dominators(const GraphArcs *arcs, GraphMemory *memory, int root, int *dominators);

#endif							/* ITSM_GRAPH_STRUCTURE_H */
