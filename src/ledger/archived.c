/*
 * archived.c
 *		Looking up what was archived.
 *
 * Memory: results in the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/table.h"
#include "ledger/archive.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* Columns of itsm.archived, and of itsm.archive_table. */
enum
{
	ARCHIVED_RECORD, ARCHIVED_VERSION, ARCHIVED_EVENTS, ARCHIVED_ARCHIVE, ARCHIVED_TENANT, ARCHIVED_HASH,
	ARCHIVED_COLUMNS
};

enum
{
	PLACE_ARCHIVE, PLACE_MONTH, PLACE_EVENTS, PLACE_NAME, PLACE_COLUMNS
};

#define UTC(column) "pg_catalog.to_char(pg_catalog.timezone('UTC', " column "), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

const char	itsm_archive_facts[] =
"SELECT a.archive, " UTC("a.at") ", " UTC("a.before") ", a.records::pg_catalog.text, a.events::pg_catalog.text,"
" pg_catalog.encode(a.root, 'hex'), (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', " UTC("t.month") ", t.name, t.events),"
" ', ' ORDER BY t.month) FROM itsm.archive_table t WHERE t.archive OPERATOR(pg_catalog.=) a.archive)"
" FROM itsm.archive a ORDER BY a.archive";

const char *const itsm_archive_fact_names[ARCHIVE_FACTS] = {"at", "before", "records", "events", "root", "tables"};

static void
corrupted(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("a row of itsm.archived is not what it was written as"),
			 errhint("itsm.verify() tells what is wrong.")));
}

void
itsm_archived_of_tuple(TupleDesc descriptor, HeapTuple tuple, ArchivedRecord *archived)
{
	Datum		values[ARCHIVED_COLUMNS];
	bool		nulls[ARCHIVED_COLUMNS];

	heap_deform_tuple(tuple, descriptor, values, nulls);
	itsm_archived_of_values(values, nulls, archived);
}

void
itsm_archived_of_values(const Datum *values, const bool *nulls, ArchivedRecord *archived)
{
	bytea	   *hash;

	for (int i = 0; i < ARCHIVED_COLUMNS; i++)
		if (nulls[i])
			corrupted();
	hash = DatumGetByteaPP(values[ARCHIVED_HASH]);
	if (VARSIZE_ANY_EXHDR(hash) != ITSM_HASH_LENGTH)
		corrupted();
	archived->record = DatumGetInt64(values[ARCHIVED_RECORD]);
	archived->version = DatumGetInt64(values[ARCHIVED_VERSION]);
	archived->events = DatumGetInt64(values[ARCHIVED_EVENTS]);
	archived->archive = DatumGetInt64(values[ARCHIVED_ARCHIVE]);
	archived->tenant = TextDatumGetCString(values[ARCHIVED_TENANT]);
	memcpy(archived->hash, VARDATA_ANY(hash), ITSM_HASH_LENGTH);
}

