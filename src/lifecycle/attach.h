/*
 * attach.h
 *		The triggers of attached tables, and the rights to change attachments.
 */
#ifndef ITSM_ATTACH_H
#define ITSM_ATTACH_H

#include "utils/rel.h"

/* Both names begin with the first one. */
#define ITSM_ROW_TRIGGER "itsm_judge"
#define ITSM_TRUNCATE_TRIGGER "itsm_judge_truncate"

/* ERRCODE_INSUFFICIENT_PRIVILEGE unless the current user owns the relation. */
extern void itsm_check_owner(Oid relation);

/*
 * Makes the triggers where they are missing, ENABLE ALWAYS, on the relation,
 * its partitions and its children.  Takes SHARE ROW EXCLUSIVE on each.
 */
extern void itsm_make_triggers(Oid relation);

/* True when a relation's trigger of that name is one of its own, not its partitioned parent's. */
extern bool itsm_has_own_trigger(Oid relation, const char *name);

/*
 * Drops them, but where another attachment holds, of a partitioned parent or
 * of a partition for one.  Takes ACCESS EXCLUSIVE on each.
 */
extern void itsm_drop_triggers(Oid relation);

/* The relation and its inheritance children, or its shards here, which have sources of their own; no partitions. */
extern List *itsm_governed_relations(Oid relation);

/* True when a unique index over NOT NULL columns covers just these columns (char *). */
extern bool itsm_key_identifies(Relation relation, List *key);

/* Triggers of others that could get in the way, told in a NOTICE. */
extern void itsm_tell_foreign_triggers(Relation relation);

#endif							/* ITSM_ATTACH_H */
