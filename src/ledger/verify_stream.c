/*
 * verify_stream.c
 *		Reading one of the extension's tables by a cursor, a batch at a time.
 *
 * A batch is fetched and decoded in a subtransaction; where that fails, its
 * rows are decoded one by one, to find out which is to blame.
 *
 * Memory: one batch.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "ledger/verify_stream.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* A row on its way through itsm_attempt. */
typedef struct Decoding
{
	RecordStream *stream;
	TupleDesc	descriptor;
	HeapTuple	tuple;
	StreamRow  *row;
	bool		whole;
} Decoding;

void
itsm_stream_open(RecordStream *stream, const char *table, const char *query, StreamDecode decode)
{
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "%s in: %s", SPI_result_code_string(SPI_result), query);
	memset(stream, 0, sizeof(RecordStream));
	stream->table = table;
	stream->decode = decode;
	stream->portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	stream->context = AllocSetContextCreate(CurrentMemoryContext, "itsm verify batch", ALLOCSET_DEFAULT_SIZES);
	stream->tenant = SPI_fnumber(stream->portal->tupDesc, "tenant");
	stream->record = SPI_fnumber(stream->portal->tupDesc, "record");
	if (stream->record <= 0)
		stream->record = SPI_fnumber(stream->portal->tupDesc, "id");
	stream->version = Max(SPI_fnumber(stream->portal->tupDesc, "version"), 0);
}

static void
fetch(void *argument)
{
	SPI_cursor_fetch(((RecordStream *) argument)->portal, true, STREAM_BATCH);
}

static int64
number_at(const Decoding *decoding, AttrNumber column)
{
	bool		isnull = true;
	Datum		value = column > 0
		? heap_getattr(decoding->tuple, column, decoding->descriptor, &isnull) : (Datum) 0;

	return isnull ? 0 : DatumGetInt64(value);
}

static void
decode_tenant(void *argument)
{
	Decoding   *decoding = argument;
	bool		isnull;
	Datum		tenant = heap_getattr(decoding->tuple, decoding->stream->tenant, decoding->descriptor, &isnull);

	decoding->row->tenant = isnull ? "" : TextDatumGetCString(tenant);
}

static void
decode_item(void *argument)
{
	Decoding   *decoding = argument;

	decoding->row->item = decoding->stream->decode(decoding->descriptor, decoding->tuple, decoding->whole);
}

static Decoding
decoding_of(RecordStream *stream, SPITupleTable *table, int number)
{
	Decoding	decoding = {stream, table->tupdesc, table->vals[number], &stream->rows[number], true};

	memset(decoding.row, 0, sizeof(StreamRow));
	decoding.row->record = number_at(&decoding, stream->record);
	decoding.row->version = number_at(&decoding, stream->version);
	return decoding;
}

typedef struct Batch
{
	RecordStream *stream;
	SPITupleTable *table;
} Batch;

static void
decode_batch(void *argument)
{
	Batch	   *batch = argument;

	for (int i = 0; i < batch->stream->count; i++)
	{
		Decoding	decoding = decoding_of(batch->stream, batch->table, i);

		decode_tenant(&decoding);
		decode_item(&decoding);
	}
}

/* One by one: what fails is told with its row. */
static void
decode_singly(RecordStream *stream, SPITupleTable *table)
{
	const char *tenant = "";

	for (int i = 0; i < stream->count; i++)
	{
		Decoding	decoding = decoding_of(stream, table, i);
		ErrorData  *error = itsm_attempt(decode_tenant, &decoding);

		/* it stands beside its neighbour, wherever it belongs */
		if (error)
			decoding.row->tenant = tenant;
		tenant = decoding.row->tenant;
		if (error == NULL && (error = itsm_attempt(decode_item, &decoding)) != NULL)
		{
			decoding.whole = false;
			decoding.row->item = NULL;
			(void) itsm_attempt(decode_item, &decoding);
		}
		if (error)
			decoding.row->fault = error->message;
	}
}

static void
fill(RecordStream *stream)
{
	MemoryContext caller = MemoryContextSwitchTo(stream->context);
	SPITupleTable *table;
	ErrorData  *error;
	Batch		batch;

	MemoryContextReset(stream->context);
	stream->count = stream->next = 0;
	error = itsm_attempt(fetch, stream);
	if (error)
	{
		stream->failure = error->message;
		stream->ended = true;
		MemoryContextSwitchTo(caller);
		return;
	}
	table = SPI_tuptable;
	stream->count = (int) SPI_processed;
	stream->ended = stream->count == 0;
	batch = (Batch)
	{
		stream, table
	};
	if (itsm_attempt(decode_batch, &batch))
		decode_singly(stream, table);
	SPI_freetuptable(table);
	MemoryContextSwitchTo(caller);
}

const StreamRow *
itsm_stream_peek(RecordStream *stream)
{
	if (stream->next == stream->count && !stream->ended)
		fill(stream);
	return stream->next < stream->count ? &stream->rows[stream->next] : NULL;
}

void
itsm_stream_advance(RecordStream *stream)
{
	stream->next++;
}

void
itsm_stream_close(RecordStream *stream)
{
	if (stream->failure == NULL)
		SPI_cursor_close(stream->portal);
	MemoryContextDelete(stream->context);
}
