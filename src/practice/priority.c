/*
 * priority.c
 *		The type itsm.priority: P1 to P5, a byte by value, which holds 1 to 5.
 */
#include "core/itsm.h"

#include "common/hashfn.h"
#include "core/json_read.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#define HIGHEST 1
#define LOWEST 5

#define PRIORITY(number) ((int) PG_GETARG_CHAR(number))

/* P1 and 1 alike. */
ITSM_FUNCTION(itsm_priority_in);
Datum
itsm_priority_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	const char *digits = text[0] == 'P' ? text + 1 : text;

	if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
		itsm_soft_error(fcinfo,
						(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						 errmsg("invalid input syntax for type itsm.priority: \"%s\"", itsm_clip(text)),
						 errhint("It is P1 to P5, or 1 to 5.")));
	if (digits[1] != '\0' || digits[0] < '0' + HIGHEST || digits[0] > '0' + LOWEST)
		itsm_soft_error(fcinfo,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("priority \"%s\" is out of range", itsm_clip(text)),
						 errhint("It is P1 to P5, or 1 to 5.")));
	PG_RETURN_CHAR((char) (digits[0] - '0'));
}

ITSM_FUNCTION(itsm_priority_out);
Datum
itsm_priority_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(psprintf("P%d", PRIORITY(0)));
}

ITSM_FUNCTION(itsm_priority_recv);
Datum
itsm_priority_recv(PG_FUNCTION_ARGS)
{
	int			value = pq_getmsgbyte((StringInfo) PG_GETARG_POINTER(0));

	if (value < HIGHEST || value > LOWEST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of a priority: %d", value),
				 errhint("It is one byte from %d to %d.", HIGHEST, LOWEST)));
	PG_RETURN_CHAR((char) value);
}

ITSM_FUNCTION(itsm_priority_send);
Datum
itsm_priority_send(PG_FUNCTION_ARGS)
{
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbyte(&buffer, PRIORITY(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* itsm.priority(integer) → itsm.priority */
ITSM_FUNCTION(itsm_priority_from_integer);
Datum
itsm_priority_from_integer(PG_FUNCTION_ARGS)
{
	int32		value = PG_GETARG_INT32(0);

	if (value < HIGHEST || value > LOWEST)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("priority %d is out of range", value),
				 errhint("It is from %d to %d.", HIGHEST, LOWEST)));
	PG_RETURN_CHAR((char) value);
}

/* itsm.int4(priority) → integer */
ITSM_FUNCTION(itsm_priority_to_integer);
Datum
itsm_priority_to_integer(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PRIORITY(0));
}

#define COMPARISON(name, operator) \
	ITSM_FUNCTION(itsm_priority_##name); \
	Datum \
	itsm_priority_##name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_BOOL(PRIORITY(0) operator PRIORITY(1)); \
	}

COMPARISON(eq, ==)
COMPARISON(ne, !=)
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(gt, >)
COMPARISON(ge, >=)

ITSM_FUNCTION(itsm_priority_cmp);
Datum
itsm_priority_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PRIORITY(0) - PRIORITY(1));
}

/* The server has a sort of its own for data that compare as integers. */
ITSM_FUNCTION(itsm_priority_sortsupport);
Datum
itsm_priority_sortsupport(PG_FUNCTION_ARGS)
{
	((SortSupport) PG_GETARG_POINTER(0))->comparator = ssup_datum_int32_cmp;
	PG_RETURN_VOID();
}

ITSM_FUNCTION(itsm_priority_hash);
Datum
itsm_priority_hash(PG_FUNCTION_ARGS)
{
	return hash_uint32((uint32) PRIORITY(0));
}

ITSM_FUNCTION(itsm_priority_hash_extended);
Datum
itsm_priority_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_uint32_extended((uint32) PRIORITY(0), (uint64) PG_GETARG_INT64(1));
}

ITSM_FUNCTION(itsm_priority_smaller);
Datum
itsm_priority_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_CHAR((char) Min(PRIORITY(0), PRIORITY(1)));
}

ITSM_FUNCTION(itsm_priority_larger);
Datum
itsm_priority_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_CHAR((char) Max(PRIORITY(0), PRIORITY(1)));
}
