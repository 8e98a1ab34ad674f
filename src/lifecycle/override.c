/*
 * override.c
 *		itsm.override: a granted, reasoned, recorded exception.
 *
 * The exceptions of a transaction are a list in TopTransactionContext.  One
 * belongs to the subtransaction in which it was made, like a claim of
 * itsm.act_as.  It is recorded in the record's chain at once, or, when there
 * is no live record yet, when the row is written.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/settings.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "lifecycle/override.h"
#include "lifecycle/stored_row.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct Override
{
	struct Override *below;
	SubTransactionId made_in;
	SubTransactionId recorded_in;	/* InvalidSubTransactionId: not yet */
	SubTransactionId used_in;	/* InvalidSubTransactionId: not yet */
	int			source;
	char	   *key;
	char	   *rule;
	char	   *reason;
	const char *actor;			/* NULL: unknown */
	const char *role;
	const char *session_role;
	char	   *tenant;			/* of the record; NULL before it is recorded */
	int64		record;			/* 0 before it is recorded */
	int64		version;		/* of the event that records it */
} Override;

enum
{
	OVERRIDE_RECORD, OVERRIDE_VERSION, OVERRIDE_AT, OVERRIDE_ATTACHMENT, OVERRIDE_TENANT,
	OVERRIDE_RULE, OVERRIDE_REASON, OVERRIDE_ACTOR, OVERRIDE_ROLE, OVERRIDE_SESSION_ROLE,
	OVERRIDE_USED, OVERRIDE_COLUMNS
};

static Override *overrides = NULL;	/* in TopTransactionContext */
static LocalTransactionId overrides_lxid = InvalidLocalTransactionId;

bool
itsm_overrides_held(void)
{
	return overrides && overrides_lxid == ITSM_LXID;
}

