/*
 * reconcile.h
 *		Reconciliation: which configuration item each item of a source is, and
 *		whose value of each attribute counts.
 *
 * What a source says is kept in itsm.source_item.  Tables of applications are
 * written only when the caller asks for it, by the caller's own rights.
 *
 * Memory: a run has a context of its own; what belongs to one item goes with
 * that item.  Locking: one run that writes at a time, and none while rules or
 * precedences are defined.
 */
#ifndef ITSM_RECONCILE_H
#define ITSM_RECONCILE_H

#include "cmdb/identification.h"
#include "cmdb/source_item.h"
#include "funcapi.h"
#include "lifecycle/attachment_row.h"
#include "record/record.h"
#include "record/source.h"
#include "utils/hsearch.h"

/* What is found of an item, or of one of its attributes. */
typedef enum ReconcileAction
{
	RECONCILE_UNCHANGED,		/* as the source said before; nothing is left to do */
	RECONCILE_MATCHED,			/* it is that record */
	RECONCILE_NEW,				/* it is no record yet */
	RECONCILE_CREATED,			/* a row was inserted for it */
	RECONCILE_DUPLICATE,		/* several records, or several items, are the same */
	RECONCILE_CONFLICT,			/* what is said contradicts itself */
	RECONCILE_UNIDENTIFIED,		/* no rule tells which item it is */
	RECONCILE_INVALID,			/* it is no item, or no value of that attribute */
	RECONCILE_OUTDATED,			/* something newer of it is known */
	RECONCILE_UPDATE,			/* the record is to get the value */
	RECONCILE_UPDATED,			/* it has got it */
	RECONCILE_OUTRANKED,		/* another source's value counts */
	RECONCILE_NOT_WRITABLE,		/* the record is to get the value, but no column holds it */
	RECONCILE_REFUSED,			/* writing failed */
	RECONCILE_ACTIONS
} ReconcileAction;

extern const char *const itsm_reconcile_actions[RECONCILE_ACTIONS];

/* An attribute of an attached table whose rows are configuration items. */
typedef struct CiColumn
{
	char	   *attribute;
	Oid			type;			/* of the attribute, but for domains */
	int32		typmod;
	AttrNumber	column;			/* 0: it is an expression */
	bool		in_key;
} CiColumn;

typedef struct CiTable
{
	AttachmentRow *attachment;
	bool		holds;			/* false: it was detached, and the rest is empty */
	Source	   *source;
	Definition *definition;
	int			count;
	CiColumn   *columns;
} CiTable;

typedef struct Reconciliation
{
	const char *source;
	const char *class;
	const char *tenant;
	TimestampTz at;
	bool		dry_run;
	bool		apply;
	CiTable    *into;			/* the table for new ones; NULL: none */
	List	   *rules;			/* IdentificationRule * */
	uint64		seed;			/* of hashes: what is reconciled by */
	List	   *precedences;	/* looked up so far */
	List	   *tables;			/* CiTable *, looked up so far */
	HTAB	   *seen;			/* identities in this run */
	MemoryContext context;
	ReturnSetInfo *result;		/* NULL: rows are not asked for */
	int64		items;
	int64		counts[RECONCILE_ACTIONS];	/* of the items */
} Reconciliation;

typedef struct Finding
{
	ReconcileAction action;
	int64		record;			/* 0: none */
	const char *attribute;		/* NULL: of the item */
	const char *current;
	const char *value;
	const char *source;
	const char *detail;
	const CiColumn *column;		/* of an update */
} Finding;

typedef struct ReconcileItem
{
	Reconciliation *run;
	int			number;			/* among the items of the call, from 1 */
	Jsonb	   *json;			/* of which values without meaning are left out */
	const IdentificationRule *rule; /* the first that its attributes suffice for */
	SourceItem *stored;			/* as it was known; NULL: it was not */
	SourceItem	next;			/* as it will be */
	List	   *others;			/* SourceItem *: what other sources say of the record */
	Record		record;			/* when next.record is not 0 */
	ReconcileAction action;
	const char *detail;
	List	   *findings;		/* Finding * */
} ReconcileItem;

/* reconcile.c */

/* In the current memory context; checks the arguments and locks. */
extern Reconciliation *itsm_reconcile_begin(const char *source, const char *class, const char *tenant, TimestampTz at,
											bool dry_run, bool apply, Oid relation, ReturnSetInfo *result);

/* One item, in a context that is reset after it. */
extern void itsm_reconcile_one(Reconciliation *run, int number, const JsonbValue *value);

extern Finding *itsm_reconcile_find(ReconcileItem *item, ReconcileAction action, const char *attribute,
									const char *format,...) pg_attribute_printf(4, 5);

/* reconcile_item.c */

/* The text of a value; NULL: it says nothing. */
extern char *itsm_item_text(const JsonbValue *value);

/* That of an attribute of an item. */
extern char *itsm_item_attribute(const Jsonb *item, const char *name);

/* The values of a rule's attributes that an item has; NIL unless it has them all. */
extern List *itsm_item_values(const Jsonb *item, const IdentificationRule *rule);

/* Fills in json, rule, next.identity and next.hash; false, with action and detail, when it is no item. */
extern bool itsm_item_read(ReconcileItem *item, const JsonbValue *value);

/* reconcile_match.c: fills in next.record, record, action and detail */
extern void itsm_item_match(ReconcileItem *item);

/* reconcile_values.c: adds findings of attributes, and next.review_at */
extern void itsm_item_compare(ReconcileItem *item);

/* The canonical text of what a source says of an attribute; NULL: it is no value of its type. */
extern char *itsm_column_text(const CiColumn *column, const char *text);

/* reconcile_table.c */
extern CiTable *itsm_ci_table(Reconciliation *run, int attachment);

/* True for a record that an attachment governs now. */
extern bool itsm_is_ci(Reconciliation *run, const Record *record);

/* The table into which new ones go; raises IT051 when it is not the one. */
extern CiTable *itsm_ci_table_into(Reconciliation *run, Oid relation);

extern const CiColumn *itsm_ci_column(const CiTable *table, const char *attribute);

/* Writes what findings of action RECONCILE_UPDATE say, as the current user. */
extern void itsm_item_update(ReconcileItem *item);

/* Inserts a row for an item, as the current user. */
extern void itsm_item_create(ReconcileItem *item);

#endif							/* ITSM_RECONCILE_H */
