/*
 * record_number.c
 *		The type itsm.record_number: what SQL sees of record_number_form.h.
 *
 * A datum is the number's form, eight bytes by value; so is what goes over the
 * wire in binary.
 */
#include "core/itsm.h"

#include "common/hashfn.h"
#include "core/json_read.h"
#include "libpq/pqformat.h"
#include "practice/record_number_form.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#define FORM(number) ((uint64) PG_GETARG_INT64(number))

ITSM_FUNCTION(itsm_record_number_in);
Datum
itsm_record_number_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	RecordNumber number;
	NumberFault fault = record_number_parse(text, strlen(text), &number);

	if (fault == NUMBER_SYNTAX)
		itsm_soft_error(fcinfo,
						(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						 errmsg("invalid input syntax for type itsm.record_number: \"%s\"", itsm_clip(text)),
						 errhint("It is capital letters and then digits, such as INC0012345.")));
	if (fault != NUMBER_FINE)
		itsm_soft_error(fcinfo,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("record number \"%s\" has too many %s", itsm_clip(text),
								fault == NUMBER_PREFIX_LONG ? "letters" : "digits"),
						 errhint("It has up to %d letters, and %d letters and digits together.",
								 NUMBER_LETTERS, NUMBER_LENGTH)));
	PG_RETURN_INT64((int64) record_number_encode(&number));
}

ITSM_FUNCTION(itsm_record_number_out);
Datum
itsm_record_number_out(PG_FUNCTION_ARGS)
{
	char	   *text = palloc(NUMBER_LENGTH + 1);
	RecordNumber number;

	record_number_decode(FORM(0), &number);
	(void) record_number_print(&number, text);
	PG_RETURN_CSTRING(text);
}

ITSM_FUNCTION(itsm_record_number_recv);
Datum
itsm_record_number_recv(PG_FUNCTION_ARGS)
{
	uint64		form = (uint64) pq_getmsgint64((StringInfo) PG_GETARG_POINTER(0));

	if (form >= NUMBER_FORMS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of a record number: " UINT64_FORMAT, form),
				 errhint("What itsm.record_number_send writes is below " UINT64_FORMAT ".", NUMBER_FORMS)));
	PG_RETURN_INT64((int64) form);
}

ITSM_FUNCTION(itsm_record_number_send);
Datum
itsm_record_number_send(PG_FUNCTION_ARGS)
{
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, FORM(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

#define COMPARISON(name, operator) \
	ITSM_FUNCTION(itsm_record_number_##name); \
	Datum \
	itsm_record_number_##name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_BOOL(FORM(0) operator FORM(1)); \
	}

COMPARISON(eq, ==)
COMPARISON(ne, !=)
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(gt, >)
COMPARISON(ge, >=)

ITSM_FUNCTION(itsm_record_number_cmp);
Datum
itsm_record_number_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((FORM(0) > FORM(1)) - (FORM(0) < FORM(1)));
}

#if SIZEOF_DATUM < 8
static int
compare(Datum a, Datum b, SortSupport support)
{
	uint64		left = (uint64) DatumGetInt64(a);
	uint64		right = (uint64) DatumGetInt64(b);

	return (left > right) - (left < right);
}
#endif

/* The server has a sort of its own for data that compare as unsigned integers. */
ITSM_FUNCTION(itsm_record_number_sortsupport);
Datum
itsm_record_number_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport support = (SortSupport) PG_GETARG_POINTER(0);

#if SIZEOF_DATUM < 8
	support->comparator = compare;
#else
	support->comparator = ssup_datum_unsigned_cmp;
#endif
	PG_RETURN_VOID();
}

ITSM_FUNCTION(itsm_record_number_hash);
Datum
itsm_record_number_hash(PG_FUNCTION_ARGS)
{
	uint64		form = FORM(0);

	return hash_any((unsigned char *) &form, sizeof(form));
}

ITSM_FUNCTION(itsm_record_number_hash_extended);
Datum
itsm_record_number_hash_extended(PG_FUNCTION_ARGS)
{
	uint64		form = FORM(0);

	return hash_any_extended((unsigned char *) &form, sizeof(form), (uint64) PG_GETARG_INT64(1));
}

ITSM_FUNCTION(itsm_record_number_smaller);
Datum
itsm_record_number_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) Min(FORM(0), FORM(1)));
}

ITSM_FUNCTION(itsm_record_number_larger);
Datum
itsm_record_number_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) Max(FORM(0), FORM(1)));
}

/* itsm.prefix(record_number) → text */
ITSM_FUNCTION(itsm_record_number_prefix);
Datum
itsm_record_number_prefix(PG_FUNCTION_ARGS)
{
	RecordNumber number;

	record_number_decode(FORM(0), &number);
	PG_RETURN_TEXT_P(cstring_to_text(number.prefix));
}

/* itsm.number(record_number) → bigint */
ITSM_FUNCTION(itsm_record_number_number);
Datum
itsm_record_number_number(PG_FUNCTION_ARGS)
{
	RecordNumber number;

	record_number_decode(FORM(0), &number);
	PG_RETURN_INT64(number.number);
}

/* itsm.width(record_number) → integer */
ITSM_FUNCTION(itsm_record_number_width);
Datum
itsm_record_number_width(PG_FUNCTION_ARGS)
{
	RecordNumber number;

	record_number_decode(FORM(0), &number);
	PG_RETURN_INT32(number.width);
}
