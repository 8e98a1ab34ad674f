/*
 * reconcile.c
 *		itsm.reconcile: a source's items, one after the other.
 *
 * Nearly all that discovery brings is as it was: such an item costs a look-up,
 * a look at its record's version, and an update that stays on its page.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "cmdb/ci_class.h"
#include "cmdb/reconcile.h"
#include "common/hashfn.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/own_table.h"
#include "core/query.h"
#include "core/table.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

const char *const itsm_reconcile_actions[RECONCILE_ACTIONS] = {
	"unchanged", "matched", "new", "created", "duplicate", "conflict", "unidentified", "invalid", "outdated",
	"update", "updated", "outranked", "not_writable", "refused"
};

/* Nothing is left to do about these. */
static bool
is_settled(ReconcileAction action)
{
	return action == RECONCILE_UNCHANGED || action == RECONCILE_MATCHED || action == RECONCILE_CREATED ||
		action == RECONCILE_UPDATED || action == RECONCILE_OUTRANKED;
}

Finding *
itsm_reconcile_find(ReconcileItem *item, ReconcileAction action, const char *attribute, const char *format,...)
{
	Finding    *finding = palloc0(sizeof(Finding));
	StringInfoData detail;
	va_list		arguments;
	int			needed;

	initStringInfo(&detail);
	for (;;)
	{
		va_start(arguments, format);
		needed = appendStringInfoVA(&detail, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&detail, needed);
	}
	finding->action = action;
	finding->record = item->next.record;
	finding->attribute = attribute;
	finding->detail = detail.data;
	item->findings = lappend(item->findings, finding);
	return finding;
}

