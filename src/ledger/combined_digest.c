/*
 * combined_digest.c
 *		The digests of several histories combined into one, and proofs that one
 *		is among them.
 *
 * A leaf's data is a digest's checkpoint: origin, size and root.  Whoever has
 * the three lines needs nothing of ours to check a proof.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/table.h"
#include "funcapi.h"
#include "ledger/merkle.h"
#include "ledger/seal_digest.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"

#define COMBINED_FORMAT "itsm combined digest 1"
#define COMBINED_ORIGIN "itsm combined"

/* One of the histories. */
typedef struct Cell
{
	const char *origin;
	const char *checkpoint;
	uint8		leaf[MERKLE_LENGTH];
} Cell;

typedef struct Cells
{
	int			count;
	Cell	   *cells;
	MerkleSource source;
} Cells;

/* Hash of a complete subtree; there are few cells, so nothing is kept. */
static void
subtree(void *argument, int level, uint64_t index, uint8_t *hash)
{
	const Cells *cells = argument;
	uint8		left[MERKLE_LENGTH];
	uint8		right[MERKLE_LENGTH];

	if (level == 0)
	{
		memcpy(hash, cells->cells[index].leaf, MERKLE_LENGTH);
		return;
	}
	subtree(argument, level - 1, 2 * index, left);
	subtree(argument, level - 1, 2 * index + 1, right);
	itsm_merkle_node(left, right, hash);
}

static void
begin_cells(Cells *cells, int most)
{
	cells->count = 0;
	cells->cells = palloc(sizeof(Cell) * Max(most, 1));
	cells->source = (MerkleSource) {.node = subtree, .argument = cells};
}

static void
add_cell(Cells *cells, const char *origin, const char *checkpoint)
{
	Cell	   *cell = &cells->cells[cells->count++];

	cell->origin = origin;
	cell->checkpoint = checkpoint;
	itsm_merkle_leaf(checkpoint, strlen(checkpoint), cell->leaf);
}

static int
compare_origins(const void *a, const void *b)
{
	return strcmp(((const Cell *) a)->origin, ((const Cell *) b)->origin);
}

static void
write_text(StringInfo json, const char *name, const char *text)
{
	appendStringInfo(json, ", \"%s\": ", name);
	escape_json(json, text);
}

static Datum
write_combined(const Cells *cells)
{
	StringInfoData json;
	uint8		root[MERKLE_LENGTH];

	itsm_merkle_root_of(&cells->source, cells->count, root);
	initStringInfo(&json);
	appendStringInfo(&json, "{\"format\": \"" COMBINED_FORMAT "\", \"size\": %d", cells->count);
	write_text(&json, "root", itsm_base64(root));
	write_text(&json, "checkpoint", itsm_checkpoint(COMBINED_ORIGIN, cells->count, root));
	appendStringInfoString(&json, ", \"cells\": [");
	for (int i = 0; i < cells->count; i++)
	{
		appendStringInfoString(&json, i ? ", {\"checkpoint\": " : "{\"checkpoint\": ");
		escape_json(&json, cells->cells[i].checkpoint);
		write_text(&json, "origin", cells->cells[i].origin);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoString(&json, "]}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/*
 * itsm.combine_digests(digests jsonb[]) → jsonb
 */
ITSM_FUNCTION(itsm_combine_digests);
Datum
itsm_combine_digests(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	Cells		cells;

	deconstruct_array(array, JSONBOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no digest to combine"),
				 errhint("Give what itsm.digest() returned in each of the databases.")));
	begin_cells(&cells, count);
	for (int i = 0; i < count; i++)
	{
		SealDigest	digest;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("digest %d is null", i + 1)));
		itsm_digest_read(&DatumGetJsonbP(elements[i])->root, &digest);
		add_cell(&cells, digest.origin, itsm_checkpoint(digest.origin, digest.size, digest.root));
	}
	qsort(cells.cells, cells.count, sizeof(Cell), compare_origins);
	for (int i = 1; i < cells.count; i++)
		if (compare_origins(&cells.cells[i - 1], &cells.cells[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("two digests are of one history, %s", cells.cells[i].origin),
					 errhint("Combine the last digest of each.")));
	PG_RETURN_DATUM(write_combined(&cells));
}

/* Reading. */

static void
no_combined(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("not a combined digest: %s", what),
			 errhint("Give what itsm.combine_digests() returned, as it was.")));
}

