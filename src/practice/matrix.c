/*
 * matrix.c
 *		Matrices as data: looked up in what the session keeps of them, and
 *		replaced, in direct access.
 *
 * A change holds from the next statement of every session after its commit,
 * also in an old snapshot: a matrix is read by a catalog snapshot, and kept
 * until a relcache invalidation of its table.
 *
 * Memory: what is kept is in a context below CacheMemoryContext.  Locking: one
 * change at a time, by ShareRowExclusiveLock on the table until the transaction
 * ends.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/policy_event.h"
#include "practice/matrix.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define MOST 20					/* rows, or columns */

/* Columns of the tables. */
enum
{
	MATRIX_NAME = 1, MATRIX_ROW, MATRIX_COLUMN, MATRIX_LEVEL, MATRIX_SHIPPED, MATRIX_COLUMNS = MATRIX_SHIPPED
};

typedef struct Matrix
{
	char	   *name;
	bool		own;
	int			rows;
	int			columns;
	bool		known[MOST][MOST];
	Datum		levels[MOST][MOST];
} Matrix;

static MatrixKind *kinds = NULL;

static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	for (MatrixKind *kind = kinds; kind; kind = kind->next)
		if (relation == kind->oid || !OidIsValid(relation))
			kind->stale = true;
}

/* Forgets what may have changed. */
static void
refresh(MatrixKind *kind)
{
	AcceptInvalidationMessages();
	if (kind->context && !kind->stale)
		return;
	if (kind->context == NULL)
	{
		if (kinds == NULL)
			CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
		kind->context = AllocSetContextCreate(CacheMemoryContext, "itsm matrices", ALLOCSET_SMALL_SIZES);
		kind->next = kinds;
		kinds = kind;
	}
	kind->matrices = NIL;
	MemoryContextReset(kind->context);
	kind->oid = itsm_relation(kind->table);
	kind->stale = false;
}

/* Own cells replace the shipped ones, whichever come first. */
static void
read_cell(Relation table, HeapTuple cell, Matrix *matrix)
{
	Form_pg_attribute level = TupleDescAttr(RelationGetDescr(table), MATRIX_LEVEL - 1);
	Datum		values[MATRIX_COLUMNS];
	bool		nulls[MATRIX_COLUMNS];
	int			row;
	int			column;
	bool		own;

	heap_deform_tuple(cell, RelationGetDescr(table), values, nulls);
	row = DatumGetInt32(values[MATRIX_ROW - 1]);
	column = DatumGetInt32(values[MATRIX_COLUMN - 1]);
	own = !DatumGetBool(values[MATRIX_SHIPPED - 1]);
	if (row < 1 || row > MOST || column < 1 || column > MOST || (matrix->own && !own))
		return;
	if (own && !matrix->own)
	{
		matrix->own = true;
		matrix->rows = matrix->columns = 0;
		memset(matrix->known, 0, sizeof(matrix->known));
	}
	matrix->rows = Max(matrix->rows, row);
	matrix->columns = Max(matrix->columns, column);
	matrix->known[row - 1][column - 1] = true;
	matrix->levels[row - 1][column - 1] = datumCopy(values[MATRIX_LEVEL - 1], level->attbyval, level->attlen);
}