static void
tell(const ReconcileItem *item, const Finding *finding)
{
	ReturnSetInfo *result = item->run->result;
	const char *const texts[] = {
		finding->attribute, finding->current, finding->value, finding->source, finding->detail
	};
	Datum		values[8] = {
		Int32GetDatum(item->number), CStringGetTextDatum(itsm_reconcile_actions[finding->action]),
		Int64GetDatum(finding->record)
	};
	bool		nulls[8] = {false, false, finding->record == 0};

	if (result == NULL)
		return;
	for (int i = 0; i < lengthof(texts); i++)
		itsm_set_text(values + 3, nulls + 3, i, texts[i]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
push_member(JsonbParseState **state, const char *name, const char *text)
{
	JsonbValue	value = {.type = jbvString};

	if (text == NULL)
		return;
	value.val.string.val = unconstify(char *, name);
	value.val.string.len = strlen(name);
	pushJsonbValue(state, WJB_KEY, &value);
	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* What is left to do about an item; NULL: nothing. */
static Jsonb *
findings_json(const ReconcileItem *item)
{
	JsonbParseState *state = NULL;
	bool		any = false;
	JsonbValue *array;
	ListCell   *cell;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	foreach(cell, item->findings)
	{
		const Finding *finding = lfirst(cell);

		if (is_settled(finding->action))
			continue;
		any = true;
		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_member(&state, "action", itsm_reconcile_actions[finding->action]);
		if (finding->record)
			push_member(&state, "record", psprintf(INT64_FORMAT, finding->record));
		push_member(&state, "attribute", finding->attribute);
		push_member(&state, "current_value", finding->current);
		push_member(&state, "value", finding->value);
		push_member(&state, "source", finding->source);
		push_member(&state, "detail", finding->detail);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	array = pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return any ? JsonbValueToJsonb(array) : NULL;
}

static bool
same_attributes(const Jsonb *a, const Jsonb *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/* Whichever source has the record next looks at it again in time. */
static void
advance_reviews(const ReconcileItem *item)
{
	ListCell   *cell;

	foreach(cell, item->others)
	{
		SourceItem *other = lfirst(cell);

		if (other->review_at <= item->next.review_at)
			continue;
		other->review_at = item->next.review_at;
		itsm_source_item_store(other);
	}
}

static void
store(ReconcileItem *item)
{
	const Reconciliation *run = item->run;
	SourceItem *next = &item->next;

	advance_reviews(item);
	next->findings = findings_json(item);
	if (next->findings || !is_settled(item->action))
		next->review_at = DT_NOBEGIN;
	next->outcome = itsm_reconcile_actions[item->action == RECONCILE_CREATED ? RECONCILE_MATCHED : item->action];
	/* which record it was is still known, but it has no say in its values */
	if (item->stored && (item->action == RECONCILE_CONFLICT || item->action == RECONCILE_DUPLICATE))
		next->record = item->stored->record;
	next->record_version = next->record ? item->record.version : 0;
	next->first_seen_at = item->stored ? item->stored->first_seen_at : run->at;
	next->changed_at = item->stored && same_attributes(item->stored->attributes, item->json) ? item->stored->changed_at
		: run->at;
	next->tuple = item->stored ? item->stored->tuple : NULL;
	itsm_source_item_store(next);
}

/* As the source said before, with nothing left to do, of a record that is as it was. */
static bool
is_unchanged(ReconcileItem *item)
{
	const SourceItem *stored = item->stored;

	return stored && stored->hash == item->next.hash && stored->record && stored->review_at > item->run->at &&
		strcmp(stored->class, item->run->class) == 0 &&
		itsm_record_read(item->run->tenant, stored->record, &item->record) &&
		item->record.version == stored->record_version && itsm_is_ci(item->run, &item->record);
}

/* Another item of the call, or a newer word of the source, has the identity. */
static bool
is_preceded(ReconcileItem *item)
{
	Reconciliation *run = item->run;
	bool		again;

	(void) hash_search(run->seen, &item->next.identity, HASH_ENTER, &again);
	if (again || (item->stored && item->stored->seen_at == run->at && item->stored->hash != item->next.hash))
	{
		item->action = RECONCILE_DUPLICATE;
		item->detail = "the source names this item twice";
	}
	else if (item->stored && item->stored->seen_at > run->at)
	{
		item->action = RECONCILE_OUTDATED;
		item->detail = psprintf("it was seen at %s already", timestamptz_to_str(item->stored->seen_at));
	}
	else
		return false;
	return true;
}

static void
reconcile_record(ReconcileItem *item)
{
	Reconciliation *run = item->run;

	itsm_item_match(item);
	if (item->action == RECONCILE_NEW && run->into && run->apply)
		itsm_item_create(item);
	if (item->next.record == 0)
		return;
	itsm_item_compare(item);
	if (run->apply)
		itsm_item_update(item);
}

static void
reconcile_item(ReconcileItem *item, const JsonbValue *value)
{
	Reconciliation *run = item->run;

	if (!itsm_item_read(item, value))
		return;
	item->stored = itsm_source_item_find(run->source, run->tenant, item->next.identity);
	if (is_preceded(item))
		return;
	if (is_unchanged(item))
	{
		item->action = RECONCILE_UNCHANGED;
		item->next.record = item->stored->record;
		if (!run->dry_run)
			itsm_source_item_touch(item->stored, run->at);
		return;
	}
	if (item->rule)
		reconcile_record(item);
	if (!run->dry_run)
		store(item);
}

/* What was found of the item as a whole, unless that was told record by record. */
static bool
tells_item(const ReconcileItem *item)
{
	ListCell   *cell;

	foreach(cell, item->findings)
	{
		const Finding *finding = lfirst(cell);

		if (finding->attribute == NULL && finding->action == item->action)
			return false;
	}
	return true;
}

void
itsm_reconcile_one(Reconciliation *run, int number, const JsonbValue *value)
{
	ReconcileItem item = {.run = run, .number = number};
	Finding		whole = {0};
	ListCell   *cell;

	item.next.source = run->source;
	item.next.tenant = run->tenant;
	item.next.class = run->class;
	item.next.seen_at = run->at;
	item.next.review_at = DT_NOEND;
	reconcile_item(&item, value);
	run->items++;
	run->counts[item.action]++;
	whole.action = item.action;
	whole.record = item.next.record;
	whole.detail = item.detail;
	if (tells_item(&item))
		tell(&item, &whole);
	foreach(cell, item.findings)
		tell(&item, lfirst(cell));
}

/* Of all that decides how items are reconciled, so that they are again when it changes. */
static uint64
policy_hash(const List *rules)
{
	OwnerQuery	query;
	uint64		hash = 0;
	ListCell   *cell;
	bool		isnull;

	foreach(cell, rules)
	{
		const IdentificationRule *rule = lfirst(cell);

		hash = hash_combine64(hash, (uint64) itsm_identity(rule, rule->attributes));
	}
	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT pg_catalog.hashtextextended(coalesce(pg_catalog.string_agg(p::pg_catalog.text, '|'"
					  " ORDER BY p.class, p.attribute, p.position), ''), 0) FROM itsm.source_precedence p",
					  0, NULL, NULL, NULL);
	hash = hash_combine64(hash, (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
																	  &isnull)));
	itsm_query_end(&query);
	return hash;
}

static void
check_class(const char *class)
{
	if (!itsm_class_exists(class))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("class \"%s\" does not exist", itsm_clip(class)),
				 errhint("Define it with itsm.define_class; itsm.ci_class has those that there are.")));
	if (itsm_class_is_abstract(class))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("class \"%s\" is abstract: no configuration item is of it", itsm_clip(class)),
				 errhint("Name a class below it.")));
}

static void
check_arguments(const char *source, TimestampTz at, bool dry_run, bool apply, Oid relation)
{
	if (itsm_blank(source))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"source\" must not be blank")));
	if (dry_run && apply)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("dry_run and apply exclude each other"),
				 errhint("A dry run writes nothing.")));
	if (OidIsValid(relation) && !apply)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"relation\" is given without apply"),
				 errhint("It is the table that new items are inserted into.")));
	if (TIMESTAMP_NOT_FINITE(at) || at > GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("seen_at cannot be %s, which is not past", timestamptz_to_str(at)),
				 errhint("Leave it out for the time now.")));
}

