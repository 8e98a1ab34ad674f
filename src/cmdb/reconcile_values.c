/*
 * reconcile_values.c
 *		Whose value of each attribute counts.
 *
 * Of the sources that are not stale the highest one's; where several are as
 * high and differ, that is a conflict.  Sources that no precedence names stand
 * below all that are named, as high as each other.  When all are stale, the
 * highest counts still: nobody knows better.
 */
#include "core/itsm.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "cmdb/ci_attribute.h"
#include "cmdb/ci_class.h"
#include "cmdb/reconcile.h"
#include "cmdb/source_precedence.h"
#include "core/attempt.h"
#include "core/json_read.h"
#include "ledger/canonical_text.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* A list looked up before. */
typedef struct Precedence
{
	char	   *class;
	char	   *attribute;
	List	   *sources;		/* RankedSource * */
} Precedence;

/* What a source says of an attribute. */
typedef struct Claim
{
	const SourceItem *item;
	const char *value;
	int			rank;
	TimestampTz fresh_until;
} Claim;

static const List *
precedence_of(Reconciliation *run, const char *class, const char *attribute)
{
	MemoryContext caller;
	Precedence *precedence;
	ListCell   *cell;

	foreach(cell, run->precedences)
	{
		precedence = lfirst(cell);
		if (strcmp(precedence->class, class) == 0 && strcmp(precedence->attribute, attribute) == 0)
			return precedence->sources;
	}
	caller = MemoryContextSwitchTo(run->context);
	precedence = palloc(sizeof(Precedence));
	precedence->class = pstrdup(class);
	precedence->attribute = pstrdup(attribute);
	precedence->sources = itsm_source_precedence(class, attribute);
	run->precedences = lappend(run->precedences, precedence);
	MemoryContextSwitchTo(caller);
	return precedence->sources;
}

typedef struct Reading
{
	const CiColumn *column;
	const char *text;
	char	   *canonical;
} Reading;

static void
read_value(void *argument)
{
	Reading    *reading = argument;
	Oid			input;
	Oid			parameter;
	int			length;

	getTypeInputInfo(reading->column->type, &input, &parameter);
	reading->canonical = itsm_canonical_text(OidInputFunctionCall(input, unconstify(char *, reading->text), parameter,
																   reading->column->typmod),
											 reading->column->type, &length);
}

char *
itsm_column_text(const CiColumn *column, const char *text)
{
	Reading		reading = {column, text, NULL};
	ErrorData  *error;

	/* what is not the system's own may hold more of that; its text is taken as it is */
	if (column->type == TEXTOID || (column->type == VARCHAROID && column->typmod < 0) ||
		column->type >= FirstNormalObjectId)
		return pstrdup(text);
	error = itsm_attempt(read_value, &reading);
	if (error)
		FreeErrorData(error);
	return error ? NULL : reading.canonical;
}

/* What all sources say of a record, this run's instead of what the source said before. */
static List *
items_of(ReconcileItem *item)
{
	List	   *items = list_make1(&item->next);
	ListCell   *cell;

	foreach(cell, itsm_source_items_of(item->run->tenant, item->next.record))
	{
		SourceItem *other = lfirst(cell);

		if (strcmp(other->source, item->run->source) != 0)
		{
			items = lappend(items, other);
			item->others = lappend(item->others, other);
		}
		/* it had another identity before */
		else if (other->identity != item->next.identity && !item->run->dry_run)
			itsm_source_item_delete(other);
	}
	return items;
}

static List *
add_names(List *names, const Jsonb *object)
{
	ListCell   *cell;

	foreach(cell, itsm_json_names(&object->root))
	{
		ListCell   *known;
		bool		is_known = false;

		foreach(known, names)
			is_known |= strcmp(lfirst(known), lfirst(cell)) == 0;
		if (!is_known)
			names = lappend(names, lfirst(cell));
	}
	return names;
}

static Claim *
make_claim(const SourceItem *said, const char *value, const List *precedence)
{
	Claim	   *claim = palloc(sizeof(Claim));
	ListCell   *cell;

	*claim = (Claim) {said, value, list_length(precedence), DT_NOEND};
	foreach(cell, precedence)
	{
		const RankedSource *ranked = lfirst(cell);

		if (strcmp(ranked->source, said->source) != 0)
			continue;
		claim->rank = foreach_current_index(cell);
		claim->fresh_until = itsm_source_fresh_until(ranked, said->seen_at);
	}
	return claim;
}

/* What all say of an attribute, in its canonical form: a list of Claim *. */
static List *
claims_of(ReconcileItem *item, const List *items, const CiColumn *column)
{
	const char *class = itsm_class_of(&item->record);
	const List *precedence = precedence_of(item->run, class ? class : item->run->class, column->attribute);
	List	   *claims = NIL;
	ListCell   *cell;

	foreach(cell, items)
	{
		const SourceItem *said = lfirst(cell);
		char	   *text = itsm_item_attribute(said->attributes, column->attribute);
		char	   *value = text ? itsm_column_text(column, text) : NULL;

		if (value)
			claims = lappend(claims, make_claim(said, value, precedence));
		else if (text && said == &item->next)
			itsm_reconcile_find(item, RECONCILE_INVALID, column->attribute, "it is no value of type %s",
								format_type_be(column->type))->value = text;
	}
	return claims;
}

