/*
 * record_key.h
 *		The text of a record's key: the value of the key column, or, when there
 *		are several, the text of the row of their values as record_out writes it.
 *
 * Keys are read with the rights of whoever asks, or of the extension's owner.
 * So they are read as the base types of their columns: constraints of domains
 * would run the code of the table's owner.
 */
#ifndef ITSM_RECORD_KEY_H
#define ITSM_RECORD_KEY_H

#include "nodes/pg_list.h"
#include "record/record.h"
#include "record/source.h"

/* Joins the canonical texts of the key's fields (NULL: null). */
extern char *itsm_key_join(const char *const *fields, int count);

/*
 * The fields of a key's text; ERRCODE_INVALID_TEXT_REPRESENTATION when it is
 * not a row of that many fields.
 */
extern char **itsm_key_split(const char *text, int count);

/*
 * The key as records have it, from what a user wrote: each field is read by
 * its column's type and written in canonical form.
 */
extern char *itsm_key_normalise(Oid relation, const Source *source, const char *text);

/*
 * An SQL condition that finds the row of a key in canonical form: columns of
 * "alias", every name and operator qualified.  Without a key its fields are
 * parameters of type text.
 */
extern char *itsm_key_condition(Oid relation, const Source *source, const char *key, const char *alias);

/* The qualified operator of a type for a btree strategy (BTEqualStrategyNumber, …), as SQL. */
extern char *itsm_key_operator(Oid type, int strategy);

/*
 * The record of a relation's row, also of its partitioned parent or of its
 * inheritance children, whatever the tenant.  The current user must have
 * SELECT on the relation (or a column of it), and with row-level security see
 * the row.  False when there is no such record that the user is shown
 * (tenant_access.h).
 */
extern bool itsm_record_lookup(Oid relation, const char *key, Record *record);

/* As above, ERRCODE_NO_DATA_FOUND when there is none. */
extern void itsm_record_require(Oid relation, const char *key, Record *record);

#endif							/* ITSM_RECORD_KEY_H */
