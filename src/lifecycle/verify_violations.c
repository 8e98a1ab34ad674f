/*
 * verify_violations.c
 *		The SQLSTATE of each row of itsm.violation, which follows from its kind.
 *
 * The rest of the row is in the body of the event (verify_chain.c).
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/query.h"
#include "lifecycle/policy.h"
#include "lifecycle/verify_rows.h"
#include "miscadmin.h"

static const int builtin_codes[BUILTIN_COUNT] = {
	[BUILTIN_STATUS] = ERRCODE_ITSM_UNKNOWN_STATE,
	[BUILTIN_INITIAL] = ERRCODE_ITSM_INITIAL_STATE,
	[BUILTIN_TRANSITION] = ERRCODE_ITSM_TRANSITION,
	[BUILTIN_DELETE] = ERRCODE_ITSM_DELETE,
	[BUILTIN_TRUNCATE] = ERRCODE_ITSM_DELETE,
};

/* Kinds with their codes, as rows of VALUES. */
static char *
code_rows(void)
{
	StringInfoData rows;

	initStringInfo(&rows);
	appendStringInfo(&rows, "('filter', '%s')", unpack_sql_state(ERRCODE_ITSM_ATTACHMENT));
	for (int i = 0; i < BUILTIN_COUNT; i++)
		appendStringInfo(&rows, ", ('%s', '%s')", itsm_builtin_rules[i], unpack_sql_state(builtin_codes[i]));
	for (int i = 0; itsm_rule_kinds[i]; i++)
		appendStringInfo(&rows, ", ('%s', '%s')", itsm_rule_kinds[i]->name, unpack_sql_state(itsm_rule_kinds[i]->code));
	return rows.data;
}

static void *
begin_violations(Verification *verification)
{
	return NULL;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

static void
end_violations(Verification *verification, void *own)
{
	const char *query = psprintf("SELECT v.tenant, v.record, v.version, v.position FROM (SELECT v.* FROM itsm.violation v%s) v"
								 " JOIN (VALUES %s) k(kind, code) ON k.kind = v.kind WHERE v.code <> k.code ORDER BY 2, 1, 3, 4",
								 itsm_verify_range(verification, "v.record"), code_rows());
	uint64		count = itsm_query(SPI_OK_SELECT, query, 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;

	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	row = table->vals[i];
		bool		isnull;
		int64		record = DatumGetInt64(SPI_getbinval(row, table->tupdesc, 2, &isnull));
		int64		version = DatumGetInt64(SPI_getbinval(row, table->tupdesc, 3, &isnull));

		CHECK_FOR_INTERRUPTS();
		itsm_verify_fault(verification, "violation",
						  itsm_verify_name(verification, SPI_getvalue(row, table->tupdesc, 1), record, version, NULL),
						  "the code of position %s is not that of its kind", SPI_getvalue(row, table->tupdesc, 4));
	}
	SPI_freetuptable(table);
}

const VerifyChecker itsm_verify_violations = {begin_violations, check_record, end_violations};
