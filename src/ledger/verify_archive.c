/*
 * verify_archive.c
 *		What was archived, against the events that tell of it.
 *
 * Whoever takes events away could say that they were archived; but then an
 * event must say so, too, and the root that it tells covers every record.
 *
 * Memory: a list of the archives.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "core/json_read.h"
#include "core/query.h"
#include "ledger/archive.h"
#include "ledger/policy_event.h"
#include "ledger/seal.h"
#include "ledger/verify_archive.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define SCOPE "archive"
#define FETCH 1000

/* What one of the two, the row or the event, says of an archive. */
typedef struct Said
{
	bool		known;
	char	   *facts[ARCHIVE_FACTS];
} Said;

typedef struct Archive
{
	int64		number;
	Said		row;			/* in itsm.archive */
	Said		event;			/* of kind archived, unless one of kind restored followed */
	int64		records;		/* found in itsm.archived */
	int64		events;
	MerkleGrowth growth;
} Archive;

typedef struct ArchiveCheck
{
	Verification *verification;
	List	   *archives;		/* Archive */
} ArchiveCheck;

static Archive *
archive_of(ArchiveCheck *check, int64 number)
{
	Archive    *archive;
	ListCell   *cell;

	foreach(cell, check->archives)
	{
		archive = lfirst(cell);
		if (archive->number == number)
			return archive;
	}
	archive = palloc0(sizeof(Archive));
	archive->number = number;
	itsm_merkle_begin(&archive->growth);
	check->archives = lappend(check->archives, archive);
	return archive;
}

static char *
name_of(int64 number)
{
	return psprintf("archive " INT64_FORMAT, number);
}

static char *
hex_of(const uint8 *hash)
{
	char	   *text = palloc(2 * MERKLE_LENGTH + 1);

	hex_encode((const char *) hash, MERKLE_LENGTH, text);
	text[2 * MERKLE_LENGTH] = '\0';
	return text;
}

static void
read_rows(ArchiveCheck *check)
{
	uint64		count = itsm_query(SPI_OK_SELECT, itsm_archive_facts, 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;

	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		Archive    *archive = archive_of(check, DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull)));

		archive->row.known = true;
		for (int fact = 0; fact < ARCHIVE_FACTS; fact++)
			archive->row.facts[fact] = SPI_getvalue(table->vals[i], table->tupdesc, fact + 2);
	}
}

static char *
member(const JsonbContainer *detail, const char *name)
{
	JsonbValue	value;

	return itsm_json_member(detail, name, &value) ? itsm_json_string(&value) : NULL;
}

static const char archive_events[] =
"SELECT e.kind, itsm.policy_detail(e.body)::pg_catalog.jsonb FROM itsm.record r"
" JOIN itsm.event e ON e.record = r.id AND e.tenant = r.tenant"
" WHERE r.source = 0 AND r.tenant = '' AND r.key = '" POLICY_HISTORY "' AND e.kind IN ('archived', 'restored')"
" ORDER BY e.version";

static void
read_events(ArchiveCheck *check)
{
	uint64		count = itsm_query(SPI_OK_SELECT, archive_events, 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;

	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		char	   *kind = SPI_getvalue(table->vals[i], table->tupdesc, 1);
		Datum		detail = SPI_getbinval(table->vals[i], table->tupdesc, 2, &isnull);
		const JsonbContainer *json = isnull ? NULL : &DatumGetJsonbP(detail)->root;
		char	   *number = json ? member(json, "archive") : NULL;
		Archive    *archive = number ? archive_of(check, pg_strtoint64(number)) : NULL;

		if (archive == NULL)
			continue;
		archive->event.known = strcmp(kind, "archived") == 0;
		for (int fact = 0; fact < ARCHIVE_FACTS; fact++)
			archive->event.facts[fact] = member(json, itsm_archive_fact_names[fact]);
	}
}

