/*
 * arguments.c
 *		What functions have in common about their arguments.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "funcapi.h"
#include "utils/syscache.h"

/* As it was declared; "$1" and so on without a name. */
static const char *
argument_name(Oid function, int number)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid		   *types;
	char	  **names = NULL;
	char	   *modes = NULL;
	int			count = HeapTupleIsValid(tuple) ? get_func_arg_info(tuple, &types, &names, &modes) : 0;
	const char *name = NULL;
	int			input = 0;

	for (int i = 0; i < count && names; i++)
		if ((modes == NULL || (modes[i] != PROARGMODE_OUT && modes[i] != PROARGMODE_TABLE)) && input++ == number)
			name = names[i];
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return name && name[0] ? name : psprintf("$%d", number + 1);
}

void
itsm_require_arguments(FunctionCallInfo fcinfo, int count)
{
	for (int i = 0; i < count; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not be null",
							fcinfo->flinfo ? argument_name(fcinfo->flinfo->fn_oid, i) : psprintf("$%d", i + 1))));
}
