/*
 * verify_parts.c
 *		itsm.verify_in_parts(): a verification that can be cut short, and shared.
 *
 * A part is verified without a transaction id, so that it holds back neither
 * VACUUM nor sealing longer than it takes; only then its results are written.
 * Who works on a part has its lock, which goes with the transaction.
 *
 * Memory: the results of a part.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/table.h"
#include "executor/spi.h"
#include "ledger/archive.h"
#include "ledger/policy_event.h"
#include "ledger/seal_digest.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "record/source.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

typedef struct PartsRun
{
	int64		number;
	int			parts;
	Datum		digest;
	char		no_digest;		/* 'n' or ' ' */
	Datum		archives;		/* text[] */
	char		no_archives;
	bool		anew;
} PartsRun;

typedef struct Part
{
	int			number;
	int64		from;
	int64		before;
	bool		no_from;
	bool		no_before;
} Part;

static int64
first_number(bool *isnull)
{
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull));
}

/* The run that is to go on. */
static const char find_run[] =
"SELECT v.verification, v.parts::pg_catalog.int8 FROM itsm.verification v WHERE v.finished_at IS NULL"
" AND v.digest IS NOT DISTINCT FROM $1 AND v.archives IS NOT DISTINCT FROM $2 ORDER BY v.verification DESC LIMIT 1";

static const char start_run[] =
"INSERT INTO itsm.verification (verification, started_at, parts, digest, archives)"
" SELECT coalesce(pg_catalog.max(v.verification), 0) + 1, pg_catalog.clock_timestamp(), $3, $1, $2 FROM itsm.verification v"
" RETURNING verification";

/* As many records in each part as numbers tell; the first and the last have no bound. */
static const char start_parts[] =
"INSERT INTO itsm.verification_part (verification, part, from_record, before_record)"
" SELECT $1, p, CASE WHEN p > 1 THEN b.first + ((b.last - b.first + 1)::numeric * (p - 1) / $2)::int8 END,"
"  CASE WHEN p < $2 THEN b.first + ((b.last - b.first + 1)::numeric * p / $2)::int8 END"
" FROM pg_catalog.generate_series(1, $2) p,"
" (SELECT coalesce(pg_catalog.min(r.id), 1) AS first, coalesce(pg_catalog.max(r.id), 1) AS last FROM itsm.record r) b";

static void
begin_run(PartsRun *run)
{
	Oid			types[] = {JSONBOID, TEXTARRAYOID, INT4OID};
	Datum		values[] = {run->digest, run->archives, Int32GetDatum(run->parts)};
	const char	nulls[] = {run->no_digest, run->no_archives, ' ', '\0'};
	Oid			part_types[] = {INT8OID, INT4OID};
	Datum		part_values[2];
	OwnerQuery	query;
	bool		isnull;

	itsm_query_begin(&query);
	/* two that begin at once share one run */
	LockRelationOid(itsm_relation("verification"), ShareRowExclusiveLock);
	if (!run->anew && itsm_query(SPI_OK_SELECT, find_run, 2, types, values, nulls) > 0)
	{
		run->number = first_number(&isnull);
		run->parts = (int) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	}
	else
	{
		(void) itsm_query(SPI_OK_INSERT_RETURNING, start_run, 3, types, values, nulls);
		run->number = first_number(&isnull);
		part_values[0] = Int64GetDatum(run->number);
		part_values[1] = Int32GetDatum(run->parts);
		(void) itsm_query(SPI_OK_INSERT, start_parts, 2, part_types, part_values, NULL);
	}
	itsm_query_end(&query);
}

/* Until the transaction ends; false when another session has it. */
static bool
lock_part(const PartsRun *run, int part)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, itsm_relation("verification_part"), (Oid) run->number, part);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

static bool
is_open(const PartsRun *run, int part)
{
	Oid			types[] = {INT8OID, INT4OID};
	Datum		values[] = {Int64GetDatum(run->number), Int32GetDatum(part)};

	return itsm_query(SPI_OK_SELECT, "SELECT FROM itsm.verification_part p WHERE p.verification = $1 AND p.part = $2"
					  " AND p.finished_at IS NULL", 2, types, values, NULL) > 0;
}

/* A part that nobody works on, locked; false when there is none, *left: how many are not finished. */
static bool
take_part(const PartsRun *run, Part *part, uint64 *left)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(run->number)};
	SPITupleTable *table;

	*left = itsm_query(SPI_OK_SELECT, "SELECT p.part, p.from_record, p.before_record FROM itsm.verification_part p"
					   " WHERE p.verification = $1 AND p.finished_at IS NULL ORDER BY p.part", 1, types, values, NULL);
	table = SPI_tuptable;
	for (uint64 i = 0; i < *left; i++)
	{
		bool		isnull;

		part->number = DatumGetInt32(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull));
		part->from = DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 2, &part->no_from));
		part->before = DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 3, &part->no_before));
		/* it may have been finished before it was locked */
		if (lock_part(run, part->number) && is_open(run, part->number))
			return true;
	}
	return false;
}

static SPITupleTable *
verify_part(const PartsRun *run, const Part *part)
{
	Oid			types[] = {JSONBOID, TEXTARRAYOID, INT8OID, INT8OID};
	Datum		values[] = {run->digest, run->archives, Int64GetDatum(part->from), Int64GetDatum(part->before)};
	const char	nulls[] = {run->no_digest, run->no_archives, part->no_from ? 'n' : ' ', part->no_before ? 'n' : ' ', '\0'};

	(void) itsm_query(SPI_OK_SELECT, "SELECT v.ok, v.scope, v.object, v.detail"
					  " FROM itsm.verify($1, $2::pg_catalog.regclass[], $3, $4) v", 4, types, values, nulls);
	return SPI_tuptable;
}

