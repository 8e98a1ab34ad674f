/*
 * graph_failure.h
 *		Whose failure alone reaches a node, where nodes bear some failures of what
 *		they rest on.  Pure, and without recursion.
 */
#ifndef ITSM_GRAPH_FAILURE_H
#define ITSM_GRAPH_FAILURE_H

#include "cmdb/graph_memory.h"

/*
 * Nodes are numbers from 0.  A failure goes along an arc, from its tail to its
 * head.  The arcs of a group have the same head, which fails by them when more
 * tails have failed than the group tolerates; an arc of no group, or of one that
 * tolerates nothing, leads on at once.
 */
typedef struct GraphFailures
{
	int			node_count;
	int			arc_count;
	const int  *tails;
	const int  *heads;
	const int  *groups;			/* by arc; -1: none */
	int			group_count;
	const int  *tolerates;		/* by group: how many of its arcs */
} GraphFailures;

/* Sets points[node] for those whose failure alone reaches the target, itself included; to false for all others. */
extern void graph_single_failures(const GraphFailures *failures, GraphMemory *memory, int target, bool *points);

#endif							/* ITSM_GRAPH_FAILURE_H */
