/*
 * refusal.c
 *		Refused writes, remembered although they are rolled back.
 *
 * A bounded list in session memory, in a context of its own.  It is written
 * into itsm.refusal with the session's next transaction that writes events,
 * or when the session ends; entries are dropped once that has committed.  A
 * prepared transaction counts as committed: what ROLLBACK PREPARED undoes is
 * left in the server's log only.
 *
 * Locking: itsm.refusal is only written when its lock is free at once, so that
 * nobody waits for somebody who works on that table; the entries wait.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type_d.h"
#include "core/settings.h"
#include "core/table.h"
#include "core/unmet.h"
#include "lifecycle/refusal.h"
#include "lifecycle/transaction_end.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record/source.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define REFUSALS_KEPT 1000
/* Bytes of a key and of a reason that are kept. */
#define TEXT_KEPT 1000

enum
{
	REFUSAL_AT, REFUSAL_ATTACHMENT, REFUSAL_SOURCE, REFUSAL_TENANT, REFUSAL_KEY, REFUSAL_CODE,
	REFUSAL_RULES, REFUSAL_FROM, REFUSAL_TO, REFUSAL_SESSION_ROLE, REFUSAL_ROLE, REFUSAL_ACTOR,
	REFUSAL_APPLICATION, REFUSAL_REASON, REFUSAL_LOST, REFUSAL_COLUMNS
};

typedef struct Refusal
{
	TimestampTz at;
	int			attachment;
	int			source;
	int			code;
	List	   *rules;			/* char *, without repetitions */
	const char *tenant;
	const char *key;			/* NULL: of no single row */
	const char *from_state;
	const char *to_state;
	const char *session_role;
	const char *role;
	const char *actor;
	const char *application;
	const char *reason;
	int64		lost;			/* refusals after this one that found the list full */
} Refusal;

static MemoryContext context = NULL;
static List *refusals = NIL;	/* Refusal, the oldest first */
static int	written = 0;		/* so many of them stand in the current transaction's rows */
static LocalTransactionId due_lxid = InvalidLocalTransactionId;

void
itsm_refusals_due(void)
{
	due_lxid = ITSM_LXID;
}

static const char *
state_name(const Write *write, int state)
{
	return state == ITSM_NO_STATE ? NULL : write->unit->definition->states[state].name;
}

static const char *
from_name(const Write *write)
{
	return write->from_name ? write->from_name : state_name(write, write->from);
}

static void
append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, ", \"%s\": ", name);
	if (value)
		escape_json(json, value);
	else
		appendStringInfoString(json, "null");
}

/* One line, for programs that read the log. */
static void
tell_log(const Write *write)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"itsm\": \"refused\", \"attachment\": %d", write->unit->attachment->id);
	append_member(&json, "table", itsm_relation_name(RelationGetRelid(write->relation)));
	append_member(&json, "from_state", from_name(write));
	append_member(&json, "to_state", state_name(write, write->to));
	appendStringInfoString(&json, ", \"unmet\": [");
	foreach(cell, write->refused)
	{
		const Unmet *unmet = lfirst(cell);

		appendStringInfo(&json, "%s{\"code\": \"%s\"", foreach_current_index(cell) ? ", " : "",
						 unpack_sql_state(unmet->code));
		append_member(&json, "rule", unmet->rule);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoString(&json, "]}");
	/* the statement holds values, and PostgreSQL logs it with the error when it is told to */
	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("%s", json.data), errhidestmt(true), errhidecontext(true)));
	pfree(json.data);
}

static const char *
keep_text(const char *text)
{
	return text && *text ? pnstrdup(text, pg_mbcliplen(text, strlen(text), TEXT_KEPT)) : NULL;
}

static void on_exit_write(int code, Datum argument);

static void
set_up(void)
{
	static bool done = false;

	if (done)
		return;
	context = AllocSetContextCreate(TopMemoryContext, "itsm refusals", ALLOCSET_DEFAULT_SIZES);
	itsm_transaction_end_watch();
	before_shmem_exit(on_exit_write, (Datum) 0);
	done = true;
}

