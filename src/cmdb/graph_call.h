/*
 * graph_call.h
 *		Arguments and results of the searches that SQL can call.
 */
#ifndef ITSM_GRAPH_CALL_H
#define ITSM_GRAPH_CALL_H

#include "cmdb/graph_reader.h"
#include "fmgr.h"

/* max_depth: null for none; 22023 for one below 0. */
extern int	itsm_depth_argument(FunctionCallInfo fcinfo, int number);

/* An array of names of types, null for all; and a time, null for now. */
extern void itsm_types_argument(FunctionCallInfo fcinfo, int number, GraphQuery *query);
extern void itsm_time_argument(FunctionCallInfo fcinfo, int number, GraphQuery *query);

/* P0002 when there is no such record: asked where nothing was found. */
extern void itsm_graph_require(int64 record);

/* The same for a record of a tenant that the current user is not shown. */
extern void itsm_graph_permit(int64 record);

#endif							/* ITSM_GRAPH_CALL_H */