/* a is to be believed rather than b. */
static bool
goes_before(const Claim *a, const Claim *b, TimestampTz at)
{
	bool		a_fresh = a->fresh_until > at;
	bool		b_fresh = b->fresh_until > at;

	return a_fresh != b_fresh ? a_fresh : a->rank < b->rank;
}

static const Claim *
best_claim(const List *claims, TimestampTz at)
{
	const Claim *best = NULL;
	ListCell   *cell;

	foreach(cell, claims)
		if (best == NULL || goes_before(lfirst(cell), best, at))
			best = lfirst(cell);
	return best;
}

/* One that is to be believed as much, and says something else. */
static const Claim *
rival_of(const Claim *best, const List *claims, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, claims)
		if (!goes_before(best, lfirst(cell), at) && strcmp(best->value, ((Claim *) lfirst(cell))->value) != 0)
			return lfirst(cell);
	return NULL;
}

/* One that would go before, were it not stale. */
static const Claim *
stale_superior(const Claim *best, const List *claims, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, claims)
	{
		const Claim *claim = lfirst(cell);

		if (claim->rank < best->rank && claim->fresh_until <= at)
			return claim;
	}
	return NULL;
}

/* When the word that counts is stale, another one may; and one that came too late may when it comes again. */
static void
note_review(ReconcileItem *item, const Claim *best, const List *claims, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, claims)
	{
		const Claim *claim = lfirst(cell);

		if (strcmp(best->value, claim->value) == 0)
			continue;
		if (best->fresh_until > at)
			item->next.review_at = Min(item->next.review_at, best->fresh_until);
		if (claim->item == &item->next && claim->fresh_until <= at)
			item->next.review_at = DT_NOBEGIN;
	}
}

/* What this source says does not count. */
static void
report_outranked(ReconcileItem *item, const CiColumn *column, const Claim *best, const List *claims)
{
	ListCell   *cell;

	foreach(cell, claims)
	{
		const Claim *claim = lfirst(cell);
		Finding    *finding;

		if (claim->item != &item->next || claim == best || strcmp(claim->value, best->value) == 0)
			continue;
		finding = itsm_reconcile_find(item, RECONCILE_OUTRANKED, column->attribute, "the source says \"%s\"",
									  itsm_clip(claim->value));
		finding->value = best->value;
		finding->source = best->item->source;
	}
}

/* The record has another value than the one that counts. */
static void
report_update(ReconcileItem *item, const CiColumn *column, const Claim *best, const List *claims, const char *current,
			  TimestampTz at)
{
	const Claim *stale = stale_superior(best, claims, at);
	bool		writable = column->column != 0 && !column->in_key;
	Finding    *finding = itsm_reconcile_find(item, writable ? RECONCILE_UPDATE : RECONCILE_NOT_WRITABLE,
											  column->attribute, "%s",
											  column->in_key ? "its column is part of the key"
											  : !writable ? "it is mapped to an expression, not to a column"
											  : stale ? psprintf("what source \"%s\" said is stale", itsm_clip(stale->item->source))
											  : "");

	if (finding->detail[0] == '\0')
		finding->detail = NULL;
	finding->current = current;
	finding->value = best->value;
	finding->source = best->item->source;
	finding->column = column;
}

/* When the record was last heard of: what comes late is no fresher for that. */
static TimestampTz
heard_at(const List *items)
{
	TimestampTz at = DT_NOBEGIN;
	ListCell   *cell;

	foreach(cell, items)
		at = Max(at, ((const SourceItem *) lfirst(cell))->seen_at);
	return at;
}

static void
compare_attribute(ReconcileItem *item, const List *items, const CiColumn *column)
{
	TimestampTz at = heard_at(items);
	List	   *claims = claims_of(item, items, column);
	const Claim *best = best_claim(claims, at);
	const Claim *rival = best ? rival_of(best, claims, at) : NULL;
	char	   *current = itsm_ci_attribute(&item->record, column->attribute);

	if (best == NULL)
		return;
	if (rival)
	{
		Finding    *finding = itsm_reconcile_find(item, RECONCILE_CONFLICT, column->attribute,
												  "source \"%s\" says \"%s\", source \"%s\", as high as it, \"%s\"",
												  itsm_clip(best->item->source), itsm_clip(best->value),
												  itsm_clip(rival->item->source), itsm_clip(rival->value));

		finding->current = current;
		return;
	}
	note_review(item, best, claims, at);
	report_outranked(item, column, best, claims);
	if (current == NULL || strcmp(current, best->value) != 0)
		report_update(item, column, best, claims, current, at);
}

void
itsm_item_compare(ReconcileItem *item)
{
	const CiTable *table = itsm_ci_table(item->run, item->record.attachment);
	List	   *items = items_of(item);
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, items)
		names = add_names(names, ((SourceItem *) lfirst(cell))->attributes);
	foreach(cell, names)
	{
		const CiColumn *column = itsm_ci_column(table, lfirst(cell));

		if (column)
			compare_attribute(item, items, column);
	}
}
