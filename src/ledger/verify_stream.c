/*
 * verify_stream.c
 *		Reading one of the extension's tables by a cursor, a batch at a time.
 *
 * A batch is fetched, and then decoded, in a subtransaction; where decoding
 * fails, its rows are decoded one by one, to find out which is to blame.  Rows
 * are taken from the executor as values: to form a tuple of them first, and
 * take it apart again, would cost more than hashing it.
 *
 * Memory: one batch.
 */
#include "core/itsm.h"

#include "access/tupmacs.h"
#include "core/attempt.h"
#include "executor/tuptable.h"
#include "ledger/verify_stream.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"

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
	stream->descriptor = stream->portal->tupDesc;
	stream->context = AllocSetContextCreate(CurrentMemoryContext, "itsm verify batch", ALLOCSET_DEFAULT_SIZES);
	stream->tenant = SPI_fnumber(stream->descriptor, "tenant");
	stream->record = SPI_fnumber(stream->descriptor, "record");
	if (stream->record <= 0)
		stream->record = SPI_fnumber(stream->descriptor, "id");
	stream->version = Max(SPI_fnumber(stream->descriptor, "version"), 0);
}

/* Rows as the executor gives them. */

typedef struct BatchReceiver
{
	DestReceiver base;
	RecordStream *stream;
} BatchReceiver;

static void
start_batch(DestReceiver *receiver, int operation, TupleDesc descriptor)
{
}

static void
end_batch(DestReceiver *receiver)
{
}

/* What the values of a row need that are not in their Datum. */
static Size
size_of_values(TupleDesc descriptor, const TupleTableSlot *slot)
{
	Size		size = 0;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (slot->tts_isnull[i] || attribute->attbyval)
			continue;
		size = att_align_datum(size, attribute->attalign, attribute->attlen, slot->tts_values[i]);
		size = att_addlength_datum(size, attribute->attlen, slot->tts_values[i]);
	}
	return size;
}

static bool
keep_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	RecordStream *stream = ((BatchReceiver *) receiver)->stream;
	TupleDesc	descriptor = stream->descriptor;
	StreamRow  *row = &stream->rows[stream->count];
	Size		size = 0;
	char	   *bytes;

	slot_getallattrs(slot);
	memset(row, 0, sizeof(StreamRow));
	row->values = MemoryContextAlloc(stream->context, MAXALIGN(sizeof(Datum) * descriptor->natts) +
									 MAXALIGN(sizeof(bool) * descriptor->natts) + size_of_values(descriptor, slot));
	row->nulls = (bool *) ((char *) row->values + MAXALIGN(sizeof(Datum) * descriptor->natts));
	bytes = (char *) row->nulls + MAXALIGN(sizeof(bool) * descriptor->natts);
	memcpy(row->values, slot->tts_values, sizeof(Datum) * descriptor->natts);
	memcpy(row->nulls, slot->tts_isnull, sizeof(bool) * descriptor->natts);
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		Size		end;

		if (row->nulls[i] || attribute->attbyval)
			continue;
		size = att_align_datum(size, attribute->attalign, attribute->attlen, row->values[i]);
		end = att_addlength_datum(size, attribute->attlen, row->values[i]);
		row->values[i] = PointerGetDatum(memcpy(bytes + size, DatumGetPointer(row->values[i]), end - size));
		size = end;
	}
	stream->count++;
	return true;
}

static void
fetch(void *argument)
{
	BatchReceiver receiver = {{keep_row, start_batch, end_batch, end_batch, DestNone}, argument};

	(void) PortalRunFetch(receiver.stream->portal, FETCH_FORWARD, STREAM_BATCH, &receiver.base);
}

/* Rows as the stream's user wants them. */

static int64
number_at(const StreamRow *row, AttrNumber column)
{
	return column > 0 && !row->nulls[column - 1] ? DatumGetInt64(row->values[column - 1]) : 0;
}

/* A row on its way through itsm_attempt. */
typedef struct Decoding
{
	RecordStream *stream;
	StreamRow  *row;
	const char *tenant;			/* of the row before; NULL: there is none */
	bool		whole;
} Decoding;

static void
decode_tenant(void *argument)
{
	Decoding   *decoding = argument;
	StreamRow  *row = decoding->row;
	AttrNumber	column = decoding->stream->tenant - 1;
	const text *tenant;
	Size		length;

	if (row->nulls[column])
	{
		row->tenant = "";
		return;
	}
	tenant = DatumGetTextPP(row->values[column]);
	length = VARSIZE_ANY_EXHDR(tenant);
	row->tenant = decoding->tenant && strlen(decoding->tenant) == length &&
		memcmp(decoding->tenant, VARDATA_ANY(tenant), length) == 0 ? decoding->tenant : text_to_cstring(tenant);
}

static void
decode_item(void *argument)
{
	Decoding   *decoding = argument;

	decoding->row->item = decoding->stream->decode(decoding->stream, decoding->row, decoding->whole);
}

static Decoding
decoding_of(RecordStream *stream, int number)
{
	Decoding	decoding = {stream, &stream->rows[number], number > 0 ? stream->rows[number - 1].tenant : NULL, true};

	decoding.row->record = number_at(decoding.row, stream->record);
	decoding.row->version = number_at(decoding.row, stream->version);
	return decoding;
}

static void
decode_batch(void *argument)
{
	RecordStream *stream = argument;

	for (int i = 0; i < stream->count; i++)
	{
		Decoding	decoding = decoding_of(stream, i);

		decode_tenant(&decoding);
		decode_item(&decoding);
	}
}

/* One by one: what fails is told with its row. */
static void
decode_singly(RecordStream *stream)
{
	for (int i = 0; i < stream->count; i++)
	{
		Decoding	decoding = decoding_of(stream, i);
		ErrorData  *error = itsm_attempt(decode_tenant, &decoding);

		decoding.row->item = NULL;
		/* it stands beside its neighbour, wherever it belongs */
		if (error)
			decoding.row->tenant = decoding.tenant ? decoding.tenant : "";
		if (error == NULL && (error = itsm_attempt(decode_item, &decoding)) != NULL)
		{
			decoding.whole = false;
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
	ErrorData  *error;

	MemoryContextReset(stream->context);
	stream->count = stream->next = 0;
	memset(&stream->texts, 0, sizeof(EventTexts));
	error = itsm_attempt(fetch, stream);
	if (error)
	{
		stream->failure = error->message;
		stream->count = 0;
	}
	stream->ended = stream->count == 0;
	if (itsm_attempt(decode_batch, stream))
		decode_singly(stream);
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

const StreamRow *
itsm_stream_behind(const RecordStream *stream)
{
	return stream->next + 1 < stream->count ? &stream->rows[stream->next + 1] : NULL;
}

void
itsm_stream_close(RecordStream *stream)
{
	if (stream->failure == NULL)
		SPI_cursor_close(stream->portal);
	MemoryContextDelete(stream->context);
}
