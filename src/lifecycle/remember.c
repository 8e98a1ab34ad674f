/*
 * remember.c
 *		Events, states and projections of judged writes.
 *
 * Memory: the caller's context, which is the policy state's per-row one.
 * Locking: the head row of the record; see record.h.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "core/table.h"
#include "ledger/canonical_text.h"
#include "ledger/event_fold.h"
#include "lifecycle/displaced.h"
#include "lifecycle/event_listener.h"
#include "lifecycle/judged_early.h"
#include "lifecycle/project.h"
#include "lifecycle/remember.h"

RecordIdentity
itsm_row_identity(PolicyState *state, PolicyAttachment *attachment, TupleTableSlot *row)
{
	RecordIdentity identity = {
		attachment->source, itsm_evaluate_tenant(state, attachment, row), itsm_row_key(attachment, row)
	};

	return identity;
}

RowSide
itsm_row_side(PolicyState *state, PolicyAttachment *attachment, Unit *unit, TupleTableSlot *row, bool old)
{
	RowSide		side = {.state = state, .attachment = attachment, .unit = unit, .row = row,
	.category_number = CATEGORY_NONE};

	side.canonical = itsm_evaluate_canonical(state, unit, row, old, NULL);
	side.status = itsm_row_status(attachment, row, &side.status_length);
	side.state_number = itsm_unit_state(unit, side.status, side.status_length);
	if (side.state_number != ITSM_NO_STATE)
	{
		const LifecycleState *lifecycle_state = &unit->definition->states[side.state_number];

		side.state_name = lifecycle_state->name;
		side.category_number = lifecycle_state->category;
		side.category = itsm_category_names[lifecycle_state->category];
	}
	return side;
}

static void
add_value(EventBody *body, int number, Datum value, bool isnull, Oid type)
{
	int			length = 0;
	const char *text = isnull ? NULL : itsm_canonical_text(value, type, &length);

	itsm_body_add(body, number, text, length);
}

static bool
same_value(Datum a, bool a_null, Datum b, bool b_null, Form_pg_attribute attribute)
{
	if (a_null || b_null)
		return a_null && b_null;
	return itsm_same_datum(a, b, attribute);
}

/*
 * Appends the values that differ from the old side's, and those that it does
 * not know.  Without an old side: all of a record that is known, else all that
 * are not null.
 */
static void
add_attributes(EventBody *body, const RowSide *new, const RowSide *old, bool known)
{
	const Unit *unit = new->unit;

	for (int i = 0; i < unit->definition->attribute_count; i++)
	{
		TupleTableSlot *slot = new->canonical;
		int			before = i;

		if (!unit->mapped[i])
			continue;
		if (old && old->unit->definition != unit->definition)
			before = itsm_definition_attribute(old->unit->definition, unit->definition->attributes[i].name);
		if (old && before >= 0 && old->unit->attributes[before].number == unit->attributes[i].number
			? same_value(old->canonical->tts_values[before], old->canonical->tts_isnull[before],
						 slot->tts_values[i], slot->tts_isnull[i],
						 TupleDescAttr(unit->canonical, i))
			: !known && slot->tts_isnull[i])
			continue;
		add_value(body, unit->attributes[i].number, slot->tts_values[i], slot->tts_isnull[i],
				  unit->definition->attributes[i].type);
	}
}

static const TrackedColumn *
tracked_number(const PolicyAttachment *attachment, int number)
{
	for (int i = 0; i < attachment->tracked_count; i++)
		if (attachment->tracked[i].number == number)
			return &attachment->tracked[i];
	return NULL;
}

static void
add_columns(EventBody *body, const RowSide *new, const RowSide *old, bool known)
{
	const PolicyAttachment *attachment = new->attachment;

	for (int i = 0; i < attachment->tracked_count; i++)
	{
		const TrackedColumn *tracked = &attachment->tracked[i];
		const TrackedColumn *before = !old ? NULL
			: old->attachment == attachment ? tracked : tracked_number(old->attachment, tracked->number);
		Form_pg_attribute attribute = TupleDescAttr(new->row->tts_tupleDescriptor, tracked->column - 1);
		bool		isnull;
		Datum		value = slot_getattr(new->row, tracked->column, &isnull);
		bool		was_null = true;
		Datum		was = before ? slot_getattr(old->row, before->column, &was_null) : (Datum) 0;

		if (before ? same_value(was, was_null, value, isnull, attribute) : !known && isnull)
			continue;
		add_value(body, tracked->number, value, isnull, attribute->atttypid);
	}
}

