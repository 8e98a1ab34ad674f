/*
 * graph_search.h
 *		Breadth-first searches over a graph that is asked for neighbours, node by
 *		node.  Pure, and without recursion.
 */
#ifndef ITSM_GRAPH_SEARCH_H
#define ITSM_GRAPH_SEARCH_H

#include "cmdb/graph_nodes.h"

typedef struct GraphEdge
{
	int64_t		node;			/* at the other end */
	int			label;			/* the graph's: which kind of edge it is */
} GraphEdge;

typedef struct Graph
{
	GraphMemory *memory;

	/*
	 * The edges that leave a node or, backward, those that arrive at it; how
	 * many they are.  The array is the graph's, until it is asked again.
	 */
	int			(*neighbours) (struct Graph *graph, int64_t node, bool backward, const GraphEdge **edges);

	/*
	 * How many of those whose edges of that label arrive at a node may fail
	 * without the node failing, one with several edges being one; 0 for most.  NULL: none tolerates anything.  Does
	 * not touch the array of neighbours.
	 */
	int			(*tolerates) (struct Graph *graph, int64_t node, int label);

	/*
	 * The neighbours of a node will be asked for soon (near: next but one).  NULL:
	 * that is no use.
	 */
	void		(*expect) (struct Graph *graph, int64_t node, bool backward, bool near);
} Graph;

#define GRAPH_NO_LIMIT (-1)

/* How a node was reached. */
typedef struct GraphStep
{
	int			depth;
	int			via;			/* the number of the node through which; -1 for a start */
	int			label;			/* of the edge from there */
} GraphStep;

/* What a search has reached. */
typedef struct GraphReach
{
	GraphNodes	nodes;			/* the starts first, then by depth */
	size_t		capacity;
	GraphStep  *steps;			/* by the number of a node */
} GraphReach;

/*
 * Everything within max_depth edges (GRAPH_NO_LIMIT: everything) of the starts.
 * A node that tolerates failures is reached by the first that it does not.
 */
extern void graph_reach(Graph *graph, bool backward, const int64_t *starts, int start_count, int max_depth,
						GraphReach *reach);
extern void graph_reach_end(GraphReach *reach);

typedef struct GraphPath
{
	int			length;			/* edges */
	int64_t    *nodes;			/* length + 1 */
	int		   *labels;			/* of the edge that leads to the node; length + 1, the first means nothing */
} GraphPath;

/* A shortest path along the edges; false when there is none of at most max_depth edges. */
extern bool graph_path(Graph *graph, int64_t source, int64_t target, int max_depth, GraphPath *path);

#endif							/* ITSM_GRAPH_SEARCH_H */
