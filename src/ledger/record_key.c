/*
 * record_key.c
 *		Keys of records as text, and records by the keys that users write.
 *
 * Memory: results in the caller's context.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/shard.h"
#include "core/table.h"
#include "executor/spi.h"
#include "ledger/canonical_text.h"
#include "ledger/record_key.h"
#include "ledger/tenant_access.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* Appends a field quoted as record_out does it. */
static void
append_field(StringInfo text, const char *field)
{
	bool		quote = *field == '\0' || strpbrk(field, "\"\\(), \t\n\r\v\f") != NULL;

	if (quote)
		appendStringInfoChar(text, '"');
	for (; *field; field++)
	{
		if (*field == '"' || *field == '\\')
			appendStringInfoChar(text, *field);
		appendStringInfoChar(text, *field);
	}
	if (quote)
		appendStringInfoChar(text, '"');
}

char *
itsm_key_join(const char *const *fields, int count)
{
	StringInfoData text;

	if (count == 1)
		return pstrdup(fields[0] ? fields[0] : "");
	initStringInfo(&text);
	for (int i = 0; i < count; i++)
	{
		appendStringInfoChar(&text, i == 0 ? '(' : ',');
		if (fields[i])
			append_field(&text, fields[i]);
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

static void
not_a_key(const char *text, int count)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("\"%s\" is not the key of a record", text),
			 errhint("The key has %d columns: write it as the text of a row, as in (a,b).", count)));
}

/* One field of a row's text, up to the comma or parenthesis that ends it; NULL for null. */
static char *
split_field(const char **position, const char *text, int count)
{
	const char *next = *position;
	StringInfoData field;
	bool		quoted = false;
	bool		empty = true;

	initStringInfo(&field);
	for (; quoted || (*next != ',' && *next != ')'); next++)
	{
		empty = false;
		if (*next == '\0')
			not_a_key(text, count);
		if (*next == '\\' && next[1])
			appendStringInfoChar(&field, *++next);
		else if (*next == '"' && quoted && next[1] == '"')
			appendStringInfoChar(&field, *++next);
		else if (*next == '"')
			quoted = !quoted;
		else
			appendStringInfoChar(&field, *next);
	}
	*position = next;
	return empty ? NULL : field.data;
}

char **
itsm_key_split(const char *text, int count)
{
	char	  **fields = palloc(sizeof(char *) * count);
	const char *next = text;

	if (count == 1)
	{
		fields[0] = pstrdup(text);
		return fields;
	}
	for (int i = 0; i < count; i++)
	{
		if (*next++ != (i == 0 ? '(' : ','))
			not_a_key(text, count);
		fields[i] = split_field(&next, text, count);
	}
	if (next[0] != ')' || next[1] != '\0')
		not_a_key(text, count);
	return fields;
}

char *
itsm_key_normalise(Oid relation, const Source *source, const char *text)
{
	int			count = list_length(source->key);
	char	  **fields = itsm_key_split(text, count);

	for (int i = 0; i < count; i++)
	{
		AttrNumber	column = get_attnum(relation, list_nth(source->key, i));
		Oid			type;
		int32		typmod;
		Oid			collation;
		Oid			input;
		Oid			parameter;
		int			length;

		if (fields[i] == NULL || column <= 0)
			continue;
		get_atttypetypmodcoll(relation, column, &type, &typmod, &collation);
		/* a domain's constraint is the table owner's code: it has no place in a look-up */
		type = getBaseTypeAndTypmod(type, &typmod);
		getTypeInputInfo(type, &input, &parameter);
		fields[i] = itsm_canonical_text(OidInputFunctionCall(input, fields[i], parameter, typmod),
										type, &length);
	}
	return itsm_key_join((const char *const *) fields, count);
}

char *
itsm_key_operator(Oid type, int strategy)
{
	TypeCacheEntry *cache = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	Oid			operator = InvalidOid;
	HeapTuple	tuple;
	Form_pg_operator form;
	char	   *name;

	if (OidIsValid(cache->btree_opf))
		operator = get_opfamily_member(cache->btree_opf, cache->btree_opintype, cache->btree_opintype,
									   strategy);
	if (!OidIsValid(operator))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s of a key column has no order", format_type_be(type))));
	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

char *
itsm_key_condition(Oid relation, const Source *source, const char *key, const char *alias)
{
	char	  **fields = key ? itsm_key_split(key, list_length(source->key)) : NULL;
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	foreach(cell, source->key)
	{
		int			i = foreach_current_index(cell);
		Oid			type = getBaseType(get_atttype(relation, get_attnum(relation, lfirst(cell))));

		/* without a length: character alone means character(1) */
		appendStringInfo(&sql, "%s%s.%s %s %s::%s", i ? " AND " : "", alias,
						 quote_identifier(lfirst(cell)), itsm_key_operator(type, BTEqualStrategyNumber),
						 fields == NULL ? psprintf("$%d", i + 1)
						 : quote_literal_cstr(fields[i] ? fields[i] : ""),
						 format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN));
	}
	return sql.data;
}

/* With row-level security: does the current user see the row? */
static void
check_visible(Oid relation, const Source *source, const char *key)
{
	bool		visible;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(psprintf("SELECT FROM %s k WHERE %s", itsm_relation_name(relation),
							 itsm_key_condition(relation, source, key, "k")), true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for the row");
	visible = SPI_processed > 0;
	SPI_finish();
	if (!visible)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security of \"%s\" does not show that row", get_rel_name(relation))));
}

static bool
lookup_source(Oid relation, const char *key, Record *record)
{
	Source	   *source = itsm_source_find(relation);
	char	   *normal;

	if (source == NULL)
		return false;
	normal = itsm_key_normalise(relation, source, key);
	if (!itsm_record_find_anywhere(source->id, normal, itsm_sees_tenant, record))
		return false;
	if (check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED)
		check_visible(relation, source, normal);
	return true;
}

bool
itsm_record_lookup(Oid relation, const char *key, Record *record)
{
	ListCell   *cell;

	itsm_require_relation(relation);
	if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relation, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relation)),
					   get_rel_name(relation));
	if (get_rel_relispartition(relation))
	{
		foreach(cell, get_partition_ancestors(relation))
			if (lookup_source(lfirst_oid(cell), key, record))
				return true;
	}
	foreach(cell, itsm_relation_members(relation, AccessShareLock))
		if (lookup_source(lfirst_oid(cell), key, record))
			return true;
	return false;
}

void
itsm_record_require(Oid relation, const char *key, Record *record)
{
	if (!itsm_record_lookup(relation, key, record))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no record of \"%s\" with key \"%s\"", get_rel_name(relation), key),
				 errhint("Rows from before the attachment have one after itsm.backfill or their first change.")));
}

ITSM_FUNCTION(itsm_record_id);
Datum
itsm_record_id(PG_FUNCTION_ARGS)
{
	Record		record;

	if (!itsm_record_lookup(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), &record))
		PG_RETURN_NULL();
	PG_RETURN_INT64(record.id);
}