/* The status as the application has it, unless readers take it to be that anyway (event_fold.h). */
static void
add_status(EventBody *body, const Event *event, const RowSide *new, const RowSide *old)
{
	if (itsm_event_names_status(event->kind, event->from_state, event->to_state)
		? itsm_same_text(new->status, event->to_state)
		: old && itsm_same_text(old->status, new->status))
		return;
	itsm_body_add(body, BODY_STATUS, new->status, new->status_length);
}

/* The values of a row; known: its record has values from before. */
static void
add_values(EventBody *body, const Event *event, const RowSide *new, const RowSide *old, bool known)
{
	itsm_body_begin(body);
	add_status(body, event, new, old);
	add_attributes(body, new, old, known);
	add_columns(body, new, old, known);
}

static void
begin_event(Event *event, const Memory *memory, const RowSide *side, const char *kind)
{
	memset(event, 0, sizeof(Event));
	event->kind = kind;
	event->command = memory->command;
	event->attachment = side->attachment->id;
	event->lifecycle_version = side->unit->version;
	event->actor = memory->actor.name;
}

/* Tells the caller which record it was. */
static void
tell_record(Memory *memory, const Record *record)
{
	memory->record = record->id;
	memory->version = record->version;
	memory->tenant = record->tenant;
	memory->counted = &record->row->counted;
}

/* The same after an event. */
static void
tell_event(Memory *memory, const Record *record, const Event *event)
{
	tell_record(memory, record);
	memory->told = event->kind;
	memory->at = event->at;
}

/* Takes note of when the row changed last, before that is replaced. */
static void
note_before(Memory *memory, const Record *record)
{
	memory->before = record->tuple && !record->row->nulls[RECORD_CHANGED]
		? DatumGetTimestampTz(record->row->values[RECORD_CHANGED]) : 0;
}

static void
tell_listeners(const Memory *memory)
{
	Memory		begun;
	uint32		listeners;

	if (memory->passed)
	{
		begun = *memory;
		begun.old = NULL;
		memory = &begun;
	}
	listeners = (memory->old ? memory->old->unit->listeners : 0) | (memory->new ? memory->new->unit->listeners : 0);
	if (listeners == 0 || memory->record == 0 || memory->superseded)
		return;
	for (int i = 0; itsm_event_listeners[i]; i++)
		if (listeners & (UINT32_C(1) << i))
			itsm_event_listeners[i]->remembered(memory);
}

void
itsm_tell_rewritten(const char *tenant, int64 record)
{
	for (int i = 0; itsm_event_listeners[i]; i++)
		if (itsm_event_listeners[i]->rewritten)
			itsm_event_listeners[i]->rewritten(tenant, record);
}

/* First appearance of a row: event, state, projection.  False when somebody was first. */
static bool
appear(Memory *memory, RowSide *side, const char *kind, const char *from_state, bool unknown_past,
	   List *violations)
{
	Record		record;
	Event		event;
	EventBody	body;

	itsm_record_begin(side->identity.source, side->identity.tenant, side->identity.key, &record);
	record.attachment = side->attachment->id;
	begin_event(&event, memory, side, kind);
	event.from_state = from_state;
	event.to_state = side->state_name;
	add_values(&body, &event, side, NULL, false);
	/* whose history this is must not be for the head alone to tell */
	itsm_body_add(&body, BODY_KEY, record.key, strlen(record.key));
	itsm_event_stamp(&record, &event);
	itsm_project_appearance(&record, side, event.at, unknown_past);
	if (!itsm_event_append(&record, &event, &body, memory->reason, violations))
		return false;
	tell_event(memory, &record, &event);
	itsm_project_appeared(&record, side, event.at);
	return true;
}

/* A change that made the old row, and is judged after this one, will find the record. */
static void
note_early(const Memory *memory, const Record *record)
{
	if (memory->early)
		itsm_early_add(memory->old_row, memory->old_command, record->tenant, record->id);
}

/*
 * A record that is there already gets the row as "side" has it.  adopted: what
 * happened to the row meanwhile is not known.  False when somebody else changed
 * the record meanwhile.
 */
