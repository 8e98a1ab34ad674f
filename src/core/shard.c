/*
 * shard.c
 *		Reading the catalogs of Citus, if they are there.
 *
 * They stand in pg_catalog, where only a superuser who means it can put a
 * table; columns are found by name.  Read under a catalog snapshot, so they are
 * up to date in every isolation level.
 *
 * Memory: results in the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace_d.h"
#include "core/shard.h"
#include "nodes/primnodes.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#define PARTITION_CATALOG	"pg_dist_partition"
#define SHARD_CATALOG		"pg_dist_shard"
#define GROUP_CATALOG		"pg_dist_local_group"

static Oid
catalog_relation(const char *name)
{
	return get_relname_relid(name, PG_CATALOG_NAMESPACE);
}

/* A column of a row of such a catalog; false when it is null, or not there. */
static bool
read_column(Relation catalog, HeapTuple tuple, const char *name, Datum *value)
{
	AttrNumber	column = get_attnum(RelationGetRelid(catalog), name);
	bool		isnull = true;

	if (column > 0)
		*value = heap_getattr(tuple, column, RelationGetDescr(catalog), &isnull);
	return !isnull;
}

static SysScanDesc
scan_catalog(Relation catalog, const char *index_name, const char *column, RegProcedure equal, Datum value,
			 ScanKey key)
{
	Oid			index = catalog_relation(index_name);

	ScanKeyInit(key, get_attnum(RelationGetRelid(catalog), column), BTEqualStrategyNumber, equal, value);
	return systable_beginscan(catalog, index, OidIsValid(index), NULL, 1, key);
}

/* Citus keeps the column as a Var in text form. */
static char *
spread_column(Oid table, const char *text)
{
	Node	   *node = stringToNode(text);

	return IsA(node, Var) ? get_attname(table, ((Var *) node)->varattno, true) : NULL;
}

Spread *
itsm_spread(Oid table)
{
	Oid			catalog_id = catalog_relation(PARTITION_CATALOG);
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Spread	   *spread = NULL;

	if (!OidIsValid(catalog_id))
		return NULL;
	catalog = table_open(catalog_id, AccessShareLock);
	scan = scan_catalog(catalog, "pg_dist_partition_logical_relid_index", "logicalrelid", F_OIDEQ,
						ObjectIdGetDatum(table), &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Datum		value;

		spread = palloc0(sizeof(Spread));
		if (read_column(catalog, tuple, "partkey", &value))
			spread->column = spread_column(table, TextDatumGetCString(value));
		/* 's': copies follow by streaming, 't': a reference table */
		spread->replicated = read_column(catalog, tuple, "repmodel", &value) && DatumGetChar(value) == 'c';
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return spread;
}

bool
itsm_is_worker(void)
{
	Oid			catalog_id = catalog_relation(GROUP_CATALOG);
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	Datum		value;
	bool		worker;

	if (!OidIsValid(catalog_id))
		return false;
	catalog = table_open(catalog_id, AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	tuple = systable_getnext(scan);
	worker = HeapTupleIsValid(tuple) && read_column(catalog, tuple, "groupid", &value) && DatumGetInt32(value) != 0;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return worker;
}

/* The number at the end of a shard's name; 0: there is none. */
static int64
shard_number(const char *name)
{
	const char *digits = strrchr(name, '_');
	char	   *end;
	int64		number;

	if (digits == NULL || digits[1] < '1' || digits[1] > '9')
		return 0;
	errno = 0;
	number = strtoi64(digits + 1, &end, 10);
	return *end == '\0' && errno == 0 ? number : 0;
}

static char *
shard_name(Oid table, int64 number)
{
	return psprintf("%s_" INT64_FORMAT, get_rel_name(table), number);
}

static Oid
owner_of(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* Who may put a table beside another one could else pass for its shard. */
static bool
is_shard_of(Oid relation, int64 number, Oid table)
{
	return get_rel_name(table) != NULL && strcmp(get_rel_name(relation), shard_name(table, number)) == 0 &&
		get_rel_namespace(relation) == get_rel_namespace(table) && owner_of(relation) == owner_of(table);
}

Oid
itsm_shard_table(Oid relation)
{
	Oid			catalog_id = catalog_relation(SHARD_CATALOG);
	const char *name = OidIsValid(catalog_id) ? get_rel_name(relation) : NULL;
	int64		number = name ? shard_number(name) : 0;
	Oid			table = InvalidOid;
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Datum		value;

	if (number == 0)
		return InvalidOid;
	catalog = table_open(catalog_id, AccessShareLock);
	scan = scan_catalog(catalog, "pg_dist_shard_shardid_index", "shardid", F_INT8EQ, Int64GetDatum(number), &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)) && read_column(catalog, tuple, "logicalrelid", &value))
		table = DatumGetObjectId(value);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return OidIsValid(table) && is_shard_of(relation, number, table) ? table : InvalidOid;
}

/* Those of the table's shards that are on this node. */
static List *
shards_here(Oid table)
{
	Oid			catalog_id = catalog_relation(SHARD_CATALOG);
	List	   *shards = NIL;
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Datum		value;

	if (!OidIsValid(catalog_id))
		return NIL;
	catalog = table_open(catalog_id, AccessShareLock);
	scan = scan_catalog(catalog, "pg_dist_shard_logical_relid_index", "logicalrelid", F_OIDEQ,
						ObjectIdGetDatum(table), &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		int64		number = read_column(catalog, tuple, "shardid", &value) ? DatumGetInt64(value) : 0;
		Oid			shard = get_relname_relid(shard_name(table, number), get_rel_namespace(table));

		if (OidIsValid(shard) && is_shard_of(shard, number, table))
			shards = lappend_oid(shards, shard);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	/* as inheritance children: locks are taken in one order */
	list_sort(shards, list_oid_cmp);
	return shards;
}

List *
itsm_relation_members(Oid relation, LOCKMODE lock)
{
	List	   *members = find_all_inheritors(relation, lock, NULL);
	ListCell   *cell;

	foreach(cell, shards_here(relation))
	{
		Oid			shard = lfirst_oid(cell);

		if (lock != NoLock)
		{
			LockRelationOid(shard, lock);
			/* it may have been moved away meanwhile */
			if (get_rel_name(shard) == NULL)
			{
				UnlockRelationOid(shard, lock);
				continue;
			}
		}
		members = lappend_oid(members, shard);
	}
	return members;
}
