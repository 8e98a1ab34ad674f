/*
 * graph_reader.h
 *		The graph that relationships make, as a snapshot sees it, for the searches
 *		of graph_search.h.
 */
#ifndef ITSM_GRAPH_READER_H
#define ITSM_GRAPH_READER_H

#include "access/genam.h"
#include "cmdb/graph_search.h"
#include "cmdb/graph_since.h"
#include "cmdb/redundancy.h"
#include "cmdb/relationship_type.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

/* Which way an edge goes. */
typedef enum GraphSense
{
	SENSE_IMPACT,				/* as failures go, by the types' impact */
	SENSE_ALONG,				/* from source to target */
	SENSE_EITHER				/* both ways */
} GraphSense;

/* What a search is limited to. */
typedef struct GraphQuery
{
	GraphSense	sense;
	bool		some_types;		/* those named; else all */
	const List *types;			/* char * */
	bool		entries;		/* all that the indexes have: also what is gone, and not vacuumed away yet */
	bool		as_of;			/* at a time; else now */
	TimestampTz at;
	int			max_depth;		/* GRAPH_NO_LIMIT: none */
} GraphQuery;

/* Which types are followed, by backward and which end the node is (1: the target). */
typedef struct GraphFollow
{
	bool	   *types[2][2];	/* by the number of a type */
	bool		any[2][2];
} GraphFollow;

typedef struct GraphReader
{
	Graph		graph;			/* stands first; labels are numbers of types */
	GraphMemory memory;
	MemoryContext work;			/* what searches allocate */
	RelationshipTypes types;
	const GraphFollow *follow;
	GraphQuery	query;
	Snapshot	snapshot;
	GraphSince *since;			/* NULL: not asked for */
	GraphLabels labels[2][2];	/* of packed relationships, as they are followed */
	bool		packed;			/* else indexes are scanned */
	bool		supposing;
	GraphChanges supposed;		/* relationships that begin or end, supposedly */
	GraphNodes	absent;			/* records that are not there, supposedly */
	RedundancyReader redundancy;
	int8	   *redundant;		/* by type, whether there is any: -1 not looked up yet */
	Relation	table;			/* itsm_graph_table; NULL: not opened yet */
	Relation	indexes[2];		/* by which end the node is */
	IndexScanDesc scans[2];
	TupleTableSlot *slot;
	const RelationshipType *last;	/* whose name was met last */
	GraphEdge  *edges;
	size_t		capacity;
	GraphEdge  *arriving;		/* the same, while the others are still read */
	size_t		arriving_capacity;
} GraphReader;

/* Opens it, in the current memory context.  42704 for a type that there is not. */
extern void itsm_graph_open(GraphReader *reader, Snapshot snapshot, const GraphQuery *query);
extern void itsm_graph_close(GraphReader *reader);

/* What follows tolerates what itsm.set_redundancy says; for the search of what a failure reaches. */
extern void itsm_graph_tolerate(GraphReader *reader);

/*
 * How many of those whose edges of that type arrive at a node it needs, where
 * itsm.set_redundancy says so; else 0.  After itsm_graph_tolerate only.
 */
extern int	itsm_graph_needs(GraphReader *reader, int64 node, int type);

/* itsm.relationship, with the reader's slot for its rows. */
extern Relation itsm_graph_table(GraphReader *reader);

/* Whether the relationship in that slot, whose columns have been read, held at the time that is asked for. */
extern bool itsm_graph_held(GraphReader *reader);

/* The type of a row's value, kept in *last; NULL when there is none of that name (any more). */
extern const RelationshipType *itsm_graph_type(const RelationshipTypes *types, const RelationshipType **last,
											   Datum value);

/* Memory for searches, within the setting's limit, in that context. */
extern void itsm_graph_memory_begin(GraphMemory *memory, MemoryContext context);

/* All relationships of the open reader's types, as the numbers that "nodes" gives to their ends. */
typedef struct GraphList
{
	GraphNodes	nodes;
	int			arc_count;
	size_t		tail_capacity;
	size_t		head_capacity;
	int		   *tails;
	int		   *heads;
} GraphList;

extern void itsm_graph_list(GraphReader *reader, GraphList *list);

#endif							/* ITSM_GRAPH_READER_H */
