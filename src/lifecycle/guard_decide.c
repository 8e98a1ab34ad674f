/*
 * guard_decide.c
 *		Refusing or recording what DDL does to attachments.
 *
 * Memory: the caller's context.  Events are only added to chains that exist:
 * in the middle of a restore the history may not be loaded yet, and a chain
 * begun then would stand in its way.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "core/errors.h"
#include "core/settings.h"
#include "ledger/append_only.h"
#include "ledger/policy_event.h"
#include "lifecycle/guard.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* Attachments and tables whose maintenance is kept already; in TopTransactionContext. */
static List *maintained = NIL;
static List *unjudged = NIL;
static LocalTransactionId maintained_lxid = InvalidLocalTransactionId;

List *
itsm_guard_governing(Oid relation)
{
	List	   *rows = NIL;
	ListCell   *cell;

	foreach(cell, itsm_policy_ancestors(relation))
		rows = list_concat(rows, itsm_attachments_of(lfirst_oid(cell)));
	return rows;
}

List *
itsm_guard_related(Oid relation)
{
	List	   *rows = itsm_guard_governing(relation);
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relation, NoLock, NULL))
		if (lfirst_oid(cell) != relation)
			rows = list_concat(rows, itsm_attachments_of(lfirst_oid(cell)));
	return rows;
}

bool
itsm_guard_enforces(const AttachmentRow *row)
{
	ListCell   *cell;

	if (row->mode != MODE_OBSERVE)
		return row->mode == MODE_ENFORCE;
	foreach(cell, row->rule_modes)
		if (strcmp(((NamedText *) lfirst(cell))->text, "enforce") == 0)
			return true;
	return false;
}

/* What this transaction kept may be gone again. */
static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		maintained_lxid = InvalidLocalTransactionId;
}

/* True the first time in a transaction. */
static bool
first_time(List **kept, Oid number)
{
	static bool registered = false;
	MemoryContext caller;

	if (!registered)
	{
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	if (maintained_lxid != ITSM_LXID)
		maintained = unjudged = NIL;
	maintained_lxid = ITSM_LXID;
	if (list_member_oid(*kept, number))
		return false;
	caller = MemoryContextSwitchTo(TopTransactionContext);
	*kept = lappend_oid(*kept, number);
	MemoryContextSwitchTo(caller);
	return true;
}

void
itsm_guard_record(const AttachmentRow *row, const char *kind, const char *name, const char *value,
				  const char *other, const char *other_value)
{
	char	   *subject = itsm_attachment_subject(row->id);

	if (!itsm_policy_known(subject))
		return;
	if (itsm_maintenance && first_time(&maintained, row->id))
		itsm_policy_event(subject, row->id, "maintenance", "table", row->relation_name, NULL);
	itsm_policy_event(subject, row->id, kind, name, value, other, other_value, NULL);
}

static void
take_out_of_force(const AttachmentRow *row, const char *kind, const char *what, const char *object, bool refused)
{
	if (!itsm_maintenance)
		ereport(refused ? ERROR : WARNING,
				(errcode(ERRCODE_ITSM_ENFORCEMENT),
				 errmsg("%s takes attachment %d of %s out of force", what, row->id, row->relation_name),
				 refused ? errhint("Take it off with itsm.detach, or let it only observe with itsm.set_mode(%d, 'observe'); a superuser may set itsm.maintenance.",
								   row->id)
				 : errhint("Records and history stay; itsm_report.policy_event keeps what was done.")));
	itsm_guard_record(row, kind, "object", object, NULL, NULL);
}

void
itsm_guard_weakened(const AttachmentRow *row, const char *kind, const char *what, const char *object)
{
	take_out_of_force(row, kind, what, object, itsm_guard_enforces(row));
}

void
itsm_guard_ended(const AttachmentRow *row, const char *kind, const char *what, const char *object)
{
	take_out_of_force(row, kind, what, object, itsm_guard_enforces(row) && !superuser());
}

bool
itsm_guard_passes(Relation relation)
{
	ListCell   *cell;

	if (!itsm_maintenance || !first_time(&unjudged, RelationGetRelid(relation)))
		return itsm_maintenance;
	foreach(cell, itsm_guard_governing(RelationGetRelid(relation)))
	{
		const AttachmentRow *row = lfirst(cell);
		char	   *subject = itsm_attachment_subject(row->id);

		if (itsm_policy_known(subject))
			itsm_policy_event(subject, row->id, "maintenance", "table",
							  RelationGetRelationName(relation), "action", "rows written unjudged", NULL);
	}
	return true;
}

bool
itsm_guard_is_history(Oid relation)
{
	return get_rel_namespace(relation) == get_namespace_oid(ITSM_SCHEMA, true) &&
		itsm_holds_history(get_rel_name(relation));
}

void
itsm_guard_history(const char *table, const char *what)
{
	bool		refused = !superuser();

	if (itsm_maintenance)
		return;
	ereport(refused ? ERROR : WARNING,
			(errcode(ERRCODE_ITSM_HISTORY),
			 refused ? errmsg("history is append-only: %s %s.%s is refused", what, ITSM_SCHEMA,
							  quote_identifier(table))
			 : errmsg("history is append-only: %s %s.%s", what, ITSM_SCHEMA, quote_identifier(table)),
			 errhint("Only a superuser may repair it; what they change is found by verification."),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, ITSM_SCHEMA),
			 err_generic_string(PG_DIAG_TABLE_NAME, table)));
	if (!refused)
		itsm_policy_event(POLICY_HISTORY, 0, "maintenance", "table", table, "action", what, NULL);
}

void
itsm_guard_form(const char *table)
{
	if (itsm_holds_history(table) && !superuser())
		return;					/* itsm_guard_history refuses it */
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_HISTORY),
			 errmsg("columns of %s.%s may not be added, dropped or changed", ITSM_SCHEMA, quote_identifier(table)),
			 errhint("Not even a superuser may: the library reads them by number. ALTER EXTENSION itsm UPDATE changes them."),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, ITSM_SCHEMA),
			 err_generic_string(PG_DIAG_TABLE_NAME, table)));
}