static bool
take_on(Memory *memory, RowSide *side, Record *record, const char *kind, bool anew, bool adopted,
		List *violations)
{
	RecordState state;
	Event		event;
	EventBody	body;

	if (!itsm_record_state_read(record, &state))
		state.state = NULL;
	begin_event(&event, memory, side, kind);
	event.from_state = anew ? NULL : state.state;
	event.to_state = side->state_name;
	add_values(&body, &event, side, NULL, strcmp(kind, "created") != 0);
	record->attachment = side->attachment->id;
	record->deleted = false;
	if (!itsm_event_append(record, &event, &body, memory->reason, violations))
		return false;
	tell_event(memory, record, &event);
	if (adopted)
		itsm_project_adoption(record, side, event.at);
	else
		itsm_project_return(record, side, event.at, event.from_state != NULL);
	return true;
}

/* That a record begins, or is taken on, with what its row was before. */
static void
tell_beginning(Memory *memory)
{
	Memory		begun = *memory;

	begun.old = NULL;
	begun.new = memory->old;
	begun.superseded = false;
	tell_listeners(&begun);
	memory->told = NULL;
}

/*
 * The row moved past us since its last event: in maintenance, or with triggers
 * off.  What our own transaction made may be judged in another order.
 */
static bool
moved_unseen(const Memory *memory, const Record *record)
{
	const char *state = memory->old->state_name;
	text	   *kept;

	if (memory->old_is_ours || record->tuple == NULL)
		return false;
	if (state == NULL || record->row->nulls[RECORD_STATE])
		return state != NULL || !record->row->nulls[RECORD_STATE];
	kept = DatumGetTextPP(record->row->values[RECORD_STATE]);
	return VARSIZE_ANY_EXHDR(kept) != strlen(state) || memcmp(VARDATA_ANY(kept), state, strlen(state)) != 0;
}

/*
 * The record of the old side, made from it when there is none: the row was
 * there before the attachment, or its INSERT is judged only after this UPDATE
 * of the same transaction.  One that an earlier attachment left, or whose row
 * moved unseen, is taken on as the row was, for what happened to it since has
 * been told to nobody.
 */
static void
record_of_old(Memory *memory, Record *record)
{
	RowSide    *old = memory->old;
	bool		created = memory->old_is_ours && !memory->old_was_updated;

	for (;;)
	{
		if (!itsm_find_old_record(memory, record))
			(void) appear(memory, old, created ? "created" : "backfilled", NULL, !created, NIL);
		/* or the INSERT used the key of a deleted row again */
		else if (memory->early
				 ? !created || !record->deleted || take_on(memory, old, record, "created", true, false, NIL)
				 : (record->attachment == old->attachment->id && !record->deleted && !moved_unseen(memory, record)) ||
				 take_on(memory, old, record, "backfilled", record->deleted, true, NIL))
			break;
		if (memory->told)
			tell_beginning(memory);
	}
	if (memory->told)
		tell_beginning(memory);
	note_before(memory, record);
	note_early(memory, record);
	if (memory->early)
		itsm_project_catch_up(record, old);
}

/*
 * The record of a new row that was replaced before we came to judge it: what
 * replaced it has been judged, so the record is ahead of us.  False when
 * nothing that matters has happened since.
 */
static bool
record_ahead(Memory *memory, Record *record)
{
	const char *tenant;
	int64		id = memory->superseded
		? itsm_early_take(memory->new_row, memory->command, &tenant) : 0;

	memory->superseded = id && itsm_record_read(tenant, id, record);
	if (memory->superseded)
		note_early(memory, record);
	return memory->superseded;
}

/* Another record that has the key we are about to take gives it up. */
static void
displace(const Memory *memory, const RowSide *side, const Record *record)
{
	Record		other;

	while (itsm_record_find(side->identity.source, side->identity.tenant, side->identity.key, &other) &&
		   other.id != record->id)
	{
		Event		event;
		EventBody	body;
		const char *key = other.key;

		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_KEY, NULL, 0);
		begin_event(&event, memory, side, "key_changed");
		event.attachment = other.attachment;
		other.key = NULL;
		if (!itsm_event_append(&other, &event, &body, memory->reason, NIL))
			continue;
		/* its row may get another key yet, unless there is none that is governed */
		if (!other.deleted && other.attachment)
			itsm_displaced_add(other.source, other.tenant, key, other.id, memory->new_row);
	}
}