/* Writes what was found; returns the faults. */
static int64
store_results(const PartsRun *run, const Part *part, SPITupleTable *table)
{
	Relation	relation = table_open(itsm_relation("verification_result"), RowExclusiveLock);
	int64		faults = 0;

	for (uint64 i = 0; i < table->numvals; i++)
	{
		Datum		values[7] = {Int64GetDatum(run->number), Int32GetDatum(part->number), Int32GetDatum((int32) i + 1)};
		bool		nulls[7] = {false};

		for (int column = 1; column <= 4; column++)
			values[2 + column] = SPI_getbinval(table->vals[i], table->tupdesc, column, &nulls[2 + column]);
		faults += !DatumGetBool(values[3]);
		itsm_table_insert(relation, values, nulls);
	}
	table_close(relation, NoLock);
	return faults;
}

static const char finish_part[] =
"UPDATE itsm.verification_part p SET finished_at = pg_catalog.clock_timestamp(), faults = $3"
" WHERE p.verification = $1 AND p.part = $2";

static const char finish_run[] =
"UPDATE itsm.verification v SET finished_at = pg_catalog.clock_timestamp(), faults = x.faults"
" FROM (SELECT pg_catalog.sum(p.faults)::pg_catalog.int8 AS faults, pg_catalog.bool_and(p.finished_at IS NOT NULL) AS finished"
"  FROM itsm.verification_part p WHERE p.verification = $1) x"
" WHERE v.verification = $1 AND v.finished_at IS NULL AND x.finished RETURNING v.faults";

static void
finish(const PartsRun *run, const Part *part, int64 faults)
{
	Oid			types[] = {INT8OID, INT4OID, INT8OID};
	Datum		values[] = {Int64GetDatum(run->number), Int32GetDatum(part->number), Int64GetDatum(faults)};
	bool		isnull;

	/* one after the other, so that the last one sees all others finished */
	LockRelationOid(itsm_relation("verification"), ShareRowExclusiveLock);
	(void) itsm_query(SPI_OK_UPDATE, finish_part, 3, types, values, NULL);
	if (itsm_query(SPI_OK_UPDATE_RETURNING, finish_run, 1, types, values, NULL) > 0)
		itsm_policy_event(POLICY_HISTORY, 0, "verified", "faults", psprintf(INT64_FORMAT, first_number(&isnull)),
						  "digest", run->no_digest == 'n' ? "no" : "yes", "parts", psprintf("%d", run->parts), NULL);
}

/* False when there is no more to do. */
static bool
do_part(const PartsRun *run)
{
	OwnerQuery	query;
	Part		part;
	uint64		left;
	bool		taken;

	itsm_query_begin(&query);
	taken = take_part(run, &part, &left);
	if (taken)
	{
		int64		faults = store_results(run, &part, verify_part(run, &part));

		finish(run, &part, faults);
		ereport(NOTICE,
				(errmsg("verification " INT64_FORMAT ": part %d of %d, " INT64_FORMAT " faults", run->number, part.number,
						run->parts, faults)));
	}
	else if (left > 0)
		ereport(NOTICE,
				(errmsg("verification " INT64_FORMAT ": other sessions are at the last " UINT64_FORMAT " parts", run->number,
						left)));
	itsm_query_end(&query);
	return taken;
}

/* The names of archives' tables, which the caller must be able to read. */
static Datum
archive_names(ArrayType *array)
{
	List	   *tables = itsm_archive_tables(array);
	Datum	   *names = palloc(sizeof(Datum) * Max(list_length(tables), 1));
	ListCell   *cell;

	foreach(cell, tables)
		names[foreach_current_index(cell)] = CStringGetTextDatum(itsm_relation_name(lfirst_oid(cell)));
	return PointerGetDatum(construct_array(names, list_length(tables), TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * CALL itsm.verify_in_parts(parts integer, digest jsonb, archives regclass[], anew boolean)
 */
ITSM_FUNCTION(itsm_verify_in_parts);
Datum
itsm_verify_in_parts(PG_FUNCTION_ARGS)
{
	bool		atomic = fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;
	PartsRun	run = {.parts = PG_ARGISNULL(0) ? 16 : PG_GETARG_INT32(0), .no_digest = PG_ARGISNULL(1) ? 'n' : ' ',
	.no_archives = PG_ARGISNULL(2) ? 'n' : ' ', .anew = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3)};
	MemoryContext keep = AllocSetContextCreate(PortalContext ? PortalContext : CurrentMemoryContext,
											   "itsm verification", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(keep);

	PreventCommandIfReadOnly("itsm.verify_in_parts()");
	if (run.parts < 1 || run.parts > 10000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("parts must be between 1 and 10000, not %d", run.parts)));
	if (!PG_ARGISNULL(1))
	{
		SealDigest	digest;

		/* what is none begins no run */
		itsm_digest_read(&PG_GETARG_JSONB_P(1)->root, &digest);
		run.digest = PointerGetDatum(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(1)));
	}
	if (!PG_ARGISNULL(2))
		run.archives = archive_names(PG_GETARG_ARRAYTYPE_P(2));
	MemoryContextSwitchTo(caller);
	if (SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	begin_run(&run);
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!atomic)
			SPI_commit();
	} while (do_part(&run));
	SPI_finish();
	MemoryContextDelete(keep);
	return (Datum) 0;
}
