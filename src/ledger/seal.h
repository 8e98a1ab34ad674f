/*
 * seal.h
 *		Seals: the events of each tenant as the leaves of a Merkle tree, in the
 *		order in which they were sealed.
 *
 * The data of a leaf is record and version as 8 bytes each, big-endian, and the
 * hash of the event.  Hashes of leaves and of every TILE_HEIGHTth level above
 * them are kept in itsm.seal_tile; a row holds hashes of one tile, which is
 * TILE_WIDTH neighbours.  Rows are never replaced: what a later seal adds to a
 * tile is a row of its own.  itsm.seal_run tells which leaves the events of a
 * record are, itsm.seal_head the size and root of each tenant's tree, and
 * itsm.seal who sealed when, how far, and the root of a tree over all heads.
 *
 * A leaf of that tree is "itsm log 1\n", the tenant's length in 4 bytes and its
 * UTF-8, the size in 8 bytes and the root; tenants are in the order of their
 * bytes.
 *
 * The hash of a seal is SHA-256 over "itsm seal 1\n", the hash of the one
 * before it (32 zero bytes), the numbers seal, at, events, size, system,
 * horizon, next_xid, lsn, rest_file, rest_block in 8 bytes, timeline in 4,
 * thorough in 1, the root, then origin and rest_partition, each after its length
 * in 4 bytes (0xFFFFFFFF for null).
 */
#ifndef ITSM_SEAL_H
#define ITSM_SEAL_H

#include "access/genam.h"
#include "access/xlogdefs.h"
#include "core/table.h"
#include "executor/tuptable.h"
#include "ledger/merkle.h"
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#define TILE_HEIGHT 5
#define TILE_WIDTH (1 << TILE_HEIGHT)

/* A row of itsm.seal. */
typedef struct Seal
{
	int64		number;			/* from 1, without gaps; 0: none */
	TimestampTz at;
	int64		events;			/* sealed by it */
	int64		size;			/* leaves of all trees */
	int64		system;
	int			timeline;
	uint64		horizon;		/* all events of transactions before it are sealed, unless there is a rest */
	uint64		next_xid;		/* transactions from here on ... */
	XLogRecPtr	lsn;			/* ... have written nothing up to here */
	bool		thorough;		/* every event was compared with what is sealed */
	const char *rest_partition; /* where the next one goes on; NULL: all was sealed */
	int64		rest_file;
	int64		rest_block;
	const char *origin;			/* of the first seal, and so of all */
	uint8		root[MERKLE_LENGTH];
	uint8		hash[MERKLE_LENGTH];
} Seal;

/* A row of itsm.seal_head. */
typedef struct SealHead
{
	const char *tenant;
	int64		seal;
	int64		size;
	uint8		root[MERKLE_LENGTH];
} SealHead;

/* A row of itsm.seal_run: consecutive versions of a record that are consecutive leaves. */
typedef struct SealRun
{
	const char *tenant;
	int64		record;
	int64		version;
	int64		leaf;
	int64		events;
} SealRun;

extern void itsm_seal_leaf(int64 record, int64 version, const uint8 *event_hash, uint8 *hash);
extern void itsm_seal_hash(const Seal *seal, const uint8 *previous, uint8 *hash);

/* Of a tenant's log in the tree over all of them. */
extern void itsm_seal_head_leaf(const SealHead *head, uint8 *hash);

/* The root over heads, a list of SealHead in the order of their tenants. */
extern void itsm_seal_root(const List *heads, uint8 *root);

/* The seals: false, and a number of 0, when there is none. */
extern bool itsm_seal_last(Snapshot snapshot, Seal *seal);
extern bool itsm_seal_read(Snapshot snapshot, int64 number, Seal *seal);

/* The first seal with that many leaves in all. */
extern bool itsm_seal_of_size(Snapshot snapshot, int64 size, Seal *seal);

/* The last seal, or the one before it and so on, that left no rest; a number of 0: there is none. */
extern void itsm_seal_complete(Snapshot snapshot, const Seal *last, Seal *complete);

/*
 * The place in the log before which no transaction from a seal's horizon on had
 * written: what was not changed after it holds nothing new.  0: not known.
 */
extern XLogRecPtr itsm_seal_since(Snapshot snapshot, const Seal *complete);

/* The heads as they were at a seal: of all tenants, or of one (false: it had none). */
extern List *itsm_seal_heads(Snapshot snapshot, int64 seal);
extern bool itsm_seal_head_of(Snapshot snapshot, const char *tenant, int64 seal, SealHead *head);

/* Out of a row; ERRCODE_DATA_CORRUPTED when a column is null or has not its size. */
extern void itsm_seal_of_tuple(TupleDesc descriptor, HeapTuple tuple, Seal *seal);
extern void itsm_seal_head_of_tuple(TupleDesc descriptor, HeapTuple tuple, SealHead *head);
extern void itsm_seal_run_of_tuple(TupleDesc descriptor, HeapTuple tuple, SealRun *run);

extern void itsm_seal_store(const Seal *seal);

/*
 * The stored hashes of a tenant's tree, with some of them at hand.  As a
 * MerkleSource it gives zeros for what is missing, and says so in "missing".
 */
typedef struct SealTree
{
	Relation	table;
	Relation	index;
	Snapshot	snapshot;
	const char *tenant;
	Datum		tenant_datum;
	int			slots;
	struct SealTile *tiles;
	bool		missing;
} SealTree;

/* Opens it in the current memory context, with room for that many tiles; lasts until the end. */
extern void itsm_seal_tree_begin(SealTree *tree, Snapshot snapshot, const char *tenant, int slots);
extern void itsm_seal_tree_end(SealTree *tree);
extern MerkleSource itsm_seal_tree_source(SealTree *tree);
extern void itsm_seal_tree_node(void *tree, int level, uint64 index, uint8 *hash);

/* Raises when something was missing. */
extern void itsm_seal_tree_check(const SealTree *tree);

/* Looking for the leaves of events. */
typedef struct SealRuns
{
	Relation	table;
	Relation	index;
	Snapshot	snapshot;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	SealRun		last;			/* the run found last */
	bool		known;
	MemoryContext context;
	bool		walking;		/* from run to run, not by looking each one up */
	SealRun		ahead;			/* then: the one behind it */
	bool		ahead_known;
	MemoryContext ahead_context;
} SealRuns;

extern void itsm_seal_runs_begin(SealRuns *runs, Snapshot snapshot);

/* For whoever asks in the order of records, tenants and versions. */
extern void itsm_seal_runs_walk(SealRuns *runs);
extern void itsm_seal_runs_end(SealRuns *runs);

/* The leaf of an event; -1 when it is not sealed. */
extern int64 itsm_seal_find(SealRuns *runs, const char *tenant, int64 record, int64 version);

#endif							/* ITSM_SEAL_H */
