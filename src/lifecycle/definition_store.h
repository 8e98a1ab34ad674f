/*
 * definition_store.h
 *		A version of a lifecycle as it stands in itsm.lifecycle.
 */
#ifndef ITSM_DEFINITION_STORE_H
#define ITSM_DEFINITION_STORE_H

#include "lifecycle/definition_parse.h"

typedef struct StoredDefinition
{
	int			version;
	Jsonb	   *json;
	char	  **expressions;	/* for itsm_definition_parse */
	char	   *defined_by;
} StoredDefinition;

/*
 * The version given, or the current one when that is 0, by a catalog snapshot.
 * 42704 when there is none.
 */
extern StoredDefinition *itsm_definition_fetch(const char *name, int version);

/* Numbers of all versions, as a list of integers, the current one first; they have gaps. */
extern List *itsm_definition_versions(const char *name);

/* Raises 42501 unless the current user may edit a lifecycle: what hangs on it runs with others' rights. */
extern void itsm_lifecycle_check_editor(const char *name);

#endif							/* ITSM_DEFINITION_STORE_H */