/* Reads a matrix into the kind's context; NULL when there is none. */
static Matrix *
load(MatrixKind *kind, const char *name)
{
	Relation	table = table_open(kind->oid, AccessShareLock);
	Matrix	   *matrix = MemoryContextAllocZero(kind->context, sizeof(Matrix));
	MemoryContext caller;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	cell;

	ScanKeyInit(&key, MATRIX_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	scan = systable_beginscan(table, itsm_relation(psprintf("%s_pkey", kind->table)), true, NULL, 1, &key);
	caller = MemoryContextSwitchTo(kind->context);
	while (HeapTupleIsValid(cell = systable_getnext(scan)))
		read_cell(table, cell, matrix);
	if (matrix->rows > 0)
	{
		matrix->name = pstrdup(name);
		kind->matrices = lappend(kind->matrices, matrix);
	}
	MemoryContextSwitchTo(caller);
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return matrix->rows > 0 ? matrix : NULL;
}

static const Matrix *
find(MatrixKind *kind, const char *name)
{
	ListCell   *cell;
	Matrix	   *matrix;

	refresh(kind);
	foreach(cell, kind->matrices)
	{
		matrix = lfirst(cell);
		if (strcmp(matrix->name, name) == 0)
			return matrix;
	}
	matrix = load(kind, name);
	if (matrix == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s matrix \"%s\" does not exist", kind->level, itsm_clip(name)),
				 errhint("Table itsm.%s has those that exist; itsm.%s makes one.", kind->table,
						 kind->set_function)));
	return matrix;
}

static bool
has_cell(const Matrix *matrix, int row, int column)
{
	return row >= 1 && row <= matrix->rows && column >= 1 && column <= matrix->columns &&
		matrix->known[row - 1][column - 1];
}

bool
itsm_matrix_look_up(MatrixKind *kind, const char *name, int row, int column, Datum *level)
{
	const Matrix *matrix = find(kind, name);
	bool		found = has_cell(matrix, row, column);

	if (found)
		*level = matrix->levels[row - 1][column - 1];
	return found;
}

Datum
itsm_matrix_level(MatrixKind *kind, const char *name, int row, int column)
{
	const Matrix *matrix = find(kind, name);

	if (!has_cell(matrix, row, column))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s matrix \"%s\" has nothing for %s %d and %s %d", kind->level, name, kind->row,
						row, kind->column, column),
				 errhint("It has %s 1 to %d and %s 1 to %d; itsm.%s makes another.", kind->row,
						 matrix->rows, kind->column, matrix->columns, kind->set_function)));
	return matrix->levels[row - 1][column - 1];
}

/* Raises what is wrong with new levels, and makes their subscripts begin with 1, for the event. */
static void
check_levels(const MatrixKind *kind, const char *name, ArrayType *levels)
{
	if (ARR_NDIM(levels) != 2)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s matrix \"%s\" needs an array of two dimensions", kind->level, itsm_clip(name)),
				 errhint("It has a row for each %s and in it an element for each %s, from 1; NULL takes the matrix away.",
						 kind->row, kind->column)));
	if (ARR_DIMS(levels)[0] > MOST || ARR_DIMS(levels)[1] > MOST)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s matrix \"%s\" is too large", kind->level, itsm_clip(name)),
				 errhint("It has up to %d rows and columns.", MOST)));
	if (array_contains_nulls(levels))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s matrix \"%s\" has an empty cell", kind->level, itsm_clip(name)),
				 errhint("Every combination needs a %s.", kind->level)));
	ARR_LBOUND(levels)[0] = ARR_LBOUND(levels)[1] = 1;
}

/* The cells of a matrix that are shipped, or those that are not: copies. */
static List *
read_cells(Relation table, const MatrixKind *kind, const char *name, bool shipped)
{
	List	   *cells = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	cell;

	ScanKeyInit(&key, MATRIX_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	scan = systable_beginscan(table, itsm_relation(psprintf("%s_pkey", kind->table)), true, NULL, 1, &key);
	while (HeapTupleIsValid(cell = systable_getnext(scan)))
	{
		bool		isnull;

		if (DatumGetBool(heap_getattr(cell, MATRIX_SHIPPED, RelationGetDescr(table), &isnull)) == shipped)
			cells = lappend(cells, heap_copytuple(cell));
	}
	systable_endscan(scan);
	return cells;
}

typedef struct Levels
{
	int			rows;
	int			columns;
	Datum	   *elements;
} Levels;

static Levels
read_levels(ArrayType *array)
{
	Levels		levels = {.rows = ARR_DIMS(array)[0], .columns = ARR_DIMS(array)[1]};
	int16		length;
	bool		by_value;
	char		alignment;
	int			count;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment, &levels.elements, NULL, &count);
	return levels;
}

