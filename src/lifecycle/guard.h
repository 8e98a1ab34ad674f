/*
 * guard.h
 *		Guards over DDL on attached tables and on history, called by the event
 *		triggers (guard_trigger.c).
 *
 * What is harmless is followed.  What takes an attachment out of force is
 * refused while it enforces (IT052); else it passes with a WARNING and is
 * recorded.  With itsm.maintenance on everything passes and is recorded.
 */
#ifndef ITSM_GUARD_H
#define ITSM_GUARD_H

#include "lifecycle/attachment_row.h"
#include "nodes/parsenodes.h"
#include "utils/rel.h"

/* An object that the command under way dropped. */
typedef struct Dropped
{
	Oid			class;
	Oid			object;
	int			column;			/* 0: the object as a whole */
	bool		temporary;
	bool		chosen;			/* named by the command, or dropped by CASCADE; not a part of another object */
	const char *type;			/* "table", "trigger", … */
	const char *schema;			/* NULL: none */
	const char *identity;
	List	   *names;			/* char *, outermost first; for parts of tables */
} Dropped;

/* Attachments that hold and govern a relation: its own and those of what it is a part or child of. */
extern List *itsm_guard_governing(Oid relation);

/* Those, and the ones of its partitions and children. */
extern List *itsm_guard_related(Oid relation);

/* True when a condition of the attachment is enforced. */
extern bool itsm_guard_enforces(const AttachmentRow *row);

/*
 * What a command does takes an attachment out of force: IT052 while it
 * enforces; else a WARNING, and an event of that kind.  "what" is the subject
 * of the message ("dropping column \"x\""); "object" goes into the event.
 */
extern void itsm_guard_weakened(const AttachmentRow *row, const char *kind, const char *what,
								const char *object);

/*
 * The same for a table or partition that is gone.  Refused to its owner only:
 * a superuser's DROP leaves nothing behind that would seem to be guarded.
 */
extern void itsm_guard_ended(const AttachmentRow *row, const char *kind, const char *what,
							 const char *object);

/*
 * Keeps what was done in the chain of an attachment, where it has one: two
 * members of the event's detail, the second one where "other" is not NULL.
 */
extern void itsm_guard_record(const AttachmentRow *row, const char *kind, const char *name,
							  const char *value, const char *other, const char *other_value);

/* True with itsm.maintenance on: a write of the table is not judged.  Kept once a transaction. */
extern bool itsm_guard_passes(Relation relation);

/*
 * True for a table of the extension that holds history; IT040 when DDL must not
 * change it so, which is a WARNING to a superuser, and kept.
 */
extern bool itsm_guard_is_history(Oid relation);
extern void itsm_guard_history(const char *table, const char *what);

/*
 * IT040: columns of a table of the extension came, went or changed, which even
 * a superuser's word does not allow, since the library reads them by number.
 * Returns where the table holds history and itsm_guard_history refuses it.
 */
extern void itsm_guard_form(const char *table);

/* True when the attachment reads the column: status, key, tracked by name, or in an expression. */
extern bool itsm_guard_reads(const AttachmentRow *row, Relation relation, const char *column);

/* A column of the relation is gone: refused or recorded, and what was mapped to it no longer is. */
extern void itsm_guard_column_dropped(Oid relation, const char *column);

/* The type of a column changed; converted: by an expression, so that values may differ. */
extern void itsm_guard_column_changed(Oid relation, const char *column, bool converted);

/* A unique index or NOT NULL went: what no longer identifies its rows is refused or recorded. */
extern void itsm_guard_key(const AttachmentRow *row, const char *what);

/*
 * Attachments, out of those given, whose expressions name something, looked for
 * in their qualified text between "before" and "after": renaming or dropping it
 * breaks them.
 */
extern void itsm_guard_named(List *rows, const char *before, const char *name, const char *after,
							 const char *what);

/* DDL by its parse tree, after it was done. */
extern void itsm_guard_alter_table(AlterTableStmt *statement);
extern void itsm_guard_create_table(Oid relation);
extern void itsm_guard_create_rule(RuleStmt *statement);
extern void itsm_guard_create_trigger(CreateTrigStmt *statement);
extern void itsm_guard_rename(RenameStmt *statement, Oid class, Oid object);
extern void itsm_guard_move(AlterObjectSchemaStmt *statement, Oid class, Oid object);

/* What a command dropped, a list of Dropped. */
extern void itsm_guard_dropped(List *dropped);

/* Arms the extension's triggers on a relation and its parts that fire on origin only; true when there were any. */
extern bool itsm_guard_arm(Oid relation);

/* The relation and those of its parts on which a trigger of ours does not fire always. */
extern List *itsm_guard_unarmed(Oid relation);

#endif							/* ITSM_GUARD_H */
