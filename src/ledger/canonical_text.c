/*
 * canonical_text.c
 *		Text of values, independent of settings.
 *
 * Memory: results in the caller's context.  Common types are written
 * directly; the rest go through their output function with every setting
 * that output functions look at pinned, which costs some microseconds.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "datatype/timestamp.h"
#include "ledger/canonical_text.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

static char *
timestamp_text(Timestamp value, bool with_zone)
{
	char		text[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t		fraction;

	if (TIMESTAMP_NOT_FINITE(value))
		EncodeSpecialTimestamp(value, text);
	else if (timestamp2tm(value, NULL, &tm, &fraction, NULL, NULL) == 0)
	{
		tm.tm_isdst = 0;		/* below zero would suppress the zone */
		EncodeDateTime(&tm, fraction, with_zone, 0, NULL, USE_ISO_DATES, text);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return pstrdup(text);
}

static char *
date_text(DateADT value)
{
	char		text[MAXDATELEN + 1];
	struct pg_tm tm;

	if (DATE_NOT_FINITE(value))
		EncodeSpecialDate(value, text);
	else
	{
		j2date(value + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, text);
	}
	return pstrdup(text);
}

static char *
interval_text(Interval *value)
{
	char		text[MAXDATELEN + 1];
	struct pg_itm itm;

	interval2itm(*value, &itm);
	EncodeInterval(&itm, INTSTYLE_ISO_8601, text);
	return pstrdup(text);
}

static char *
float_text(double value, bool single)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	if (single)
		float_to_shortest_decimal_buf((float) value, text);
	else
		double_to_shortest_decimal_buf(value, text);
	return text;
}

static char *
bytea_text(bytea *value)
{
	char	   *text = palloc(VARSIZE_ANY_EXHDR(value) * 2 + 3);
	char	   *end = text;

	*end++ = '\\';
	*end++ = 'x';
	end += hex_encode(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), end);
	*end = '\0';
	return text;
}

static char *
output_pinned(Datum value, Oid type)
{
	static const char *const pins[][2] = {
		{"datestyle", "ISO, YMD"}, {"intervalstyle", "iso_8601"}, {"timezone", "UTC"},
		{"extra_float_digits", "1"}, {"bytea_output", "hex"}, {"lc_monetary", "C"},
		{"xmlbinary", "base64"}, {"search_path", "pg_catalog, pg_temp"}, {"quote_all_identifiers", "off"},
	};
	int			level = NewGUCNestLevel();
	Oid			output;
	bool		varlena;
	char	   *text;

	for (int i = 0; i < lengthof(pins); i++)
		(void) set_config_option(pins[i][0], pins[i][1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	AtEOXact_GUC(true, level);
	return text;
}

/* The text where the type's output depends on no setting; NULL otherwise. */
static char *
output_plain(Datum value, Oid type)
{
	Oid			output;
	bool		varlena;

	switch (type)
	{
		case NUMERICOID:
		case UUIDOID:
		case JSONBOID:
		case INETOID:
		case CIDROID:
		case CHAROID:
			break;
		default:
			if (!type_is_enum(type))
				return NULL;
	}
	getTypeOutputInfo(type, &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

/* As it is, and without counting what the header tells. */
static char *
plain_text(Datum value, int *length)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	char	   *text;

	*length = VARSIZE_ANY_EXHDR(packed);
	text = palloc(*length + 1);
	memcpy(text, VARDATA_ANY(packed), *length);
	text[*length] = '\0';
	return text;
}

char *
itsm_canonical_text(Datum value, Oid type, int *length)
{
	char	   *result;

	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case JSONOID:
		case XMLOID:
			return plain_text(value, length);
		case BPCHAROID:
			result = TextDatumGetCString(value);
			result[bpchartruelen(result, strlen(result))] = '\0';
			break;
		case NAMEOID:
			result = pstrdup(NameStr(*DatumGetName(value)));
			break;
		case BOOLOID:
			result = pstrdup(DatumGetBool(value) ? "t" : "f");
			break;
		case INT2OID:
			result = palloc(12);
			pg_ltoa(DatumGetInt16(value), result);
			break;
		case INT4OID:
			result = palloc(12);
			pg_ltoa(DatumGetInt32(value), result);
			break;
		case INT8OID:
			result = palloc(MAXINT8LEN + 1);
			pg_lltoa(DatumGetInt64(value), result);
			break;
		case FLOAT4OID:
			result = float_text(DatumGetFloat4(value), true);
			break;
		case FLOAT8OID:
			result = float_text(DatumGetFloat8(value), false);
			break;
		case TIMESTAMPTZOID:
			result = timestamp_text(DatumGetTimestampTz(value), true);
			break;
		case TIMESTAMPOID:
			result = timestamp_text(DatumGetTimestamp(value), false);
			break;
		case DATEOID:
			result = date_text(DatumGetDateADT(value));
			break;
		case INTERVALOID:
			result = interval_text(DatumGetIntervalP(value));
			break;
		case BYTEAOID:
			result = bytea_text(DatumGetByteaPP(value));
			break;
		default:
			result = output_plain(value, type);
			if (result == NULL)
			{
				Oid			base = getBaseType(type);

				if (base != type)
					return itsm_canonical_text(value, base, length);
				result = output_pinned(value, type);
			}
	}
	*length = strlen(result);
	return result;
}

Datum
itsm_canonical_datum(Datum value, Oid type)
{
	int			length;
	char	   *text;

	if (type == TEXTOID || type == VARCHAROID)
		return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	text = itsm_canonical_text(value, type, &length);
	return PointerGetDatum(cstring_to_text_with_len(text, length));
}