static void
pass_on(SubTransactionId *owner, SubTransactionId from, SubTransactionId to)
{
	if (*owner == from)
		*owner = to;
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	bool		commits = event == SUBXACT_EVENT_COMMIT_SUB;

	if (!itsm_overrides_held() || (!commits && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	if (!commits)
		while (overrides && overrides->made_in == subtransaction)
			overrides = overrides->below;
	for (Override *o = overrides; o; o = o->below)
	{
		pass_on(&o->made_in, subtransaction, parent);
		/* what that subtransaction wrote of it is gone with it */
		pass_on(&o->recorded_in, subtransaction, commits ? parent : InvalidSubTransactionId);
		pass_on(&o->used_in, subtransaction, commits ? parent : InvalidSubTransactionId);
		if (o->recorded_in == InvalidSubTransactionId)
		{
			o->record = 0;
			o->tenant = NULL;
		}
	}
}

static void
store_override(const Override *made, const Event *event)
{
	Relation	table = table_open(itsm_relation("override"), RowExclusiveLock);
	Datum		values[OVERRIDE_COLUMNS];
	bool		nulls[OVERRIDE_COLUMNS] = {0};

	values[OVERRIDE_RECORD] = Int64GetDatum(event->record);
	values[OVERRIDE_VERSION] = Int64GetDatum(event->version);
	values[OVERRIDE_AT] = TimestampTzGetDatum(event->at);
	values[OVERRIDE_ATTACHMENT] = Int32GetDatum(event->attachment);
	itsm_set_text(values, nulls, OVERRIDE_TENANT, event->tenant);
	itsm_set_text(values, nulls, OVERRIDE_RULE, made->rule);
	itsm_set_text(values, nulls, OVERRIDE_REASON, made->reason);
	itsm_set_text(values, nulls, OVERRIDE_ACTOR, made->actor);
	itsm_set_text(values, nulls, OVERRIDE_ROLE, made->role);
	itsm_set_text(values, nulls, OVERRIDE_SESSION_ROLE, made->session_role);
	values[OVERRIDE_USED] = BoolGetDatum(made->used_in != InvalidSubTransactionId);
	itsm_table_insert(table, values, nulls);
	table_close(table, NoLock);
	CommandCounterIncrement();
}

/* The stored row says that the exception let something pass. */
static void
store_use(const Override *used)
{
	Relation	table = table_open(itsm_relation("override"), RowExclusiveLock);
	ScanKeyData keys[3];
	HeapTuple	tuple;
	Datum		values[OVERRIDE_COLUMNS];
	bool		nulls[OVERRIDE_COLUMNS];

	ScanKeyInit(&keys[0], OVERRIDE_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(used->record));
	ScanKeyInit(&keys[1], OVERRIDE_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(used->tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[2], OVERRIDE_VERSION + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(used->version));
	tuple = itsm_table_find(table, itsm_relation("override_pkey"), SnapshotSelf, lengthof(keys), keys);
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "override of record " INT64_FORMAT " is missing", used->record);
	heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
	if (!DatumGetBool(values[OVERRIDE_USED]))
	{
		values[OVERRIDE_USED] = BoolGetDatum(true);
		if (!itsm_table_update(table, tuple, values, nulls))
			elog(ERROR, "override of record " INT64_FORMAT " was changed by somebody else", used->record);
		CommandCounterIncrement();
	}
	table_close(table, NoLock);
}

/* Appends the event; its state is the record's, so that it is no move. */
static void
record_override(Override *made, Record *record)
{
	Event		event;
	EventBody	body;

	do
	{
		RecordState state;

		if (made->record && !itsm_record_read(made->tenant, made->record, record))
			elog(ERROR, "record " INT64_FORMAT " is missing", made->record);
		made->record = record->id;
		if (made->tenant == NULL)
			made->tenant = MemoryContextStrdup(TopTransactionContext, record->tenant);
		if (!itsm_record_state_read(record, &state))
			memset(&state, 0, sizeof(state));
		event = (Event)
		{
			.kind = "overridden", .command = GetCurrentCommandId(false),
			.attachment = record->attachment, .lifecycle_version = state.lifecycle_version,
			.from_state = state.state, .to_state = state.state, .actor = made->actor,
			.role = made->role, .session_role = made->session_role
		};
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_RULE, made->rule, strlen(made->rule));
	} while (!itsm_event_append(record, &event, &body, made->reason, NIL));
	made->version = event.version;
	made->recorded_in = GetCurrentSubTransactionId();
	store_override(made, &event);
}

static bool
is_for(const Override *made, const RecordIdentity *identity, int64 record)
{
	if (made->record)
		return made->record == record;
	return made->source == identity->source && strcmp(made->key, identity->key) == 0;
}

void
itsm_override_excuse(Write *write, const RecordIdentity *identity, int64 record)
{
	Record		found;

	if (record == 0 && itsm_history && itsm_find_record(identity, &found))
		record = found.id;
	for (Override *made = overrides; made; made = made->below)
	{
		List	   *left = NIL;
		ListCell   *cell;

		if (!is_for(made, identity, record))
			continue;
		foreach(cell, write->refused)
		{
			const Unmet *unmet = lfirst(cell);

			if (unmet->rule && strcmp(unmet->rule, made->rule) == 0)
				write->observed = lappend(write->observed, lfirst(cell));
			else
				left = lappend(left, lfirst(cell));
		}
		if (list_length(left) == list_length(write->refused))
			continue;
		write->refused = left;
		if (made->used_in == InvalidSubTransactionId)
			made->used_in = GetCurrentSubTransactionId();
		if (made->record)
			store_use(made);
	}
}

void
itsm_override_record(const RecordIdentity *before, const RecordIdentity *after)
{
	for (Override *made = overrides; made; made = made->below)
	{
		Record		record;

		if (made->record == 0 && is_for(made, before, 0) && itsm_find_record(after, &record))
			record_override(made, &record);
	}
}

static void
add_rules(List **rules, const Definition *definition)
{
	for (int i = 0; i < definition->rule_count; i++)
		*rules = list_append_unique(*rules, makeString(definition->rules[i].name));
}

/*
 * The rules that a record may be judged by, as String nodes: of its own
 * version of the lifecycle, and of those that govern the table now.
 */
static List *
rules_of(const Policy *policy, const Record *record)
{
	List	   *rules = NIL;
	RecordState state;

	if (record && itsm_record_state_read(record, &state))
		add_rules(&rules, itsm_definition_load(state.lifecycle, &state.lifecycle_version));
	for (int i = 0; i < policy->count; i++)
		add_rules(&rules, policy->attachments[i]->current->definition);
	for (int i = 0; i < BUILTIN_COUNT; i++)
		if (i != BUILTIN_TRUNCATE)
			rules = list_append_unique(rules, makeString(unconstify(char *, itsm_builtin_rules[i])));
	return rules;
}

static void
require_rule(const Policy *policy, Relation relation, const Record *record, const char *rule)
{
	List	   *rules = rules_of(policy, record);
	StringInfoData names;
	ListCell   *cell;

	if (list_member(rules, makeString(unconstify(char *, rule))))
		return;
	initStringInfo(&names);
	foreach(cell, rules)
		appendStringInfo(&names, "%s\"%s\"", foreach_current_index(cell) ? ", " : "", strVal(lfirst(cell)));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("\"%s\" has no rule \"%s\" to make an exception from", RelationGetRelationName(relation),
					itsm_clip(rule)),
			 errhint("There are: %s.", names.data)));
}