void
itsm_refusal_note(const Write *write, const RecordIdentity *identity)
{
	MemoryContext caller;
	Refusal    *refusal;
	ListCell   *cell;

	tell_log(write);
	set_up();
	if (list_length(refusals) >= REFUSALS_KEPT)
	{
		((Refusal *) llast(refusals))->lost++;
		return;
	}
	caller = MemoryContextSwitchTo(context);
	refusal = palloc0(sizeof(Refusal));
	refusal->at = GetCurrentTimestamp();
	refusal->attachment = write->unit->attachment->id;
	refusal->source = identity ? identity->source : write->unit->attachment->source;
	refusal->tenant = identity ? pstrdup(identity->tenant) : "";
	refusal->key = identity ? keep_text(identity->key) : NULL;
	refusal->code = itsm_unmet_first(write->refused)->code;
	foreach(cell, write->refused)
	{
		const char *rule = ((const Unmet *) lfirst(cell))->rule;

		if (rule)
			refusal->rules = list_append_unique(refusal->rules, makeString(pstrdup(rule)));
	}
	refusal->from_state = keep_text(from_name(write));
	refusal->to_state = keep_text(state_name(write, write->to));
	refusal->session_role = GetUserNameFromId(GetSessionUserId(), true);
	refusal->role = GetUserNameFromId(write->actor.role, true);
	refusal->actor = keep_text(write->actor.name);
	refusal->application = keep_text(application_name);
	refusal->reason = keep_text(write->as_of ? write->as_of->reason : itsm_reason);
	refusals = lappend(refusals, refusal);
	MemoryContextSwitchTo(caller);
}

static Datum
rules_datum(List *rules)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(rules), 1));
	ListCell   *cell;

	foreach(cell, rules)
		elements[foreach_current_index(cell)] = CStringGetTextDatum(strVal(lfirst(cell)));
	return PointerGetDatum(construct_array(elements, list_length(rules), TEXTOID, -1, false, TYPALIGN_INT));
}

static void
write_refusal(Relation table, const Refusal *refusal)
{
	Datum		values[REFUSAL_COLUMNS];
	bool		nulls[REFUSAL_COLUMNS] = {0};

	values[REFUSAL_AT] = TimestampTzGetDatum(refusal->at);
	values[REFUSAL_ATTACHMENT] = Int32GetDatum(refusal->attachment);
	values[REFUSAL_SOURCE] = Int32GetDatum(refusal->source);
	itsm_set_text(values, nulls, REFUSAL_TENANT, refusal->tenant);
	itsm_set_text(values, nulls, REFUSAL_KEY, refusal->key);
	itsm_set_text(values, nulls, REFUSAL_CODE, unpack_sql_state(refusal->code));
	values[REFUSAL_RULES] = rules_datum(refusal->rules);
	itsm_set_text(values, nulls, REFUSAL_FROM, refusal->from_state);
	itsm_set_text(values, nulls, REFUSAL_TO, refusal->to_state);
	itsm_set_text(values, nulls, REFUSAL_SESSION_ROLE, refusal->session_role);
	itsm_set_text(values, nulls, REFUSAL_ROLE, refusal->role);
	itsm_set_text(values, nulls, REFUSAL_ACTOR, refusal->actor);
	itsm_set_text(values, nulls, REFUSAL_APPLICATION, refusal->application);
	itsm_set_text(values, nulls, REFUSAL_REASON, refusal->reason);
	values[REFUSAL_LOST] = Int64GetDatum(refusal->lost);
	itsm_table_insert(table, values, nulls);
}

/* Writes the list, unless the table is gone or somebody else has it locked. */
static void
write_refusals(void)
{
	Oid			relid = itsm_relation_or_invalid("refusal");
	Relation	table;
	ListCell   *cell;

	if (!OidIsValid(relid) || !ConditionalLockRelationOid(relid, RowExclusiveLock))
		return;
	table = try_table_open(relid, NoLock);
	if (table == NULL)
		return;
	if (RelationGetNumberOfAttributes(table) == REFUSAL_COLUMNS)
		foreach(cell, refusals)
		{
			write_refusal(table, lfirst(cell));
			written++;
		}
	table_close(table, NoLock);
}

void
itsm_refusals_write(void)
{
	if (refusals == NIL || due_lxid != ITSM_LXID)
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	write_refusals();
	PopActiveSnapshot();
}

void
itsm_refusals_written(bool committed)
{
	if (committed && written > 0)
	{
		if (written == list_length(refusals))
		{
			refusals = NIL;
			MemoryContextReset(context);
		}
		else
			refusals = list_delete_first_n(refusals, written);
	}
	written = 0;
}

/*
 * The session ends.  An error would make it end with a complaint, so what can
 * be foreseen is avoided: locks are not waited for, nor are standbys, and no
 * serialization can fail.
 */
static void
on_exit_write(int code, Datum argument)
{
	if (refusals == NIL || RecoveryInProgress())
		return;
	/* what was under way is over, as for temporary tables, which are removed here too */
	AbortOutOfAnyTransaction();
	HOLD_INTERRUPTS();
	SetConfigOption("synchronous_commit", "local", PGC_USERSET, PGC_S_SESSION);
	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	PushActiveSnapshot(GetTransactionSnapshot());
	write_refusals();
	PopActiveSnapshot();
	CommitTransactionCommand();
	RESUME_INTERRUPTS();
}
