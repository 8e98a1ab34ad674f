/*
 * reconcile_match.c
 *		Which record an item of a source is.
 *
 * Rules are tried in their order; the first that finds records decides.  What
 * speaks against it, a rule before that has other values, another class,
 * another item of the source that is the same record, is reported and not
 * guessed away.  An item that was a record before, and that no rule finds any
 * more, stays that record unless the record now has other values of the rule.
 */
#include "core/itsm.h"

#include "cmdb/ci_class.h"
#include "cmdb/reconcile.h"
#include "core/json_read.h"

static void
contradict(ReconcileItem *item, ReconcileAction action, const Record *record, char *detail)
{
	Finding    *finding = itsm_reconcile_find(item, action, NULL, "%s", detail);

	finding->record = record->id;
	item->action = action;
	item->detail = detail;
}

/* A rule that both have all the values of, and not the same, up to the last one. */
static const IdentificationRule *
contradicting_rule(const ReconcileItem *item, const Record *record, const IdentificationRule *last)
{
	ListCell   *cell;

	foreach(cell, item->run->rules)
	{
		const IdentificationRule *rule = lfirst(cell);
		List	   *said = itsm_item_values(item->json, rule);
		List	   *had = itsm_identity_values(rule, record);

		if (said != NIL && had != NIL && itsm_identity(rule, said) != itsm_identity(rule, had))
			return rule;
		if (rule == last)
			break;
	}
	return NULL;
}

static const char *
class_of(const Record *record)
{
	const char *class = itsm_class_of(record);

	return class ? class : "";
}

/* Another item of the source, seen in this run, that is the same record. */
static bool
is_taken(const ReconcileItem *item, const Record *record)
{
	const Reconciliation *run = item->run;
	ListCell   *cell;

	foreach(cell, itsm_source_items_of(run->tenant, record->id))
	{
		const SourceItem *other = lfirst(cell);

		if (strcmp(other->source, run->source) == 0 && other->identity != item->next.identity &&
			(other->seen_at >= run->at || hash_search(run->seen, &other->identity, HASH_FIND, NULL)))
			return true;
	}
	return false;
}

static void
take(ReconcileItem *item, const Record *record, const IdentificationRule *rule)
{
	const char *class = class_of(record);
	const IdentificationRule *against = contradicting_rule(item, record, rule);

	if (against)
		contradict(item, RECONCILE_CONFLICT, record,
				   psprintf("record " INT64_FORMAT " is found by rule %d, but has other values of rule %d",
							record->id, rule->position, against->position));
	else if (!itsm_class_is_within(class, item->run->class) && !itsm_class_is_within(item->run->class, class))
		contradict(item, RECONCILE_CONFLICT, record,
				   psprintf("record " INT64_FORMAT " is of class \"%s\"", record->id, itsm_clip(class)));
	else if (is_taken(item, record))
		contradict(item, RECONCILE_DUPLICATE, record,
				   psprintf("another item of the source is record " INT64_FORMAT ", too", record->id));
	else
	{
		item->action = RECONCILE_MATCHED;
		item->record = *record;
		item->next.record = record->id;
	}
}

static void
report_duplicates(ReconcileItem *item, const List *records, const IdentificationRule *rule)
{
	ListCell   *cell;

	item->action = RECONCILE_DUPLICATE;
	item->detail = psprintf("rule %d finds %d records", rule->position, list_length(records));
	foreach(cell, records)
		itsm_reconcile_find(item, RECONCILE_DUPLICATE, NULL, "%s", item->detail)->record =
			((Record *) lfirst(cell))->id;
}

/* The record that the item was before, if it is still there. */
static bool
read_former(ReconcileItem *item, Record *record)
{
	return item->stored && item->stored->record && itsm_record_read(item->run->tenant, item->stored->record, record) &&
		itsm_is_ci(item->run, record);
}

/* No rule finds a record. */
static void
stay(ReconcileItem *item)
{
	Record		record;

	item->action = RECONCILE_NEW;
	if (!read_former(item, &record))
		return;
	if (contradicting_rule(item, &record, item->rule))
		contradict(item, RECONCILE_CONFLICT, &record,
				   psprintf("it was record " INT64_FORMAT ", which now has other values of rule %d", record.id,
							contradicting_rule(item, &record, item->rule)->position));
	else
		take(item, &record, item->rule);
}

static List *
find_records(ReconcileItem *item, const IdentificationRule *rule)
{
	List	   *values = itsm_item_values(item->json, rule);
	List	   *found = values ? itsm_identified(item->run->tenant, rule, values) : NIL;
	List	   *live = NIL;
	ListCell   *cell;

	foreach(cell, found)
		if (itsm_is_ci(item->run, lfirst(cell)))
			live = lappend(live, lfirst(cell));
	return live;
}

void
itsm_item_match(ReconcileItem *item)
{
	ListCell   *cell;

	foreach(cell, item->run->rules)
	{
		const IdentificationRule *rule = lfirst(cell);
		List	   *found = find_records(item, rule);

		if (list_length(found) > 1)
			report_duplicates(item, found, rule);
		else if (found != NIL)
			take(item, linitial(found), rule);
		else
			continue;
		return;
	}
	stay(item);
}
