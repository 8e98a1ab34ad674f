/*
 * log_reader.c
 *		A user's query as a sorted stream of log entries.
 *
 * The query is prepared once by itself, so that its own errors point into its
 * own text and its columns are known, then wrapped into a query that sorts.
 * A text that is one statement by itself cannot break out of the wrapping
 * parentheses.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lifecycle/log_reader.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"

#define LOG_COLUMNS 4
#define BATCH_ROWS 1000

static const char *const column_names[LOG_COLUMNS] = {"key", "at", "state", "actor"};

struct LogReader
{
	MemoryContext caller;		/* the context to be in outside the reader */
	MemoryContext own;			/* SPI's */
	Portal		portal;
	int			column_count;	/* 3, or 4 with an actor */
	SPITupleTable *batch;
	uint64		batch_rows;
	uint64		next;			/* in the batch */
	char	   *key;			/* the last entry's key, kept over batches */
	int			key_length;		/* -1: none yet */
	int			key_capacity;
	char	   *detoasted[LOG_COLUMNS]; /* copies that the current entry points into */
};

static void
not_a_log(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("the log is not a query that can be read: %s", what),
			 errhint("A log is one SELECT that gives key text, at timestamptz, state text.")));
}

/* What kind of statement it is, and that it only reads. */
static CachedPlanSource *
check_statement(SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *query;

	if (list_length(sources) != 1)
		not_a_log(sources == NIL ? "it is empty" : "it is more than one statement");
	source = linitial(sources);
	if (source->resultDesc == NULL || list_length(source->query_list) != 1)
		not_a_log("it is not a SELECT");
	query = linitial_node(Query, source->query_list);
	if (query->commandType != CMD_SELECT || query->utilityStmt != NULL)
		not_a_log("it is not a SELECT");
	if (query->hasModifyingCTE || query->rowMarks != NIL)
		not_a_log("it writes or locks rows");
	return source;
}

/* The number of the column with that name; 0 when there is none. */
static int
column_by_name(TupleDesc columns, const char *name)
{
	int			found = 0;

	for (int i = 1; i <= columns->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(columns, i - 1)->attname), name) != 0)
			continue;
		if (found)
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("the log has two columns \"%s\"", name)));
		found = i;
	}
	return found;
}

static bool
is_time(TupleDesc columns, int number)
{
	Oid			type = TupleDescAttr(columns, number - 1)->atttypid;
	Oid			target = TIMESTAMPTZOID;

	/* Not by way of text: what that means hangs on DateStyle. */
	return can_coerce_type(1, &type, &target, COERCION_ASSIGNMENT);
}

/*
 * True when the columns can be taken by their position.  Not when one of them
 * bears the name of another: (state, at, key) is no log by position.
 */
static bool
by_position(TupleDesc columns, const int *named, int needed)
{
	if (columns->natts != needed || !is_time(columns, 2))
		return false;
	for (int i = 0; i < needed; i++)
		if (named[i] != 0 && named[i] != i + 1)
			return false;
	return true;
}

/* Finds key, at, state and perhaps actor; returns how many there are. */
static int
find_columns(TupleDesc columns, bool actor, int *numbers)
{
	int			needed = 3;

	for (int i = 0; i < LOG_COLUMNS; i++)
		numbers[i] = i < 3 || actor ? column_by_name(columns, column_names[i]) : 0;
	if (actor && (numbers[3] != 0 || columns->natts == 4))
		needed = 4;

	for (int i = 0; i < 3; i++)
	{
		if (numbers[i] != 0)
			continue;
		if (!by_position(columns, numbers, needed))
			ereport(ERROR,
					(errcode(ERRCODE_ITSM_ATTACHMENT),
					 errmsg("a log query gives key text, at timestamptz, state text%s; column \"%s\" is missing",
							actor ? " and perhaps actor text" : "", column_names[i])));
		for (int j = 0; j < needed; j++)
			numbers[j] = j + 1;
		return needed;
	}
	if (!is_time(columns, numbers[1]))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("column \"at\" of the log is of type %s, not timestamptz",
						format_type_be(TupleDescAttr(columns, numbers[1] - 1)->atttypid)),
				 errhint("Convert it in the query, for instance with to_timestamp(at, 'DD/MM/YYYY HH24:MI').")));
	return numbers[3] != 0 ? 4 : 3;
}

/*
 * SELECT …, sorted.  The columns get names of ours, so that no two are the
 * same; row_number() keeps the query's own order among ties.
 */
static char *
sorting_query(const char *statement, int length, TupleDesc columns, int count, const int *numbers)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < count; i++)
		appendStringInfo(&sql, i == 1 ? ", l.c%d::pg_catalog.timestamptz" : i == 0 ? "l.c%d::pg_catalog.text"
						 : ", l.c%d::pg_catalog.text", numbers[i]);
	appendStringInfoString(&sql, " FROM (SELECT *, pg_catalog.row_number() OVER () FROM (\n");
	appendBinaryStringInfo(&sql, statement, length);
	appendStringInfoString(&sql, "\n) AS q) AS l(");
	for (int i = 1; i <= columns->natts; i++)
		appendStringInfo(&sql, "c%d, ", i);
	appendStringInfo(&sql, "n) ORDER BY l.c%d::pg_catalog.text COLLATE pg_catalog.\"C\","
					 " l.c%d::pg_catalog.timestamptz, l.n", numbers[0], numbers[1]);
	return sql.data;
}

