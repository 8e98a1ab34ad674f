/*
 * verify_baselines.c
 *		The part of verify() that looks at baselines: each holds what it held when
 *		it was taken, as the ledger tells it, and of records that are there.
 */
#include "core/itsm.h"

#include "cmdb/baseline.h"
#include "ledger/policy_event.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define SCOPE "baseline"

static void *
begin(Verification *verification)
{
	return NULL;
}

static void
record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

/* The baselines, and behind the columns: the hash as their event tells it, null where there is none. */
static const char find_baselines[] =
	"SELECT " BASELINE_COLUMNS ", (SELECT itsm.policy_detail(e.body)::pg_catalog.jsonb OPERATOR(pg_catalog.->>) 'hash'"
	" FROM itsm.record r JOIN itsm.event e ON e.record OPERATOR(pg_catalog.=) r.id AND e.tenant OPERATOR(pg_catalog.=) r.tenant"
	" WHERE r.source OPERATOR(pg_catalog.=) 0 AND r.tenant OPERATOR(pg_catalog.=) ''"
	" AND r.key OPERATOR(pg_catalog.=) ('baseline ' OPERATOR(pg_catalog.||) b.name)"
	" AND e.kind OPERATOR(pg_catalog.=) 'taken' ORDER BY e.version LIMIT 1)"
	" FROM itsm.baseline b ORDER BY b.id";

/* Versions that their records have never come to. */
static const char find_ahead[] =
	"SELECT b.name, pg_catalog.count(*) FROM itsm.baseline b"
	" JOIN itsm.baseline_part p ON p.baseline OPERATOR(pg_catalog.=) b.id AND NOT p.of_relationships"
	" CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.ids), pg_catalog.unnest(p.versions)) AS u(id, version)"
	" LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) u.id AND r.tenant OPERATOR(pg_catalog.=) b.tenant"
	" WHERE r.id IS NULL OR r.version OPERATOR(pg_catalog.<) u.version GROUP BY b.id, b.name ORDER BY b.id";

/* Events of baselines that are not there any more, and parts of none. */
static const char find_gone[] =
	"SELECT pg_catalog.substr(r.key, 10), NULL FROM itsm.record r WHERE r.source OPERATOR(pg_catalog.=) 0"
	" AND r.key OPERATOR(pg_catalog.^@) 'baseline ' AND NOT EXISTS (SELECT FROM itsm.baseline b"
	" WHERE b.name OPERATOR(pg_catalog.=) pg_catalog.substr(r.key, 10))"
	" UNION ALL SELECT DISTINCT NULL, p.baseline FROM itsm.baseline_part p WHERE NOT EXISTS (SELECT FROM itsm.baseline b"
	" WHERE b.id OPERATOR(pg_catalog.=) p.baseline) ORDER BY 1, 2";

static char *
object_of(const char *name)
{
	return psprintf("baseline \"%s\"", name);
}

/* True when it is as it was taken. */
static bool
check_baseline(Verification *verification, SPITupleTable *table, uint64 row)
{
	char	   *told = SPI_getvalue(table->vals[row], table->tupdesc, 13);
	char		stored[ITSM_HASH_LENGTH * 2 + 1] = {0};
	uint8		hash[ITSM_HASH_LENGTH];
	uint64		faults = itsm_verify_faults(verification);
	Baseline	baseline;

	itsm_baseline_of_row(table, row, CurrentMemoryContext, &baseline);
	itsm_baseline_hash(&baseline, hash);
	if (memcmp(hash, baseline.hash, ITSM_HASH_LENGTH) != 0)
		itsm_verify_fault(verification, SCOPE, object_of(baseline.name), "it is not what its hash says: it was changed");
	(void) hex_encode((const char *) baseline.hash, ITSM_HASH_LENGTH, stored);
	if (told == NULL)
		itsm_verify_fault(verification, SCOPE, object_of(baseline.name), "no event tells that it was taken");
	else if (strcmp(told, stored) != 0)
		itsm_verify_fault(verification, SCOPE, object_of(baseline.name), "its hash is not the one that its event tells");
	return itsm_verify_faults(verification) == faults;
}

static void
check_rest(Verification *verification)
{
	uint64		count = itsm_baseline_read(find_ahead, 0, NULL, NULL, NULL);

	for (uint64 i = 0; i < count; i++)
		itsm_verify_fault(verification, SCOPE, object_of(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1)),
						  "%s of its records are missing, or have lost events that it rests on",
						  SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2));
	count = itsm_baseline_read(find_gone, 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < count; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		if (name)
			itsm_verify_fault(verification, SCOPE, object_of(name), "it was taken, and is not there any more");
		else
			itsm_verify_fault(verification, SCOPE, "itsm.baseline_part", "there are parts of number %s, which is no baseline",
							  SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2));
	}
}

static void
end(Verification *verification, void *own)
{
	uint64		count = itsm_baseline_read(find_baselines, 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "itsm baseline", ALLOCSET_DEFAULT_SIZES);
	uint64		right = 0;

	for (uint64 i = 0; i < count; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		right += check_baseline(verification, table, i);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	check_rest(verification);
	if (right > 0)
		itsm_verify_right(verification, SCOPE, "itsm.baseline", UINT64_FORMAT " baselines are as they were taken", right);
}

const VerifyChecker itsm_verify_baselines = {
	.begin = begin,
	.record = record,
	.end = end,
};
