/*
 * project.c
 *		State rows and projections.
 *
 * Memory: the caller's context.  Locking: the caller holds the record's head.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "ledger/canonical_text.h"
#include "lifecycle/project.h"
#include "record/projection.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	pushJsonbValue(state, token, &value);
}

/* Attributes without a column of their own; NULL when there is none that is filled. */
static Jsonb *
extra_attributes(const RowSide *side)
{
	const Unit *unit = side->unit;
	JsonbParseState *state = NULL;
	bool		any = false;
	JsonbValue *object;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < unit->definition->attribute_count; i++)
	{
		const AttributeBinding *binding = &unit->attributes[i];
		const char *text;
		int			length;

		if (!binding->mapped || binding->projected_number >= 0 || binding->projected_text >= 0 ||
			side->canonical->tts_isnull[i])
			continue;
		text = itsm_canonical_text(side->canonical->tts_values[i], unit->definition->attributes[i].type,
								   &length);
		push_text(&state, WJB_KEY, unit->definition->attributes[i].name);
		push_text(&state, WJB_VALUE, text);
		any = true;
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return any ? JsonbValueToJsonb(object) : NULL;
}

/* The canonical attributes of a row, and the milestones that the application keeps itself. */
static void
project_attributes(Projection *projection, const RowSide *side)
{
	const Unit *unit = side->unit;
	bool		extra = false;

	for (int i = 0; i < unit->definition->attribute_count; i++)
	{
		const AttributeBinding *binding = &unit->attributes[i];
		Oid			type = unit->definition->attributes[i].type;
		Datum		value = side->canonical->tts_values[i];
		bool		isnull = side->canonical->tts_isnull[i];

		if (!binding->mapped)
			continue;
		if (binding->projected_number >= 0)
		{
			projection->number_nulls[binding->projected_number] = isnull;
			projection->numbers[binding->projected_number] = isnull ? 0
				: type == INT2OID ? DatumGetInt16(value) : DatumGetInt32(value);
		}
		else if (binding->projected_text >= 0)
		{
			int			which = PROJECTED_ATTRIBUTES + binding->projected_text;

			projection->text_nulls[which] = isnull;
			projection->texts[which] = isnull ? (Datum) 0 : itsm_canonical_datum(value, type);
		}
		else
			extra = true;
		if (binding->milestone >= 0 && !isnull)
		{
			/* a timestamp without zone is taken as UTC, whatever the session's zone */
			projection->milestones.at[binding->milestone] = DatumGetTimestampTz(value);
			projection->milestones.reached[binding->milestone] = true;
		}
	}
	if (extra)
	{
		Jsonb	   *attributes = extra_attributes(side);

		projection->extra_null = attributes == NULL;
		projection->extra = JsonbPGetDatum(attributes);
	}
	else
		projection->extra_null = true;
}

static void
project_state(Projection *projection, const RowSide *side)
{
	itsm_projection_set(projection, PROJECTED_PROCESS, side->unit->definition->process);
	itsm_projection_set(projection, PROJECTED_LIFECYCLE, side->unit->definition->name);
	itsm_projection_set(projection, PROJECTED_STATE, side->state_name);
	itsm_projection_set(projection, PROJECTED_CATEGORY, side->category);
}

static void
store_state(const Record *record, RecordState *state, const RowSide *side, TimestampTz at)
{
	state->entered_at = at;
	state->lifecycle = side->unit->definition->name;
	state->lifecycle_version = side->unit->version;
	state->state = side->state_name;
	state->category = side->category;
	itsm_record_state_store(record, state);
}

void
itsm_project_appearance(Record *record, RowSide *side, TimestampTz at, bool unknown_past)
{
	Projection	projection;

	itsm_projection_begin(&projection);
	if (!unknown_past)
	{
		projection.milestones.at[MILESTONE_OPENED] = at;
		projection.milestones.reached[MILESTONE_OPENED] = true;
		milestone_move(&projection.milestones, CATEGORY_NONE, side->category_number, at);
	}
	projection.changed_at = at;
	project_state(&projection, side);
	project_attributes(&projection, side);
	itsm_projection_put(record, &projection);
}

void
itsm_project_appeared(const Record *record, RowSide *side, TimestampTz at)
{
	RecordState state = {0};

	store_state(record, &state, side, at);
}

static int
category_number(const char *name)
{
	for (int i = CATEGORY_NEW; name && i <= CATEGORY_CANCELLED; i++)
		if (strcmp(itsm_category_names[i], name) == 0)
			return i;
	return CATEGORY_NONE;
}

/* Passing to another attachment is no move when the state keeps its name. */
static bool
keeps_state(const char *from, const RowSide *to)
{
	return from && itsm_same_text(from, to->state_name);
}

/* The state changes, or at least its category: milestones and counts follow. */
static void
project_move(Projection *projection, int from, int to, TimestampTz at, bool kept)
{
	milestone_move(&projection->milestones, from, to, at);
	if (!kept)
		projection->transitions++;
	if (milestone_reopens(from, to))
		projection->reopened++;
}

