/*
 * assess.c
 *		Assessments: every control answered under one snapshot, and what came of it
 *		kept.
 *
 * The last thing that an assessment writes is its event in the ledger, whose
 * chain two who assess at the same time lock in turn.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "compliance/findings.h"
#include "core/query.h"
#include "ledger/digest.h"
#include "ledger/policy_event.h"
#include "lifecycle/actor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record/record.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define SUBJECT "assessment"

/* 0001-01-01 UTC */
#define ERA_START ((TimestampTz) (1721426 - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

/*
 * As of when an assessment that is made now looks.  Assessments go forward:
 * where an organisation stands is told by the last one, and what was kept of a
 * time is not followed by another one of an earlier time.
 */
static TimestampTz
as_of_when(TimestampTz now, TimestampTz as_of)
{
	OwnerQuery	query;
	bool		isnull;
	Datum		last;

	if (TIMESTAMP_NOT_FINITE(as_of) || as_of > now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an assessment cannot be as of %s, which is not a time in the past", timestamptz_to_str(as_of)),
				 errhint("Leave as_of out, or give the end of the period that it looks back on.")));
	/* no events are kept of it either, and intervals reach back from there to no time */
	if (as_of < ERA_START)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an assessment cannot be as of %s, which is before our era", timestamptz_to_str(as_of)),
				 errhint("Give the end of the period that it looks back on.")));
	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT, "SELECT pg_catalog.max(a.as_of) FROM itsm.assessment a", 0, NULL, NULL, NULL);
	last = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull && DatumGetTimestampTz(last) > as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an assessment cannot be as of %s, since there is one as of a later time", timestamptz_to_str(as_of)),
				 errdetail("That one is as of %s.", timestamptz_to_str(DatumGetTimestampTz(last))),
				 errhint("Look back before later times are assessed, the earliest first.")));
	itsm_query_end(&query);
	return as_of;
}

/*
 * Counts, for an assessment that looks back, what was written since: what an
 * import told of is as old as it says, but nobody knows since when it stands there.
 */
static const char insert_assessment[] =
	"INSERT INTO itsm.assessment (id, at, as_of, written_since, assessed_by, note)"
	" SELECT pg_catalog.nextval('itsm.assessment_id_seq'), $1, $2, CASE WHEN $2 OPERATOR(pg_catalog.<) $1 THEN"
	"  (SELECT pg_catalog.count(*) FROM itsm.record r WHERE r.source OPERATOR(pg_catalog.<>) 0 AND EXISTS ("
	"   SELECT FROM itsm.event e WHERE e.tenant OPERATOR(pg_catalog.=) r.tenant AND e.record OPERATOR(pg_catalog.=) r.id"
	"    AND (e.at OPERATOR(pg_catalog.>) $2 OR e.kind OPERATOR(pg_catalog.=) 'imported')))"
	"  ELSE 0 END, $3, $4"
	" RETURNING id";

static int64
begin_assessment(TimestampTz at, TimestampTz as_of, Datum note, bool no_note)
{
	static const Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		TimestampTzGetDatum(at), TimestampTzGetDatum(as_of), CStringGetTextDatum(itsm_acting()), note
	};
	const char	nulls[] = {' ', ' ', ' ', no_note ? 'n' : ' ', '\0'};
	OwnerQuery	query;
	bool		isnull;
	int64		id;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_INSERT_RETURNING, insert_assessment, lengthof(types), types, values, nulls);
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	itsm_query_end(&query);
	return id;
}

static Datum
sha256_of(const char *text)
{
	char	   *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	uint8		hash[ITSM_HASH_LENGTH];
	char		hex[2 * ITSM_HASH_LENGTH + 1] = {0};

	itsm_digest_start();
	itsm_digest_add(utf8, strlen(utf8));
	itsm_digest_finish(hash);
	hex_encode((const char *) hash, ITSM_HASH_LENGTH, hex);
	return CStringGetTextDatum(hex);
}

