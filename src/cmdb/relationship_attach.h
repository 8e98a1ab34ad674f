/*
 * relationship_attach.h
 *		Tables and columns of applications that say which records are related.
 */
#ifndef ITSM_RELATIONSHIP_ATTACH_H
#define ITSM_RELATIONSHIP_ATTACH_H

#include "executor/tuptable.h"
#include "lifecycle/relation_listener.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

/* One end: a column with a key of a source's table, or the row itself. */
typedef struct LinkEnd
{
	char	   *column;			/* NULL: the row itself */
	int			source;
	List	   *key;			/* of the row itself: column names, char * */
} LinkEnd;

typedef struct LinkAttachment
{
	int			id;
	Oid			relation;
	char	   *type;
	LinkEnd		ends[2];		/* source, target */
	bool		enforce;
} LinkAttachment;

/* Those of a relation and its ancestors, a list of LinkAttachment *, in the current memory context. */
extern List *itsm_link_attachments(Oid relation);

/* One of them; ERRCODE_UNDEFINED_OBJECT when there is none of that number. */
extern LinkAttachment *itsm_link_attachment(int id);

/* Relates what a row says, unless it is related already; true when it was done now. */
extern bool itsm_link_row(const LinkAttachment *link, Relation relation, TupleTableSlot *slot);

/* Follows columns that are renamed. */
extern const RelationListener itsm_link_listener;

#endif							/* ITSM_RELATIONSHIP_ATTACH_H */
