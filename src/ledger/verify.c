/*
 * verify.c
 *		itsm.verify(): the result, its names, and the turns of the checkers.
 *
 * Everything is read under the snapshot of the calling query, so it may run
 * while others write, on a standby, and in a read-only transaction.
 *
 * Memory: flat; the result is a tuplestore.
 */
#include "core/itsm.h"

#include "access/stratnum.h"
#include "core/attempt.h"
#include "core/query.h"
#include "funcapi.h"
#include "ledger/archive.h"
#include "ledger/tenant_access.h"
#include "ledger/verify.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/* Between two messages about progress. */
#define PROGRESS_MILLISECONDS 10000

typedef struct SourceName
{
	int			id;
	char	   *name;
} SourceName;

struct Verification
{
	ReturnSetInfo *result;
	const JsonbContainer *digest;
	List	   *archives;		/* Oid */
	int64		from;			/* records */
	int64		before;
	uint64		faults;
	List	   *sources;		/* SourceName */
	void	  **own;			/* what the checkers' begin returned */
	AttemptSpan span;
	TimestampTz told_at;		/* of progress */
};

static void
put_row(Verification *verification, const char *scope, const char *object, bool ok, const char *detail)
{
	Datum		row[4] = {
		CStringGetTextDatum(scope), CStringGetTextDatum(object), BoolGetDatum(ok),
		CStringGetTextDatum(detail)
	};
	bool		nulls[4] = {false};

	tuplestore_putvalues(verification->result->setResult, verification->result->setDesc, row, nulls);
}

static char *format_detail(const char *format, va_list args) pg_attribute_printf(1, 0);

static char *
format_detail(const char *format, va_list args)
{
	StringInfoData detail;

	initStringInfo(&detail);
	for (;;)
	{
		va_list		copy;
		int			needed;

		va_copy(copy, args);
		needed = appendStringInfoVA(&detail, format, copy);
		va_end(copy);
		if (needed == 0)
			return detail.data;
		enlargeStringInfo(&detail, needed);
	}
}

void
itsm_verify_fault(Verification *verification, const char *scope, const char *object, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	put_row(verification, scope, object, false, format_detail(format, args));
	va_end(args);
	verification->faults++;
}

void
itsm_verify_right(Verification *verification, const char *scope, const char *object, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	put_row(verification, scope, object, true, format_detail(format, args));
	va_end(args);
}

const JsonbContainer *
itsm_verify_digest(const Verification *verification)
{
	return verification->digest;
}

bool
itsm_verify_is_first(const Verification *verification)
{
	return verification->from == PG_INT64_MIN;
}

bool
itsm_verify_is_last(const Verification *verification)
{
	return verification->before == PG_INT64_MAX;
}

int
itsm_verify_range_keys(const Verification *verification, AttrNumber column, ScanKey keys)
{
	int			count = 0;

	if (!itsm_verify_is_first(verification))
		ScanKeyInit(&keys[count++], column, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(verification->from));
	if (!itsm_verify_is_last(verification))
		ScanKeyInit(&keys[count++], column, BTLessStrategyNumber, F_INT8LT, Int64GetDatum(verification->before));
	return count;
}

char *
itsm_verify_range(const Verification *verification, const char *column)
{
	StringInfoData range;

	initStringInfo(&range);
	if (!itsm_verify_is_first(verification))
		appendStringInfo(&range, " WHERE %s >= " INT64_FORMAT, column, verification->from);
	if (!itsm_verify_is_last(verification))
		appendStringInfo(&range, " %s %s < " INT64_FORMAT, range.len ? "AND" : "WHERE", column, verification->before);
	return range.data;
}

const List *
itsm_verify_archives(const Verification *verification)
{
	return verification->archives;
}

uint64
itsm_verify_faults(const Verification *verification)
{
	return verification->faults;
}

void
itsm_verify_progress(Verification *verification, const char *what, uint64 done)
{
	TimestampTz now;

	/* the clock is not asked for each of them */
	if (done % 1000 != 0)
		return;
	now = GetCurrentTimestamp();
	if (!TimestampDifferenceExceeds(verification->told_at, now, PROGRESS_MILLISECONDS))
		return;
	verification->told_at = now;
	ereport(NOTICE,
			(errmsg("verify: " UINT64_FORMAT " %s checked, " UINT64_FORMAT " faults so far", done, what,
					verification->faults)));
}

