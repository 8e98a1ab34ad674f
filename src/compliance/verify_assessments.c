/*
 * verify_assessments.c
 *		The part of verify() that looks at assessments: what is kept of each is what
 *		its event in the ledger vouches for.
 */
#include "core/itsm.h"

#include "compliance/verify_assessments.h"
#include "core/attempt.h"
#include "core/query.h"

#define SCOPE "assessment"

static void *
begin(Verification *verification)
{
	return NULL;
}

static void
record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

/* assessment, digest by the ledger, digest of what is there */
static const char compare_digests[] =
	"SELECT coalesce(v.assessment, a.id), v.sha256, itsm.assessment_digest(a.id)"
	" FROM (SELECT (d.detail OPERATOR(pg_catalog.->>) 'assessment')::pg_catalog.int8 AS assessment,"
	"   d.detail OPERATOR(pg_catalog.->>) 'sha256' AS sha256"
	"  FROM itsm.record r"
	"   JOIN itsm.event e ON e.tenant OPERATOR(pg_catalog.=) r.tenant AND e.record OPERATOR(pg_catalog.=) r.id"
	"   CROSS JOIN LATERAL (SELECT itsm.policy_detail(e.body)::pg_catalog.jsonb AS detail) d"
	"  WHERE r.source OPERATOR(pg_catalog.=) 0 AND r.tenant OPERATOR(pg_catalog.=) '' AND r.key OPERATOR(pg_catalog.=) 'assessment'"
	"   AND e.kind OPERATOR(pg_catalog.=) 'assessed') v"
	" FULL JOIN itsm.assessment a ON a.id OPERATOR(pg_catalog.=) v.assessment"
	" ORDER BY 1";

static void
compare(void *argument)
{
	Verification *verification = argument;
	uint64		count = itsm_query(SPI_OK_SELECT, compare_digests, 0, NULL, NULL, NULL);
	SPITupleTable *rows = SPI_tuptable;
	uint64		right = 0;

	for (uint64 i = 0; i < count; i++)
	{
		char	   *object = psprintf("assessment %s", SPI_getvalue(rows->vals[i], rows->tupdesc, 1));
		char	   *ledger = SPI_getvalue(rows->vals[i], rows->tupdesc, 2);
		char	   *there = SPI_getvalue(rows->vals[i], rows->tupdesc, 3);

		if (ledger == NULL)
			itsm_verify_fault(verification, SCOPE, object, "no event of the ledger tells of it");
		else if (there == NULL)
			itsm_verify_fault(verification, SCOPE, object, "the ledger tells of it, but it is gone");
		else if (strcmp(ledger, there) != 0)
			itsm_verify_fault(verification, SCOPE, object, "its results or findings are not those that the ledger vouches for");
		else
			right++;
	}
	if (right > 0)
		itsm_verify_right(verification, SCOPE, "itsm.assessment", UINT64_FORMAT " assessments are as the ledger vouches for them",
						  right);
}

/* Events that cannot be read are told by those who look at chains. */
static void
end(Verification *verification, void *own)
{
	ErrorData  *error = itsm_attempt(compare, verification);

	if (error)
		itsm_verify_fault(verification, SCOPE, "itsm.assessment", "cannot be compared with the ledger: %s", error->message);
}

const VerifyChecker itsm_verify_assessments = {
	.begin = begin,
	.record = record,
	.end = end,
};