static SPIPlanPtr
prepare(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);

	if (plan == NULL)
		not_a_log(SPI_result_code_string(SPI_result));
	return plan;
}

LogReader *
itsm_log_open(const char *query, bool actor)
{
	MemoryContext caller = CurrentMemoryContext;
	LogReader  *reader;
	SPIPlanPtr	plan;
	CachedPlanSource *source;
	RawStmt    *statement;
	int			numbers[LOG_COLUMNS];
	int			length;
	char	   *sql;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	reader = palloc0(sizeof(LogReader));
	reader->caller = caller;
	reader->own = CurrentMemoryContext;
	reader->key_length = -1;

	plan = prepare(query);
	source = check_statement(plan);
	reader->column_count = find_columns(source->resultDesc, actor, numbers);
	/* Without the semicolon that may follow it. */
	statement = source->raw_parse_tree;
	length = statement->stmt_len != 0 ? statement->stmt_len
		: (int) strlen(query + statement->stmt_location);
	sql = sorting_query(query + statement->stmt_location, length, source->resultDesc,
						reader->column_count, numbers);
	SPI_freeplan(plan);

	plan = prepare(sql);
	reader->portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	MemoryContextSwitchTo(caller);
	return reader;
}

/* The bytes of a text column of the current row; NULL when it is null. */
static const char *
column_bytes(LogReader *reader, HeapTuple row, int column, int *length)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, reader->batch->tupdesc, column + 1, &isnull);
	struct varlena *bytes;

	*length = 0;
	if (isnull)
		return NULL;
	bytes = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));
	if ((Pointer) bytes != DatumGetPointer(value))
		reader->detoasted[column] = (char *) bytes;
	*length = VARSIZE_ANY_EXHDR(bytes);
	return VARDATA_ANY(bytes);
}

/* Whether the key differs from the last one; remembers it. */
static bool
key_changes(LogReader *reader, const char *key, int length)
{
	if (reader->key_length == length && memcmp(reader->key, key, length) == 0)
		return false;
	if (reader->key_capacity < length || reader->key == NULL)
	{
		reader->key_capacity = Max(length, 64);
		if (reader->key)
			pfree(reader->key);
		reader->key = palloc(reader->key_capacity);
	}
	memcpy(reader->key, key, length);
	reader->key_length = length;
	return true;
}

/* The next row, fetched by the batch; NULL at the end. */
static HeapTuple
next_row(LogReader *reader)
{
	if (reader->next >= reader->batch_rows)
	{
		CHECK_FOR_INTERRUPTS();
		if (reader->batch)
			SPI_freetuptable(reader->batch);
		SPI_cursor_fetch(reader->portal, true, BATCH_ROWS);
		reader->batch = SPI_tuptable;
		reader->batch_rows = SPI_processed;
		reader->next = 0;
		if (reader->batch_rows == 0)
			return NULL;
	}
	return reader->batch->vals[reader->next++];
}

char *
itsm_log_key(const LogEntry *entry)
{
	return pnstrdup(entry->key, pg_mbcliplen(entry->key, entry->key_length, 100));
}

static void
read_entry(LogReader *reader, HeapTuple row, LogEntry *entry)
{
	Datum		at;
	bool		isnull;

	entry->key = column_bytes(reader, row, 0, &entry->key_length);
	if (entry->key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT), errmsg("the log has an entry whose \"key\" is null")));
	at = SPI_getbinval(row, reader->batch->tupdesc, 2, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("the log has an entry of key \"%s\" whose \"at\" is null", itsm_log_key(entry))));
	entry->at = DatumGetTimestampTz(at);
	entry->state = column_bytes(reader, row, 2, &entry->state_length);
	entry->actor = NULL;
	entry->actor_length = 0;
	if (reader->column_count > 3)
		entry->actor = column_bytes(reader, row, 3, &entry->actor_length);
	entry->first = key_changes(reader, entry->key, entry->key_length);
}

bool
itsm_log_next(LogReader *reader, LogEntry *entry)
{
	MemoryContext caller = MemoryContextSwitchTo(reader->own);
	HeapTuple	row;

	for (int i = 0; i < LOG_COLUMNS; i++)
		if (reader->detoasted[i])
		{
			pfree(reader->detoasted[i]);
			reader->detoasted[i] = NULL;
		}
	row = next_row(reader);
	if (row)
		read_entry(reader, row, entry);
	MemoryContextSwitchTo(caller);
	return row != NULL;
}

void
itsm_log_close(LogReader *reader)
{
	MemoryContext caller = reader->caller;

	SPI_cursor_close(reader->portal);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo(caller);
}
