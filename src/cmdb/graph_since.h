/*
 * graph_since.h
 *		The pack that a snapshot sees, and what has changed since it was made.
 */
#ifndef ITSM_GRAPH_SINCE_H
#define ITSM_GRAPH_SINCE_H

#include "cmdb/graph_changes.h"
#include "cmdb/graph_pack.h"
#include "cmdb/relationship_type.h"

typedef struct GraphSince
{
	const GraphPack *pack;		/* NULL: none */
	const int  *labels;			/* numbers of types by the pack's labels; -1: none */
	GraphChanges changes;		/* their labels are numbers of types */
	bool		no_redundancy;	/* found out by whoever looked */
} GraphSince;

/* The session's; valid until asked again. */
extern GraphSince *itsm_graph_since(Snapshot snapshot, const RelationshipTypes *types);

#endif							/* ITSM_GRAPH_SINCE_H */
