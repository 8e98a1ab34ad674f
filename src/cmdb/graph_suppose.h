/*
 * graph_suppose.h
 *		What if: a search through a graph that is not quite the one that is.
 */
#ifndef ITSM_GRAPH_SUPPOSE_H
#define ITSM_GRAPH_SUPPOSE_H

#include "cmdb/graph_reader.h"
#include "fmgr.h"

/*
 * Lays over the open reader's graph what three arguments of a function say,
 * from "number" on; nothing where they are null:
 *		without_cis bigint[]			records that are not there
 *		without_relationships bigint[]	relationships, by number, that do not hold
 *		with_relationships jsonb		an array of {"source", "type", "target"} that hold
 * Raises P0002 for a relationship that there is not, 42704 for an unknown type,
 * 22023 for what is no such array.
 */
extern void itsm_graph_suppose(GraphReader *reader, FunctionCallInfo fcinfo, int number);

#endif							/* ITSM_GRAPH_SUPPOSE_H */
