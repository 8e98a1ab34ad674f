/*
 * baseline.c
 *		Taking a baseline, and reading it back.
 *
 * Records and relationships come out of one statement, so of one snapshot.
 * Only record and version are kept: what an item was then is in its history.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/baseline.h"
#include "cmdb/ci_class.h"
#include "commands/sequence.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/table.h"
#include "ledger/digest.h"
#include "ledger/policy_event.h"
#include "ledger/tenant_access.h"
#include "lifecycle/actor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

/* Bytes of a name. */
#define NAME_BYTES 500

static const Oid scope_types[] = {TEXTOID, INT8ARRAYOID, TEXTOID, TEXTOID, INT4OID};

void
itsm_baseline_query_begin(OwnerQuery *query)
{
	itsm_query_begin(query);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

uint64
itsm_baseline_read(const char *sql, int argument_count, const Oid *types, Datum *values, const char *nulls)
{
	if (SPI_execute_with_args(sql, argument_count, unconstify(Oid *, types), values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "no rows from: %s", sql);
	return SPI_processed;
}

static char *
text_column(SPITupleTable *table, uint64 row, int column, MemoryContext context)
{
	char	   *text = SPI_getvalue(table->vals[row], table->tupdesc, column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

void
itsm_baseline_of_row(SPITupleTable *table, uint64 row, MemoryContext context, Baseline *baseline)
{
	HeapTuple	tuple = table->vals[row];
	TupleDesc	descriptor = table->tupdesc;
	bool		isnull;
	bytea	   *hash;

	baseline->id = DatumGetInt32(SPI_getbinval(tuple, descriptor, 1, &isnull));
	baseline->name = text_column(table, row, 2, context);
	baseline->tenant = text_column(table, row, 3, context);
	baseline->taken_at = DatumGetTimestampTz(SPI_getbinval(tuple, descriptor, 4, &isnull));
	baseline->taken_by = text_column(table, row, 5, context);
	baseline->class = text_column(table, row, 6, context);
	baseline->service = text_column(table, row, 7, context);
	baseline->selected = DatumGetBool(SPI_getbinval(tuple, descriptor, 8, &isnull));
	baseline->note = text_column(table, row, 9, context);
	baseline->items = DatumGetInt64(SPI_getbinval(tuple, descriptor, 10, &isnull));
	baseline->relationships = DatumGetInt64(SPI_getbinval(tuple, descriptor, 11, &isnull));
	hash = DatumGetByteaPP(SPI_getbinval(tuple, descriptor, 12, &isnull));
	memset(baseline->hash, 0, ITSM_HASH_LENGTH);
	memcpy(baseline->hash, VARDATA_ANY(hash), Min(VARSIZE_ANY_EXHDR(hash), ITSM_HASH_LENGTH));
}

void
itsm_baseline_require(Oid user, const char *name, MemoryContext context, Baseline *baseline)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};
	bool		found = itsm_baseline_read("SELECT " BASELINE_COLUMNS " FROM itsm.baseline b WHERE b.name OPERATOR(pg_catalog.=) $1",
										   lengthof(types), types, values, NULL) > 0;

	if (found)
		itsm_baseline_of_row(SPI_tuptable, 0, context, baseline);
	if (!found || !itsm_role_sees_tenant(user, baseline->tenant))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no baseline \"%s\"", itsm_clip(name)),
				 errhint("itsm_report.baseline lists them.")));
}

static void
add_text(const char *text)
{
	char	   *utf8 = text ? pg_server_to_any(text, strlen(text), PG_UTF8) : NULL;
	uint32		length = pg_hton32(utf8 ? (uint32) strlen(utf8) : PG_UINT32_MAX);

	itsm_digest_add(&length, sizeof(length));
	if (utf8)
		itsm_digest_add(utf8, strlen(utf8));
}

static void
add_number(int64 number)
{
	uint64		bytes = pg_hton64((uint64) number);

	itsm_digest_add(&bytes, sizeof(bytes));
}

/* The numbers of an array; none of them is null in what was taken. */
static int64 *
numbers_of(Datum value, int *count)
{
	ArrayType  *array = DatumGetArrayTypeP(value);

	if (ARR_HASNULL(array) || ARR_NDIM(array) != 1)
	{
		*count = 0;
		return NULL;
	}
	*count = ARR_DIMS(array)[0];
	return (int64 *) ARR_DATA_PTR(array);
}

