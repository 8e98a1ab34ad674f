/*
 * matrix.h
 *		Matrices that are data: from two numbers, each counted from 1, to a
 *		level.  Each kind has a table of (matrix, row, column, level, shipped).
 *
 * Shipped cells come with the extension.  An organisation's own matrix of the
 * same name takes the place of the shipped one as a whole.
 */
#ifndef ITSM_MATRIX_H
#define ITSM_MATRIX_H

#include "nodes/pg_list.h"
#include "utils/array.h"

/* A static variable; only the names are given. */
typedef struct MatrixKind
{
	const char *table;			/* its columns: matrix, row, column, level, shipped */
	const char *row;
	const char *column;
	const char *level;
	const char *set_function;	/* for hints */
	/* what follows is matrix.c's */
	Oid			oid;
	MemoryContext context;		/* of what is kept */
	bool		stale;
	List	   *matrices;
	struct MatrixKind *next;
} MatrixKind;

/*
 * The level in a cell; of a type by reference it is kept until the matrix
 * changes.  42704 when there is no such matrix, 22023 when it has no such cell.
 */
extern Datum itsm_matrix_level(MatrixKind *kind, const char *name, int row, int column);

/* The same; false where the matrix has no such cell. */
extern bool itsm_matrix_look_up(MatrixKind *kind, const char *name, int row, int column, Datum *level);

/*
 * Replaces the organisation's own matrix, or the shipped one while the
 * extension is being created or updated.  "levels" has two dimensions; NULL
 * takes the own one away.  Each change is an event of policies.
 */
extern void itsm_matrix_set(MatrixKind *kind, const char *name, ArrayType *levels);

#endif							/* ITSM_MATRIX_H */
