/*
 * baseline_diff.c
 *		What is different between two baselines, or between one and now.
 *
 * Only items whose versions differ are looked into: their events are folded up
 * to either version.
 *
 * Memory: an item's is given back after it.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/baseline.h"
#include "core/json_read.h"
#include "funcapi.h"
#include "ledger/history.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define ERASED "(erased)"

typedef struct Diff
{
	ReturnSetInfo *result;
	Baseline	old;
	Baseline	new;			/* id 0: now */
	MemoryContext item;
	List	   *dictionaries;	/* of sources, as they are met: of Dictionary */
	MemoryContext context;
} Diff;

typedef struct Dictionary
{
	int			source;
	List	   *attributes;		/* SourceAttribute */
} Dictionary;

/* A row of the result. */
typedef struct Difference
{
	int64		record;
	const char *key;
	const char *kind;
	const char *attribute;
	const char *old_value;
	const char *new_value;
	int64		relationship;	/* 0: it is none */
} Difference;

static void
put(Diff *diff, const Difference *difference)
{
	const char *const texts[] = {
		difference->key, difference->kind, difference->attribute, difference->old_value, difference->new_value
	};
	Datum		row[7] = {Int64GetDatum(difference->record)};
	bool		nulls[7] = {false};

	for (int i = 0; i < lengthof(texts); i++)
	{
		nulls[i + 1] = texts[i] == NULL;
		row[i + 1] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	nulls[6] = difference->relationship == 0;
	row[6] = Int64GetDatum(difference->relationship);
	tuplestore_putvalues(diff->result->setResult, diff->result->setDesc, row, nulls);
}

/* What the events of a record say up to a version; false when they are not there any more. */
static bool
fold_until(const char *tenant, int64 record, int64 version, List *events, EventFold *fold)
{
	ListCell   *cell;

	itsm_fold_begin(fold);
	foreach(cell, events)
	{
		const Event *event = lfirst(cell);
		List	   *items = NIL;
		BodyItem	item;
		int			offset = 0;

		if (event->version > version)
			break;
		while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
		{
			BodyItem   *kept = palloc(sizeof(BodyItem));

			*kept = item;
			items = lappend(items, kept);
		}
		itsm_fold_add(fold, event, items, false);
	}
	itsm_fold_end(fold);
	return events && ((const Event *) linitial(events))->version == 1;
}

static const char *
shown(const FoldedValue *value)
{
	if (value == NULL || value->form == BODY_NULL)
		return NULL;
	return value->form == BODY_ERASED ? ERASED : value->text;
}

static List *
dictionary_of(Diff *diff, int source)
{
	MemoryContext caller;
	Dictionary *dictionary;
	ListCell   *cell;

	foreach(cell, diff->dictionaries)
		if (((Dictionary *) lfirst(cell))->source == source)
			return ((Dictionary *) lfirst(cell))->attributes;
	caller = MemoryContextSwitchTo(diff->context);
	dictionary = palloc(sizeof(Dictionary));
	dictionary->source = source;
	dictionary->attributes = itsm_source_dictionary(source);
	diff->dictionaries = lappend(diff->dictionaries, dictionary);
	MemoryContextSwitchTo(caller);
	return dictionary->attributes;
}

static const char *
name_of(List *dictionary, int number)
{
	ListCell   *cell;

	foreach(cell, dictionary)
		if (((SourceAttribute *) lfirst(cell))->number == number)
			return itsm_shown_name(dictionary, lfirst(cell));
	return psprintf("#%d", number);
}

static void
put_value(Diff *diff, Difference *difference, const char *attribute, const FoldedValue *old, const FoldedValue *new)
{
	difference->attribute = attribute;
	difference->old_value = shown(old);
	difference->new_value = shown(new);
	if (difference->old_value == NULL ? difference->new_value != NULL
		: difference->new_value == NULL || strcmp(difference->old_value, difference->new_value) != 0)
		put(diff, difference);
}

static void
compare_item(Diff *diff, int64 record, const char *key, int source, int64 old_version, int64 new_version)
{
	Difference	difference = {.record = record, .key = key, .kind = "changed"};
	List	   *events = itsm_event_read(diff->old.tenant, record);
	List	   *dictionary = dictionary_of(diff, source);
	EventFold	old;
	EventFold	new;

	if (!fold_until(diff->old.tenant, record, old_version, events, &old) ||
		!fold_until(diff->old.tenant, record, new_version, events, &new))
	{
		put(diff, &difference);
		return;
	}
	put_value(diff, &difference, "status", itsm_folded_value(&old, BODY_STATUS), itsm_folded_value(&new, BODY_STATUS));
	if (old.key_told || new.key_told)
		put_value(diff, &difference, "key", old.key_told ? &old.key : NULL, new.key_told ? &new.key : NULL);
	for (ListCell *cell = list_head(dictionary); cell; cell = lnext(dictionary, cell))
	{
		int			number = ((SourceAttribute *) lfirst(cell))->number;

		put_value(diff, &difference, name_of(dictionary, number), itsm_folded_value(&old, number),
				  itsm_folded_value(&new, number));
	}
}

/* Item by item, of two baselines or of $1 and now: record, key, source, version before and after. */
#define HELD_ITEMS(which) "SELECT u.id, u.version FROM itsm.baseline_part p," \
	" LATERAL ROWS FROM (pg_catalog.unnest(p.ids), pg_catalog.unnest(p.versions)) AS u(id, version)" \
	" WHERE p.baseline OPERATOR(pg_catalog.=) " which " AND NOT p.of_relationships"
#define HELD_LINKS(which) "SELECT u.id FROM itsm.baseline_part p, LATERAL pg_catalog.unnest(p.ids) AS u(id)" \
	" WHERE p.baseline OPERATOR(pg_catalog.=) " which " AND p.of_relationships"
#define COMPARED_ITEMS \
	" SELECT coalesce(a.id, b.id), r.key, r.source, a.version, b.version" \
	" FROM a FULL JOIN b ON b.id OPERATOR(pg_catalog.=) a.id" \
	" LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) coalesce(a.id, b.id) AND r.tenant OPERATOR(pg_catalog.=) $1" \
	" WHERE a.version IS DISTINCT FROM b.version ORDER BY 1"
#define COMPARED_LINKS \
	" SELECT x.source, s.key, t.key, x.type, x.id, a.id IS NULL" \
	" FROM a FULL JOIN b ON b.id OPERATOR(pg_catalog.=) a.id" \
	" JOIN itsm.relationship x ON x.id OPERATOR(pg_catalog.=) coalesce(a.id, b.id) AND x.tenant OPERATOR(pg_catalog.=) $1" \
	" LEFT JOIN itsm.record s ON s.id OPERATOR(pg_catalog.=) x.source AND s.tenant OPERATOR(pg_catalog.=) $1" \
	" LEFT JOIN itsm.record t ON t.id OPERATOR(pg_catalog.=) x.target AND t.tenant OPERATOR(pg_catalog.=) $1" \
	" WHERE a.id IS NULL OR b.id IS NULL ORDER BY x.source, x.id"

static const char items_of_two[] =
	"WITH a AS MATERIALIZED (" HELD_ITEMS("$5") "), b AS MATERIALIZED (" HELD_ITEMS("$6") ")" COMPARED_ITEMS;
static const char items_of_now[] =
	"WITH a AS MATERIALIZED (" HELD_ITEMS("$5") "), b AS MATERIALIZED (" BASELINE_ITEMS ")" COMPARED_ITEMS;
static const char links_of_two[] =
	"WITH a AS MATERIALIZED (" HELD_LINKS("$5") "), b AS MATERIALIZED (" HELD_LINKS("$6") ")" COMPARED_LINKS;
/* the items there are now are those by which links count */
static const char links_of_now[] =
	"WITH a AS MATERIALIZED (" HELD_LINKS("$5") "), items AS MATERIALIZED (" BASELINE_ITEMS "), b AS MATERIALIZED ("
	BASELINE_LINKS ")" COMPARED_LINKS;

static int64
number_column(SPITupleTable *table, uint64 row, int column, bool *isnull)
{
	return DatumGetInt64(SPI_getbinval(table->vals[row], table->tupdesc, column, isnull));
}

static void
put_item(Diff *diff, SPITupleTable *table, uint64 row)
{
	bool		isnull;
	bool		added;
	bool		removed;
	int64		record = number_column(table, row, 1, &isnull);
	char	   *key = SPI_getvalue(table->vals[row], table->tupdesc, 2);
	int			source = DatumGetInt32(SPI_getbinval(table->vals[row], table->tupdesc, 3, &isnull));
	int64		old_version = number_column(table, row, 4, &added);
	int64		new_version = number_column(table, row, 5, &removed);
	Difference	difference = {
		.record = record, .key = key, .kind = added ? "added" : "removed", .old_value = added ? NULL : key,
		.new_value = added ? key : NULL
	};

	if (added || removed)
		put(diff, &difference);
	else
		compare_item(diff, record, key, source, old_version, new_version);
}

static void
put_link(Diff *diff, SPITupleTable *table, uint64 row)
{
	bool		isnull;
	bool		added = DatumGetBool(SPI_getbinval(table->vals[row], table->tupdesc, 6, &isnull));
	char	   *target = SPI_getvalue(table->vals[row], table->tupdesc, 3);
	Difference	difference = {
		.record = number_column(table, row, 1, &isnull), .key = SPI_getvalue(table->vals[row], table->tupdesc, 2),
		.kind = added ? "added" : "removed", .attribute = SPI_getvalue(table->vals[row], table->tupdesc, 4),
		.old_value = added ? NULL : target, .new_value = added ? target : NULL,
		.relationship = number_column(table, row, 5, &isnull)
	};

	put(diff, &difference);
}

/* What the scope of a baseline means now; as the parameters of BASELINE_ITEMS, the ids of both behind them. */
static void
scope_of(const Diff *diff, Datum *values, char *nulls)
{
	static const Oid types[] = {INT4OID};
	const Baseline *old = &diff->old;
	Datum		id[] = {Int32GetDatum(old->id)};
	bool		isnull;

	strcpy(nulls, " nnn  ");
	values[0] = CStringGetTextDatum(old->tenant);
	values[4] = id[0];
	values[5] = Int32GetDatum(diff->new.id);
	if (old->selected)
	{
		(void) itsm_baseline_read("SELECT coalesce(pg_catalog.array_agg(h.id), '{}'::bigint[]) FROM (" HELD_ITEMS("$1") ") h",
								  lengthof(types), types, id, NULL);
		values[1] = PointerGetDatum(DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)));
		nulls[1] = ' ';
	}
	/* those that were named stay what they are, whatever class they have now */
	for (int i = 0; !old->selected && i < 2; i++)
	{
		const char *text = i == 0 ? old->class : old->service;

		values[2 + i] = text ? CStringGetTextDatum(text) : (Datum) 0;
		nulls[2 + i] = text ? ' ' : 'n';
	}
}

