/*
 * authorised_change.c
 *		Looking for the change that stands behind a write of a configuration item.
 *
 * A change that is planned has booked its items (booking.h): so it is found by
 * the item, through an index.  Its state row is shared until the transaction
 * ends: it cannot be closed while what it authorised is not committed, and one
 * that is being closed is waited for.
 *
 * Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "core/json_read.h"
#include "lifecycle/reference.h"
#include "miscadmin.h"
#include "practice/authorised_change.h"
#include "practice/booking.h"
#include "record/projection.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* The text form of an attribute in the projection; NULL: null, or it has none. */
static char *
attribute_of(const Record *record, const char *name)
{
	Jsonb	   *extra;
	JsonbValue	value;

	for (int i = 0; i < PROJECTION_TEXTS; i++)
		if (strcmp(itsm_projection_texts[i], name) == 0)
			return unconstify(char *, itsm_record_text(record, RECORD_TEXTS + i));
	if (record->row->nulls[RECORD_EXTRA])
		return NULL;
	extra = DatumGetJsonbP(record->row->values[RECORD_EXTRA]);
	return itsm_json_member(&extra->root, name, &value) ? itsm_json_string(&value) : NULL;
}

/* The next element of an array's text form, unquoted into "element", empty for null; false at its end. */
static bool
next_element(const char **text, char *element)
{
	const char *at = *text;
	char	   *start = element;
	bool		quoted = *at == '"';

	if (*at == '\0' || *at == '}')
		return false;
	at += quoted;
	while (*at && (quoted ? *at != '"' : *at != ',' && *at != '}'))
	{
		at += *at == '\\' && at[1];
		*element++ = *at++;
	}
	*element = '\0';
	if (!quoted && strcmp(start, "NULL") == 0)
		*start = '\0';
	at += *at == '"';
	at += *at == ',';
	*text = at;
	return true;
}

/* A text is another one, or an element of the array that this is. */
static bool
names(const char *text, const char *name)
{
	char	   *element;

	if (text == NULL)
		return false;
	if (strcmp(text, name) == 0)
		return true;
	if (*text++ != '{')
		return false;
	element = palloc(strlen(text) + 1);
	while (next_element(&text, element))
		if (strcmp(element, name) == 0)
			return true;
	return false;
}

bool
itsm_change_names(const Record *change, const char *ci)
{
	return names(attribute_of(change, "cis"), ci) || names(attribute_of(change, "ci"), ci);
}

/* A task of the change that is being worked on is the actor's. */
static bool
works_on_task(const Record *change, const char *actor)
{
	ListCell   *cell;

	if (change->key == NULL)
		return false;
	foreach(cell, itsm_reference_holders(change->tenant, change->source, "change", change->key, "change_task", "change"))
	{
		const Record *task = lfirst(cell);
		const char *category = itsm_record_text(task, RECORD_CATEGORY);

		if (category && strcmp(category, "active") == 0 && names(attribute_of(task, "assignee"), actor))
			return true;
	}
	return false;
}

static bool
is_implementer(const Record *change, const AuthorisedData *data, const char *actor)
{
	ListCell   *cell;

	foreach(cell, data->implementers)
		if (names(attribute_of(change, lfirst(cell)), actor))
			return true;
	return works_on_task(change, actor);
}

/* How near a change comes to authorising the write; the order counts. */
typedef enum Nearness
{
	NEAR_NONE,					/* no change has booked the item for now */
	NEAR_BOOKED,				/* but it is not being implemented */
	NEAR_IMPLEMENTED,			/* but by others */
	NEAR_ENOUGH
} Nearness;

static bool
is_implemented(const AuthorisedData *data, const RecordState *state)
{
	ListCell   *cell;

	foreach(cell, data->change_states)
		if (state->state && strcmp(lfirst(cell), state->state) == 0)
			return true;
	return false;
}

static Nearness
look_at(const AuthorisedData *data, const ControlledWrite *write, int64 id, bool lock)
{
	RecordState state;
	Record		change;
	const char *process;

	if (lock && !itsm_record_state_lock(write->tenant, id, LockTupleShare, &state))
		return NEAR_NONE;
	if (!itsm_record_read(write->tenant, id, &change) || change.deleted)
		return NEAR_NONE;
	process = itsm_record_text(&change, RECORD_PROCESS);
	if (process == NULL || strcmp(process, "change") != 0 || (!lock && !itsm_record_state_read(&change, &state)))
		return NEAR_NONE;
	if (!is_implemented(data, &state))
		return NEAR_BOOKED;
	return is_implementer(&change, data, write->actor) ? NEAR_ENOUGH : NEAR_IMPLEMENTED;
}

/* It has still booked the item, after all that may have been waited for. */
static bool
still_booked(const ControlledWrite *write, int64 id)
{
	int64	   *changes;
	int			count = itsm_booking_holders(write->tenant, write->ci, write->at, &changes);

	for (int i = 0; i < count; i++)
		if (changes[i] == id)
			return true;
	return false;
}

/*
 * The change whose state this subtransaction has shared last: a statement over
 * many items takes it once.  Nobody else can have moved it since.
 */
static struct
{
	LocalTransactionId lxid;
	SubTransactionId subtransaction;
	int64		id;
}			shared;

static bool
is_shared(int64 id)
{
	return shared.lxid == ITSM_LXID && shared.subtransaction == GetCurrentSubTransactionId() && shared.id == id;
}

/* It stays as it is from here on, and is still what it was when it was found. */
static Nearness
share(const AuthorisedData *data, const ControlledWrite *write, int64 id)
{
	Nearness	nearness = look_at(data, write, id, true);

	if (nearness == NEAR_ENOUGH && !still_booked(write, id))
		return NEAR_NONE;
	shared.lxid = ITSM_LXID;
	shared.subtransaction = GetCurrentSubTransactionId();
	shared.id = id;
	return nearness;
}

const char *
itsm_change_wanting(const AuthorisedData *data, const ControlledWrite *write)
{
	Nearness	nearest = NEAR_NONE;
	int64	   *changes;
	int			count;

	if (itsm_blank(write->actor))
		return "who acts is unknown; itsm.act_as says it";
	count = itsm_booking_holders(write->tenant, write->ci, write->at, &changes);
	for (int i = 0; i < count; i++)
	{
		Nearness	nearness = look_at(data, write, changes[i], false);

		CHECK_FOR_INTERRUPTS();
		/* only one that would do is locked, and then looked at again */
		if (nearness == NEAR_ENOUGH && write->lock && !is_shared(changes[i]))
			nearness = share(data, write, changes[i]);
		if (nearness == NEAR_ENOUGH)
			return NULL;
		nearest = Max(nearest, nearness);
	}
	if (nearest == NEAR_NONE)
		return "no change that names the item is planned for now";
	return nearest == NEAR_BOOKED ? "the change that names the item is not being implemented"
		: "the actor is no implementer of the change that names the item";
}
