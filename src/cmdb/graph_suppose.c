/*
 * graph_suppose.c
 *		What if: records and relationships taken away or added for one search.
 *		Nothing is written.
 */
#include "core/itsm.h"

#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "cmdb/graph_call.h"
#include "cmdb/graph_suppose.h"
#include "cmdb/relationship.h"
#include "core/json_read.h"
#include "core/table.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"

/* Numbers in an argument, null elements left out; their count. */
static int
numbers_argument(FunctionCallInfo fcinfo, int number, int64 **numbers)
{
	Datum	   *elements;
	bool	   *nulls;
	int			given;
	int			count = 0;

	if (PG_ARGISNULL(number))
		return 0;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, &nulls, &given);
	*numbers = palloc(sizeof(int64) * (given + 1));
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			(*numbers)[count++] = DatumGetInt64(elements[i]);
	return count;
}

static void
take_away_records(GraphReader *reader, FunctionCallInfo fcinfo, int number)
{
	int64	   *records;
	int			count = numbers_argument(fcinfo, number, &records);

	for (int i = 0; i < count; i++)
	{
		bool		added;

		(void) graph_node_add(&reader->absent, records[i], &added);
	}
}

/* A relationship by its number, as the search's snapshot sees it.  One that has ended is not taken for a later one. */
static void
take_away_relationship(GraphReader *reader, Relation index, int64 id)
{
	IndexScanDesc scan = itsm_index_beginscan(itsm_graph_table(reader), index, reader->snapshot, 1, 0);
	ScanKeyData key;
	const RelationshipType *type;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	index_rescan(scan, &key, 1, NULL, 0);
	if (!index_getnext_slot(scan, ForwardScanDirection, reader->slot))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no relationship " INT64_FORMAT, id),
				 errhint("itsm.relationship has the number of each.")));
	slot_getsomeattrs(reader->slot, RELATIONSHIP_ENDED_AT + 1);
	type = itsm_graph_type(&reader->types, &reader->last, reader->slot->tts_values[RELATIONSHIP_TYPE]);
	if (type && itsm_graph_held(reader))
		graph_changes_add(&reader->supposed, DatumGetInt64(reader->slot->tts_values[RELATIONSHIP_SOURCE]), type->number,
						  DatumGetInt64(reader->slot->tts_values[RELATIONSHIP_TARGET]), false);
	index_endscan(scan);
}

static void
take_away_relationships(GraphReader *reader, FunctionCallInfo fcinfo, int number)
{
	int64	   *relationships;
	int			count = numbers_argument(fcinfo, number, &relationships);
	Relation	index;

	if (count == 0)
		return;
	index = index_open(itsm_relation("relationship_pkey"), AccessShareLock);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		take_away_relationship(reader, index, relationships[i]);
	}
	index_close(index, AccessShareLock);
}

static void
not_relationships(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("with_relationships: %s", what),
			 errhint("It is an array such as [{\"source\": 1, \"type\": \"depends_on\", \"target\": 2}], with numbers of records.")));
}

static int64
record_member(const JsonbContainer *object, const char *name)
{
	JsonbValue	value;

	if (!itsm_json_member(object, name, &value) || value.type != jbvNumeric)
		not_relationships(psprintf("there is no \"%s\" that is a number", name));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
}

static void
add_relationship(GraphReader *reader, const JsonbContainer *object)
{
	int64		source = record_member(object, "source");
	int64		target = record_member(object, "target");
	const RelationshipType *type;
	JsonbValue	value;
	char	   *name;

	itsm_graph_permit(source);
	itsm_graph_permit(target);
	name = itsm_json_member(object, "type", &value) ? itsm_json_string(&value) : NULL;
	if (name == NULL)
		not_relationships("there is no \"type\" that is a name");
	type = itsm_relationship_type(&reader->types, name, strlen(name));
	if (type == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no relationship type \"%s\"", itsm_clip(name)),
				 errhint("There are: %s.", itsm_relationship_type_names(&reader->types))));
	graph_changes_add(&reader->supposed, source, type->number, target, true);
}

static void
add_relationships(GraphReader *reader, FunctionCallInfo fcinfo, int number)
{
	Jsonb	   *given;

	if (PG_ARGISNULL(number))
		return;
	given = PG_GETARG_JSONB_P(number);
	if (!JB_ROOT_IS_ARRAY(given) || JB_ROOT_IS_SCALAR(given))
		not_relationships("it is no array");
	for (uint32 i = 0; i < JB_ROOT_COUNT(given); i++)
	{
		const JsonbContainer *object = itsm_json_object(getIthJsonbValueFromContainer(&given->root, i));

		CHECK_FOR_INTERRUPTS();
		if (object == NULL)
			not_relationships("an element is no object");
		add_relationship(reader, object);
	}
}

void
itsm_graph_suppose(GraphReader *reader, FunctionCallInfo fcinfo, int number)
{
	reader->supposing = true;
	graph_nodes_begin(&reader->absent, &reader->memory);
	graph_changes_begin(&reader->supposed, &reader->memory);
	take_away_records(reader, fcinfo, number);
	take_away_relationships(reader, fcinfo, number + 1);
	add_relationships(reader, fcinfo, number + 2);
}