/* The rows of itsm.archived, in the order in which they are hashed. */
static void
read_archived(ArchiveCheck *check)
{
	Portal		portal = SPI_cursor_open_with_args(NULL, "SELECT a.* FROM itsm.archived a"
												   " ORDER BY a.archive, a.tenant, a.record", 0, NULL, NULL, NULL, true, 0);
	Archive    *archive = NULL;
	uint64		done = 0;

	for (;;)
	{
		SPITupleTable *table;

		SPI_cursor_fetch(portal, true, FETCH);
		table = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < table->numvals; i++)
		{
			ArchivedRecord archived;
			uint8		leaf[MERKLE_LENGTH];

			CHECK_FOR_INTERRUPTS();
			itsm_archived_of_tuple(table->tupdesc, table->vals[i], &archived);
			if (archive == NULL || archive->number != archived.archive)
				archive = archive_of(check, archived.archive);
			itsm_seal_leaf(archived.record, archived.version, archived.hash, leaf);
			itsm_merkle_grow(&archive->growth, leaf);
			archive->records++;
			archive->events += archived.events;
			pfree(unconstify(char *, archived.tenant));
			itsm_verify_progress(check->verification, "archived records", ++done);
		}
		SPI_freetuptable(table);
	}
	SPI_cursor_close(portal);
}

static bool
same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The first fact that the row and the event tell differently; NULL: they agree. */
static const char *
difference(const Archive *archive)
{
	for (int i = 0; i < ARCHIVE_FACTS; i++)
		if (!same(archive->row.facts[i], archive->event.facts[i]))
			return itsm_archive_fact_names[i];
	return NULL;
}

/* By their places among the facts. */
#define FACT_RECORDS 2
#define FACT_EVENTS 3
#define FACT_ROOT 4

static void
check_archive(ArchiveCheck *check, const Archive *archive)
{
	const char *name = name_of(archive->number);
	char	   *records = psprintf(INT64_FORMAT, archive->records);
	char	   *events = psprintf(INT64_FORMAT, archive->events);
	char	   *places = itsm_archive_places(archive->number);
	uint8		hash[MERKLE_LENGTH];
	const char *root;

	/* made, and brought back */
	if (!archive->row.known && !archive->event.known && archive->records == 0)
		return;
	itsm_merkle_root_now(&archive->growth, hash);
	root = hex_of(hash);
	if (!archive->event.known)
		itsm_verify_fault(check->verification, SCOPE, name, "no event tells that it was made");
	else if (!archive->row.known)
		itsm_verify_fault(check->verification, SCOPE, name, "an event tells that it was made, but it is not in itsm.archive");
	else if (!same(archive->event.facts[FACT_RECORDS], records) || !same(archive->event.facts[FACT_EVENTS], events) ||
			 !same(archive->event.facts[FACT_ROOT], root))
		itsm_verify_fault(check->verification, SCOPE, name, "the records in itsm.archived are not those that its event tells");
	else if (difference(archive))
		itsm_verify_fault(check->verification, SCOPE, name, "its event tells another \"%s\" than itsm.archive and itsm.archive_table",
						  difference(archive));
	else
		itsm_verify_right(check->verification, SCOPE, name, "%s events of %s records are archived in %s: root matches", events,
						  records, places ? places : "a place that is not known");
}

static void *
begin_archives(Verification *verification)
{
	ArchiveCheck *check = palloc0(sizeof(ArchiveCheck));

	check->verification = verification;
	return check;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

static void
check_all(void *argument)
{
	ArchiveCheck *check = argument;
	ListCell   *cell;

	read_rows(check);
	read_events(check);
	read_archived(check);
	foreach(cell, check->archives)
		check_archive(check, lfirst(cell));
}

static void
end_archives(Verification *verification, void *own)
{
	ErrorData  *error;

	if (!itsm_verify_is_last(verification))
		return;
	error = itsm_attempt(check_all, own);
	if (error)
		itsm_verify_fault(verification, SCOPE, "itsm.archive", "cannot be read any further: %s", error->message);
}

const VerifyChecker itsm_verify_archived = {begin_archives, check_record, end_archives};
