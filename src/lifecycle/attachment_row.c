/*
 * attachment_row.c
 *		Reading itsm.attachment directly, under a catalog snapshot: so it is up
 *		to date in every isolation level.
 *
 * Memory: results in the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/table.h"
#include "lifecycle/attachment_row.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

enum
{
	ATTACHMENT_ID = 1, ATTACHMENT_SOURCE, ATTACHMENT_RELATION, ATTACHMENT_RELATION_NAME,
	ATTACHMENT_LIFECYCLE, ATTACHMENT_MODE, ATTACHMENT_TIMING, ATTACHMENT_STATUS, ATTACHMENT_STATES,
	ATTACHMENT_ATTRIBUTES, ATTACHMENT_EXPRESSIONS, ATTACHMENT_FILTER, ATTACHMENT_FILTER_EXPRESSION,
	ATTACHMENT_TENANT, ATTACHMENT_TENANT_EXPRESSION, ATTACHMENT_TRACK, ATTACHMENT_RULE_MODES,
	ATTACHMENT_AT, ATTACHMENT_BY, ATTACHMENT_DETACHED, ATTACHMENT_NOTIFY,
	ATTACHMENT_COLUMNS = ATTACHMENT_NOTIFY
};

const char *const itsm_mode_names[] = {"off", "observe", "enforce"};

bool
itsm_mode_parse(const char *name, JudgeMode *mode)
{
	for (int i = 0; i < lengthof(itsm_mode_names); i++)
		if (strcmp(name, itsm_mode_names[i]) == 0)
		{
			*mode = i;
			return true;
		}
	return false;
}

List *
itsm_named_texts(const Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &object->root));
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	value;
	List	   *pairs = NIL;

	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		NamedText  *pair;

		if (token != WJB_KEY)
			continue;
		/* a name's value comes next */
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type != jbvString)
			continue;
		pair = palloc(sizeof(NamedText));
		pair->name = pnstrdup(name.val.string.val, name.val.string.len);
		pair->text = pnstrdup(value.val.string.val, value.val.string.len);
		pairs = lappend(pairs, pair);
	}
	return pairs;
}

const char *
itsm_named_text(const List *texts, const char *name)
{
	ListCell   *cell;

	foreach(cell, texts)
	{
		const NamedText *pair = lfirst(cell);

		if (strcmp(pair->name, name) == 0)
			return pair->text;
	}
	return NULL;
}

Datum
itsm_named_texts_jsonb(List *pairs)
{
	JsonbParseState *state = NULL;
	ListCell   *cell;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(cell, pairs)
	{
		NamedText  *pair = lfirst(cell);
		JsonbValue	value = {.type = jbvString};

		value.val.string.val = pair->name;
		value.val.string.len = strlen(pair->name);
		pushJsonbValue(&state, WJB_KEY, &value);
		value.val.string.val = pair->text;
		value.val.string.len = strlen(pair->text);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

static List *
text_list(Datum array)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;
	List	   *texts = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			texts = lappend(texts, TextDatumGetCString(values[i]));
	return texts;
}

static AttachmentRow *
read_row(TupleDesc descriptor, HeapTuple tuple)
{
	AttachmentRow *row = palloc0(sizeof(AttachmentRow));
	Datum		values[ATTACHMENT_COLUMNS + 1];
	bool		nulls[ATTACHMENT_COLUMNS + 1];

#define TEXT(column) (nulls[column] ? NULL : TextDatumGetCString(values[column]))
	heap_deform_tuple(tuple, descriptor, values + 1, nulls + 1);
	row->id = DatumGetInt32(values[ATTACHMENT_ID]);
	row->source = DatumGetInt32(values[ATTACHMENT_SOURCE]);
	row->relation = nulls[ATTACHMENT_RELATION] ? InvalidOid : DatumGetObjectId(values[ATTACHMENT_RELATION]);
	row->relation_name = TEXT(ATTACHMENT_RELATION_NAME);
	row->lifecycle = TEXT(ATTACHMENT_LIFECYCLE);
	if (!itsm_mode_parse(TextDatumGetCString(values[ATTACHMENT_MODE]), &row->mode))
		elog(ERROR, "attachment %d has an unknown mode", row->id);
	row->deferred = strcmp(TextDatumGetCString(values[ATTACHMENT_TIMING]), "deferred") == 0;
	row->status = pstrdup(NameStr(*DatumGetName(values[ATTACHMENT_STATUS])));
	row->identity = nulls[ATTACHMENT_STATES];
	if (!row->identity)
		row->states = itsm_named_texts(DatumGetJsonbP(values[ATTACHMENT_STATES]));
	row->attributes = itsm_named_texts(DatumGetJsonbP(values[ATTACHMENT_EXPRESSIONS]));
	row->filter = TEXT(ATTACHMENT_FILTER_EXPRESSION);
	row->tenant = TEXT(ATTACHMENT_TENANT_EXPRESSION);
	row->track = text_list(values[ATTACHMENT_TRACK]);
	row->rule_modes = itsm_named_texts(DatumGetJsonbP(values[ATTACHMENT_RULE_MODES]));
	row->detached = !nulls[ATTACHMENT_DETACHED];
	row->notify = DatumGetBool(values[ATTACHMENT_NOTIFY]);
#undef TEXT
	return row;
}

static int
compare_ids(const ListCell *a, const ListCell *b)
{
	return ((const AttachmentRow *) lfirst(a))->id - ((const AttachmentRow *) lfirst(b))->id;
}

/* Those of one relation, or all when it is InvalidOid. */
static List *
read_attachments(Oid relation)
{
	Relation	table = table_open(itsm_relation("attachment"), AccessShareLock);
	bool		one = OidIsValid(relation);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *rows = NIL;

	ScanKeyInit(&key, ATTACHMENT_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(table, itsm_relation("attachment_relation_idx"), one, NULL, one ? 1 : 0, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		AttachmentRow *row = read_row(RelationGetDescr(table), tuple);

		if (!row->detached)
			rows = lappend(rows, row);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	list_sort(rows, compare_ids);
	return rows;
}

List *
itsm_attachments_of(Oid relation)
{
	return OidIsValid(relation) ? read_attachments(relation) : NIL;
}

List *
itsm_attachments(void)
{
	return read_attachments(InvalidOid);
}

AttachmentRow *
itsm_attachment_read(int id)
{
	Relation	table = table_open(itsm_relation("attachment"), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	AttachmentRow *row = NULL;

	ScanKeyInit(&key, ATTACHMENT_ID, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(id));
	scan = systable_beginscan(table, itsm_relation("attachment_pkey"), true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		row = read_row(RelationGetDescr(table), tuple);
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	if (row == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("there is no attachment %d", id),
				 errhint("itsm.attachment lists them.")));
	return row;
}