/* A key that had been taken over, and that "record" has left again, is once more its former record's. */
static void
give_back(const Memory *memory, const Record *record)
{
	const RowSide *old = memory->old;
	int64		displaced = itsm_displaced_find(old->identity.source, old->identity.tenant, old->identity.key);
	Record		former;

	if (displaced == 0 || displaced == record->id)
		return;
	while (itsm_record_read(old->identity.tenant, displaced, &former) && former.key == NULL)
	{
		Event		event;
		EventBody	body;

		displace(memory, old, &former);
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_KEY, old->identity.key, strlen(old->identity.key));
		begin_event(&event, memory, old, "key_changed");
		event.attachment = former.attachment;
		former.key = old->identity.key;
		if (itsm_event_append(&former, &event, &body, memory->reason, NIL))
			break;
	}
	itsm_displaced_remove(displaced);
}

static bool
change_key(const Memory *memory, Record *record)
{
	const RowSide *new = memory->new;
	Event		event;
	EventBody	body;

	displace(memory, new, record);
	itsm_body_begin(&body);
	itsm_body_add(&body, BODY_KEY, new->identity.key, strlen(new->identity.key));
	begin_event(&event, memory, new, "key_changed");
	event.from_state = memory->old->state_name;
	event.to_state = memory->old->state_name;
	record->key = new->identity.key;
	if (!itsm_event_append(record, &event, &body, memory->reason, NIL))
		return false;
	itsm_displaced_remove(record->id);
	give_back(memory, record);
	return true;
}

/* The record ends in one tenant or source; it begins anew in the other. */
static bool
leave_tenant(const Memory *memory, Record *record)
{
	Event		event;
	EventBody	body;

	itsm_body_begin(&body);
	itsm_body_add(&body, BODY_KEY, NULL, 0);
	begin_event(&event, memory, memory->old, "moved");
	event.attachment = 0;
	event.from_state = memory->old->state_name;
	record->key = NULL;
	record->deleted = true;
	return itsm_event_append(record, &event, &body, memory->reason, NIL);
}

static void
changed_without_head(const Record *record)
{
	elog(ERROR, "record " INT64_FORMAT " changed without its head", record->id);
}

/* The row is deleted, or leaves every attachment. */
static void
remember_end(Memory *memory)
{
	Record		record;
	Event		event;
	EventBody	body;
	bool		ahead = record_ahead(memory, &record);

	for (;;)
	{
		if (!ahead)
			record_of_old(memory, &record);
		itsm_body_begin(&body);
		begin_event(&event, memory, memory->old, memory->deleted ? "deleted" : "moved");
		event.from_state = memory->old->state_name;
		if (!ahead)
		{
			record.deleted = memory->deleted;
			if (!memory->deleted)
				record.attachment = 0;
		}
		/* from here on no attachment governs the row */
		if (!memory->deleted)
			event.attachment = 0;
		if (itsm_event_append(&record, &event, &body, memory->reason, memory->violations))
			break;
		if (ahead)
			changed_without_head(&record);
	}
	tell_event(memory, &record, &event);
	if (memory->deleted)
		give_back(memory, &record);
}

/* The judged conditions of a write whose outcome the record has already. */
static void
remember_violations(Memory *memory, Record *record)
{
	Event		event;
	EventBody	body;

	if (memory->violations == NIL)
		return;
	itsm_body_begin(&body);
	begin_event(&event, memory, memory->new, "updated");
	event.from_state = event.to_state = memory->new->state_name;
	if (!itsm_event_append(record, &event, &body, memory->reason, memory->violations))
		changed_without_head(record);
}

