/*
 * redact_findings.c
 *		Erasing what assessments say of records: the texts of findings go, their
 *		commitments and so the digests of the assessments stay.
 *
 * A finding's texts are made of any values of its record, so they go as a whole.
 */
#include "core/itsm.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "compliance/redact_findings.h"
#include "core/query.h"
#include "core/table.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* Columns of itsm.assessment_finding, from 0. */
enum
{
	FINDING_ASSESSMENT, FINDING_ORDINAL, FINDING_OF_RECORD, FINDING_VERSION, FINDING_CONTROL, FINDING_TENANT,
	FINDING_SUBJECT_TEXT, FINDING_PROBLEM_TEXT, FINDING_SALT, FINDING_COMMITMENT, FINDING_TABLE_COLUMNS
};

static HeapTuple
find_row(Relation table, Oid index, Datum assessment, Datum control, Datum ordinal)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyData keys[3];
	HeapTuple	row;

	ScanKeyInit(&keys[0], FINDING_ASSESSMENT + 1, BTEqualStrategyNumber, F_INT8EQ, assessment);
	ScanKeyInit(&keys[1], FINDING_CONTROL + 1, BTEqualStrategyNumber, F_TEXTEQ, control);
	keys[1].sk_collation = C_COLLATION_OID;
	ScanKeyInit(&keys[2], FINDING_ORDINAL + 1, BTEqualStrategyNumber, F_INT8EQ, ordinal);
	row = itsm_table_find(table, index, snapshot, lengthof(keys), keys);
	UnregisterSnapshot(snapshot);
	return row;
}

/* False when somebody changed it meanwhile. */
static bool
erase_row(Relation table, HeapTuple row)
{
	Datum		values[FINDING_TABLE_COLUMNS];
	bool		nulls[FINDING_TABLE_COLUMNS];

	heap_deform_tuple(row, RelationGetDescr(table), values, nulls);
	nulls[FINDING_SUBJECT_TEXT] = nulls[FINDING_PROBLEM_TEXT] = nulls[FINDING_SALT] = true;
	return itsm_table_update(table, row, values, nulls);
}

/* Erases the findings that a query names by assessment, control and ordinal: $1 a record, $2 its tenant, $3 a value. */
static void
erase_found(const char *sql, Datum *values, const char *nulls)
{
	static const Oid types[] = {INT8OID, TEXTOID, TEXTOID};
	Relation	table = table_open(itsm_relation("assessment_finding"), RowExclusiveLock);
	Oid			index = itsm_relation("assessment_finding_pkey");
	OwnerQuery	query;
	SPITupleTable *found;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT, sql, lengthof(types), types, values, nulls);
	found = SPI_tuptable;
	for (uint64 i = 0; i < found->numvals; i++)
	{
		bool		isnull;
		HeapTuple	row;

		do
		{
			CHECK_FOR_INTERRUPTS();
			row = find_row(table, index, SPI_getbinval(found->vals[i], found->tupdesc, 1, &isnull),
						   SPI_getbinval(found->vals[i], found->tupdesc, 2, &isnull),
						   SPI_getbinval(found->vals[i], found->tupdesc, 3, &isnull));
		} while (HeapTupleIsValid(row) && !erase_row(table, row));
	}
	itsm_query_end(&query);
	table_close(table, NoLock);
	CommandCounterIncrement();
}

static void
erase(const Record *record, const List *attributes, const char *value)
{
	Datum		values[] = {
		Int64GetDatum(record->id), CStringGetTextDatum(record->tenant), value ? CStringGetTextDatum(value) : (Datum) 0
	};
	const char	nulls[] = {' ', ' ', value ? ' ' : 'n', '\0'};

	erase_found("SELECT f.assessment, f.control, f.ordinal FROM itsm.assessment_finding f"
				" WHERE f.record OPERATOR(pg_catalog.=) $1 AND f.tenant OPERATOR(pg_catalog.=) $2 AND f.salt IS NOT NULL"
				" AND ($3 IS NULL OR pg_catalog.strpos(pg_catalog.concat_ws(' ', f.subject, f.problem), $3) OPERATOR(pg_catalog.>) 0)",
				values, nulls);
}

static void
erase_value(const char *value)
{
	Datum		values[] = {(Datum) 0, (Datum) 0, CStringGetTextDatum(value)};
	const char	nulls[] = {'n', 'n', ' ', '\0'};

	erase_found("SELECT f.assessment, f.control, f.ordinal FROM itsm.assessment_finding f WHERE f.salt IS NOT NULL"
				" AND pg_catalog.strpos(pg_catalog.concat_ws(' ', f.subject, f.problem), $3) OPERATOR(pg_catalog.>) 0",
				values, nulls);
}

const Redactor itsm_finding_redactor = {erase, erase_value};
