/*
 * remember.c
 *		Events, states and projections of judged writes.
 *
 * Memory: the caller's context, which is the policy state's per-row one.
 * Locking: the head row of the record; see record.h.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "ledger/canonical_text.h"
#include "lifecycle/displaced.h"
#include "lifecycle/project.h"
#include "lifecycle/remember.h"
#include "utils/datum.h"

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
	int			number;

	side.canonical = itsm_evaluate_canonical(state, unit, row, old, NULL);
	side.status = itsm_row_status(attachment, row, &side.status_length);
	number = itsm_unit_state(unit, side.status, side.status_length);
	if (number != ITSM_NO_STATE)
	{
		const LifecycleState *lifecycle_state = &unit->definition->states[number];

		side.state_name = lifecycle_state->name;
		side.category_number = lifecycle_state->category;
		side.category = itsm_category_names[lifecycle_state->category];
	}
	return side;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
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
	return datum_image_eq(a, b, attribute->attbyval, attribute->attlen);
}

/* Appends the values that differ from the old side's; all that are not null without one. */
static void
add_attributes(EventBody *body, const RowSide *new, const RowSide *old)
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
			: slot->tts_isnull[i])
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
add_columns(EventBody *body, const RowSide *new, const RowSide *old)
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

		if (before ? same_value(was, was_null, value, isnull, attribute) : isnull)
			continue;
		add_value(body, tracked->number, value, isnull, attribute->atttypid);
	}
}

/* The status as the application has it, where that is not the name of the state. */
static void
add_status(EventBody *body, const RowSide *new, const RowSide *old)
{
	bool		named = new->status && new->state_name && strlen(new->state_name) == new->status_length &&
		memcmp(new->status, new->state_name, new->status_length) == 0;

	if (!named && !(old && same_text(old->status, new->status)))
		itsm_body_add(body, BODY_STATUS, new->status, new->status_length);
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

bool
itsm_find_record(const RecordIdentity *identity, Record *record)
{
	int64		displaced = itsm_displaced_find(identity->source, identity->tenant, identity->key);

	if (displaced && itsm_record_read(identity->tenant, displaced, record) && record->key == NULL)
		return true;
	return itsm_record_find(identity->source, identity->tenant, identity->key, record);
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
	itsm_body_begin(&body);
	add_status(&body, side, NULL);
	add_attributes(&body, side, NULL);
	add_columns(&body, side, NULL);
	begin_event(&event, memory, side, kind);
	event.from_state = from_state;
	event.to_state = side->state_name;
	if (!itsm_event_append(&record, &event, &body, memory->reason, violations))
		return false;
	itsm_project_appearance(&record, side, event.at, unknown_past);
	return true;
}

/*
 * The record of the old side, made from it when there is none: the row was
 * there before the attachment, or its INSERT is judged only after this UPDATE
 * of the same transaction.
 */
static void
record_of_old(Memory *memory, Record *record)
{
	RowSide    *old = memory->old;

	while (!itsm_find_record(&old->identity, record))
		(void) appear(memory, old, memory->old_is_ours ? "created" : "backfilled", NULL,
					  !memory->old_is_ours, NIL);
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
		if (itsm_event_append(&other, &event, &body, memory->reason, NIL) && !other.deleted)
			itsm_displaced_add(other.source, other.tenant, key, other.id);
	}
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
	itsm_project_head(record);
	return true;
}

/* The record ends in one tenant; it begins anew in the other. */
static bool
leave_tenant(const Memory *memory, Record *record)
{
	Event		event;
	EventBody	body;

	itsm_body_begin(&body);
	itsm_body_add(&body, BODY_KEY, NULL, 0);
	begin_event(&event, memory, memory->old, "moved");
	event.from_state = memory->old->state_name;
	record->key = NULL;
	record->deleted = true;
	if (!itsm_event_append(record, &event, &body, memory->reason, NIL))
		return false;
	itsm_project_head(record);
	return true;
}

/* The row is deleted, or leaves every attachment. */
static void
remember_end(Memory *memory)
{
	Record		record;
	Event		event;
	EventBody	body;

	do
	{
		record_of_old(memory, &record);
		itsm_body_begin(&body);
		begin_event(&event, memory, memory->old, memory->deleted ? "deleted" : "moved");
		event.from_state = memory->old->state_name;
		record.deleted = memory->deleted;
		if (!memory->deleted)
			record.attachment = 0;
	} while (!itsm_event_append(&record, &event, &body, memory->reason, memory->violations));
	itsm_project_head(&record);
}