static void
add_part(HeapTuple tuple, TupleDesc descriptor)
{
	bool		isnull;
	int			count;
	int			version_count = 0;
	int64	   *ids = numbers_of(SPI_getbinval(tuple, descriptor, 1, &isnull), &count);
	Datum		value = SPI_getbinval(tuple, descriptor, 2, &isnull);
	int64	   *versions = isnull ? NULL : numbers_of(value, &version_count);

	for (int i = 0; i < count; i++)
	{
		add_number(ids[i]);
		if (i < version_count)
			add_number(versions[i]);
	}
}

void
itsm_baseline_hash(const Baseline *baseline, uint8 *hash)
{
	static const char format[] = "itsm baseline 1\n";
	static const Oid types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(baseline->id)};
	uint64		count = itsm_baseline_read("SELECT p.ids, p.versions FROM itsm.baseline_part p"
										   " WHERE p.baseline OPERATOR(pg_catalog.=) $1 ORDER BY p.of_relationships, p.part",
										   lengthof(types), types, values, NULL);
	SPITupleTable *parts = SPI_tuptable;

	itsm_digest_start();
	itsm_digest_add(format, sizeof(format) - 1);
	add_text(baseline->name);
	add_text(baseline->tenant);
	add_text(baseline->taken_by);
	add_text(baseline->class);
	add_text(baseline->service);
	add_text(baseline->note);
	add_number(baseline->taken_at);
	add_number(baseline->selected);
	add_number(baseline->items);
	add_number(baseline->relationships);
	for (uint64 i = 0; i < count; i++)
		add_part(parts->vals[i], parts->tupdesc);
	itsm_digest_finish(hash);
	SPI_freetuptable(parts);
}

/* What it holds; $1 to $4 as in BASELINE_ITEMS, the baseline $5. */
static const char store_parts[] =
	"WITH items AS MATERIALIZED (" BASELINE_ITEMS "),"
	" links AS MATERIALIZED (" BASELINE_LINKS "),"
	" numbered AS (SELECT false AS of_relationships, i.id, i.version,"
	" (pg_catalog.row_number() OVER (ORDER BY i.id) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 1000 AS part FROM items i"
	" UNION ALL SELECT true, l.id, NULL,"
	" (pg_catalog.row_number() OVER (ORDER BY l.id) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 1000 FROM links l)"
	" INSERT INTO itsm.baseline_part (baseline, of_relationships, part, first_id, last_id, ids, versions)"
	" SELECT $5, n.of_relationships, n.part, pg_catalog.min(n.id), pg_catalog.max(n.id), pg_catalog.array_agg(n.id ORDER BY n.id),"
	" CASE WHEN n.of_relationships THEN NULL ELSE pg_catalog.array_agg(n.version ORDER BY n.id) END"
	" FROM numbered n GROUP BY n.of_relationships, n.part";

static int64
count_parts(int id, bool of_relationships)
{
	static const Oid types[] = {INT4OID, BOOLOID};
	Datum		values[] = {Int32GetDatum(id), BoolGetDatum(of_relationships)};
	bool		isnull;

	(void) itsm_query(SPI_OK_SELECT, "SELECT coalesce(pg_catalog.sum(pg_catalog.cardinality(p.ids)), 0)::bigint FROM itsm.baseline_part p"
					  " WHERE p.baseline OPERATOR(pg_catalog.=) $1 AND p.of_relationships OPERATOR(pg_catalog.=) $2",
					  lengthof(types), types, values, NULL);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
raise_taken(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("there is a baseline \"%s\" already", itsm_clip(name)),
			 errhint("A baseline is never replaced: take this one under another name.")));
}

