/*
 * json_read.h
 *		Small readers over jsonb, for everything that users configure in it.
 */
#ifndef ITSM_JSON_READ_H
#define ITSM_JSON_READ_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* Finds a member of an object; *value points into the JSON.  What is no object has none. */
extern bool itsm_json_member(const JsonbContainer *object, const char *name, JsonbValue *value);

/* Names of an object's members, as a list of palloc'd strings. */
extern List *itsm_json_names(const JsonbContainer *object);

/* The object or array that a value is; NULL when it is something else. */
extern JsonbContainer *itsm_json_object(const JsonbValue *value);
extern JsonbContainer *itsm_json_array(const JsonbValue *value);

/* A palloc'd copy of a string value; NULL when it is something else. */
extern char *itsm_json_string(const JsonbValue *value);

/*
 * A string, or an array of at least one string, as a list of palloc'd strings
 * without repetitions.  False when the value is something else.
 */
extern bool itsm_json_strings(const JsonbValue *value, List **strings);

/* What a value is, for messages: "a string", "an array", … */
extern const char *itsm_json_kind(const JsonbValue *value);

/* A text for a message: cut at about sixty bytes, control characters replaced. */
extern char *itsm_clip(const char *text);

/* True for NULL and for a text of nothing but white space. */
static inline bool
itsm_blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t\n\r\f\v")] == '\0';
}

#endif							/* ITSM_JSON_READ_H */
