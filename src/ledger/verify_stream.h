/*
 * verify_stream.h
 *		One of the extension's tables, read in order of its records.
 *
 * What cannot be read does not raise: it is told with the row.
 */
#ifndef ITSM_VERIFY_STREAM_H
#define ITSM_VERIFY_STREAM_H

#include "access/tupdesc.h"
#include "executor/spi.h"
#include "ledger/event.h"

#define STREAM_BATCH 256

typedef struct StreamRow
{
	const char *tenant;
	int64		record;
	int64		version;		/* 0 where the table has none */
	void	   *item;			/* what "decode" made; NULL: the row cannot be read */
	const char *fault;			/* why it, or the part that decode left out, cannot be read */
	Datum	   *values;			/* of all columns, as they are stored */
	bool	   *nulls;
} StreamRow;

struct RecordStream;

/*
 * Makes something of a row, in the current memory context; may raise.
 * Without "whole" it leaves out what is most likely broken.
 */
typedef void *(*StreamDecode) (struct RecordStream *stream, const StreamRow *row, bool whole);

typedef struct RecordStream
{
	const char *table;
	StreamDecode decode;
	Portal		portal;
	TupleDesc	descriptor;
	MemoryContext context;		/* of the batch */
	AttrNumber	tenant;
	AttrNumber	record;
	AttrNumber	version;		/* 0: none */
	StreamRow	rows[STREAM_BATCH];
	int			count;
	int			next;
	EventTexts	texts;			/* of the batch, for events */
	bool		ended;
	const char *failure;		/* why it ended early; NULL: it did not */
} RecordStream;

/*
 * Opens a stream of a query, which gives the columns of the table in order of
 * record, or of record and tenant.  SPI is connected.
 */
extern void itsm_stream_open(RecordStream *stream, const char *table, const char *query, StreamDecode decode);

/* The next row, which stays until the one after it is asked for; NULL at the end. */
extern const StreamRow *itsm_stream_peek(RecordStream *stream);
extern void itsm_stream_advance(RecordStream *stream);

/* The row behind the one that stands next, where it is at hand; NULL otherwise. */
extern const StreamRow *itsm_stream_behind(const RecordStream *stream);

extern void itsm_stream_close(RecordStream *stream);

#endif							/* ITSM_VERIFY_STREAM_H */
