/*
 * control.h
 *		Controls as they hold, and what came of one.
 */
#ifndef ITSM_CONTROL_H
#define ITSM_CONTROL_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/tuplestore.h"

typedef struct Control
{
	const char *id;
	const char *framework;
	const char *clause;
	const char *clause_title;
	const char *kind;
	const char *grade;
	const char *title;
	const char *parameter;		/* NULL: none */
	const char *query;
	const char *remedy;			/* NULL: none */
	const char *excluded;		/* why it is not applicable; NULL: it is */
	const char *missing;		/* what it needs and nothing is attached for; NULL: nothing */
	const char *defined_by;
	bool		shipped;
} Control;

#define CONTROL_CONFORMING "conforming"
#define CONTROL_NONCONFORMING "nonconforming"
#define CONTROL_NO_EVIDENCE "no evidence"
#define CONTROL_NOT_APPLICABLE "not applicable"
#define CONTROL_ERROR "error"

typedef struct ControlResult
{
	const char *status;
	int64		checked;		/* rows looked at */
	int64		failed;			/* of these */
	const char *detail;			/* why the status is what it is; tells nothing of records, but for CONTROL_ERROR */
	const char *example;		/* the first problem by its bytes, or NULL */
} ControlResult;

/* Columns of what a control's query gives. */
enum
{
	FINDING_SUBJECT, FINDING_RECORD, FINDING_OK, FINDING_PROBLEM, FINDING_COLUMNS
};

/*
 * The controls of a framework (NULL: of all), or the one of an id (NULL: all
 * of them), in the order of their clauses, as a list of Control in the current
 * memory context.
 */
extern List *itsm_controls_load(const char *framework, const char *id);

/* The one of an id; 42704 when there is none. */
extern Control *itsm_control_load(const char *id);

/*
 * Answers a control as of a time.  failing: where the rows that fail go, as
 * FINDING_COLUMNS, or NULL.  An error of its query becomes CONTROL_ERROR.
 */
extern void itsm_control_run(const Control *control, TimestampTz at, Tuplestorestate *failing,
							 ControlResult *result);

/*
 * What is wrong with a query, as the current user would run it: NULL when
 * nothing is.
 */
extern const char *itsm_control_query_fault(const char *query);

/* The subject of a control's policy events, palloc'd. */
extern char *itsm_control_subject(const char *id);

#endif							/* ITSM_CONTROL_H */
