/*
 * argument.c
 *		Arguments of functions that may not be null.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "core/argument.h"
#include "funcapi.h"
#include "utils/syscache.h"

/* The name under which callers know an argument. */
static const char *
argument_name(Oid function, int number)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid		   *types;
	char	  **names = NULL;
	char	   *modes;

	if (HeapTupleIsValid(tuple))
	{
		(void) get_func_arg_info(tuple, &types, &names, &modes);
		ReleaseSysCache(tuple);
	}
	return names ? names[number] : psprintf("$%d", number + 1);
}

void
itsm_require_arguments(FunctionCallInfo fcinfo, int count)
{
	for (int i = 0; i < count; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not be null", argument_name(fcinfo->flinfo->fn_oid, i))));
}
