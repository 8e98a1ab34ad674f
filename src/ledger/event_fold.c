/*
 * event_fold.c
 *		Folding a record's events, one after the other.
 *
 * Memory: what is kept of a record is its values; events wait only until
 * their transaction's last one has come.
 */
#include "core/itsm.h"

#include "ledger/event_fold.h"
#include "utils/memutils.h"

/* What is kept of an event that waits. */
typedef struct Waiting
{
	Event		event;
	List	   *items;
} Waiting;

bool
itsm_event_names_status(const char *kind, const char *from_state, const char *to_state)
{
	/* a migration leaves the row's status as it is */
	return to_state && strcmp(kind, "migrated") != 0 &&
		(from_state == NULL || strcmp(from_state, to_state) != 0);
}

static bool
is_imported(const Event *event)
{
	return strcmp(event->kind, "imported") == 0;
}

static bool
same_transaction(const Event *a, const Event *b)
{
	return a->xid == b->xid && a->system == b->system;
}

int
itsm_event_order(const Event *a, const Event *b)
{
	bool		imported = is_imported(a);

	if (imported != is_imported(b))
		return imported ? -1 : 1;
	if (imported && a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (!imported && same_transaction(a, b) && a->command != b->command)
		return a->command < b->command ? -1 : 1;
	return a->version < b->version ? -1 : a->version > b->version;
}

static int
compare_waiting(const ListCell *a, const ListCell *b)
{
	return itsm_event_order(&((const Waiting *) lfirst(a))->event, &((const Waiting *) lfirst(b))->event);
}

void
itsm_fold_begin(EventFold *fold)
{
	memset(fold, 0, sizeof(EventFold));
	fold->context = CurrentMemoryContext;
	fold->counted = true;
}

const FoldedValue *
itsm_folded_value(const EventFold *fold, int number)
{
	ListCell   *cell;

	foreach(cell, fold->values)
	{
		const FoldedValue *value = lfirst(cell);

		if (value->number == number)
			return value;
	}
	return NULL;
}

static void
set_value(FoldedValue *value, BodyForm form, const char *text)
{
	if (value->text)
		pfree(value->text);
	value->form = form;
	value->text = text ? pstrdup(text) : NULL;
}

static void
tell_value(EventFold *fold, int number, BodyForm form, const char *text)
{
	FoldedValue *value = unconstify(FoldedValue *, itsm_folded_value(fold, number));

	if (value == NULL)
	{
		value = palloc0(sizeof(FoldedValue));
		value->number = number;
		fold->values = lappend(fold->values, value);
	}
	set_value(value, form, text);
}

static void
forget_values(EventFold *fold)
{
	ListCell   *cell;

	foreach(cell, fold->values)
		set_value(lfirst(cell), BODY_NULL, NULL);
}

/* Values; true when the event takes the key away. */
static bool
fold_items(EventFold *fold, const Event *event, const List *items)
{
	bool		status_told = false;
	bool		key_taken = false;
	ListCell   *cell;

	foreach(cell, items)
	{
		const BodyItem *item = lfirst(cell);

		if (item->number == BODY_KEY)
		{
			fold->key_told = true;
			set_value(&fold->key, item->form, item->text);
			key_taken = item->form == BODY_NULL;
		}
		if (item->number < BODY_STATUS)
			continue;
		status_told |= item->number == BODY_STATUS;
		tell_value(fold, item->number, item->form, item->text);
	}
	if (!status_told && itsm_event_names_status(event->kind, event->from_state, event->to_state))
		tell_value(fold, BODY_STATUS, BODY_VALUE, event->to_state);
	return key_taken;
}

static void
enter_state(EventFold *fold, const Event *event)
{
	if (fold->state)
		pfree(fold->state);
	fold->state = event->to_state ? pstrdup(event->to_state) : NULL;
	/* attributes that only the new version has are told when they change */
	if (fold->lifecycle_version && fold->lifecycle_version != event->lifecycle_version)
		fold->complete = false;
	fold->lifecycle_version = event->lifecycle_version;
}

static void
enter(EventFold *fold, const Event *event)
{
	enter_state(fold, event);
	fold->attachment = event->attachment;
	fold->deleted = false;
}

/* The past of a record counts until something of its present is told. */
static void
fold_imported(EventFold *fold, const Event *event, const List *items)
{
	fold->counted = false;
	if (fold->begun || (fold->imported_at > event->at && fold->attachment))
		return;
	fold->imported_at = event->at;
	(void) fold_items(fold, event, items);
	enter(fold, event);
	/* made by the import: no row has been seen */
	fold->deleted = true;
}

/* To another attachment, tenant or source, or away from all. */
static void
fold_moved(EventFold *fold, const Event *event, bool key_taken)
{
	fold->counted = false;
	if (key_taken)
		fold->deleted = true;
	else if (event->attachment == 0)
		fold->attachment = 0;
	else
		enter(fold, event);
}

static void
fold_event(EventFold *fold, const Event *event, const List *items)
{
	const char *kind = event->kind;
	bool		key_taken;

	if (itsm_event_is_remark(event))
		return;
	if (is_imported(event))
	{
		fold_imported(fold, event, items);
		return;
	}
	if (strcmp(kind, "redacted") == 0)
		return;
	/* another row took the key of a past that no row has had yet */
	if (strcmp(kind, "key_changed") == 0 && !fold->begun)
	{
		(void) fold_items(fold, event, items);
		return;
	}
	/* a row that begins anew has none of its values from before */
	if (strcmp(kind, "created") == 0 || !fold->begun)
	{
		forget_values(fold);
		fold->complete = true;
		fold->lifecycle_version = 0;
		fold->transitions = 0;
	}
	fold->begun = true;
	key_taken = fold_items(fold, event, items);
	if (strcmp(kind, "created") == 0 || strcmp(kind, "backfilled") == 0)
		enter(fold, event);
	else if (strcmp(kind, "transition") == 0)
	{
		enter(fold, event);
		fold->transitions++;
	}
	else if (strcmp(kind, "updated") == 0)
	{
		fold->attachment = event->attachment;
		fold->deleted = false;
	}
	else if (strcmp(kind, "moved") == 0)
		fold_moved(fold, event, key_taken);
	else if (strcmp(kind, "deleted") == 0)
		fold->deleted = true;
	else if (strcmp(kind, "migrated") == 0)
	{
		enter_state(fold, event);
		/* to another lifecycle, perhaps, with a version of the same number */
		fold->complete = false;
	}
}

static void
settle_waiting(EventFold *fold)
{
	MemoryContext caller;
	ListCell   *cell;

	if (fold->waiting == NIL)
		return;
	list_sort(fold->waiting, compare_waiting);
	caller = MemoryContextSwitchTo(fold->context);
	foreach(cell, fold->waiting)
	{
		const Waiting *waiting = lfirst(cell);

		fold_event(fold, &waiting->event, waiting->items);
	}
	MemoryContextSwitchTo(caller);
	fold->waiting = NIL;
	MemoryContextReset(fold->waiting_context);
}

static const char *
copy_text(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

static Waiting *
copy_event(const Event *event, const List *items)
{
	Waiting    *waiting = palloc(sizeof(Waiting));
	ListCell   *cell;

	waiting->event = *event;
	waiting->event.kind = copy_text(event->kind);
	waiting->event.from_state = copy_text(event->from_state);
	waiting->event.to_state = copy_text(event->to_state);
	waiting->items = NIL;
	foreach(cell, items)
	{
		BodyItem   *item = palloc(sizeof(BodyItem));

		*item = *(const BodyItem *) lfirst(cell);
		item->text = copy_text(item->text);
		waiting->items = lappend(waiting->items, item);
	}
	return waiting;
}

/* One whose transaction wrote no other of the record waits for none. */
static void
fold_at_once(EventFold *fold, const Event *event, const List *items)
{
	MemoryContext caller = MemoryContextSwitchTo(fold->context);

	fold_event(fold, event, items);
	MemoryContextSwitchTo(caller);
}

void
itsm_fold_add(EventFold *fold, const Event *event, const List *items, bool last)
{
	MemoryContext caller;

	if (fold->waiting && !same_transaction(&((const Waiting *) linitial(fold->waiting))->event, event))
		settle_waiting(fold);
	if (itsm_event_is_vote(event))
		fold->votes++;
	if (last && fold->waiting == NIL)
	{
		fold_at_once(fold, event, items);
		return;
	}
	if (fold->waiting_context == NULL)
		fold->waiting_context = AllocSetContextCreate(fold->context, "itsm events of a transaction",
													  ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(fold->waiting_context);
	fold->waiting = lappend(fold->waiting, copy_event(event, items));
	MemoryContextSwitchTo(caller);
}

void
itsm_fold_end(EventFold *fold)
{
	settle_waiting(fold);
}
