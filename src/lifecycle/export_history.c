/*
 * export_history.c
 *		History and projections as plain tables, which stay when the extension goes.
 *
 * The tables are made and filled by the extension's owner, under one snapshot,
 * and given to the caller at the end: nobody can have put a trigger on them.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

typedef struct ExportedTable
{
	const char *name;
	const char *query;
	const char *comment;
} ExportedTable;

static const ExportedTable tables[] = {
	{"record", "SELECT tenant, id, source, key, version, at, attachment, deleted, hash FROM itsm.record",
	"Records: heads of the chains of events. Source 0: policies."},
	{"event", "SELECT e.tenant, e.record, e.version, e.at, e.kind, e.from_state, e.to_state, h.changes, h.reason,"
		" itsm.policy_detail(e.body)::pg_catalog.jsonb AS detail, e.actor, e.role, e.session_role,"
		" e.application, e.attachment, e.lifecycle_version, e.xid::pg_catalog.text AS xid, e.system, e.timeline,"
		" e.command, e.body, e.hash FROM itsm.record r"
		" CROSS JOIN LATERAL itsm.record_history(r.id, r.tenant) h"
		" JOIN itsm.event e ON e.tenant OPERATOR(pg_catalog.=) r.tenant AND e.record OPERATOR(pg_catalog.=) r.id"
		" AND e.version OPERATOR(pg_catalog.=) h.version",
	"Events. changes tells what body says; hash chains them: SHA-256 over the previous hash, the header and the commitments of the body's values."},
	{"archive", "SELECT * FROM itsm.archive", "What was moved out of event, by itsm.archive."},
	{"archive_table", "SELECT * FROM itsm.archive_table", "Tables that archives went into, by month."},
	{"archived", "SELECT * FROM itsm.archived", "Records of archives: the last version that went, and its hash, to which event goes on."},
	{"record_state", "SELECT * FROM itsm.record_state", "The state of each record."},
	{"projection", "SELECT * FROM itsm.projection", "What reports read of each record."},
	{"violation", "SELECT * FROM itsm.violation", "Conditions that were not met and only observed."},
	{"refusal", "SELECT * FROM itsm.refusal", "Writes that were refused."},
	{"override", "SELECT * FROM itsm.override", "Exceptions that were made from rules."},
	{"approval", "SELECT * FROM itsm.approval", "Votes on records."},
	{"relationship", "SELECT tenant, id, source, type, target, started_at, ended_at FROM itsm.relationship",
	"Relationships between records."},
	{"relationship_type", "SELECT name, version, inverse, source_class, target_class, cardinality, acyclic, impact,"
		" on_retire, description, shipped, defined_at, defined_by::pg_catalog.text AS defined_by FROM itsm.relationship_type_version",
	"Every version of every relationship type."},
	{"ci_class", "SELECT name, parent, abstract, required, recommended, description, defined_at,"
		" defined_by::pg_catalog.text AS defined_by FROM itsm.ci_class",
	"Classes of configuration items."},
	{"source", "SELECT id, relation_name, key::pg_catalog.text[] AS key, registered_at FROM itsm.source",
	"Tables that records came from."},
	{"source_attribute", "SELECT * FROM itsm.source_attribute", "Numbers of the values in event bodies."},
	{"attachment", "SELECT id, source, relation_name, lifecycle, mode, timing, status::pg_catalog.text AS status,"
		" states, attributes, attribute_expressions, filter, filter_expression, tenant, tenant_expression, track,"
		" notify, rule_modes, attached_at, attached_by::pg_catalog.text AS attached_by, detached_at FROM itsm.attachment",
	"Lifecycles put on tables."},
	{"lifecycle", "SELECT name, version, definition, shipped, defined_at, defined_by::pg_catalog.text AS defined_by"
		" FROM itsm.lifecycle",
	"Every version of every lifecycle."},
	{"control", "SELECT id, shipped, framework, clause, kind, grade, title, default_parameter, needs, query, remedy, defined_at,"
		" defined_by::pg_catalog.text AS defined_by FROM itsm.control_definition",
	"Controls, those that came with the extension and the organisation's own."},
	{"control_setting", "SELECT * FROM itsm.control_setting", "What was decided about controls."},
	{"assessment", "SELECT * FROM itsm.assessment", "Assessments."},
	{"assessment_result", "SELECT * FROM itsm.assessment_result", "What came of each control in each assessment."},
	{"assessment_finding", "SELECT * FROM itsm.assessment_finding", "What did not conform in each assessment."},
};

static void
fill(const char *table, const char *query, Snapshot snapshot)
{
	SPIPlanPtr	plan = SPI_prepare(psprintf("INSERT INTO %s %s", table, query), 0, NULL);
	int			result = plan ? SPI_execute_snapshot(plan, NULL, NULL, snapshot, InvalidSnapshot, false,
													 true, 0) : SPI_result;

	if (result != SPI_OK_INSERT)
		elog(ERROR, "%s while exporting %s", SPI_result_code_string(result), table);
}

ITSM_FUNCTION(itsm_export_history);
Datum
itsm_export_history(PG_FUNCTION_ARGS)
{
	const char *schema;
	const char *caller = quote_identifier(GetUserNameFromId(GetUserId(), false));
	OwnerQuery	query;
	Snapshot	snapshot;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"schema\" must not be null"),
				 errhint("Name the schema that the tables go into.")));
	schema = NameStr(*PG_GETARG_NAME(0));
	itsm_schema_prepare(schema);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	itsm_query_begin(&query);
	for (int i = 0; i < lengthof(tables); i++)
	{
		char	   *table = quote_qualified_identifier(schema, tables[i].name);

		CHECK_FOR_INTERRUPTS();
		itsm_own_ddl(psprintf("CREATE TABLE %s AS %s WITH NO DATA", table, tables[i].query));
		itsm_own_ddl(psprintf("COMMENT ON TABLE %s IS %s", table, quote_literal_cstr(tables[i].comment)));
		fill(table, tables[i].query, snapshot);
		itsm_own_ddl(psprintf("ALTER TABLE %s OWNER TO %s", table, caller));
	}
	itsm_query_end(&query);
	UnregisterSnapshot(snapshot);
	PG_RETURN_VOID();
}
