/*
 * distribute.c
 *		Putting attached tables under Citus, and sending their policies to its nodes.
 *
 * Citus is called by SQL, as the current user, and only where it is installed.
 * What goes to other nodes goes over connections of its own: it is committed
 * there at once, and cannot see what this transaction has not committed yet.
 */
#include "core/itsm.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "core/errors.h"
#include "core/query.h"
#include "core/shard.h"
#include "core/table.h"
#include "core/unmet.h"
#include "lifecycle/attach.h"
#include "lifecycle/attachment_row.h"
#include "lifecycle/distribute.h"
#include "lifecycle/event_listener.h"
#include "lifecycle/expression.h"
#include "record/source.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define UNSAFE_TRIGGERS "citus.enable_unsafe_triggers"

static void
fault(List **faults, const char *rule, const char *message)
{
	*faults = itsm_unmet_add(*faults, ERRCODE_ITSM_ATTACHMENT, rule, "attachment", NULL, NULL, "%s", message);
}

/* What a rule asks of records that another node may have. */
static bool
asks_elsewhere(const LifecycleRule *rule)
{
	for (int i = 0; i < rule->condition_count; i++)
		if (rule->conditions[i].kind->looks_back || rule->conditions[i].kind->looks_around)
			return true;
	return false;
}

static void
check_unit(const Unit *unit, List **faults)
{
	const Definition *definition = unit->definition;

	for (int i = 0; i < definition->rule_count; i++)
		if (unit->own_modes[i] != MODE_OFF && asks_elsewhere(&definition->rules[i]))
			fault(faults, definition->rules[i].name,
				  psprintf("rule \"%s\" of lifecycle \"%s\" looks at a record's past or at other records, which stay behind when Citus moves a shard",
						   definition->rules[i].name, definition->name));
	for (int i = 0; itsm_event_listeners[i]; i++)
		if ((unit->listeners & (UINT32_C(1) << i)) && itsm_event_listeners[i]->bound_to_node)
			fault(faults, NULL,
				  psprintf("lifecycle \"%s\" has %s, which are kept on one node", definition->name,
						   itsm_event_listeners[i]->bound_to_node));
}

/* True when the tenant is the column as it is. */
static bool
is_tenant(Relation relation, const AttachmentRow *row, const char *column)
{
	Node	   *node = row->tenant ? itsm_row_parse(relation, row->tenant, true) : NULL;

	return node && IsA(node, Var) && ((Var *) node)->varattno > 0 &&
		strcmp(get_attname(RelationGetRelid(relation), ((Var *) node)->varattno, false), column) == 0;
}

static void
check_table(Relation relation, List **faults)
{
	const char *name = RelationGetRelationName(relation);

	if (relation->rd_rel->relkind != RELKIND_RELATION || relation->rd_rel->relispartition ||
		list_length(find_all_inheritors(RelationGetRelid(relation), AccessShareLock, NULL)) > 1)
		fault(faults, NULL, psprintf("\"%s\" is partitioned, or has inheritance children", name));
	if (strlen(name) > ITSM_SHARDED_NAME_MAX)
		fault(faults, NULL, psprintf("the name \"%s\" is longer than %d bytes: with a shard's number it would be cut",
									 name, ITSM_SHARDED_NAME_MAX));
}

void
itsm_spread_check(Relation relation, const Policy *policy, const char *column, List **faults)
{
	ListCell   *cell;

	check_table(relation, faults);
	foreach(cell, itsm_attachments_of(RelationGetRelid(relation)))
	{
		const AttachmentRow *row = lfirst(cell);

		if (!is_tenant(relation, row, column))
			fault(faults, NULL,
				  psprintf("the tenant of attachment %d is %s, not column \"%s\", by whose values Citus spreads the table",
						   row->id, row->tenant ? row->tenant : "the one default tenant", column));
		if (row->notify)
			fault(faults, NULL,
				  psprintf("attachment %d notifies, and Citus prepares transactions, which may not notify", row->id));
	}
	for (int i = 0; i < policy->count; i++)
		check_unit(policy->attachments[i]->current, faults);
}

static void
check_spread(const Spread *spread, Oid relation, List **faults)
{
	const char *name = get_rel_name(relation);

	if (spread->column == NULL)
		fault(faults, NULL,
			  psprintf("Citus keeps \"%s\" whole, as a reference, local or single-shard table, and not by tenant", name));
	if (!itsm_is_worker() && list_length(itsm_relation_members(relation, NoLock)) > 1)
		fault(faults, NULL,
			  psprintf("the coordinator holds shards of \"%s\": citus_set_node_property with shouldhaveshards, and citus_drain_node, take them away",
					   name));
	if (spread->replicated)
		fault(faults, NULL, psprintf("Citus repeats each write of \"%s\" in several copies of a shard", name));
}