/* The source that rows of the relation belong to. */
static Source *
source_of(Oid relation)
{
	ListCell   *cell;

	foreach(cell, itsm_policy_ancestors(relation))
	{
		Source	   *source = itsm_source_find(lfirst_oid(cell));

		if (source)
			return source;
	}
	elog(ERROR, "relation %u has no source", relation);
}

static Override *
hold(const Policy *policy, int source, const char *key, const char *rule, const char *reason)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	Override   *made = palloc0(sizeof(Override));
	Actor		actor = itsm_actor(policy, policy->attachments[0]->current, NULL);

	if (!registered)
	{
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	made->made_in = GetCurrentSubTransactionId();
	made->source = source;
	made->key = pstrdup(key);
	made->rule = pstrdup(rule);
	made->reason = pstrdup(reason);
	made->actor = actor.name ? pstrdup(actor.name) : NULL;
	made->role = GetUserNameFromId(GetOuterUserId(), false);
	made->session_role = GetUserNameFromId(GetSessionUserId(), false);
	made->below = itsm_overrides_held() ? overrides : NULL;
	overrides = made;
	overrides_lxid = ITSM_LXID;
	MemoryContextSwitchTo(caller);
	return made;
}

/*
 * Writers lock the row before the record.  Whoever makes an exception writes
 * the row next, and does not wait for them in the other order.
 */
static void
lock_row(Relation relation, const char *key)
{
	Oid			relid = RelationGetRelid(relation);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE) == ACLCHECK_OK)
		itsm_stored_row_lock(relation, key);
}

static char *
required(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" must not be null", name)));
	return number == 0 ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

ITSM_FUNCTION(itsm_override);
Datum
itsm_override(PG_FUNCTION_ARGS)
{
	char	   *key = (required(fcinfo, 0, "relation"), required(fcinfo, 1, "key"));
	char	   *rule = required(fcinfo, 2, "rule");
	char	   *reason = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	Oid			relid = PG_GETARG_OID(0);
	Relation	relation;
	Policy	   *policy;
	Record		record;
	bool		known;
	Override   *made;

	if (itsm_blank(reason))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_REASON), errmsg("an exception needs a reason"),
				 errhint("It is kept with the record, for those who ask later.")));
	/* the rights come first, then the lock */
	known = itsm_record_lookup(relid, key, &record) && !record.deleted;
	relation = table_open(relid, AccessShareLock);
	policy = itsm_policy_get(relation);
	if (policy->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("table \"%s\" is not attached", RelationGetRelationName(relation))));
	require_rule(policy, relation, known ? &record : NULL, rule);
	if (known)
		made = hold(policy, record.source, record.key, rule, reason);
	else
	{
		Source	   *source = source_of(relid);

		made = hold(policy, source->id, itsm_key_normalise(relid, source, key), rule, reason);
	}
	if (known && itsm_history)
	{
		PreventCommandIfReadOnly("itsm.override()");
		lock_row(relation, key);
		record_override(made, &record);
	}
	else
		ereport(NOTICE,
				(errmsg("\"%s\" has no record with key \"%s\" yet", RelationGetRelationName(relation),
						itsm_clip(key)),
				 errdetail("The exception holds, and is recorded, when this transaction writes such a row.")));
	table_close(relation, NoLock);
	PG_RETURN_VOID();
}
