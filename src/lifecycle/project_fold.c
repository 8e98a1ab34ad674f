/*
 * project_fold.c
 *		State rows and projections out of a record's events as a whole.
 *
 * Memory: the caller's context.  Locking: the caller holds the record's head.
 */
#include "core/itsm.h"

#include "ledger/event.h"
#include "lifecycle/project.h"
#include "record/projection.h"

typedef struct Fold
{
	const Definition *definition;
	Milestones	milestones;
	int			transitions;
	int			reopened;
	bool		begun;
	bool		imported_only;	/* no row has been seen: the log tells the state */
	const char *state;
	int			category;
	TimestampTz entered_at;
} Fold;

static int
compare_times(const ListCell *a, const ListCell *b)
{
	const Event *first = lfirst(a);
	const Event *second = lfirst(b);

	if (first->at != second->at)
		return first->at < second->at ? -1 : 1;
	return first->version < second->version ? -1 : first->version > second->version;
}

static int
category_of(const Definition *definition, const char *state)
{
	int			number = state ? itsm_definition_state(definition, state, strlen(state)) : ITSM_NO_STATE;

	return number == ITSM_NO_STATE ? CATEGORY_NONE : (int) definition->states[number].category;
}

static bool
enters_state(const Event *event)
{
	static const char *const kinds[] = {"created", "transition", "imported", "moved", "migrated", "backfilled"};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(event->kind, kinds[i]) == 0)
			return true;
	return false;
}

static void
fold_event(Fold *fold, const Event *event)
{
	int			category = category_of(fold->definition, event->to_state);
	bool		backfilled = strcmp(event->kind, "backfilled") == 0;
	bool		same = fold->begun && (fold->state == NULL ? event->to_state == NULL
									   : event->to_state && strcmp(fold->state, event->to_state) == 0);

	if (strcmp(event->kind, "imported") != 0)
		fold->imported_only = false;
	if (!enters_state(event) || same)
		return;
	/* what a row from before had come to is known, but not when */
	if (!backfilled)
	{
		if (!fold->begun)
		{
			fold->milestones.at[MILESTONE_OPENED] = event->at;
			fold->milestones.reached[MILESTONE_OPENED] = true;
		}
		else
		{
			fold->transitions++;
			if (milestone_reopens(fold->category, category))
				fold->reopened++;
		}
		milestone_move(&fold->milestones, fold->begun ? fold->category : CATEGORY_NONE, category, event->at);
	}
	fold->begun = true;
	fold->state = event->to_state;
	fold->category = category;
	fold->entered_at = event->at;
}

/* A milestone that the application keeps in a mapped attribute. */
static bool
kept_by_application(const Unit *unit, int milestone)
{
	for (int i = 0; i < unit->definition->attribute_count; i++)
		if (unit->attributes[i].mapped && unit->attributes[i].milestone == milestone)
			return true;
	return false;
}

static void
store(Record *record, const Unit *unit, const Fold *fold)
{
	const char *category = fold->category == CATEGORY_NONE ? NULL : itsm_category_names[fold->category];
	RecordState state;
	Projection	projection;

	if (!itsm_projection_read(record, &projection) || fold->imported_only)
	{
		itsm_projection_set(&projection, PROJECTED_PROCESS, unit->definition->process);
		itsm_projection_set(&projection, PROJECTED_LIFECYCLE, unit->definition->name);
		itsm_projection_set(&projection, PROJECTED_STATE, fold->state);
		itsm_projection_set(&projection, PROJECTED_CATEGORY, category);
		projection.changed_at = record->at;
	}
	for (int i = 0; i < MILESTONE_COUNT; i++)
		if (!kept_by_application(unit, i) || !projection.milestones.reached[i])
		{
			projection.milestones.at[i] = fold->milestones.at[i];
			projection.milestones.reached[i] = fold->milestones.reached[i];
		}
	projection.transitions = fold->transitions;
	projection.reopened = fold->reopened;
	itsm_projection_store(record, &projection);

	if (!itsm_record_state_read(record, &state) || fold->imported_only)
	{
		state.lifecycle = unit->definition->name;
		state.lifecycle_version = unit->version;
		state.state = fold->state;
		state.category = category;
	}
	else if (state.state == NULL || fold->state == NULL || strcmp(state.state, fold->state) != 0)
		return;
	state.entered_at = fold->entered_at;
	itsm_record_state_store(record, &state);
}

void
itsm_project_fold(Record *record, const Unit *unit, TimestampTz near)
{
	List	   *events = itsm_event_read_by_head(record->tenant, record->id, near);
	Fold		fold = {.definition = unit->definition, .category = CATEGORY_NONE, .imported_only = true};
	ListCell   *cell;

	list_sort(events, compare_times);
	foreach(cell, events)
		fold_event(&fold, lfirst(cell));
	store(record, unit, &fold);
}

void
itsm_project_migration(Record *record, const Definition *definition, int version, int state_number,
					   TimestampTz at)
{
	const LifecycleState *to = state_number == ITSM_NO_STATE ? NULL : &definition->states[state_number];
	RecordState state;
	Projection	projection;
	bool		moved;

	(void) itsm_record_state_read(record, &state);
	moved = state.state == NULL || to == NULL ? (state.state == NULL) != (to == NULL)
		: strcmp(state.state, to->name) != 0;
	if (moved)
		state.entered_at = at;
	state.lifecycle = definition->name;
	state.lifecycle_version = version;
	state.state = to ? to->name : NULL;
	state.category = to ? itsm_category_names[to->category] : NULL;
	itsm_record_state_store(record, &state);
	(void) itsm_projection_read(record, &projection);
	itsm_projection_set(&projection, PROJECTED_PROCESS, definition->process);
	itsm_projection_set(&projection, PROJECTED_LIFECYCLE, definition->name);
	itsm_projection_set(&projection, PROJECTED_STATE, state.state);
	itsm_projection_set(&projection, PROJECTED_CATEGORY, state.category);
	projection.changed_at = at;
	itsm_projection_store(record, &projection);
}
