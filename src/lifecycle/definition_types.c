/*
 * definition_types.c
 *		The types of a lifecycle's attributes.
 *
 * A type's name must mean the same for everybody, so what is not qualified is
 * looked for in pg_catalog only.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/attempt.h"
#include "lifecycle/definition_parse.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"

typedef struct TypeText
{
	const char *text;
	Oid			type;
	int32		typmod;
} TypeText;

static void
resolve(void *argument)
{
	TypeText   *resolved = argument;
	TypeName   *name = linitial_node(TypeName, raw_parser(resolved->text, RAW_PARSE_TYPE_NAME));

	if (name->setof || name->pct_type)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR), errmsg("invalid type name \"%s\"", resolved->text)));
	if (list_length(name->names) == 1)
		name->names = lcons(makeString("pg_catalog"), name->names);
	typenameTypeIdAndMod(NULL, name, &resolved->type, &resolved->typmod);
}

bool
itsm_definition_type(const char *text, bool stored, Oid *type, int32 *typmod, const char **message)
{
	TypeText	resolved = {text};

	if (stored)
		resolve(&resolved);
	else
	{
		ErrorData  *error = itsm_attempt(resolve, &resolved);

		if (error)
		{
			*message = error->sqlerrcode == ERRCODE_UNDEFINED_OBJECT
				? "there is no such type (types outside pg_catalog are written with their schema)"
				: error->message;
			return false;
		}
	}
	if (get_typtype(resolved.type) == TYPTYPE_PSEUDO)
	{
		*message = "a pseudo-type cannot be stored";
		return false;
	}
	*type = resolved.type;
	*typmod = resolved.typmod;
	return true;
}
