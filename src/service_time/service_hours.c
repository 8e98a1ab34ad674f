/*
 * service_hours.c
 *		The type service_hours: its value is its canonical text.
 */
#include "core/itsm.h"

#include <ctype.h>

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "pgtime.h"
#include "service_time/service_hours.h"
#include "utils/builtins.h"

#define BINARY_VERSION 1

ITSM_FUNCTION(itsm_service_hours_in);
ITSM_FUNCTION(itsm_service_hours_out);
ITSM_FUNCTION(itsm_service_hours_recv);
ITSM_FUNCTION(itsm_service_hours_send);
ITSM_FUNCTION(itsm_service_hours_eq);
ITSM_FUNCTION(itsm_service_hours_ne);
ITSM_FUNCTION(itsm_service_hours_lt);
ITSM_FUNCTION(itsm_service_hours_le);
ITSM_FUNCTION(itsm_service_hours_gt);
ITSM_FUNCTION(itsm_service_hours_ge);
ITSM_FUNCTION(itsm_service_hours_cmp);
ITSM_FUNCTION(itsm_service_hours_hash);
ITSM_FUNCTION(itsm_service_hours_hash_extended);

/* The name of the zone as the server writes it, or NULL when it knows none. */
static const char *
zone_name(const char *name, int length)
{
	char		buffer[TZ_STRLEN_MAX + 1];
	pg_tz	   *tz;

	/* a name or, as POSIX writes it, <+05>-5; the server itself would take 5 for one */
	if (length > TZ_STRLEN_MAX || !(isalpha((unsigned char) *name) || *name == '<'))
		return NULL;
	memcpy(buffer, name, length);
	buffer[length] = '\0';
	tz = pg_tzset(buffer);
	/* a zone with leap seconds counts otherwise than timestamps do */
	if (tz == NULL || !pg_tz_acceptable(tz))
		return NULL;
	return pg_get_timezone_name(tz);
}

/* Some of the text from a place on, for people. */
static char *
excerpt(const char *text, int length)
{
	int			cut = pg_mbcliplen(text, length, 24);

	return psprintf("%.*s%s", cut, text, cut < length ? "..." : "");
}

/* The canonical value of a text; NULL after a soft error. */
static Datum
read_hours(const char *text, int length, Node *escontext)
{
	void	   *memory = palloc(service_hours_size(text, length));
	ServiceHours hours;
	ServiceFault fault;
	struct varlena *result;
	int			written;

	if (!service_hours_parse(&hours, memory, text, length, &fault))
		itsm_ereturn(escontext, (Datum) 0,
					 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					  errmsg("invalid service hours: %s", fault.message),
					  fault.offset < length ?
					  errdetail("At character %d, \"%s\".", pg_mbstrlen_with_len(text, fault.offset) + 1,
								excerpt(text + fault.offset, length - fault.offset)) :
					  errdetail("At the end, character %d.", pg_mbstrlen_with_len(text, length) + 1)));
	if (hours.zone_length > 0)
	{
		const char *zone = zone_name(hours.zone, hours.zone_length);

		if (zone == NULL)
			itsm_ereturn(escontext, (Datum) 0,
						 (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						  errmsg("invalid service hours: time zone \"%.*s\" not recognized", hours.zone_length, hours.zone),
						  errdetail("At character %d, \"%s\".", pg_mbstrlen_with_len(text, hours.zone - text) + 1,
									excerpt(hours.zone, hours.zone_length)),
						  errhint("pg_timezone_names lists the time zones that the server knows.")));
		hours.zone = zone;
		hours.zone_length = strlen(zone);
	}
	result = palloc(VARHDRSZ + service_hours_print_size(&hours));
	written = service_hours_print(&hours, VARDATA(result));
	SET_VARSIZE(result, VARHDRSZ + written);
	pfree(memory);
	return PointerGetDatum(result);
}

Datum
itsm_service_hours_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);

	return read_hours(text, strlen(text), itsm_escontext(fcinfo));
}

Datum
itsm_service_hours_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

/* A byte that tells the version of the form, then the text. */
Datum
itsm_service_hours_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(message);
	char	   *text;
	int			length;

	if (version != BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unknown version %d of the binary form of service_hours", version)));
	text = pq_getmsgtext(message, message->len - message->cursor, &length);
	return read_hours(text, length, NULL);
}

Datum
itsm_service_hours_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, BINARY_VERSION);
	pq_sendtext(&message, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* By the bytes of the canonical text. */
static int
compare(FunctionCallInfo fcinfo)
{
	struct varlena *one = PG_GETARG_VARLENA_PP(0);
	struct varlena *other = PG_GETARG_VARLENA_PP(1);
	int			length = VARSIZE_ANY_EXHDR(one);
	int			other_length = VARSIZE_ANY_EXHDR(other);
	int			result = memcmp(VARDATA_ANY(one), VARDATA_ANY(other), Min(length, other_length));

	if (result == 0)
		result = (length > other_length) - (length < other_length);
	PG_FREE_IF_COPY(one, 0);
	PG_FREE_IF_COPY(other, 1);
	return result;
}

Datum
itsm_service_hours_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

Datum
itsm_service_hours_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

Datum
itsm_service_hours_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
itsm_service_hours_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
itsm_service_hours_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
itsm_service_hours_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

Datum
itsm_service_hours_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

Datum
itsm_service_hours_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	return hash_any((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

Datum
itsm_service_hours_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	return hash_any_extended((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
							 PG_GETARG_INT64(1));
}
