/*
 * verify_partition.c
 *		Events against the bounds of the partition that they stand in.
 *
 * The server checks them on its own way in, but events are written by direct
 * access.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "datatype/timestamp.h"
#include "ledger/partition.h"
#include "ledger/verify_partition.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

typedef struct EventPartition
{
	Oid			relation;
	char	   *name;
	bool		is_default;
	bool		is_new;			/* made after our snapshot, which sees its rows where they were */
	TimestampTz from;
	TimestampTz to;				/* not included */
	uint64		events;
} EventPartition;

static TimestampTz
bound_of(const List *datums)
{
	const PartitionRangeDatum *datum = linitial_node(PartitionRangeDatum, datums);

	if (datum->kind == PARTITION_RANGE_DATUM_MINVALUE)
		return DT_NOBEGIN;
	if (datum->kind == PARTITION_RANGE_DATUM_MAXVALUE)
		return DT_NOEND;
	return DatumGetTimestampTz(castNode(Const, datum->value)->constvalue);
}

static EventPartition *
read_partition(Oid relation)
{
	EventPartition *partition = palloc0(sizeof(EventPartition));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Datum		bound;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "partition %u of itsm.event is gone", relation);
	partition->relation = relation;
	partition->name = pstrdup(NameStr(((Form_pg_class) GETSTRUCT(tuple))->relname));
	partition->is_new = XidInMVCCSnapshot(HeapTupleHeaderGetXmin(tuple->t_data), GetActiveSnapshot());
	bound = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &isnull);
	if (!isnull)
	{
		PartitionBoundSpec *bounds = stringToNode(TextDatumGetCString(bound));

		partition->is_default = bounds->is_default;
		if (!bounds->is_default)
		{
			partition->from = bound_of(bounds->lowerdatums);
			partition->to = bound_of(bounds->upperdatums);
		}
	}
	ReleaseSysCache(tuple);
	return partition;
}

List *
itsm_verify_partitions(void)
{
	List	   *partitions = NIL;
	ListCell   *cell;

	foreach(cell, itsm_event_partitions(AccessShareLock))
		partitions = lappend(partitions, read_partition(lfirst_oid(cell)));
	return partitions;
}

static bool
holds(const EventPartition *partition, TimestampTz at)
{
	return !partition->is_default && at >= partition->from && at < partition->to;
}

static bool
well_placed(const List *partitions, const EventPartition *partition, TimestampTz at)
{
	ListCell   *cell;

	if (!partition->is_default)
		return holds(partition, at);
	foreach(cell, partitions)
	{
		const EventPartition *other = lfirst(cell);

		if (!other->is_new && holds(other, at))
			return false;
	}
	return true;
}

const char *
itsm_verify_place(List *partitions, Oid relation, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, partitions)
	{
		EventPartition *partition = lfirst(cell);

		if (partition->relation != relation)
			continue;
		if (!well_placed(partitions, partition, at))
			return partition->name;
		partition->events++;
	}
	return NULL;
}

void
itsm_verify_placed(Verification *verification, const List *partitions)
{
	ListCell   *cell;

	foreach(cell, partitions)
	{
		const EventPartition *partition = lfirst(cell);

		itsm_verify_right(verification, "partition", psprintf("itsm.%s", partition->name),
						  UINT64_FORMAT " events", partition->events);
	}
}