static HTAB *
make_seen(MemoryContext context)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(int64), .hcxt = context};

	return hash_create("itsm reconciled items", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

Reconciliation *
itsm_reconcile_begin(const char *source, const char *class, const char *tenant, TimestampTz at, bool dry_run,
					 bool apply, Oid relation, ReturnSetInfo *result)
{
	Reconciliation *run = palloc0(sizeof(Reconciliation));

	check_arguments(source, at, dry_run, apply, relation);
	if (!dry_run)
		PreventCommandIfReadOnly("itsm.reconcile() without dry_run");
	/* one that writes at a time, and by the same rules from begin to end */
	LockRelationOid(itsm_relation("identification_rule"), dry_run ? AccessShareLock : ShareUpdateExclusiveLock);
	check_class(class);
	run->source = pstrdup(source);
	run->class = pstrdup(class);
	run->tenant = pstrdup(tenant);
	run->at = at;
	run->dry_run = dry_run;
	run->apply = apply;
	run->context = CurrentMemoryContext;
	run->result = result;
	run->rules = itsm_identification_rules(class);
	run->seen = make_seen(CurrentMemoryContext);
	if (run->rules == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION),
				 errmsg("class \"%s\" has no identification rules, nor has any class above it", itsm_clip(class)),
				 errhint("itsm.define_identification_rule says by which attributes its items are told apart.")));
	run->seed = policy_hash(run->rules);
	if (OidIsValid(relation))
		run->into = itsm_ci_table_into(run, relation);
	return run;
}

ITSM_FUNCTION(itsm_reconcile);
Datum
itsm_reconcile(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"source", "class", "items", "dry_run", "apply", "relation", "seen_at", "tenant"};
	Jsonb	   *items;
	Reconciliation *run;
	MemoryContext row;

	for (int i = 0; i < lengthof(names); i++)
		if (PG_ARGISNULL(i) && i != 5 && i != 6)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be null", names[i])));
	items = PG_GETARG_JSONB_P(2);
	if (!JB_ROOT_IS_ARRAY(items) || JB_ROOT_IS_SCALAR(items))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"items\" must be a JSON array of objects")));
	InitMaterializedSRF(fcinfo, 0);
	/* a standby grants no lock for writing */
	if (!PG_GETARG_BOOL(3))
		itsm_own_keep(fcinfo->flinfo->fn_mcxt);
	run = itsm_reconcile_begin(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)),
							   text_to_cstring(PG_GETARG_TEXT_PP(7)),
							   PG_ARGISNULL(6) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(6), PG_GETARG_BOOL(3),
							   PG_GETARG_BOOL(4), PG_ARGISNULL(5) ? InvalidOid : PG_GETARG_OID(5),
							   (ReturnSetInfo *) fcinfo->resultinfo);
	row = AllocSetContextCreate(CurrentMemoryContext, "itsm item", ALLOCSET_DEFAULT_SIZES);
	for (uint32 i = 0; i < JB_ROOT_COUNT(items); i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row);

		CHECK_FOR_INTERRUPTS();
		itsm_reconcile_one(run, i + 1, getIthJsonbValueFromContainer(&items->root, i));
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row);
	}
	MemoryContextDelete(row);
	return (Datum) 0;
}