void
itsm_project_return(Record *record, RowSide *side, TimestampTz at, bool continued)
{
	RecordState state;
	Projection	projection;
	bool		kept;

	(void) itsm_record_state_read(record, &state);
	(void) itsm_projection_read(record, &projection);
	kept = continued && keeps_state(state.state, side);
	if (continued)
		project_move(&projection, category_number(state.category), side->category_number, at, kept);
	else
	{
		itsm_projection_begin(&projection);
		projection.milestones.at[MILESTONE_OPENED] = at;
		projection.milestones.reached[MILESTONE_OPENED] = true;
		milestone_move(&projection.milestones, CATEGORY_NONE, side->category_number, at);
	}
	projection.changed_at = at;
	project_state(&projection, side);
	project_attributes(&projection, side);
	store_state(record, &state, side, kept ? state.entered_at : at);
	itsm_projection_store(record, &projection);
}

void
itsm_project_adoption(Record *record, RowSide *side, TimestampTz at)
{
	RecordState state;
	Projection	projection;
	bool		same;

	(void) itsm_record_state_read(record, &state);
	(void) itsm_projection_read(record, &projection);
	same = state.state && side->state_name && strcmp(state.state, side->state_name) == 0;
	if (!milestone_over(side->category_number))
		projection.milestones.reached[MILESTONE_RESOLVED] =
			projection.milestones.reached[MILESTONE_CLOSED] = false;
	projection.changed_at = at;
	project_state(&projection, side);
	project_attributes(&projection, side);
	store_state(record, &state, side, same ? state.entered_at : at);
	itsm_projection_store(record, &projection);
}

static bool
reassigned(const RowSide *old, const RowSide *new)
{
	int			attribute = new->unit->group_attribute;
	Form_pg_attribute column;

	if (attribute < 0 || old->unit->version != new->unit->version ||
		strcmp(old->attachment->lifecycle, new->attachment->lifecycle) != 0 ||
		old->canonical->tts_isnull[attribute] ||
		new->canonical->tts_isnull[attribute])
		return false;
	column = TupleDescAttr(new->unit->canonical, attribute);
	return !datum_image_eq(old->canonical->tts_values[attribute], new->canonical->tts_values[attribute],
						   column->attbyval, column->attlen);
}

void
itsm_project_change(Record *record, RowSide *old, RowSide *new, TimestampTz at, bool moving, RecordState *state)
{
	Projection	projection;

	(void) itsm_projection_read(record, &projection);
	if (moving)
	{
		(void) itsm_record_state_take(record, state);
		record->state_place = state->place;
		project_move(&projection, old->category_number, new->category_number, at,
					 keeps_state(old->state_name, new));
	}
	if (reassigned(old, new))
		projection.reassigned++;
	projection.changed_at = at;
	project_state(&projection, new);
	project_attributes(&projection, new);
	itsm_projection_put(record, &projection);
}

void
itsm_project_moved(const Record *record, RecordState *state, RowSide *old, RowSide *new, TimestampTz at)
{
	store_state(record, state, new, keeps_state(old->state_name, new) ? state->entered_at : at);
}

void
itsm_project_catch_up(Record *record, RowSide *side)
{
	RecordState state;
	Projection	projection;

	if (!itsm_record_state_read(record, &state) || !itsm_projection_read(record, &projection) ||
		(state.state == NULL ? side->state_name == NULL
		 : side->state_name && strcmp(state.state, side->state_name) == 0))
		return;
	milestone_move(&projection.milestones, category_number(state.category), side->category_number, record->at);
	project_state(&projection, side);
	store_state(record, &state, side, record->at);
	itsm_projection_store(record, &projection);
}

/*
 * What has been judged before the move found the record under the version, or
 * lifecycle, that the move leaves.
 */
static void
state_follows(const Record *record, const RowSide *new)
{
	RecordState state;

	if (record->attachment != new->attachment->id || !itsm_record_state_read(record, &state) ||
		!itsm_same_text(state.state, new->state_name))
		return;
	if (strcmp(state.lifecycle, new->unit->definition->name) != 0 ||
		state.lifecycle_version < new->unit->version)
		store_state(record, &state, new, state.entered_at);
}

void
itsm_project_past(Record *record, RowSide *old, RowSide *new, bool moving)
{
	Projection	projection;

	if (!itsm_projection_read(record, &projection))
		return;
	if (moving)
	{
		state_follows(record, new);
		if (!keeps_state(old->state_name, new))
			projection.transitions++;
		if (milestone_reopens(old->category_number, new->category_number))
			projection.reopened++;
	}
	if (reassigned(old, new))
		projection.reassigned++;
	itsm_projection_store(record, &projection);
}

void
itsm_project_join(Record *record, const Record *other)
{
	RecordState state;
	RecordState ahead;
	Projection	projection;
	Projection	joined;

	if (itsm_record_state_read(other, &ahead))
	{
		(void) itsm_record_state_read(record, &state);
		ahead.tuple = state.tuple;
		itsm_record_state_store(record, &ahead);
	}
	if (!itsm_projection_read(other, &joined))
		return;
	(void) itsm_projection_read(record, &projection);
	joined.transitions += projection.transitions;
	joined.reopened += projection.reopened;
	joined.reassigned += projection.reassigned;
	for (Milestone i = MILESTONE_OPENED; i <= MILESTONE_FIRST_RESPONSE; i++)
		if (projection.milestones.reached[i])
		{
			joined.milestones.at[i] = projection.milestones.at[i];
			joined.milestones.reached[i] = true;
		}
	itsm_projection_store(record, &joined);
}