static void
compare(Diff *diff)
{
	static const Oid types[] = {TEXTOID, INT8ARRAYOID, TEXTOID, TEXTOID, INT4OID, INT4OID};
	Datum		values[lengthof(types)] = {0};
	char		nulls[lengthof(types) + 1];
	bool		now = diff->new.id == 0;

	scope_of(diff, values, nulls);
	for (int pass = 0; pass < 2; pass++)
	{
		uint64		count = itsm_baseline_read(pass == 0 ? (now ? items_of_now : items_of_two)
											   : (now ? links_of_now : links_of_two),
											   lengthof(types), types, values, nulls);
		SPITupleTable *table = SPI_tuptable;

		for (uint64 i = 0; i < count; i++)
		{
			MemoryContext caller = MemoryContextSwitchTo(diff->item);

			CHECK_FOR_INTERRUPTS();
			if (pass == 0)
				put_item(diff, table, i);
			else
				put_link(diff, table, i);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(diff->item);
		}
		SPI_freetuptable(table);
	}
}

ITSM_FUNCTION(itsm_baseline_diff);
Datum
itsm_baseline_diff(PG_FUNCTION_ARGS)
{
	Diff		diff = {.result = (ReturnSetInfo *) fcinfo->resultinfo, .context = CurrentMemoryContext};
	OwnerQuery	query;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"a\" must be the name of a baseline, not null")));
	InitMaterializedSRF(fcinfo, 0);
	diff.item = AllocSetContextCreate(CurrentMemoryContext, "itsm baseline item", ALLOCSET_DEFAULT_SIZES);
	itsm_baseline_query_begin(&query);
	itsm_baseline_require(query.user, text_to_cstring(PG_GETARG_TEXT_PP(0)), diff.context, &diff.old);
	if (!PG_ARGISNULL(1))
		itsm_baseline_require(query.user, text_to_cstring(PG_GETARG_TEXT_PP(1)), diff.context, &diff.new);
	if (diff.new.id && strcmp(diff.old.tenant, diff.new.tenant) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("baselines \"%s\" and \"%s\" are of different tenants", itsm_clip(diff.old.name),
						itsm_clip(diff.new.name))));
	compare(&diff);
	itsm_query_end(&query);
	MemoryContextDelete(diff.item);
	return (Datum) 0;
}
