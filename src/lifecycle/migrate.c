/*
 * migrate.c
 *		Moving the records of an attachment to the current version of its
 *		lifecycle, or to another lifecycle, by an explicit map of states.
 *
 * No row of the application's table is touched: the map of status values is
 * changed instead, so that every row stays in the state that its record gets.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/unmet.h"
#include "ledger/policy_event.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/definition_store.h"
#include "lifecycle/event_listener.h"
#include "lifecycle/policy.h"
#include "lifecycle/project.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct Migration
{
	AttachmentRow *row;
	const char *lifecycle;
	Definition *definition;		/* that the records move to */
	int			version;
	List	   *states;			/* NamedText: state before, state after */
	List	   *missing;		/* String: states that have nowhere to go, told already */
	List	   *moved;			/* MovedRecord */
	List	   *faults;
} Migration;

typedef struct MovedRecord
{
	int64		id;
	char		tenant[FLEXIBLE_ARRAY_MEMBER];
} MovedRecord;

/* Where a state moves to; ITSM_NO_STATE and a fault when the map does not tell. */
static int
target_of(Migration *migration, const char *state)
{
	const char *name = itsm_named_text(migration->states, state);
	int			number;

	if (name == NULL)
		name = state;
	number = itsm_definition_state(migration->definition, name, strlen(name));
	if (number == ITSM_NO_STATE && !list_member(migration->missing, makeString(unconstify(char *, state))))
	{
		migration->missing = lappend(migration->missing, makeString(pstrdup(state)));
		migration->faults = itsm_unmet_add(migration->faults, ERRCODE_ITSM_ATTACHMENT, NULL, "states", NULL,
										   NULL, "state \"%s\" maps to \"%s\", which is not in lifecycle \"%s\" version %d",
										   state, name, migration->lifecycle, migration->version);
	}
	return number;
}

static void
push(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	pushJsonbValue(state, token, &value);
}

/* The attachment's map of status values, led on to the new states; NULL: still the states' names. */
static Jsonb *
new_value_map(Migration *migration)
{
	JsonbParseState *state = NULL;
	ListCell   *cell;

	if (migration->row->identity && migration->states == NIL)
		return NULL;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (migration->row->identity)
		for (int i = 0; i < migration->definition->state_count; i++)
		{
			const char *name = migration->definition->states[i].name;

			if (itsm_named_text(migration->states, name) == NULL)
			{
				push(&state, WJB_KEY, name);
				push(&state, WJB_VALUE, name);
			}
		}
	foreach(cell, migration->row->identity ? migration->states : migration->row->states)
	{
		const NamedText *pair = lfirst(cell);
		int			target = target_of(migration, migration->row->identity ? pair->name : pair->text);

		if (target == ITSM_NO_STATE)
			continue;
		push(&state, WJB_KEY, pair->name);
		push(&state, WJB_VALUE, migration->definition->states[target].name);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static void
store_attachment(const Migration *migration, Jsonb *states)
{
	OwnerQuery	query;
	Oid			types[] = {INT4OID, TEXTOID, JSONBOID};
	Datum		values[] = {
		Int32GetDatum(migration->row->id), CStringGetTextDatum(migration->lifecycle),
		JsonbPGetDatum(states)
	};
	char		nulls[] = {' ', ' ', states ? ' ' : 'n'};

	itsm_query_begin(&query);
	itsm_query_now(SPI_OK_UPDATE, "UPDATE itsm.attachment SET lifecycle = $2, states = $3"
				   " WHERE id OPERATOR(pg_catalog.=) $1", 3, types, values, nulls);
	itsm_query_end(&query);
}

/* False when somebody changed the record meanwhile. */
static bool
try_record(Migration *migration, const char *tenant, int64 id)
{
	Record		record;
	RecordState kept;
	Event		event = {.kind = "migrated", .attachment = migration->row->id,
	.lifecycle_version = migration->version, .command = GetCurrentCommandId(false)};
	EventBody	body;
	int			target = ITSM_NO_STATE;

	if (!itsm_record_read(tenant, id, &record) || !itsm_record_state_read(&record, &kept))
		return true;
	/* a record whose status maps to no state stays without one */
	if (kept.state)
	{
		target = target_of(migration, kept.state);
		if (target == ITSM_NO_STATE)
			return true;
		event.from_state = kept.state;
		event.to_state = migration->definition->states[target].name;
	}
	itsm_body_begin(&body);
	if (!itsm_event_append(&record, &event, &body, NULL, NIL))
		return false;
	itsm_project_migration(&record, migration->definition, migration->version, target, event.at);
	return true;
}

static void
raise_faults(const Migration *migration)
{
	itsm_unmet_raise(migration->faults, ERRCODE_ITSM_ATTACHMENT,
					 psprintf("attachment %d cannot be migrated", migration->row->id),
					 "Name a state of the new version for every state that it does not have.");
}

static void
note_moved(Migration *migration, MemoryContext context, const char *tenant, int64 id)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	MovedRecord *moved = palloc(offsetof(MovedRecord, tenant) + strlen(tenant) + 1);

	moved->id = id;
	strcpy(moved->tenant, tenant);
	migration->moved = lappend(migration->moved, moved);
	MemoryContextSwitchTo(caller);
}

static int64
migrate_records(Migration *migration)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerQuery	query;
	Oid			types[] = {INT4OID, TEXTOID, INT4OID};
	Datum		values[] = {
		Int32GetDatum(migration->row->id), CStringGetTextDatum(migration->lifecycle),
		Int32GetDatum(migration->version)
	};
	uint64		count;

	itsm_query_begin(&query);
	count = itsm_query(SPI_OK_SELECT,
					   "SELECT r.tenant, r.id FROM itsm.record r JOIN itsm.record_state s"
					   " ON s.tenant OPERATOR(pg_catalog.=) r.tenant AND s.record OPERATOR(pg_catalog.=) r.id"
					   " WHERE r.attachment OPERATOR(pg_catalog.=) $1 AND NOT r.deleted"
					   " AND (s.lifecycle OPERATOR(pg_catalog.<>) $2"
					   " OR s.lifecycle_version OPERATOR(pg_catalog.<>) $3)", 3, types, values, NULL);
	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		bool		isnull;
		char	   *tenant = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 1);
		int64		id = DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));

		CHECK_FOR_INTERRUPTS();
		while (!try_record(migration, tenant, id))
			;
		note_moved(migration, caller, tenant, id);
	}
	/* the faults are in the query's memory */
	raise_faults(migration);
	itsm_query_end(&query);
	return count;
}