/* The row begins, comes back under a key that was used before, or comes under an attachment. */
static void
remember_begin(Memory *memory)
{
	RowSide    *new = memory->new;
	const char *kind = memory->kind ? memory->kind : "created";
	Record		record;

	/* an UPDATE of this transaction made the record already: this is its INSERT */
	if (record_ahead(memory, &record))
	{
		remember_violations(memory, &record);
		tell_record(memory, &record);
		return;
	}
	for (;;)
	{
		bool		anew;

		if (!itsm_record_find(new->identity.source, new->identity.tenant, new->identity.key, &record))
		{
			if (appear(memory, new, kind, NULL, memory->unknown_past, memory->violations))
				break;
			continue;
		}
		/* backfill found a row of this attachment whose writer was quicker */
		if (memory->kind && record.attachment == new->attachment->id)
			return;
		if (memory->kind == NULL && memory->old_row == NULL && !record.deleted && record.attachment &&
			itsm_key_may_repeat(memory->new_row->tts_tableOid))
		{
			displace(memory, new, &(Record) {.id = 0});
			continue;
		}
		/* a live record whose row begins anew: the row went unseen, by TRUNCATE for one */
		anew = record.deleted || (memory->old_row == NULL && memory->kind == NULL);
		if (take_on(memory, new, &record, anew || memory->kind ? kind : "moved", anew, memory->kind != NULL,
					memory->violations))
			break;
	}
	if (memory->old_row && memory->early &&
		itsm_record_find(new->identity.source, new->identity.tenant, new->identity.key, &record))
		note_early(memory, &record);
}

/* True for events that tell what was done to a row that had begun. */
static bool
tells_change(const Event *event)
{
	return event->xid == U64FromFullTransactionId(GetTopFullTransactionId()) &&
		strcmp(event->kind, "created") != 0 && strcmp(event->kind, "backfilled") != 0 &&
		strcmp(event->kind, "key_changed") != 0;
}

/* What this transaction did to the row under its next key, told in the row's own chain too. */
static void
repeat_changes(Record *record, const Record *ahead)
{
	ListCell   *cell;

	foreach(cell, itsm_event_read_left(ahead->tenant, ahead->id))
	{
		const Event *told = lfirst(cell);
		Event		event = {.kind = told->kind, .command = told->command, .attachment = told->attachment,
			.lifecycle_version = told->lifecycle_version, .from_state = told->from_state,
		.to_state = told->to_state, .actor = told->actor};
		const char *reason = "";
		EventBody	body;
		BodyItem	item;
		int			offset = 0;

		if (!tells_change(told))
			continue;
		itsm_body_begin(&body);
		while (itsm_body_next(told->body, told->body_length, &offset, &item, NULL))
		{
			if (item.number >= BODY_STATUS)
				itsm_body_add(&body, item.number, item.text, item.text ? strlen(item.text) : 0);
			else if (item.number == BODY_REASON && item.text)
				reason = item.text;
		}
		if (!itsm_event_append(record, &event, &body, reason, NIL))
			changed_without_head(record);
	}
}

/*
 * A key changed, and what happened to the row after that was judged first, for
 * which a record of its own had to be begun: that one ends, and the row's own
 * goes on where it has come to.
 */
static void
join_ahead(const Memory *memory, Record *record, Record *ahead)
{
	const RowSide *new = memory->new;
	Record		before = *ahead;
	Event		event;
	EventBody	body;

	itsm_body_begin(&body);
	itsm_body_add(&body, BODY_KEY, NULL, 0);
	begin_event(&event, memory, new, "key_changed");
	event.attachment = ahead->attachment;
	/* after all that it tells */
	event.command = GetCurrentCommandId(false);
	ahead->key = NULL;
	ahead->deleted = true;
	if (!itsm_event_append(ahead, &event, &body, memory->reason, NIL))
		changed_without_head(ahead);

	itsm_body_begin(&body);
	itsm_body_add(&body, BODY_KEY, before.key, before.key ? strlen(before.key) : 0);
	begin_event(&event, memory, new, "key_changed");
	event.from_state = event.to_state = memory->old->state_name;
	record->key = before.key;
	record->attachment = before.attachment;
	record->deleted = before.deleted;
	if (!itsm_event_append(record, &event, &body, memory->reason, NIL))
		changed_without_head(record);
	itsm_displaced_remove(record->id);
	repeat_changes(record, ahead);
	itsm_project_join(record, ahead);
}