static void
read_sources(Verification *verification, MemoryContext context)
{
	uint64		count = itsm_query(SPI_OK_SELECT, "SELECT n.id, n.name FROM itsm.source_name n", 0, NULL, NULL,
								   NULL);
	MemoryContext caller = MemoryContextSwitchTo(context);

	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		SourceName *source = palloc(sizeof(SourceName));
		bool		isnull;

		source->id = DatumGetInt32(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
		source->name = TextDatumGetCString(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));
		verification->sources = lappend(verification->sources, source);
	}
	MemoryContextSwitchTo(caller);
}

const char *
itsm_verify_source(Verification *verification, int source)
{
	ListCell   *cell;

	/* chains of the configuration belong to no table */
	if (source == 0)
		return "itsm configuration";
	foreach(cell, verification->sources)
	{
		const SourceName *name = lfirst(cell);

		if (name->id == source)
			return name->name;
	}
	return NULL;
}

char *
itsm_verify_name(Verification *verification, const char *tenant, int64 record, int64 version,
				 const Record *head)
{
	StringInfoData name;
	const char *source = head ? itsm_verify_source(verification, head->source) : NULL;

	initStringInfo(&name);
	appendStringInfo(&name, "record " INT64_FORMAT, record);
	if (version)
		appendStringInfo(&name, " version " INT64_FORMAT, version);
	if (source)
	{
		appendStringInfo(&name, " (%s", source);
		if (head->key)
			appendStringInfo(&name, " %s", head->key);
		appendStringInfoChar(&name, ')');
	}
	if (*tenant)
		appendStringInfo(&name, " of tenant \"%s\"", tenant);
	return name.data;
}

ErrorData *
itsm_verify_attempt(Verification *verification, void (*work) (void *argument), void *argument)
{
	return itsm_attempt_piece(&verification->span, work, argument);
}

void
itsm_verify_settle(Verification *verification)
{
	itsm_span_end(&verification->span);
}

static void
settle_checkers(void *argument)
{
	const Verification *verification = argument;

	for (int i = 0; itsm_verify_checkers[i]; i++)
		if (itsm_verify_checkers[i]->settle)
			itsm_verify_checkers[i]->settle(verification->own[i]);
}

/* Whatever cuts it short ends the subtransaction that is open then, too. */
static void
walk_chains(Verification *verification)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		itsm_verify_chains(verification, verification->own);
		itsm_verify_settle(verification);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		itsm_span_abandon(&verification->span);
		ReThrowError(error);
	}
	PG_END_TRY();
}

static int
count_checkers(void)
{
	int			count = 0;

	while (itsm_verify_checkers[count])
		count++;
	return count;
}

/*
 * itsm.verify([digest jsonb [, archives regclass[] [, from_record bigint, before_record bigint]]]) → table (scope text, object text, ok boolean, detail text)
 */
ITSM_FUNCTION(itsm_verify);
Datum
itsm_verify(PG_FUNCTION_ARGS)
{
	Verification verification = {.result = (ReturnSetInfo *) fcinfo->resultinfo,
	.told_at = GetCurrentTimestamp(), .from = PG_INT64_MIN, .before = PG_INT64_MAX,
	.own = palloc0(sizeof(void *) * (count_checkers() + 1)), .span = {settle_checkers, &verification}};
	MemoryContext context = CurrentMemoryContext;
	OwnerQuery	query;

	itsm_require_every_tenant("itsm.verify");
	InitMaterializedSRF(fcinfo, 0);
	if (PG_NARGS() > 0 && !PG_ARGISNULL(0))
		verification.digest = &PG_GETARG_JSONB_P(0)->root;
	if (PG_NARGS() > 1 && !PG_ARGISNULL(1))
		verification.archives = itsm_archive_tables(PG_GETARG_ARRAYTYPE_P(1));
	if (PG_NARGS() > 2)
	{
		verification.from = PG_ARGISNULL(2) ? PG_INT64_MIN : PG_GETARG_INT64(2);
		verification.before = PG_ARGISNULL(3) ? PG_INT64_MAX : PG_GETARG_INT64(3);
	}
	itsm_query_begin(&query);
	read_sources(&verification, context);
	for (int i = 0; itsm_verify_checkers[i]; i++)
		verification.own[i] = itsm_verify_checkers[i]->begin(&verification);
	walk_chains(&verification);
	for (int i = 0; itsm_verify_checkers[i]; i++)
		itsm_verify_checkers[i]->end(&verification, verification.own[i]);
	itsm_query_end(&query);
	return (Datum) 0;
}
