/*
 * relationship_type.c
 *		Relationship types as each session keeps them.
 *
 * They are read by a catalog snapshot, as policies are, so that a new version
 * holds from the next statement on, also inside REPEATABLE READ.  The
 * callback only marks.  Types that somebody uses are never freed in the middle
 * of it, however often they change meanwhile: the old ones go with the
 * transaction that reads new ones.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "cmdb/relationship_type.h"
#include "cmdb/relationship_type_row.h"
#include "core/table.h"
#include "utils/inval.h"
#include "utils/memutils.h"

/* Types that change while they are read are read once more; after that the next look reads them anew. */
#define READ_ATTEMPTS 2

static RelationshipTypes current;
static MemoryContext context = NULL;	/* of those that are current */
static Oid	table_oid = InvalidOid;
static bool valid = false;

static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	if (!OidIsValid(relation) || relation == table_oid)
		valid = false;
}

static char *
text_column(TupleDesc descriptor, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column + 1, descriptor, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static int
position(const char *const *names, int count, const char *name, const char *what)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("a relationship type has the %s \"%s\"", what, name),
			 errhint("Define it again with itsm.define_relationship_type.")));
}

void
itsm_relationship_type_of_tuple(TupleDesc descriptor, HeapTuple tuple, RelationshipType *type)
{
	int			cardinality = position(itsm_cardinality_names, CARDINALITIES,
									   text_column(descriptor, tuple, TYPE_CARDINALITY), "cardinality");
	bool		isnull;

	type->name = text_column(descriptor, tuple, TYPE_NAME);
	type->name_length = strlen(type->name);
	type->version = DatumGetInt32(heap_getattr(tuple, TYPE_VERSION + 1, descriptor, &isnull));
	type->inverse = text_column(descriptor, tuple, TYPE_INVERSE);
	type->source_class = text_column(descriptor, tuple, TYPE_SOURCE_CLASS);
	type->target_class = text_column(descriptor, tuple, TYPE_TARGET_CLASS);
	type->one_source = cardinality & ONE_SOURCE;
	type->one_target = cardinality & ONE_TARGET;
	type->acyclic = DatumGetBool(heap_getattr(tuple, TYPE_ACYCLIC + 1, descriptor, &isnull));
	type->impact = position(itsm_impact_names, IMPACTS, text_column(descriptor, tuple, TYPE_IMPACT), "impact");
	type->on_retire = position(itsm_on_retire_names, ON_RETIRES,
							   text_column(descriptor, tuple, TYPE_ON_RETIRE), "on_retire");
}

static void
read_types(void)
{
	Relation	table = table_open(table_oid, AccessShareLock);
	Relation	index = index_open(itsm_relation("relationship_type_version_pkey"), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(table, index, NULL, 0, NULL);
	int			capacity = 32;
	HeapTuple	tuple;

	current.generation++;
	current.count = 0;
	current.types = palloc(sizeof(RelationshipType) * capacity);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		RelationshipType type = {0};
		RelationshipType *last = current.count ? &current.types[current.count - 1] : NULL;

		itsm_relationship_type_of_tuple(RelationGetDescr(table), tuple, &type);
		/* by version: the last one holds */
		if (last && strcmp(last->name, type.name) == 0)
		{
			type.number = last->number;
			*last = type;
			continue;
		}
		if (current.count == capacity)
			current.types = repalloc(current.types, sizeof(RelationshipType) * (capacity *= 2));
		type.number = current.count;
		current.types[current.count++] = type;
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
}

RelationshipTypes
itsm_relationship_types(void)
{
	static bool registered = false;
	MemoryContext caller;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
		registered = true;
	}
	AcceptInvalidationMessages();
	if (valid)
		return current;
	if (context)
		MemoryContextSetParent(context, TopTransactionContext);
	context = NULL;
	for (int attempt = 1; !valid && attempt <= READ_ATTEMPTS; attempt++)
	{
		current.count = 0;
		table_oid = itsm_relation("relationship_type_version");
		if (context)
			MemoryContextDelete(context);
		context = NULL;
		context = AllocSetContextCreate(TopMemoryContext, "itsm relationship types", ALLOCSET_SMALL_SIZES);
		caller = MemoryContextSwitchTo(context);
		valid = true;
		PG_TRY();
		{
			read_types();
		}
		PG_CATCH();
		{
			valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
		MemoryContextSwitchTo(caller);
	}
	return current;
}

const RelationshipType *
itsm_relationship_type(const RelationshipTypes *types, const char *name, int length)
{
	int			low = 0;
	int			high = types->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const RelationshipType *type = &types->types[middle];
		int			order = memcmp(type->name, name, Min(type->name_length, length));

		if (order == 0)
			order = type->name_length - length;
		if (order == 0)
			return type;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

char *
itsm_relationship_type_names(const RelationshipTypes *types)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < types->count; i++)
		appendStringInfo(&names, "%s\"%s\"", i ? ", " : "", types->types[i].name);
	return names.data;
}
