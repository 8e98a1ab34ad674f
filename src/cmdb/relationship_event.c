/*
 * relationship_event.c
 *		What records remember of their relationships.
 *
 * The events are remarks: they change no value of the record.  Their body has
 * one item, BODY_DETAIL.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "cmdb/relationship.h"
#include "core/errors.h"
#include "core/settings.h"
#include "core/unmet.h"
#include "ledger/policy_event.h"
#include "lifecycle/actor.h"
#include "miscadmin.h"

void
itsm_relationship_remark(int64 id, const char *tenant, const char *kind, const char *detail, List *violations)
{
	bool		appended;

	do
	{
		Record		record;
		RecordState state;
		Event		event;
		EventBody	body;

		CHECK_FOR_INTERRUPTS();
		if (!itsm_record_read(tenant, id, &record))
			elog(ERROR, "record " INT64_FORMAT " is missing", id);
		if (record.deleted && strcmp(kind, "linked") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_RELATIONSHIP),
					 errmsg("relationship not allowed: the row of record " INT64_FORMAT " was deleted meanwhile", id)));
		if (!itsm_record_state_read(&record, &state))
			memset(&state, 0, sizeof(state));
		event = (Event)
		{
			.kind = kind, .command = GetCurrentCommandId(true), .attachment = record.attachment,
			.lifecycle_version = state.lifecycle_version, .from_state = state.state, .to_state = state.state,
			.actor = itsm_actor_outside().name
		};
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_DETAIL, detail, strlen(detail));
		appended = itsm_event_append(&record, &event, &body, NULL, violations);
	} while (!appended);
}

static char *
detail_of(const Relationship *relationship, const RelationshipType *type, bool as_target)
{
	return itsm_detail_json("relationship", psprintf(INT64_FORMAT, relationship->id),
							"type", relationship->type,
							"end", as_target ? "target" : "source",
							"reads", as_target && type ? type->inverse : relationship->type,
							"record", psprintf(INT64_FORMAT, as_target ? relationship->source : relationship->target),
							NULL);
}

void
itsm_relationship_tell(const Relationship *relationship, const RelationshipType *type, const char *kind,
					   List *const *violations)
{
	bool		target_first = relationship->target < relationship->source;

	if (!itsm_history)
		return;
	for (int i = 0; i < 2; i++)
	{
		bool		as_target = (i == 0) == target_first;

		itsm_relationship_remark(as_target ? relationship->target : relationship->source, relationship->tenant, kind,
								 detail_of(relationship, type, as_target), violations ? violations[as_target] : NIL);
	}
}

static bool
listens(const Unit *unit)
{
	return true;
}

static void
check_restricted(const Memory *memory, const List *held, const RelationshipTypes *types)
{
	List	   *faults = NIL;
	ListCell   *cell;

	foreach(cell, held)
	{
		const Relationship *relationship = lfirst(cell);
		const RelationshipType *type = itsm_relationship_type(types, relationship->type, strlen(relationship->type));
		bool		as_target = relationship->target == memory->record;

		if (type && type->on_retire == RETIRE_RESTRICT)
			faults = itsm_unmet_add(faults, ERRCODE_ITSM_RELATED, type->name, "relationship", NULL, NULL,
									"the record is still \"%s\" record " INT64_FORMAT " (relationship " INT64_FORMAT ")",
									as_target ? type->inverse : type->name,
									as_target ? relationship->source : relationship->target, relationship->id);
	}
	itsm_unmet_raise(faults, ERRCODE_ITSM_RELATED, "row may not be deleted",
					 "itsm.unrelate ends a relationship.");
}

/* A row was deleted: what its relationships are to do then. */
static void
remembered(const Memory *memory)
{
	RelationshipTypes types;
	List	   *held;
	ListCell   *cell;

	if (memory->new || !memory->deleted)
		return;
	held = list_concat(itsm_relationships_of(memory->record, false, NULL),
					   itsm_relationships_of(memory->record, true, NULL));
	if (held == NIL)
		return;
	types = itsm_relationship_types();
	check_restricted(memory, held, &types);
	foreach(cell, held)
	{
		const Relationship *relationship = lfirst(cell);
		const RelationshipType *type = itsm_relationship_type(&types, relationship->type, strlen(relationship->type));

		CHECK_FOR_INTERRUPTS();
		if (type == NULL || type->on_retire == RETIRE_END)
			(void) itsm_relationship_lapse(relationship->id);
	}
}

const EventListener itsm_relationship_listener = {
	.listens = listens,
	.remembered = remembered,
};
