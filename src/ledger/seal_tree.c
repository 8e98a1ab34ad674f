/*
 * seal_tree.c
 *		The stored hashes of a tenant's tree as a source of subtrees.
 *
 * Memory: the tiles at hand, in the context of the caller of begin.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation_d.h"
#include "common/hashfn.h"
#include "core/errors.h"
#include "ledger/seal.h"
#include "utils/fmgroids.h"

/* Columns of itsm.seal_tile. */
#define TILE_FIRST 1
#define TILE_LEVEL 2
#define TILE_TENANT 3
#define TILE_HASHES 4

typedef struct SealTile
{
	bool		known;
	int			level;			/* of tiles */
	uint64		number;
	uint32		present;		/* which of the hashes are there */
	uint8		hashes[TILE_WIDTH][MERKLE_LENGTH];
} SealTile;

StaticAssertDecl(TILE_WIDTH == 32, "present has a bit for each hash");

void
itsm_seal_tree_begin(SealTree *tree, Snapshot snapshot, const char *tenant, int slots)
{
	tree->table = table_open(itsm_relation("seal_tile"), AccessShareLock);
	tree->index = index_open((RelationGetIndexList(tree->table), tree->table->rd_pkindex), AccessShareLock);
	tree->snapshot = snapshot;
	tree->tenant = tenant;
	tree->tenant_datum = CStringGetTextDatum(tenant);
	tree->slots = slots;
	tree->tiles = palloc(sizeof(SealTile) * slots);
	for (int i = 0; i < slots; i++)
		tree->tiles[i].known = false;
	tree->missing = false;
}

void
itsm_seal_tree_end(SealTree *tree)
{
	pfree(tree->tiles);
	index_close(tree->index, AccessShareLock);
	table_close(tree->table, AccessShareLock);
}

/* A row's hashes, which may not reach over the end of the tile. */
static void
take_row(const SealTree *tree, SealTile *tile, HeapTuple tuple)
{
	TupleDesc	descriptor = RelationGetDescr(tree->table);
	bool		isnull[2];
	int64		first = DatumGetInt64(heap_getattr(tuple, TILE_FIRST, descriptor, &isnull[0]));
	Datum		hashes = heap_getattr(tuple, TILE_HASHES, descriptor, &isnull[1]);
	bytea	   *bytes;
	int			place;
	int			count;

	if (isnull[0] || isnull[1])
		return;
	bytes = DatumGetByteaPP(hashes);
	place = (int) ((uint64) first % TILE_WIDTH);
	count = Min((int) (VARSIZE_ANY_EXHDR(bytes) / MERKLE_LENGTH), TILE_WIDTH - place);
	for (int i = 0; i < count; i++)
	{
		memcpy(tile->hashes[place + i], VARDATA_ANY(bytes) + i * MERKLE_LENGTH, MERKLE_LENGTH);
		tile->present |= UINT32_C(1) << (place + i);
	}
}

static const SealTile *
tile_of(SealTree *tree, int level, uint64 number)
{
	uint32		slot = hash_combine(murmurhash32((uint32) number ^ (uint32) (number >> 32)), (uint32) level) % tree->slots;
	SealTile   *tile = &tree->tiles[slot];
	ScanKeyData keys[4];
	SysScanDesc scan;
	HeapTuple	tuple;

	if (tile->known && tile->level == level && tile->number == number)
		return tile;
	tile->known = true;
	tile->level = level;
	tile->number = number;
	tile->present = 0;
	ScanKeyInit(&keys[0], TILE_TENANT, BTEqualStrategyNumber, F_TEXTEQ, tree->tenant_datum);
	keys[0].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[1], TILE_LEVEL, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(level));
	ScanKeyInit(&keys[2], TILE_FIRST, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(number * TILE_WIDTH));
	ScanKeyInit(&keys[3], TILE_FIRST, BTLessStrategyNumber, F_INT8LT, Int64GetDatum((number + 1) * TILE_WIDTH));
	scan = systable_beginscan_ordered(tree->table, tree->index, tree->snapshot, 4, keys);
	while ((tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL)
		take_row(tree, tile, tuple);
	systable_endscan_ordered(scan);
	return tile;
}

/* Of 2^height hashes beside each other. */
static void
root_within(uint8 (*hashes)[MERKLE_LENGTH], int height)
{
	for (int count = 1 << height; count > 1; count /= 2)
		for (int i = 0; i < count / 2; i++)
			itsm_merkle_node(hashes[2 * i], hashes[2 * i + 1], hashes[i]);
}

void
itsm_seal_tree_node(void *argument, int level, uint64 index, uint8 *hash)
{
	SealTree   *tree = argument;
	int			height = level % TILE_HEIGHT;
	uint64		first = index << height;
	const SealTile *tile = tile_of(tree, level / TILE_HEIGHT, first / TILE_WIDTH);
	int			place = (int) (first % TILE_WIDTH);
	int			count = 1 << height;
	uint32		needed = (count == 32 ? PG_UINT32_MAX : (UINT32_C(1) << count) - 1) << place;
	uint8		hashes[TILE_WIDTH][MERKLE_LENGTH];

	if ((tile->present & needed) != needed)
	{
		tree->missing = true;
		memset(hash, 0, MERKLE_LENGTH);
		return;
	}
	memcpy(hashes, tile->hashes[place], (size_t) count * MERKLE_LENGTH);
	root_within(hashes, height);
	memcpy(hash, hashes[0], MERKLE_LENGTH);
}

MerkleSource
itsm_seal_tree_source(SealTree *tree)
{
	return (MerkleSource)
	{
		itsm_seal_tree_node, tree
	};
}

void
itsm_seal_tree_check(const SealTree *tree)
{
	if (tree->missing)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_VERIFICATION),
				 errmsg("hashes of the sealed history are missing in itsm.seal_tile"),
				 errdetail("Tenant \"%s\".", tree->tenant),
				 errhint("itsm.verify() tells what is wrong.")));
}