/* The event of a change; false when somebody else changed the record meanwhile. */
static bool
append_change(Memory *memory, Record *record)
{
	RowSide    *old = memory->old;
	RowSide    *new = memory->new;
	bool		attachment_changed = old->attachment->id != new->attachment->id;
	/* among values that map to no state each is a place of its own */
	bool		moving = new->state_name || old->state_name
		? !itsm_same_text(old->state_name, new->state_name) : !itsm_same_text(old->status, new->status);
	Event		event;
	EventBody	body;
	RecordState state;

	begin_event(&event, memory, new, memory->kind ? memory->kind : attachment_changed ? "moved"
				: moving ? "transition" : "updated");
	event.from_state = old->state_name;
	event.to_state = new->state_name;
	add_values(&body, &event, new, old, true);
	tell_record(memory, record);
	if (body.bytes.len == 0 && !moving && !attachment_changed && memory->violations == NIL)
		return true;
	if (!memory->superseded)
	{
		record->attachment = new->attachment->id;
		record->deleted = false;
		itsm_event_stamp(record, &event);
		itsm_project_change(record, old, new, event.at, moving || attachment_changed, &state);
	}
	if (!itsm_event_append(record, &event, &body, memory->reason, memory->violations))
		return false;
	tell_event(memory, record, &event);
	if (memory->superseded)
		itsm_project_past(record, old, new, moving || attachment_changed);
	else if (moving || attachment_changed)
		itsm_project_moved(record, &state, old, new, event.at);
	return true;
}

/* The record that a tenant is left with has ended, too. */
static void
tell_left(const Memory *memory, const Record *record)
{
	Memory		left = *memory;

	left.new = NULL;
	left.superseded = false;
	left.told = "moved";
	left.at = record->at;
	tell_record(&left, record);
	tell_listeners(&left);
}

static void
change_tenant(Memory *memory, Record *record, bool ahead)
{
	while (!leave_tenant(memory, record))
		record_of_old(memory, record);
	tell_left(memory, record);
	memory->passed = true;
	/* otherwise the record in the other tenant has begun already */
	if (!ahead)
		while (!appear(memory, memory->new, "moved", memory->old->state_name, true, memory->violations))
			displace(memory, memory->new, record);
}

static void
remember_change(Memory *memory)
{
	RowSide    *old = memory->old;
	RowSide    *new = memory->new;
	bool		key_changed = !itsm_same_text(old->identity.key, new->identity.key);
	bool		tenant_changed = !itsm_same_text(old->identity.tenant, new->identity.tenant) ||
		old->identity.source != new->identity.source;
	bool		joined = false;
	Record		record;
	Record		ahead;

	if (record_ahead(memory, &ahead) && !key_changed && !tenant_changed)
	{
		if (!append_change(memory, &ahead))
			changed_without_head(&ahead);
		return;
	}
	for (;;)
	{
		record_of_old(memory, &record);
		if (tenant_changed)
		{
			change_tenant(memory, &record, memory->superseded);
			return;
		}
		if (memory->superseded && ahead.id != record.id)
		{
			join_ahead(memory, &record, &ahead);
			joined = true;
		}
		else if (key_changed && !change_key(memory, &record))
			continue;
		if (append_change(memory, &record))
			break;
		if (key_changed)
			changed_without_head(&record);
	}
	if (joined)
	{
		itsm_tell_rewritten(record.tenant, record.id);
		itsm_tell_rewritten(ahead.tenant, ahead.id);
	}
}

/* Mostly an UPDATE leaves the key alone, and there is one tenant. */
static bool
same_identity(const RowSide *a, const RowSide *b)
{
	const PolicyAttachment *attachment = a->attachment;

	if (attachment != b->attachment || attachment->tenant.cached)
		return false;
	for (int i = 0; i < attachment->key_count; i++)
	{
		AttrNumber	column = attachment->key[i];
		bool		a_null;
		bool		b_null;
		Datum		value = slot_getattr(a->row, column, &a_null);
		Datum		other = slot_getattr(b->row, column, &b_null);

		if (!same_value(value, a_null, other, b_null, TupleDescAttr(a->row->tts_tupleDescriptor, column - 1)))
			return false;
	}
	return true;
}

static void
identify_sides(RowSide *old, RowSide *new)
{
	if (old)
		old->identity = itsm_row_identity(old->state, old->attachment, old->row);
	if (old && new && same_identity(old, new))
		new->identity = old->identity;
	else if (new)
		new->identity = itsm_row_identity(new->state, new->attachment, new->row);
}

void
itsm_remember(Memory *memory)
{
	identify_sides(memory->old, memory->new);
	if (memory->old == NULL)
		remember_begin(memory);
	else if (memory->new == NULL)
		remember_end(memory);
	else
		remember_change(memory);
	tell_listeners(memory);
}
