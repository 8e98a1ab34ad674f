/*
 * verify_bookings.c
 *		The part of verify() that looks at bookings: each is of a live record under
 *		its attachment, so that nobody is kept off by what is no more.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "practice/verify_bookings.h"

#define SCOPE "booking"

static void *
begin(Verification *verification)
{
	return NULL;
}

static void
record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

/* tenant, record, how many, all there are */
static const char find_stray[] =
	"SELECT b.tenant, b.record, pg_catalog.count(*) FROM itsm.change_booking b"
	" LEFT JOIN itsm.record r ON r.id OPERATOR(pg_catalog.=) b.record AND r.tenant OPERATOR(pg_catalog.=) b.tenant"
	" WHERE r.id IS NULL OR r.deleted OR r.attachment OPERATOR(pg_catalog.<>) b.attachment"
	" GROUP BY b.tenant, b.record ORDER BY b.tenant, b.record";

static void
end(Verification *verification, void *own)
{
	uint64		faults;
	SPITupleTable *stray;
	char	   *count;

	if (!itsm_verify_is_last(verification))
		return;
	faults = itsm_query(SPI_OK_SELECT, find_stray, 0, NULL, NULL, NULL);
	stray = SPI_tuptable;
	for (uint64 i = 0; i < faults; i++)
	{
		HeapTuple	tuple = stray->vals[i];
		bool		isnull;
		int64		id = DatumGetInt64(SPI_getbinval(tuple, stray->tupdesc, 2, &isnull));

		itsm_verify_fault(verification, SCOPE,
						  itsm_verify_name(verification, SPI_getvalue(tuple, stray->tupdesc, 1), id, 0, NULL),
						  "%s bookings, of which the record or its attachment is no more; itsm.book_changes mends it",
						  SPI_getvalue(tuple, stray->tupdesc, 3));
	}
	(void) itsm_query(SPI_OK_SELECT, "SELECT pg_catalog.count(*) FROM itsm.change_booking", 0, NULL, NULL, NULL);
	count = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (faults == 0 && strcmp(count, "0") != 0)
		itsm_verify_right(verification, SCOPE, "itsm.change_booking", "%s bookings are of changes", count);
}

const VerifyChecker itsm_verify_bookings = {
	.begin = begin,
	.record = record,
	.end = end,
};
