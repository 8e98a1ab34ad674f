/*
 * graph_pack.h
 *		Packed relationships: made by graph_pack.c, read by graph_cache.c.
 */
#ifndef ITSM_GRAPH_PACK_H
#define ITSM_GRAPH_PACK_H

#include "cmdb/graph_page.h"
#include "nodes/pg_list.h"
#include "utils/snapshot.h"

/* Columns of itsm.graph_pack and itsm.graph_page, from 0. */
enum
{
	PACK_GENERATION, PACK_SYSTEM, PACK_XID_MIN, PACK_XID_MAX, PACK_RUNNING, PACK_TYPES, PACK_RELATIONSHIPS,
	PACK_PACKED_AT, PACK_COLUMNS
};
enum
{
	PAGE_NUMBER, PAGE_BYTES, PAGE_COLUMNS
};

/* A pack, as a snapshot sees it; belongs to the session's cache. */
typedef struct GraphPack
{
	int64		generation;
	int64		system;
	uint64		xid_min;
	uint64		xid_max;
	uint64	   *running;
	int			running_count;
	int			type_count;
	char	  **types;			/* by label */
} GraphPack;

/* The pack that the snapshot sees; NULL: none that this cluster can use.  Valid until asked again. */
extern const GraphPack *itsm_graph_pack(Snapshot snapshot);

/* Before a search reads pages. */
extern void itsm_graph_pack_begin(void);

/* True when the changes of a transaction are in the pack. */
extern bool itsm_graph_pack_has(const GraphPack *pack, uint64 xid);

/* The page of a record in the pack that was found last, under the same snapshot; valid until the next call. */
extern const PackedPage *itsm_graph_pack_page(Snapshot snapshot, int64 node);

/* ERRCODE_DATA_CORRUPTED for that of a record which turns out to be none. */
extern void itsm_graph_pack_damaged(int64 node);

/*
 * They will be asked for soon: has the processor fetch them, as far as the page
 * was read already; first where they are (not near), then what they are.
 */
extern void itsm_graph_pack_expect(int64 node, bool as_target, bool near);

/* Gives back what reading pages holds open; before the search ends. */
extern void itsm_graph_pack_end(void);

#endif							/* ITSM_GRAPH_PACK_H */
