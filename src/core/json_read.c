/*
 * json_read.c
 *		Small readers over jsonb.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "mb/pg_wchar.h"

bool
itsm_json_member(const JsonbContainer *object, const char *name, JsonbValue *value)
{
	/* an array would be searched as if it were one, beyond its end */
	return JsonContainerIsObject(object) &&
		getKeyJsonValueFromContainer(unconstify(JsonbContainer *, object), name, strlen(name), value) != NULL;
}

List *
itsm_json_names(const JsonbContainer *object)
{
	List	   *names = NIL;
	JsonbIterator *iterator = JsonbIteratorInit(unconstify(JsonbContainer *, object));
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			names = lappend(names, pnstrdup(value.val.string.val, value.val.string.len));
	return names;
}

JsonbContainer *
itsm_json_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data)
		? value->val.binary.data : NULL;
}

JsonbContainer *
itsm_json_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data)
		? value->val.binary.data : NULL;
}

char *
itsm_json_string(const JsonbValue *value)
{
	return value->type == jbvString
		? pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}

static List *
append_distinct(List *strings, char *string)
{
	ListCell   *cell;

	foreach(cell, strings)
		if (strcmp(lfirst(cell), string) == 0)
			return strings;
	return lappend(strings, string);
}

bool
itsm_json_strings(const JsonbValue *value, List **strings)
{
	JsonbContainer *array = itsm_json_array(value);

	*strings = NIL;
	if (value->type == jbvString)
	{
		*strings = list_make1(itsm_json_string(value));
		return true;
	}
	if (array == NULL || JsonContainerSize(array) == 0)
		return false;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type != jbvString)
			return false;
		*strings = append_distinct(*strings, itsm_json_string(element));
	}
	return true;
}

const char *
itsm_json_kind(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "a string";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		case jbvBinary:
			return JsonContainerIsObject(value->val.binary.data) ? "an object" : "an array";
		default:
			return "something else";
	}
}

char *
itsm_clip(const char *text)
{
	size_t		length = strlen(text);
	bool		cut = length > NAMEDATALEN - 1;
	char	   *result;

	if (cut)
		length = pg_mbcliplen(text, Min(length, 2 * NAMEDATALEN), NAMEDATALEN - 1);
	result = palloc(length + sizeof("..."));
	memcpy(result, text, length);
	strcpy(result + length, cut ? "..." : "");
	for (char *c = result; *c; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			*c = '?';
	return result;
}
