/*
 * attachment_row.h
 *		Rows of itsm.attachment.
 */
#ifndef ITSM_ATTACHMENT_ROW_H
#define ITSM_ATTACHMENT_ROW_H

#include "lifecycle/definition.h"

/* A pair of strings out of a JSON object. */
typedef struct NamedText
{
	char	   *name;
	char	   *text;
} NamedText;

typedef struct AttachmentRow
{
	int			id;
	int			source;
	Oid			relation;		/* InvalidOid: gone */
	char	   *relation_name;
	char	   *lifecycle;
	JudgeMode	mode;
	bool		deferred;
	char	   *status;
	bool		identity;		/* status values are the states' names */
	List	   *states;			/* NamedText: status value, state */
	List	   *attributes;		/* NamedText: attribute, qualified expression */
	char	   *filter;			/* qualified; NULL: all rows */
	char	   *tenant;			/* qualified; NULL: none */
	List	   *track;			/* char * */
	List	   *rule_modes;		/* NamedText: rule, mode */
	bool		detached;
	bool		notify;
} AttachmentRow;

/* Attachments of a relation that are not detached, by id, as a catalog snapshot sees them. */
extern List *itsm_attachments_of(Oid relation);

/* The same of all relations. */
extern List *itsm_attachments(void);

/* One attachment; ERRCODE_ITSM_ATTACHMENT when there is none with that number. */
extern AttachmentRow *itsm_attachment_read(int id);

/* The mode of that name; false when there is none. */
extern bool itsm_mode_parse(const char *name, JudgeMode *mode);
extern const char *const itsm_mode_names[];

/* The members of a JSON object whose values are strings (or null: left out). */
extern List *itsm_named_texts(const Jsonb *object);

/* The JSON object (a jsonb datum) of a list of them. */
extern Datum itsm_named_texts_jsonb(List *pairs);

/* The text of that name; NULL when there is none. */
extern const char *itsm_named_text(const List *texts, const char *name);

#endif							/* ITSM_ATTACHMENT_ROW_H */
