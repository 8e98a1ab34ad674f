/*
 * reconcile_item.c
 *		What a source says of an item, out of its JSON form.
 *
 * A value that is null, or a blank text, says nothing.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/reconcile.h"
#include "common/hashfn.h"
#include "core/json_read.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* An array of plain values as the text of an array; NULL when there are others in it. */
static char *
array_text(JsonbContainer *array)
{
	int			count = JsonContainerSize(array);
	Datum	   *values = palloc(sizeof(Datum) * (count + 1));
	bool	   *nulls = palloc(sizeof(bool) * (count + 1));
	int			dimensions[] = {count};
	int			bounds[] = {1};

	for (int i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);
		char	   *text;

		if (element->type == jbvBinary)
			return NULL;
		text = itsm_item_text(element);
		nulls[i] = text == NULL;
		values[i] = text ? CStringGetTextDatum(text) : (Datum) 0;
	}
	if (count == 0)
		return NULL;
	return OidOutputFunctionCall(F_ARRAY_OUT,
								 PointerGetDatum(construct_md_array(values, nulls, 1, dimensions, bounds, TEXTOID, -1,
																	false, TYPALIGN_INT)));
}

char *
itsm_item_text(const JsonbValue *value)
{
	JsonbContainer *array;
	char	   *text;

	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			text = itsm_json_string(value);
			return itsm_blank(text) ? NULL : text;
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return value->val.boolean ? "true" : "false";
		case jbvBinary:
			array = itsm_json_array(value);
			if (array && JsonContainerSize(array) == 0)
				return NULL;
			text = array ? array_text(array) : NULL;
			return text ? text : JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
		default:
			return NULL;
	}
}

char *
itsm_item_attribute(const Jsonb *item, const char *name)
{
	JsonbValue	value;

	return itsm_json_member(&item->root, name, &value) ? itsm_item_text(&value) : NULL;
}

List *
itsm_item_values(const Jsonb *item, const IdentificationRule *rule)
{
	List	   *values = NIL;
	ListCell   *cell;

	foreach(cell, rule->attributes)
	{
		char	   *value = itsm_item_attribute(item, lfirst(cell));

		if (value == NULL)
			return NIL;
		values = lappend(values, value);
	}
	return values;
}

/* What it takes to be told apart, for people. */
static char *
rules_text(const List *rules)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, rules)
	{
		const IdentificationRule *rule = lfirst(cell);
		ListCell   *name;

		if (text.len)
			appendStringInfoString(&text, " or ");
		foreach(name, rule->attributes)
			appendStringInfo(&text, "%s%s", foreach_current_index(name) ? " and " : "", itsm_clip(lfirst(name)));
	}
	return text.data;
}

bool
itsm_item_read(ReconcileItem *item, const JsonbValue *value)
{
	Reconciliation *run = item->run;
	ListCell   *cell;

	if (itsm_json_object(value) == NULL)
	{
		item->action = RECONCILE_INVALID;
		item->detail = psprintf("an item is an object of attributes, not %s", itsm_json_kind(value));
		return false;
	}
	item->json = JsonbValueToJsonb(unconstify(JsonbValue *, value));
	item->next.attributes = item->json;
	item->next.hash = (int64) hash_bytes_extended((const unsigned char *) &item->json->root,
												  VARSIZE(item->json) - VARHDRSZ, run->seed);
	foreach(cell, run->rules)
	{
		List	   *values = itsm_item_values(item->json, lfirst(cell));

		if (values == NIL)
			continue;
		item->rule = lfirst(cell);
		item->next.identity = itsm_identity(item->rule, values);
		return true;
	}
	/* known by all that is said of it */
	item->next.identity = (int64) hash_bytes_extended((const unsigned char *) &item->json->root,
													  VARSIZE(item->json) - VARHDRSZ, 0);
	item->action = RECONCILE_UNIDENTIFIED;
	item->detail = psprintf("it has no identity: %s is needed", rules_text(run->rules));
	return true;
}