/* Only the coordinator asks Citus for triggers. */
static bool
triggers_are_allowed(void)
{
	const char *unsafe = GetConfigOption(UNSAFE_TRIGGERS, true, false);

	return itsm_is_worker() || (unsafe && strcmp(unsafe, "on") == 0);
}

void
itsm_spread_require_triggers(Oid relation)
{
	if (itsm_spread(relation) != NULL && !triggers_are_allowed())
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("triggers of distributed tables rest on " UNSAFE_TRIGGERS ", which is off"),
				 errhint("SET " UNSAFE_TRIGGERS " = on.")));
}

void
itsm_spread_check_now(Relation relation, const Policy *policy, List **faults)
{
	Spread	   *spread = itsm_spread(RelationGetRelid(relation));

	if (spread == NULL)
		return;
	check_spread(spread, RelationGetRelid(relation), faults);
	if (spread->column)
		itsm_spread_check(relation, policy, spread->column, faults);
	if (!triggers_are_allowed())
		fault(faults, NULL, "triggers on distributed tables rest on " UNSAFE_TRIGGERS ", which is off");
}

ITSM_FUNCTION(itsm_table_policy);
Datum
itsm_table_policy(PG_FUNCTION_ARGS)
{
	Oid			relation = PG_GETARG_OID(0);
	Oid			types[] = {REGCLASSOID};
	Datum		values[] = {ObjectIdGetDatum(relation)};
	MemoryContext caller = CurrentMemoryContext;
	OwnerQuery	query;
	Jsonb	   *policy;
	bool		isnull;

	itsm_check_owner(relation);
	itsm_query_begin(&query);
	itsm_query(SPI_OK_SELECT,
			   "SELECT jsonb_build_object('attachments', coalesce(jsonb_agg(jsonb_build_object("
			   "'id', a.id, 'lifecycle', a.lifecycle, 'status', a.status, 'states', a.states,"
			   " 'attributes', a.attribute_expressions, 'filter', a.filter_expression, 'mode', a.mode,"
			   " 'timing', a.timing, 'track', a.track, 'tenant', a.tenant_expression, 'key', s.key,"
			   " 'notify', a.notify, 'rule_modes', a.rule_modes) ORDER BY a.id), '[]'),"
			   " 'lifecycles', coalesce(jsonb_object_agg(a.lifecycle, itsm.lifecycle_definition(a.lifecycle))"
			   " FILTER (WHERE a.lifecycle IS NOT NULL), '{}'))"
			   " FROM itsm.attachment a JOIN itsm.source s ON s.id = a.source"
			   " WHERE a.relation = $1 AND a.detached_at IS NULL", 1, types, values, NULL);
	policy = DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	policy = memcpy(MemoryContextAlloc(caller, VARSIZE(policy)), policy, VARSIZE(policy));
	itsm_query_end(&query);
	PG_RETURN_JSONB_P(policy);
}

/* The command by which a node takes the policy. */
static char *
take_policy_command(Oid relation)
{
	Jsonb	   *policy = DatumGetJsonbP(DirectFunctionCall1(itsm_table_policy, ObjectIdGetDatum(relation)));

	return psprintf("SELECT itsm.take_policy(%s::pg_catalog.regclass, %s)",
					quote_literal_cstr(itsm_relation_name(relation)),
					quote_literal_cstr(JsonbToCString(NULL, &policy->root, VARSIZE(policy))));
}

/* Citus' functions that run a command: which node, whether it succeeded, what it answered. */
#define ON_WORKERS \
	"SELECT pg_catalog.concat(r.nodename, ':', r.nodeport), r.success, r.result FROM pg_catalog.run_command_on_workers($1) r"
#define ON_COORDINATOR \
	"SELECT 'the coordinator', r.success, r.result FROM pg_catalog.run_command_on_coordinator($1) r"

/*
 * Runs a command on nodes; returns on how many it answered true.  Raises what
 * they refused, each in a line of DETAIL.
 */