/* The row begins, comes back under a key that was used before, or comes under an attachment. */
static void
remember_begin(Memory *memory)
{
	RowSide    *new = memory->new;
	const char *kind = memory->kind ? memory->kind : "created";

	for (;;)
	{
		Record		record;
		RecordState state;
		Event		event;
		EventBody	body;
		bool		again;
		bool		anew;

		if (!itsm_record_find(new->identity.source, new->identity.tenant, new->identity.key, &record))
		{
			if (appear(memory, new, kind, NULL, memory->unknown_past, memory->violations))
				return;
			continue;
		}
		/* an UPDATE of this transaction made the record already: this is its INSERT */
		again = !record.deleted && record.attachment == new->attachment->id &&
			(memory->kind || itsm_record_is_ours(&record));
		if (again && (memory->kind || memory->violations == NIL))
			return;
		if (!itsm_record_state_read(&record, &state))
			state.state = NULL;
		itsm_body_begin(&body);
		/* a live record whose row begins anew: the row went unseen, by TRUNCATE for one */
		anew = record.deleted || record.attachment == new->attachment->id;
		begin_event(&event, memory, new, again ? "updated" : anew ? kind : "moved");
		event.from_state = again ? new->state_name : anew ? NULL : state.state;
		event.to_state = new->state_name;
		if (!again)
		{
			add_status(&body, new, NULL);
			add_attributes(&body, new, NULL);
			add_columns(&body, new, NULL);
		}
		record.attachment = new->attachment->id;
		record.deleted = false;
		if (!itsm_event_append(&record, &event, &body, memory->reason, memory->violations))
			continue;
		if (!again)
			itsm_project_return(&record, new, event.at, event.from_state != NULL);
		return;
	}
}

static void
remember_change(Memory *memory)
{
	RowSide    *old = memory->old;
	RowSide    *new = memory->new;
	bool		key_changed = strcmp(old->identity.key, new->identity.key) != 0;
	bool		tenant_changed = strcmp(old->identity.tenant, new->identity.tenant) != 0;
	bool		attachment_changed = old->attachment->id != new->attachment->id;

	for (;;)
	{
		Record		record;
		Event		event;
		EventBody	body;
		bool		moving = !same_text(old->status, new->status) ||
			!same_text(old->state_name, new->state_name);

		record_of_old(memory, &record);
		if (tenant_changed)
		{
			if (!leave_tenant(memory, &record))
				continue;
			while (!appear(memory, new, "moved", old->state_name, true, memory->violations))
				displace(memory, new, &record);
			return;
		}
		if (key_changed && !change_key(memory, &record))
			continue;
		itsm_body_begin(&body);
		add_status(&body, new, old);
		add_attributes(&body, new, old);
		add_columns(&body, new, old);
		if (body.bytes.len == 0 && !moving && !attachment_changed && memory->violations == NIL)
			return;
		begin_event(&event, memory, new, memory->kind ? memory->kind : attachment_changed ? "moved"
					: moving ? "transition" : "updated");
		event.from_state = old->state_name;
		event.to_state = new->state_name;
		record.attachment = new->attachment->id;
		record.deleted = false;
		if (!itsm_event_append(&record, &event, &body, memory->reason, memory->violations))
		{
			if (key_changed)
				elog(ERROR, "record " INT64_FORMAT " changed without its head", record.id);
			continue;
		}
		if (!memory->superseded)
			itsm_project_change(&record, old, new, event.at, moving || attachment_changed);
		return;
	}
}

void
itsm_remember(Memory *memory)
{
	if (memory->old)
		memory->old->identity = itsm_row_identity(memory->old->state, memory->old->attachment,
												  memory->old->row);
	if (memory->new)
		memory->new->identity = itsm_row_identity(memory->new->state, memory->new->attachment,
												  memory->new->row);
	if (memory->old == NULL)
		remember_begin(memory);
	else if (memory->new == NULL)
		remember_end(memory);
	else
		remember_change(memory);
}
