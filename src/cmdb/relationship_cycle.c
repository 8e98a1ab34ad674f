/*
 * relationship_cycle.c
 *		Acyclic types stay so, whatever others do meanwhile.
 *
 * A relationship is inserted first and searched for a way back then, in a
 * snapshot that also sees what others have inserted but not committed, and
 * what they have ended but not committed.  Of several who close a cycle
 * together the last one to insert finds it.  Where the way back rests on what
 * is not decided yet, it is waited for, and the search begins anew; those who
 * wait for each other are found by the deadlock detector (40P01).
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "cmdb/graph_reader.h"
#include "cmdb/graph_structure.h"
#include "cmdb/relationship.h"
#include "core/errors.h"
#include "core/own_table.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

/* A step of the way back; true when its fate was not decided, but is now. */
static bool
settle(Relation table, const char *tenant, int64 source, const RelationshipType *type, int64 target)
{
	Oid			index = itsm_relation("relationship_source_idx");
	SnapshotData dirty;
	ScanKeyData keys[RELATIONSHIP_KEYS];
	HeapTuple	found;

	itsm_relationship_keys(keys, tenant, source, type->name, target);
	InitDirtySnapshot(dirty);
	found = itsm_table_find(table, index, &dirty, RELATIONSHIP_KEYS, keys);
	/* gone meanwhile */
	if (!HeapTupleIsValid(found))
		return true;
	if (!TransactionIdIsValid(dirty.xmin) && !TransactionIdIsValid(dirty.xmax))
		return false;
	itsm_table_await(table, index, RELATIONSHIP_KEYS, keys);
	return true;
}

/* Where the way back rests on nothing that is not decided, the relationship is refused. */
static void
judge_way(Relation table, const char *tenant, const RelationshipType *type, const GraphPath *way)
{
	bool		settled = false;

	for (int i = 0; i < way->length && !settled; i++)
		settled = settle(table, tenant, way->nodes[i], type, way->nodes[i + 1]);
	if (settled)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_CYCLE),
			 errmsg("relationship \"%s\" from record " INT64_FORMAT " to record " INT64_FORMAT " would close a cycle",
					type->name, way->nodes[way->length], way->nodes[0]),
			 errdetail_plural("The way back takes %d relationship.", "The way back takes %d relationships.",
							  way->length, way->length),
			 errhint("Relationships of this type are acyclic; itsm.path shows the way from the target to the source.")));
}

/* Looks for the way back; true when there is one, which has been judged. */
static bool
look_back(Relation table, const char *tenant, int64 source, const RelationshipType *type, int64 target, bool entries)
{
	GraphQuery	query = {.sense = SENSE_ALONG, .some_types = true, .types = list_make1(type->name), .entries = entries};
	SnapshotData dirty;
	GraphReader reader;
	GraphPath	way;
	bool		found;

	CHECK_FOR_INTERRUPTS();
	InitDirtySnapshot(dirty);
	itsm_graph_open(&reader, &dirty, &query);
	found = graph_path(&reader.graph, target, source, GRAPH_NO_LIMIT, &way);
	if (found && !entries)
		judge_way(table, tenant, type, &way);
	itsm_graph_close(&reader);
	return found;
}

void
itsm_relationship_check_cycle(Relation table, const char *tenant, int64 source, const RelationshipType *type,
							  int64 target)
{
	/* mostly there is no way even if nothing had ever ended, which the indexes alone can tell */
	if (!look_back(table, tenant, source, type, target, true))
		return;
	while (look_back(table, tenant, source, type, target, false))
		;
}

/* A type that is acyclic from now on: is it so already? */
static void
check_acyclic(const RelationshipType *type)
{
	GraphQuery	query = {.sense = SENSE_ALONG, .some_types = true, .types = list_make1(type->name)};
	GraphReader reader;
	GraphList	list;
	GraphArcs	arcs;
	int		   *components;
	int			found;

	PushActiveSnapshot(GetLatestSnapshot());
	itsm_graph_open(&reader, GetActiveSnapshot(), &query);
	itsm_graph_list(&reader, &list);
	graph_arcs_begin(&arcs, &reader.memory, list.nodes.count, list.arc_count, list.tails, list.heads, false);
	components = GRAPH_ALLOCATE(&reader.memory, int, list.nodes.count);
	found = graph_strong_components(&arcs, &reader.memory, components);
	if (found != list.nodes.count)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_CYCLE),
				 errmsg("relationship type \"%s\" cannot be acyclic: there are cycles already", type->name),
				 errhint("itsm.cycles('%s') lists them.", type->name)));
	itsm_graph_close(&reader);
	PopActiveSnapshot();
}

void
itsm_relationships_conform(const RelationshipType *before, const RelationshipType *after)
{
	if (after->one_source != before->one_source || after->one_target != before->one_target)
		itsm_relationships_recount(after);
	if (after->acyclic && !before->acyclic)
		check_acyclic(after);
}