/* By one in the way of ON CONFLICT DO NOTHING: nobody takes the name twice. */
static void
store_baseline(const Baseline *baseline)
{
	static const Oid types[] = {
		INT4OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID, INT8OID, INT8OID, BYTEAOID
	};
	const char *texts[] = {baseline->class, baseline->service, baseline->note};
	static const int places[] = {5, 6, 8};
	char		nulls[lengthof(types) + 1] = "            ";
	Datum		values[] = {
		Int32GetDatum(baseline->id), CStringGetTextDatum(baseline->name), CStringGetTextDatum(baseline->tenant),
		TimestampTzGetDatum(baseline->taken_at), CStringGetTextDatum(baseline->taken_by), 0, 0,
		BoolGetDatum(baseline->selected), 0, Int64GetDatum(baseline->items), Int64GetDatum(baseline->relationships),
		itsm_bytes(baseline->hash, ITSM_HASH_LENGTH)
	};

	for (int i = 0; i < lengthof(texts); i++)
	{
		nulls[places[i]] = texts[i] ? ' ' : 'n';
		values[places[i]] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	if (itsm_query(SPI_OK_INSERT, "INSERT INTO itsm.baseline (id, name, tenant, taken_at, taken_by, class, service, selected, note, items, relationships, hash)"
				   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (name) DO NOTHING",
				   lengthof(types), types, values, nulls) == 0)
		raise_taken(baseline->name);
}

/* Records that were given, and are not there. */
static void
check_given(const char *tenant, Datum cis)
{
	static const Oid types[] = {TEXTOID, INT8ARRAYOID};
	Datum		values[] = {CStringGetTextDatum(tenant), cis};
	char	   *missing;

	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT pg_catalog.string_agg(coalesce(m.id::text, 'null'), ', ' ORDER BY m.id) FROM"
					  " (SELECT k.id FROM pg_catalog.unnest($2) AS k(id) WHERE NOT EXISTS (SELECT FROM itsm.record r"
					  " WHERE r.id OPERATOR(pg_catalog.=) k.id AND r.tenant OPERATOR(pg_catalog.=) $1 AND NOT r.deleted"
					  " AND r.source OPERATOR(pg_catalog.<>) 0) LIMIT 10) m",
					  lengthof(types), types, values, NULL);
	missing = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (missing)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("a baseline cannot hold records that are not there: %s", missing),
				 errhint("itsm.record_id gives the number of a row's record; all must be of tenant \"%s\".", tenant)));
}

static void
check_scope(const Baseline *baseline, Datum cis)
{
	if (itsm_blank(baseline->name) || strlen(baseline->name) > NAME_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of a baseline must have 1 to %d bytes, and not be blank", NAME_BYTES)));
	if (baseline->class && !itsm_class_exists(baseline->class))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("class \"%s\" does not exist", itsm_clip(baseline->class)),
				 errhint("itsm.ci_class has the classes that there are.")));
	if (baseline->selected)
		check_given(baseline->tenant, cis);
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static void
tell(const Baseline *baseline)
{
	char		hash[ITSM_HASH_LENGTH * 2 + 1] = {0};

	(void) hex_encode((const char *) baseline->hash, ITSM_HASH_LENGTH, hash);
	itsm_policy_event(itsm_baseline_subject(baseline->name), 0, "taken", "tenant", baseline->tenant, "class", baseline->class,
					  "service", baseline->service, "items", psprintf(INT64_FORMAT, baseline->items),
					  "relationships", psprintf(INT64_FORMAT, baseline->relationships), "hash", hash, "note", baseline->note,
					  NULL);
}

ITSM_FUNCTION(itsm_take_baseline);
Datum
itsm_take_baseline(PG_FUNCTION_ARGS)
{
	Baseline	baseline = {
		.name = text_argument(fcinfo, 0), .selected = !PG_ARGISNULL(1), .class = text_argument(fcinfo, 2),
		.service = text_argument(fcinfo, 3), .note = text_argument(fcinfo, 4), .tenant = text_argument(fcinfo, 5),
		.taken_at = GetCurrentTimestamp(), .taken_by = itsm_acting()
	};
	Datum		values[lengthof(scope_types)];
	char		nulls[lengthof(scope_types) + 1] = "     ";
	OwnerQuery	query;

	if (baseline.tenant == NULL)
		baseline.tenant = "";
	itsm_baseline_query_begin(&query);
	check_scope(&baseline, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1));
	baseline.id = (int) nextval_internal(itsm_relation("baseline_id_seq"), false);
	values[0] = CStringGetTextDatum(baseline.tenant);
	for (int i = 1; i < 4; i++)
	{
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	values[4] = Int32GetDatum(baseline.id);
	(void) itsm_query(SPI_OK_INSERT, store_parts, lengthof(scope_types), scope_types, values, nulls);
	baseline.items = count_parts(baseline.id, false);
	baseline.relationships = count_parts(baseline.id, true);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	itsm_baseline_hash(&baseline, baseline.hash);
	PopActiveSnapshot();
	store_baseline(&baseline);
	itsm_query_end(&query);
	tell(&baseline);
	PG_RETURN_INT64(baseline.items);
}