static bool
is_the_same(Relation table, const List *cells, const Levels *levels)
{
	Form_pg_attribute form = TupleDescAttr(RelationGetDescr(table), MATRIX_LEVEL - 1);
	ListCell   *lc;

	if (list_length(cells) != levels->rows * levels->columns)
		return false;
	foreach(lc, cells)
	{
		Datum		values[MATRIX_COLUMNS];
		bool		nulls[MATRIX_COLUMNS];
		int			row;
		int			column;

		heap_deform_tuple(lfirst(lc), RelationGetDescr(table), values, nulls);
		row = DatumGetInt32(values[MATRIX_ROW - 1]);
		column = DatumGetInt32(values[MATRIX_COLUMN - 1]);
		if (row < 1 || row > levels->rows || column < 1 || column > levels->columns ||
			!datum_image_eq(values[MATRIX_LEVEL - 1],
							levels->elements[(row - 1) * levels->columns + column - 1],
							form->attbyval, form->attlen))
			return false;
	}
	return true;
}

static void
remove_cells(Relation table, const List *cells)
{
	ListCell   *lc;

	foreach(lc, cells)
		simple_heap_delete(table, &((HeapTuple) lfirst(lc))->t_self);
	CommandCounterIncrement();
}

static void
insert_cells(Relation table, const char *name, const Levels *levels, bool shipped)
{
	Datum		values[MATRIX_COLUMNS];
	bool		nulls[MATRIX_COLUMNS] = {false};

	values[MATRIX_NAME - 1] = CStringGetTextDatum(name);
	values[MATRIX_SHIPPED - 1] = BoolGetDatum(shipped);
	for (int i = 0; i < levels->rows * levels->columns; i++)
	{
		values[MATRIX_ROW - 1] = Int32GetDatum(i / levels->columns + 1);
		values[MATRIX_COLUMN - 1] = Int32GetDatum(i % levels->columns + 1);
		values[MATRIX_LEVEL - 1] = levels->elements[i];
		itsm_table_insert(table, values, nulls);
	}
	CommandCounterIncrement();
}

static void
keep_event(const MatrixKind *kind, const char *name, ArrayType *levels)
{
	char	   *subject = psprintf("%s matrix %s", kind->level, name);
	Oid			output;
	bool		varlena;

	if (levels == NULL)
	{
		itsm_policy_event(subject, 0, "dropped", NULL);
		return;
	}
	getTypeOutputInfo(get_array_type(ARR_ELEMTYPE(levels)), &output, &varlena);
	itsm_policy_event(subject, 0, "defined", "levels",
					  OidOutputFunctionCall(output, PointerGetDatum(levels)), NULL);
}

void
itsm_matrix_set(MatrixKind *kind, const char *name, ArrayType *levels)
{
	Relation	table;
	List	   *cells;
	Levels		now;

	if (levels)
	{
		check_levels(kind, name, levels);
		now = read_levels(levels);
	}
	table = table_open(itsm_relation(kind->table), ShareRowExclusiveLock);
	cells = read_cells(table, kind, name, creating_extension);
	if (levels == NULL && cells == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no %s matrix \"%s\" of your own", kind->level, itsm_clip(name)),
				 errhint("Shipped ones stay; give levels to have others in their place.")));
	if (levels == NULL || !is_the_same(table, cells, &now))
	{
		remove_cells(table, cells);
		if (levels)
			insert_cells(table, name, &now, creating_extension);
		CacheInvalidateRelcache(table);
		CommandCounterIncrement();
		/* what comes with the extension comes again with CREATE EXTENSION before a restore */
		if (!creating_extension)
			keep_event(kind, name, levels);
	}
	table_close(table, NoLock);
}