/* version: 0 for the latest. */
static bool
find(const char *tenant, int64 record, int64 version, ArchivedRecord *archived)
{
	Relation	table = table_open(itsm_relation("archived"), AccessShareLock);
	Relation	index;
	ScanKeyData keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	archived->version = 0;
	if (RelationGetNumberOfBlocks(table) > 0)
	{
		index = index_open((RelationGetIndexList(table), table->rd_pkindex), AccessShareLock);
		ScanKeyInit(&keys[0], ARCHIVED_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
		ScanKeyInit(&keys[1], ARCHIVED_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
		keys[1].sk_collation = C_COLLATION_OID;
		ScanKeyInit(&keys[2], ARCHIVED_VERSION + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(version));
		scan = systable_beginscan_ordered(table, index, SnapshotSelf, version ? 3 : 2, keys);
		tuple = systable_getnext_ordered(scan, BackwardScanDirection);
		if (tuple)
			itsm_archived_of_tuple(RelationGetDescr(table), tuple, archived);
		systable_endscan_ordered(scan);
		index_close(index, AccessShareLock);
	}
	table_close(table, AccessShareLock);
	return archived->version > 0;
}

bool
itsm_archived_find(const char *tenant, int64 record, ArchivedRecord *archived)
{
	return find(tenant, record, 0, archived);
}

bool
itsm_archived_find_version(const char *tenant, int64 record, int64 version, ArchivedRecord *archived)
{
	return find(tenant, record, version, archived);
}

char *
itsm_archive_places(int64 archive)
{
	Relation	table = table_open(itsm_relation("archive_table"), AccessShareLock);
	Relation	index = index_open((RelationGetIndexList(table), table->rd_pkindex), AccessShareLock);
	StringInfoData places;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	initStringInfo(&places);
	ScanKeyInit(&key, PLACE_ARCHIVE + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(archive));
	scan = systable_beginscan_ordered(table, index, SnapshotSelf, 1, &key);
	while ((tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL)
	{
		bool		isnull;
		Datum		name = heap_getattr(tuple, PLACE_NAME + 1, RelationGetDescr(table), &isnull);

		if (!isnull)
			appendStringInfo(&places, "%s%s", places.len ? ", " : "", TextDatumGetCString(name));
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return places.len ? places.data : NULL;
}

TimestampTz
itsm_archive_time(int64 archive)
{
	Relation	table = table_open(itsm_relation("archive"), AccessShareLock);
	TimestampTz at = 0;
	ScanKeyData key;
	HeapTuple	tuple;
	bool		isnull;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(archive));
	tuple = itsm_table_find(table, (RelationGetIndexList(table), table->rd_pkindex), SnapshotSelf, 1, &key);
	if (tuple)
		at = DatumGetTimestampTz(heap_getattr(tuple, 2, RelationGetDescr(table), &isnull));
	table_close(table, AccessShareLock);
	return at;
}

/* The columns are those of itsm.event, and nothing computes them. */
static bool
has_event_columns(TupleDesc descriptor, TupleDesc events)
{
	if (descriptor->natts != events->natts)
		return false;
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);
		Form_pg_attribute expected = TupleDescAttr(events, i);

		if (column->attisdropped || column->attgenerated != '\0' || column->atttypid != expected->atttypid ||
			column->attcollation != expected->attcollation || strcmp(NameStr(column->attname), NameStr(expected->attname)) != 0)
			return false;
	}
	return true;
}

static void
check_table(Oid table)
{
	Relation	relation = table_open(table, AccessShareLock);
	Relation	events = table_open(itsm_relation("event"), AccessShareLock);

	if (relation->rd_rel->relkind != RELKIND_RELATION ||
		!has_event_columns(RelationGetDescr(relation), RelationGetDescr(events)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no table of an archive", RelationGetRelationName(relation)),
				 errhint("itsm.archive_table lists them. One that was kept as a file goes into a table made by CREATE TABLE … (LIKE itsm.event).")));
	if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(relation));
	table_close(events, AccessShareLock);
	table_close(relation, NoLock);
}

List *
itsm_archive_tables(ArrayType *array)
{
	List	   *tables = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a table of an archive is null")));
		if (list_member_oid(tables, DatumGetObjectId(elements[i])))
			continue;
		check_table(DatumGetObjectId(elements[i]));
		tables = lappend_oid(tables, DatumGetObjectId(elements[i]));
	}
	return tables;
}

void
itsm_archived_refuse(const char *tenant, int64 record, const char *what)
{
	ArchivedRecord archived;
	const char *places;

	if (!itsm_archived_find(tenant, record, &archived))
		return;
	places = itsm_archive_places(archived.archive);
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_HISTORY),
			 errmsg("the events of record " INT64_FORMAT " up to version " INT64_FORMAT " are archived, so %s",
					record, archived.version, what),
			 errdetail("Archive " INT64_FORMAT " moved them%s%s.", archived.archive, places ? " to " : "",
					   places ? places : ""),
			 errhint("itsm.restore_archive(%d) brings them back.", (int) archived.archive)));
}