static int
run_on_nodes(const char *sql, const char *command, const char *what)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(command)};
	int			level = itsm_pin_search_path();
	int			done = 0;
	int			failed = 0;
	StringInfoData detail;

	initStringInfo(&detail);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	itsm_query(SPI_OK_SELECT, sql, 1, types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		char	   *success = SPI_getvalue(row, SPI_tuptable->tupdesc, 2);
		char	   *result = SPI_getvalue(row, SPI_tuptable->tupdesc, 3);

		if (success && success[0] == 't')
			done += result && strcmp(result, "t") == 0;
		else
			appendStringInfo(&detail, "%s%s: %s", failed++ ? "\n" : "",
							 SPI_getvalue(row, SPI_tuptable->tupdesc, 1), result ? result : "no answer");
	}
	if (failed)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("%s", what), errdetail("%s", detail.data),
				 errhint("A node without the policy refuses writes of the table. Call itsm.distribute again when the nodes are as they should be; they see only what is committed.")));
	SPI_finish();
	AtEOXact_GUC(true, level);
	return done;
}

int
itsm_policy_send(Oid relation)
{
	if (itsm_spread(relation) == NULL || itsm_is_worker())
		return 0;
	return run_on_nodes(ON_WORKERS, take_policy_command(relation),
						psprintf("not every node of Citus took the policy of %s", itsm_relation_name(relation)));
}

static bool
holds_rows(Relation relation)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(relation, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	bool		any = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	return any;
}

/* What keeps an ordinary table from being spread. */
static void
check_ordinary(Relation relation, const char *column, List **faults)
{
	const char *name = RelationGetRelationName(relation);

	if (itsm_attachments_of(RelationGetRelid(relation)) == NIL)
		fault(faults, NULL, psprintf("\"%s\" is not attached", name));
	if (get_attnum(RelationGetRelid(relation), column) <= 0)
		fault(faults, NULL, psprintf("\"%s\" is not a column of \"%s\"", column, name));
	if (relation->rd_rel->relkind == RELKIND_RELATION && holds_rows(relation))
		fault(faults, NULL,
			  psprintf("\"%s\" holds rows, whose records would stay here: detach it, let create_distributed_table spread it, and attach it then",
					   name));
}

/* Checks everything; true when Citus spreads the table already. */
static bool
check_distribution(Oid relid, const char *column)
{
	Relation	relation = itsm_table_open(relid);
	Spread	   *spread = itsm_spread(relid);
	List	   *faults = NIL;

	if (spread)
	{
		check_spread(spread, relid, &faults);
		if (spread->column && strcmp(spread->column, column) != 0)
			fault(&faults, NULL, psprintf("Citus spreads \"%s\" by column \"%s\"", RelationGetRelationName(relation),
										  spread->column));
	}
	else
		check_ordinary(relation, column, &faults);
	if (spread == NULL || spread->column)
		itsm_spread_check(relation, itsm_policy_build(relation, &faults), column, &faults);
	if (spread == NULL && !triggers_are_allowed())
		fault(&faults, NULL, "triggers on distributed tables rest on " UNSAFE_TRIGGERS ", which is off");
	itsm_unmet_raise(faults, ERRCODE_ITSM_ATTACHMENT,
					 psprintf("\"%s\" cannot be distributed", RelationGetRelationName(relation)),
					 "DETAIL lists everything that is wrong; nothing has been changed.");
	table_close(relation, AccessShareLock);
	return spread != NULL;
}

static void
require_citus(Oid relation)
{
	if (!OidIsValid(get_extension_oid("citus", true)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" cannot be distributed: Citus is not installed in this database", get_rel_name(relation)),
				 errhint("CREATE EXTENSION citus on every node, or keep tenants in clusters of their own (cells), which need nothing else.")));
	if (itsm_is_worker())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("this node of Citus is a worker"),
				 errhint("Call itsm.distribute on the coordinator, which tells the others.")));
	/* what other connections do waits for our locks, and does not see our rows */
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("itsm.distribute cannot run in a transaction that has written"),
				 errhint("The nodes see only what is committed: commit first.")));
}

ITSM_FUNCTION_OF_ALL(itsm_distribute)
{
	Oid			relation = PG_GETARG_OID(0);
	char	   *column = text_to_cstring(PG_GETARG_TEXT_PP(1));

	itsm_check_owner(relation);
	require_citus(relation);
	if (!check_distribution(relation, column))
	{
		(void) run_on_nodes(ON_COORDINATOR,
							psprintf("SELECT pg_catalog.create_distributed_table(%s, %s)"
									 " FROM pg_catalog.set_config('" UNSAFE_TRIGGERS "', 'on', true)",
									 quote_literal_cstr(itsm_relation_name(relation)), quote_literal_cstr(column)),
							psprintf("Citus did not distribute %s", itsm_relation_name(relation)));
		/* as Citus spreads it now */
		(void) check_distribution(relation, column);
	}
	PG_RETURN_INT32(itsm_policy_send(relation));
}
