/*
 * time_limit.c
 *		Intervals in definitions.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "lifecycle/time_limit.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

typedef struct LimitText
{
	char	   *text;
	Interval   *limit;
} LimitText;

static void
read_limit(void *argument)
{
	LimitText  *limit = argument;

	limit->limit = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(limit->text),
														 ObjectIdGetDatum(InvalidOid),
														 Int32GetDatum(-1)));
}

bool
itsm_time_limit(char *text, bool stored, Interval *limit, const char **message)
{
	LimitText	read = {text};
	ErrorData  *error = NULL;

	if (strchr(text, '-'))
	{
		*message = "it has a minus sign in it; a time limit has none";
		return false;
	}
	if (stored)
		read_limit(&read);
	else
		error = itsm_attempt(read_limit, &read);
	if (error)
		*message = error->message;
	else
		*limit = *read.limit;
	return error == NULL;
}
