/*
 * relation_listener.h
 *		Higher rooms that name columns of applications' tables, or have triggers on
 *		them, hear of what DDL did to them.
 *
 * Listeners are listed in core/module.c.
 */
#ifndef ITSM_RELATION_LISTENER_H
#define ITSM_RELATION_LISTENER_H

typedef struct RelationListener
{
	/* A column was renamed, in this very relation: told for each partition and child, too. */
	void		(*column_renamed) (Oid relation, const char *column, const char *name);

	/* A column is gone; may refuse that. */
	void		(*column_dropped) (Oid relation, const char *column);

	/* A table came, which may be a partition or child, or became one; or is none any more. */
	void		(*part_added) (Oid part);
	void		(*part_removed) (Oid part);
} RelationListener;

/* NULL-terminated; stands in core/module.c. */
extern const RelationListener *const itsm_relation_listeners[];

#endif							/* ITSM_RELATION_LISTENER_H */
