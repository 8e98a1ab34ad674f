/*
 * state_map.c
 *		itsm.state_map: what a tool calls the states of a standard lifecycle.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "core/json_read.h"
#include "core/table.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "port.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* Columns of itsm.state_vocabulary. */
enum
{
	VOCABULARY_TOOL = 1,
	VOCABULARY_LIFECYCLE,
	VOCABULARY_VALUE,
	VOCABULARY_STATE
};

typedef struct Vocabulary
{
	const char *tool;			/* as asked for */
	const char *lifecycle;
	const char *tool_name;		/* as kept; NULL: the tool is unknown */
	List	   *tools;			/* String: names of tools */
	List	   *lifecycles;		/* String: those that the tool has values for */
	JsonbParseState *map;
	int			count;
} Vocabulary;

ITSM_FUNCTION(itsm_state_map);

static char *
text_of(Relation table, HeapTuple row, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(row, column, RelationGetDescr(table), &isnull);

	if (isnull)
		elog(ERROR, "column %d of %s is null", column, RelationGetRelationName(table));
	return TextDatumGetCString(value);
}

static List *
add_name(List *names, char *name)
{
	String	   *string = makeString(name);

	return list_member(names, string) ? names : lappend(names, string);
}

static void
push(Vocabulary *vocabulary, JsonbIteratorToken token, char *text)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = text;
	value.val.string.len = strlen(text);
	pushJsonbValue(&vocabulary->map, token, &value);
}

static void
read_row(Vocabulary *vocabulary, Relation table, HeapTuple row)
{
	char	   *tool = text_of(table, row, VOCABULARY_TOOL);
	char	   *lifecycle = text_of(table, row, VOCABULARY_LIFECYCLE);

	vocabulary->tools = add_name(vocabulary->tools, tool);
	if (pg_strcasecmp(tool, vocabulary->tool) != 0)
		return;
	vocabulary->tool_name = tool;
	vocabulary->lifecycles = add_name(vocabulary->lifecycles, lifecycle);
	if (strcmp(lifecycle, vocabulary->lifecycle) != 0)
		return;
	push(vocabulary, WJB_KEY, text_of(table, row, VOCABULARY_VALUE));
	push(vocabulary, WJB_VALUE, text_of(table, row, VOCABULARY_STATE));
	vocabulary->count++;
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(strVal(lfirst(a)), strVal(lfirst(b)));
}

static char *
listed(List *names)
{
	StringInfoData text;
	ListCell   *cell;

	list_sort(names, compare_names);
	initStringInfo(&text);
	foreach(cell, names)
		appendStringInfo(&text, "%s\"%s\"", foreach_current_index(cell) ? ", " : "",
						 strVal(lfirst(cell)));
	return text.data;
}

/*
 * itsm.state_map(tool text, lifecycle text) → jsonb
 *
 * 42704 when the tool is unknown, 22023 when it has no values for the lifecycle.
 */
Datum
itsm_state_map(PG_FUNCTION_ARGS)
{
	Vocabulary	vocabulary = {
		.tool = text_to_cstring(PG_GETARG_TEXT_PP(0)),
		.lifecycle = text_to_cstring(PG_GETARG_TEXT_PP(1)),
	};
	Relation	table = table_open(itsm_relation("state_vocabulary"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	row;

	pushJsonbValue(&vocabulary.map, WJB_BEGIN_OBJECT, NULL);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		read_row(&vocabulary, table, row);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);

	if (vocabulary.tool_name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no vocabulary of a tool \"%s\"", itsm_clip(vocabulary.tool)),
				 errhint("Tools are %s.", listed(vocabulary.tools))));
	if (vocabulary.count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no vocabulary for lifecycle \"%s\"", vocabulary.tool_name,
						itsm_clip(vocabulary.lifecycle)),
				 errhint("It has those for %s.", listed(vocabulary.lifecycles))));
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&vocabulary.map, WJB_END_OBJECT, NULL)));
}