/* What is kept of a detail: of an error what it says, but for what it quotes, which may be anybody's. */
static const char *
kept_detail(const ControlResult *result)
{
	StringInfoData kept;
	bool		quoted = false;

	if (strcmp(result->status, CONTROL_ERROR) != 0)
		return result->detail;
	initStringInfo(&kept);
	for (const char *c = result->detail; *c; c++)
	{
		if (!quoted || *c == '"')
			appendStringInfoChar(&kept, *c);
		if (*c == '"' && (quoted = !quoted))
			appendStringInfoString(&kept, "...");
	}
	return kept.data;
}

/* Keeps a result; within a query of the owner. */
static void
keep_result(int64 assessment, const Control *control, const ControlResult *result)
{
	static const Oid types[] = {
		INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
	};
	const char *const texts[] = {
		control->id, control->framework, control->clause, control->kind, control->grade, result->status, control->title,
		kept_detail(result), control->parameter
	};
	Datum		values[lengthof(types)] = {
		Int64GetDatum(assessment), Int64GetDatum(result->checked), Int64GetDatum(result->failed)
	};
	char		nulls[lengthof(types)];

	memset(nulls, ' ', sizeof(nulls));
	for (int i = 0; i < lengthof(texts); i++)
	{
		nulls[3 + i] = texts[i] ? ' ' : 'n';
		values[3 + i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	values[lengthof(types) - 1] = sha256_of(control->query);
	(void) itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.assessment_result (assessment, checked, failed, control, framework, clause, kind, grade,"
					  " status, title, detail, parameter, query_sha256)"
					  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
					  lengthof(types), types, values, nulls);
}

/* Keeps what failed; within a query of the owner. */
static void
keep_findings(int64 assessment, const Control *control, Tuplestorestate *failing)
{
	static const Oid types[] = {INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(assessment), CStringGetTextDatum(control->id)};

	itsm_findings_show(failing);
	(void) itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.assessment_finding (assessment, control, ordinal, subject, record, version, tenant, problem, salt,"
					  " commitment)"
					  " SELECT $1, $2, f.number, f.subject, f.record, r.version, r.tenant, f.problem, f.salt,"
					  " itsm.finding_commitment(f.salt, f.subject, f.problem)"
					  " FROM (SELECT n.*, pg_catalog.row_number() OVER () AS number,"
					  "  pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) AS salt FROM failing n) f"
					  " LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) f.record",
					  lengthof(types), types, values, NULL);
}

static void
assess_control(int64 assessment, const Control *control, TimestampTz as_of)
{
	Tuplestorestate *failing = itsm_findings_begin();
	ControlResult result;
	OwnerQuery	query;

	itsm_control_run(control, as_of, failing, &result);
	itsm_query_begin(&query);
	keep_result(assessment, control, &result);
	if (result.failed > 0)
		keep_findings(assessment, control, failing);
	itsm_query_end(&query);
	tuplestore_end(failing);
}

static void
finish_assessment(int64 assessment, int controls, const char *note)
{
	static const Oid types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(assessment)};
	MemoryContext caller = CurrentMemoryContext;
	char	   *digest;
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT, "SELECT itsm.assessment_digest($1)", lengthof(types), types, values, NULL);
	digest = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	itsm_query_end(&query);
	itsm_policy_event(SUBJECT, 0, "assessed", "assessment", psprintf(INT64_FORMAT, assessment), "note", note, "controls",
					  psprintf("%d", controls), "sha256", digest, NULL);
}

/*
 * itsm.assess(note text, as_of timestamptz) → bigint
 */
ITSM_FUNCTION(itsm_assess);
Datum
itsm_assess(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz as_of = now;
	List	   *controls;
	int64		assessment;
	MemoryContext context;
	ListCell   *cell;

	PreventCommandIfReadOnly("itsm.assess()");
	controls = itsm_controls_load(NULL, NULL);
	if (!PG_ARGISNULL(1))
		as_of = as_of_when(now, PG_GETARG_TIMESTAMPTZ(1));
	assessment = begin_assessment(now, as_of, PG_GETARG_DATUM(0), PG_ARGISNULL(0));
	context = AllocSetContextCreate(CurrentMemoryContext, "itsm assessment", ALLOCSET_DEFAULT_SIZES);
	foreach(cell, controls)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		assess_control(assessment, lfirst(cell), as_of);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	finish_assessment(assessment, list_length(controls), PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_INT64(assessment);
}
