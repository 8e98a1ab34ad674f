/*
 * findings.c
 *		The rows that a control's query found to fail.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "compliance/findings.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "core/query.h"
#include "ledger/tenant_access.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/queryenvironment.h"
#include "utils/timestamp.h"

#define RELATION_NAME "failing"

Tuplestorestate *
itsm_findings_begin(void)
{
	return tuplestore_begin_heap(true, false, work_mem);
}

static TupleDesc
columns(void)
{
	TupleDesc	descriptor = CreateTemplateTupleDesc(FINDING_COLUMNS);

	TupleDescInitEntry(descriptor, FINDING_SUBJECT + 1, "subject", TEXTOID, -1, 0);
	TupleDescInitEntry(descriptor, FINDING_RECORD + 1, "record", INT8OID, -1, 0);
	TupleDescInitEntry(descriptor, FINDING_OK + 1, "ok", BOOLOID, -1, 0);
	TupleDescInitEntry(descriptor, FINDING_PROBLEM + 1, "problem", TEXTOID, -1, 0);
	return descriptor;
}

void
itsm_findings_show(Tuplestorestate *failing)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));
	int			result;

	relation->md.name = RELATION_NAME;
	relation->md.tupdesc = columns();
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = tuplestore_tuple_count(failing);
	relation->reldata = failing;
	(void) SPI_unregister_relation(RELATION_NAME);
	result = SPI_register_relation(relation);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "%s instead of %s", SPI_result_code_string(result), SPI_result_code_string(SPI_OK_REL_REGISTER));
}

/*
 * itsm.control_findings(control text) →
 *		table (subject text, record bigint, version bigint, tenant text, key text, problem text)
 */
ITSM_FUNCTION(itsm_control_findings);
Datum
itsm_control_findings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Control    *control = itsm_control_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Tuplestorestate *failing = itsm_findings_begin();
	ControlResult result;
	OwnerQuery	query;
	uint64		count;

	itsm_require_every_tenant("itsm.control_findings");
	InitMaterializedSRF(fcinfo, 0);
	itsm_control_run(control, GetCurrentTimestamp(), failing, &result);
	itsm_query_begin(&query);
	itsm_findings_show(failing);
	count = itsm_query(SPI_OK_SELECT, "SELECT f.subject, f.record, r.version, r.tenant, r.key, f.problem"
					   " FROM (SELECT n.*, pg_catalog.row_number() OVER () AS number FROM failing n) f"
					   " LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) f.record ORDER BY f.number", 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < count; i++)
		tuplestore_puttuple(set->setResult, SPI_tuptable->vals[i]);
	itsm_query_end(&query);
	tuplestore_end(failing);
	return (Datum) 0;
}
