/*
 * diagram.c
 *		A lifecycle as text for a drawing program.
 *
 * The text depends on the definition alone and keeps its order.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "lib/stringinfo.h"
#include "lifecycle/definition.h"
#include "lifecycle/diagram.h"
#include "miscadmin.h"
#include "utils/builtins.h"

ITSM_FUNCTION(itsm_lifecycle_diagram);

/* Words that mean something where mermaid expects a state. */
static const char *const mermaid_words[] = {
	"as", "classdef", "class", "default", "direction", "end", "fork", "hide", "join", "choice",
	"note", "scale", "state", "style", "statediagram", "acctitle", "accdescr", "title", "click",
	"left", "right", "of"
};

static bool
is_plain(const char *name)
{
	for (int i = 0; i < lengthof(mermaid_words); i++)
		if (pg_strcasecmp(name, mermaid_words[i]) == 0)
			return false;
	return !(name[0] >= '0' && name[0] <= '9') &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

/* What a state is called in the diagram: its name if that is plain, else one that no state has. */
static char *
state_alias(const Definition *definition, int state)
{
	const char *name = definition->states[state].name;
	char	   *alias;

	if (is_plain(name))
		return pstrdup(name);
	alias = psprintf("s%d", state + 1);
	while (itsm_definition_state(definition, alias, strlen(alias)) != ITSM_NO_STATE)
		alias = psprintf("%s_", alias);
	return alias;
}

void
itsm_append_mermaid(StringInfo text, const char *value)
{
	for (const char *c = value; *c; c++)
	{
		if ((unsigned char) *c < ' ')
			appendStringInfoChar(text, ' ');
		else if (strchr("\"#;<>&{}[]:%\\`", *c))
			appendStringInfo(text, "#%d;", *c);
		else
			appendStringInfoChar(text, *c);
	}
}

void
itsm_append_dot(StringInfo text, const char *value)
{
	appendStringInfoChar(text, '"');
	for (const char *c = value; *c; c++)
	{
		if ((unsigned char) *c < ' ')
			appendStringInfoChar(text, ' ');
		else if (*c == '"' || *c == '\\')
			appendStringInfo(text, "\\%c", *c);
		else
			appendStringInfoChar(text, *c);
	}
	appendStringInfoChar(text, '"');
}

bool
itsm_diagram_is_dot(const char *format)
{
	bool		dot = strcmp(format, "dot") == 0;

	if (!dot && strcmp(format, "mermaid") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown diagram format \"%s\"", itsm_clip(format)),
				 errhint("The formats are \"mermaid\" and \"dot\".")));
	return dot;
}

static void
draw_mermaid(StringInfo text, const Definition *definition, char **aliases)
{
	appendStringInfoString(text, "stateDiagram-v2\n");
	for (int i = 0; i < definition->state_count; i++)
		if (strcmp(aliases[i], definition->states[i].name) != 0)
		{
			appendStringInfoString(text, "    state \"");
			itsm_append_mermaid(text, definition->states[i].name);
			appendStringInfo(text, "\" as %s\n", aliases[i]);
		}
	for (int i = 0; i < definition->state_count; i++)
		if (definition->machine.initial[i])
			appendStringInfo(text, "    [*] --> %s\n", aliases[i]);
	for (int i = 0; i < definition->transition_count; i++)
	{
		const LifecycleTransition *transition = &definition->transitions[i];

		CHECK_FOR_INTERRUPTS();
		appendStringInfo(text, "    %s --> %s", aliases[transition->from], aliases[transition->to]);
		if (!itsm_blank(transition->label))
		{
			appendStringInfoString(text, " : ");
			itsm_append_mermaid(text, transition->label);
		}
		appendStringInfoChar(text, '\n');
	}
	for (int i = 0; i < definition->state_count; i++)
		if (definition->machine.final[i])
			appendStringInfo(text, "    %s --> [*]\n", aliases[i]);
}

static void
draw_dot(StringInfo text, const Definition *definition, char **aliases)
{
	appendStringInfoString(text, "digraph ");
	itsm_append_dot(text, definition->name);
	appendStringInfoString(text, " {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n");
	for (int i = 0; i < definition->state_count; i++)
	{
		appendStringInfo(text, "    \"%s\" [label=", aliases[i]);
		itsm_append_dot(text, definition->states[i].name);
		appendStringInfoString(text, definition->machine.final[i] ? ", peripheries=2];\n" : "];\n");
	}
	for (int i = 0; i < definition->state_count; i++)
		if (definition->machine.initial[i])
			appendStringInfo(text, "    \"[*] %s\" [shape=point];\n    \"[*] %s\" -> \"%s\";\n",
							 aliases[i], aliases[i], aliases[i]);
	for (int i = 0; i < definition->transition_count; i++)
	{
		const LifecycleTransition *transition = &definition->transitions[i];

		CHECK_FOR_INTERRUPTS();
		appendStringInfo(text, "    \"%s\" -> \"%s\"", aliases[transition->from],
						 aliases[transition->to]);
		if (!itsm_blank(transition->label))
		{
			appendStringInfoString(text, " [label=");
			itsm_append_dot(text, transition->label);
			appendStringInfoChar(text, ']');
		}
		appendStringInfoString(text, ";\n");
	}
	appendStringInfoString(text, "}\n");
}

/*
 * itsm.lifecycle_diagram(name text, format text) → text
 *
 * 42704 when there is no such lifecycle; 22023 for a format that is neither
 * mermaid nor dot.
 */
Datum
itsm_lifecycle_diagram(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *format = text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		dot = itsm_diagram_is_dot(format);
	int			version = 0;
	Definition *definition;
	char	  **aliases;
	StringInfoData text;

	definition = itsm_definition_load(name, &version);
	aliases = palloc(sizeof(char *) * definition->state_count);
	for (int i = 0; i < definition->state_count; i++)
		aliases[i] = state_alias(definition, i);
	initStringInfo(&text);
	if (dot)
		draw_dot(&text, definition, aliases);
	else
		draw_mermaid(&text, definition, aliases);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, text.len));
}
