/*
 * unmet.c
 *		Lists of unmet conditions and the errors made of them.
 *
 * Memory: everything is palloc'd in the caller's context.
 */
#include "core/itsm.h"

#include "core/unmet.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

List *
itsm_unmet_add(List *list, int code, const char *rule, const char *kind, const char *attribute,
			   const char *clause, const char *format,...)
{
	Unmet	   *unmet = palloc0(sizeof(Unmet));
	StringInfoData message;

	initStringInfo(&message);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&message, needed);
	}
	unmet->code = code;
	unmet->rule = rule;
	unmet->kind = kind;
	unmet->attribute = attribute;
	unmet->clause = clause;
	unmet->message = message.data;
	return lappend(list, unmet);
}

static void
append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "%s\"%s\": ", json->data[json->len - 1] == '{' ? "" : ", ", name);
	if (value)
		escape_json(json, value);
	else
		appendStringInfoString(json, "null");
}

char *
itsm_unmet_json(const List *list)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(cell, list)
	{
		const Unmet *unmet = lfirst(cell);

		appendStringInfoString(&json, foreach_current_index(cell) ? ", {" : "{");
		append_member(&json, "rule", unmet->rule);
		append_member(&json, "kind", unmet->kind);
		append_member(&json, "attribute", unmet->attribute);
		append_member(&json, "message", unmet->message);
		append_member(&json, "clause", unmet->clause);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/* SQLSTATEs are packed six bits a character, lowest first: unpack to rank them. */
static int
rank(int code)
{
	int			result = 0;

	for (int i = 0; i < 5; i++)
		result = (result << 6) | ((code >> (6 * i)) & 0x3f);
	return result;
}

const Unmet *
itsm_unmet_first(const List *list)
{
	const Unmet *first = linitial(list);
	ListCell   *cell;

	foreach(cell, list)
	{
		const Unmet *unmet = lfirst(cell);

		if (rank(unmet->code) < rank(first->code))
			first = unmet;
	}
	return first;
}

void
itsm_unmet_raise(const List *list, int code, const char *what, const char *hint)
{
	if (list == NIL)
		return;
	ereport(ERROR,
			(errcode(code),
			 list_length(list) == 1
			 ? errmsg("%s: %s", what, itsm_unmet_first(list)->message)
			 : errmsg("%s: %s (and %d more)", what, itsm_unmet_first(list)->message,
					  list_length(list) - 1),
			 errdetail_internal("%s", itsm_unmet_json(list)),
			 hint ? errhint("%s", hint) : 0));
}