/* True when some version of the records' lifecycle has the state. */
static bool
state_was_known(const Migration *migration, const char *state)
{
	List	   *versions = itsm_definition_versions(migration->row->lifecycle);
	ListCell   *cell;

	foreach(cell, versions)
	{
		int			version = lfirst_int(cell);
		Definition *definition = itsm_definition_load(migration->row->lifecycle, &version);

		if (itsm_definition_state(definition, state, strlen(state)) != ITSM_NO_STATE)
			return true;
	}
	return false;
}

static void
check_states(Migration *migration, const Jsonb *states)
{
	ListCell   *cell;

	if (JB_ROOT_IS_OBJECT(states))
		migration->states = itsm_named_texts(states);
	if (!JB_ROOT_IS_OBJECT(states) || list_length(migration->states) != JB_ROOT_COUNT(states))
		migration->faults = itsm_unmet_add(migration->faults, ERRCODE_ITSM_ATTACHMENT, NULL, "states", NULL,
										   NULL, "states must be a JSON object of states before and states after");
	foreach(cell, migration->states)
	{
		const NamedText *pair = lfirst(cell);

		if (!state_was_known(migration, pair->name))
			migration->faults = itsm_unmet_add(migration->faults, ERRCODE_ITSM_ATTACHMENT, NULL, "states", NULL,
											   NULL, "\"%s\" was never a state of lifecycle \"%s\"",
											   pair->name, migration->row->lifecycle);
	}
}

ITSM_FUNCTION(itsm_migrate);
Datum
itsm_migrate(PG_FUNCTION_ARGS)
{
	Migration	migration = {0};
	Jsonb	   *states;
	int64		count;
	ListCell   *cell;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("\"attachment\" must not be null")));
	migration.row = itsm_attachment_read(PG_GETARG_INT32(0));
	if (migration.row->detached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("attachment %d is detached", migration.row->id),
				 errhint("Attach the table anew.")));
	itsm_check_owner(migration.row->relation);
	if (!PG_ARGISNULL(1))
		check_states(&migration, PG_GETARG_JSONB_P(1));
	raise_faults(&migration);
	migration.lifecycle = PG_ARGISNULL(2) ? migration.row->lifecycle : text_to_cstring(PG_GETARG_TEXT_PP(2));
	/* no writer between the old map of values and the new one */
	LockRelationOid(migration.row->relation, ShareRowExclusiveLock);
	migration.definition = itsm_definition_load(migration.lifecycle, &migration.version);
	states = new_value_map(&migration);
	raise_faults(&migration);
	count = migrate_records(&migration);
	store_attachment(&migration, states);
	itsm_policy_event(itsm_attachment_subject(migration.row->id), migration.row->id, "migrated",
					  "lifecycle", migration.lifecycle, "version", psprintf("%d", migration.version), NULL);
	itsm_policy_changed();
	foreach(cell, migration.moved)
	{
		const MovedRecord *moved = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		itsm_tell_rewritten(moved->tenant, moved->id);
	}
	PG_RETURN_INT64(count);
}
