/*
 * attach.h
 *		The triggers of attached tables, and the rights to change attachments.
 */
#ifndef ITSM_ATTACH_H
#define ITSM_ATTACH_H

#include "utils/rel.h"

#define ITSM_ROW_TRIGGER "itsm_judge"

/* ERRCODE_INSUFFICIENT_PRIVILEGE unless the current user owns the relation. */
extern void itsm_check_owner(Oid relation);

/*
 * Makes the triggers where they are missing, ENABLE ALWAYS, on the relation,
 * its partitions and its children.  Takes SHARE ROW EXCLUSIVE on each.
 */
extern void itsm_make_triggers(Oid relation);

/*
 * Drops them, but where another attachment holds, of a partitioned parent or
 * of a partition for one.  Takes ACCESS EXCLUSIVE on each.
 */
extern void itsm_drop_triggers(Oid relation);

/* The relation and its inheritance children, which have sources of their own; no partitions. */
extern List *itsm_governed_relations(Oid relation);

/* Triggers of others that could get in the way, told in a NOTICE. */
extern void itsm_tell_foreign_triggers(Relation relation);

/* Keeps what was done to an attachment: attach, detach, set_mode, migrate. */
extern void itsm_attachment_event(int attachment, const char *action, const char *detail);

#endif							/* ITSM_ATTACH_H */
