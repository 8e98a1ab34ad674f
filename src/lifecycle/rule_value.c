/*
 * rule_value.c
 *		Values of canonical attributes.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "lifecycle/rule_value.h"
#include "parser/parse_coerce.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define HEAD_BYTES 64

static bool
is_blank(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (strchr(" \t\n\r\f\v", bytes[i]) == NULL || bytes[i] == '\0')
			return false;
	return true;
}

/* A long text is hardly ever blank at its head: do not fetch all of it to find out. */
static bool
is_blank_text(Datum value)
{
	struct varlena *raw = (struct varlena *) DatumGetPointer(value);
	struct varlena *text;

	if (VARATT_IS_EXTERNAL(raw) || VARATT_IS_COMPRESSED(raw))
	{
		text = PG_DETOAST_DATUM_SLICE(value, 0, HEAD_BYTES);
		if (!is_blank(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)))
			return false;
	}
	text = PG_DETOAST_DATUM_PACKED(value);
	return is_blank(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

BlankForm
itsm_blank_form(Oid type)
{
	if (TypeCategory(type) != TYPCATEGORY_STRING)
		return BLANK_NEVER;
	if (getBaseType(type) == NAMEOID)
		return BLANK_NAME;
	return get_typlen(type) == -1 ? BLANK_TEXT : BLANK_NEVER;
}

bool
itsm_value_missing(const LifecycleAttribute *attribute, TupleTableSlot *slot, int number)
{
	const char *name;

	if (slot->tts_isnull[number])
		return true;
	switch (attribute->blank)
	{
		case BLANK_TEXT:
			return is_blank_text(slot->tts_values[number]);
		case BLANK_NAME:
			name = NameStr(*DatumGetName(slot->tts_values[number]));
			return is_blank(name, strlen(name));
		default:
			return false;
	}
}

char *
itsm_value_text(const LifecycleAttribute *attribute, TupleTableSlot *slot, int number)
{
	Oid			output;
	bool		is_varlena;

	if (slot->tts_isnull[number])
		return NULL;
	getTypeOutputInfo(attribute->type, &output, &is_varlena);
	return OidOutputFunctionCall(output, slot->tts_values[number]);
}

/*
 * Texts are compared as bytes.  Of other types the same value may have several
 * forms (1.0 and 1.00), so there the type's equality has the last word.
 */
bool
itsm_value_same(const LifecycleAttribute *attribute, TupleTableSlot *first, TupleTableSlot *second,
				int number)
{
	Datum		one = first->tts_values[number];
	Datum		other = second->tts_values[number];
	TypeCacheEntry *type;

	if (first->tts_isnull[number] || second->tts_isnull[number])
		return first->tts_isnull[number] == second->tts_isnull[number];
	type = lookup_type_cache(attribute->type, TYPECACHE_EQ_OPR_FINFO);
	if (datum_image_eq(one, other, type->typbyval, type->typlen))
		return true;
	if (TypeCategory(attribute->type) == TYPCATEGORY_STRING || !OidIsValid(type->eq_opr_finfo.fn_oid))
		return false;
	return DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo, attribute->collation, one, other));
}
