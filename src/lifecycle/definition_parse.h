/*
 * definition_parse.h
 *		What the files that parse definitions share.
 */
#ifndef ITSM_DEFINITION_PARSE_H
#define ITSM_DEFINITION_PARSE_H

#include "core/errors.h"
#include "core/unmet.h"
#include "lifecycle/definition.h"

/* Limits that keep the policy of a table small, and messages for those who pass them. */
#define MAX_ATTRIBUTES 1000		/* a canonical tuple is one row */
#define MAX_STATES 256
#define MAX_RULES 1000

typedef struct DefinitionParse
{
	Definition *definition;
	char	  **expressions;	/* see itsm_definition_parse */
	List	   *faults;
} DefinitionParse;

/* Appends a fault; kind says what of the definition is faulty, attribute which attribute or NULL. */
#define definition_fault(parse, kind, attribute, ...) \
	((parse)->faults = itsm_unmet_add((parse)->faults, ERRCODE_ITSM_DEFINITION, NULL, \
									  (kind), (attribute), NULL, __VA_ARGS__))

/*
 * The text of a string member; NULL when it is absent (a fault if it is
 * required) or not a string (always a fault).
 */
extern char *itsm_definition_text(DefinitionParse *parse, const JsonbContainer *object,
								  const char *kind, const char *where, const char *member,
								  bool required);

/* The value of a boolean member, false when it is absent. */
extern bool itsm_definition_flag(DefinitionParse *parse, const JsonbContainer *object,
								 const char *kind, const char *where, const char *member);

/* Faults for the members of an object that are not in the NULL-terminated list. */
extern void itsm_definition_members(DefinitionParse *parse, const JsonbContainer *object,
									const char *kind, const char *where,
									const char *const *known);

/* True for a name that may be given to a thing; else a fault. */
extern bool itsm_definition_name(DefinitionParse *parse, const char *kind, const char *where,
								 const char *name);

/* The elements of an array member; NULL, and *count 0, when it is absent or, a fault, no array. */
extern JsonbContainer *itsm_definition_array(DefinitionParse *parse, const JsonbContainer *object,
											 const char *member, int limit, int *count);

/* definition_rules.c */
extern void itsm_definition_rules(DefinitionParse *parse, const JsonbContainer *object);

/* definition_types.c: the type that a text names; false, and *message, when it names none. */
extern bool itsm_definition_type(const char *text, bool stored, Oid *type, int32 *typmod,
								 const char **message);

#endif							/* ITSM_DEFINITION_PARSE_H */
