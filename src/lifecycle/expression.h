/*
 * expression.h
 *		SQL expressions of users: over the canonical tuple (checks) and over a
 *		table's row (attributes, filters, tenants).
 *
 * What an expression's names mean is fixed when it is defined: it is kept in
 * the qualified form that the deparsers give under an empty search_path, and
 * read back under the same.
 */
#ifndef ITSM_EXPRESSION_H
#define ITSM_EXPRESSION_H

#include "lifecycle/definition.h"
#include "nodes/primnodes.h"
#include "utils/rel.h"

/* Where the canonical tuples stand for a compiled check. */
#define CHECK_NEW	OUTER_VAR
#define CHECK_OLD	INNER_VAR

/* The attribute number by which a check sees the actor, in the new tuple: after all attributes. */
#define CHECK_ACTOR(definition) ((definition)->attribute_count + 1)

/*
 * Parses a check: a boolean expression over new.<attribute>, old.<attribute>
 * and actor.  With "qualified" the text is one that itsm_check_deparse
 * returned, and is read under an empty search_path.  Raises the parser's
 * errors; aggregates, subqueries and set-returning functions are refused.
 */
extern Node *itsm_check_parse(const Definition *definition, const char *text, bool qualified);

/* The check's qualified text. */
extern char *itsm_check_deparse(const Definition *definition, Node *check);

/* Which attributes it reads (list of integers from 0), and whether old and actor. */
extern List *itsm_check_reads(const Definition *definition, Node *check, bool *reads_old,
							  bool *reads_actor);

/*
 * Parses an expression over a relation's row (Var varno 1).  "qualified" as
 * above.  System columns, whole rows, subqueries, aggregates and set-returning
 * functions are refused.
 */
extern Node *itsm_row_parse(Relation relation, const char *text, bool qualified);
/*
 * The qualified text of an expression after the relation was called "table",
 * or its column "column", which is "renamed" now (NULL: none was).
 */
extern char *itsm_row_rename(Relation relation, const char *text, const char *table,
							 const char *column, const char *renamed);

extern char *itsm_row_deparse(Relation relation, Node *expression);

#endif							/* ITSM_EXPRESSION_H */