static const char *
text_of(const JsonbContainer *object, const char *name)
{
	JsonbValue	value;
	char	   *text = itsm_json_member(object, name, &value) ? itsm_json_string(&value) : NULL;

	if (text == NULL)
		no_combined(psprintf("a member \"%s\" is not a string", name));
	return text;
}

static void
read_combined(const JsonbContainer *json, Cells *cells, uint8 *root)
{
	JsonbValue	value;
	JsonbContainer *list;

	if (!JsonContainerIsObject(json) || strcmp(text_of(json, "format"), COMBINED_FORMAT) != 0)
		no_combined("it is no object of format \"" COMBINED_FORMAT "\"");
	list = itsm_json_member(json, "cells", &value) ? itsm_json_array(&value) : NULL;
	if (list == NULL || JsonContainerSize(list) == 0)
		no_combined("its member \"cells\" is not an array of some");
	begin_cells(cells, JsonContainerSize(list));
	for (uint32 i = 0; i < JsonContainerSize(list); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(list, i);
		JsonbContainer *cell = itsm_json_object(element);

		if (cell == NULL)
			no_combined("its member \"cells\" is not an array of objects");
		add_cell(cells, text_of(cell, "origin"), text_of(cell, "checkpoint"));
	}
	itsm_merkle_root_of(&cells->source, cells->count, root);
	if (strcmp(text_of(json, "root"), itsm_base64(root)) != 0 ||
		strcmp(text_of(json, "checkpoint"), itsm_checkpoint(COMBINED_ORIGIN, cells->count, root)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_VERIFICATION),
				 errmsg("the combined digest was changed: its root is not that of its cells"),
				 errhint("Give what itsm.combine_digests() returned, as it was.")));
}

/* The cell of a digest. */
static int
find_cell(const Cells *cells, const SealDigest *digest)
{
	for (int i = 0; i < cells->count; i++)
	{
		if (strcmp(cells->cells[i].origin, digest->origin) != 0)
			continue;
		if (strcmp(cells->cells[i].checkpoint, itsm_checkpoint(digest->origin, digest->size, digest->root)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_VERIFICATION),
					 errmsg("another digest of %s was combined", digest->origin),
					 errhint("itsm.digest(tree_size) returns the one of an earlier size.")));
		return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no digest of %s was combined", digest->origin)));
}

static Datum
hashes_array(const MerkleProof *proof)
{
	Datum	   *hashes = palloc(sizeof(Datum) * Max(proof->count, 1));

	for (int i = 0; i < proof->count; i++)
		hashes[i] = itsm_bytes(proof->hashes[i], MERKLE_LENGTH);
	return PointerGetDatum(construct_array(hashes, proof->count, BYTEAOID, -1, false, TYPALIGN_INT));
}

/*
 * itsm.combined_inclusion(combined jsonb, digest jsonb) → record
 */
ITSM_FUNCTION(itsm_combined_inclusion);
Datum
itsm_combined_inclusion(PG_FUNCTION_ARGS)
{
	Cells		cells;
	SealDigest	digest;
	MerkleProof proof;
	TupleDesc	descriptor;
	uint8		root[MERKLE_LENGTH];
	Datum		values[5];
	bool		nulls[5] = {false};
	int			index;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_combined(&PG_GETARG_JSONB_P(0)->root, &cells, root);
	itsm_digest_read(&PG_GETARG_JSONB_P(1)->root, &digest);
	index = find_cell(&cells, &digest);
	itsm_merkle_prove_inclusion(&cells.source, index, cells.count, &proof);
	values[0] = Int64GetDatum(index);
	values[1] = itsm_bytes(cells.cells[index].leaf, MERKLE_LENGTH);
	values[2] = Int64GetDatum(cells.count);
	values[3] = itsm_bytes(root, MERKLE_LENGTH);
	values[4] = hashes_array(&proof);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
