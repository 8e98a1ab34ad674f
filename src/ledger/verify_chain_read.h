/*
 * verify_chain_read.h
 *		The tables that chains are verified by, read side by side.
 */
#ifndef ITSM_VERIFY_CHAIN_READ_H
#define ITSM_VERIFY_CHAIN_READ_H

#include "core/unmet.h"
#include "ledger/verify.h"
#include "ledger/verify_stream.h"

/* An event with its body taken apart. */
typedef struct DecodedEvent
{
	Event	   *event;
	Oid			partition;
	List	   *items;			/* BodyItem */
	StringInfoData commitments;
} DecodedEvent;

typedef struct DecodedViolation
{
	Unmet		unmet;			/* its code is not in the body */
	int			position;
	TimestampTz at;
	int			attachment;
} DecodedViolation;

/*
 * The items of events are DecodedEvent, of heads Record, of states RecordState,
 * of violations DecodedViolation, of archived ArchivedRecord.
 */
typedef struct ChainReader
{
	Verification *verification;
	MemoryContext context;		/* of the pass */
	RecordStream events;
	RecordStream heads;
	RecordStream states;
	RecordStream violations;
	RecordStream archived;
	bool		by_tenant;		/* events come by record, tenant and version; by record and version otherwise */
	/* the record at hand */
	const char *tenant;
	int64		record;
	int64		last;			/* version of its last event that was taken; PG_INT64_MIN: none was */
} ChainReader;

/* In the current memory context, and with SPI connected. */
extern void itsm_chain_open(ChainReader *reader, Verification *verification);

/* The row that comes first in any of the tables; NULL at the end of all, or where one could not be read to its end. */
extern const StreamRow *itsm_chain_first(ChainReader *reader);

/* Its record is the one at hand, named in the current memory context. */
extern void itsm_chain_begin_record(ChainReader *reader, const StreamRow *first);

/* The stream's row when it is one of the record at hand; NULL otherwise. */
extern const StreamRow *itsm_chain_row(ChainReader *reader, RecordStream *stream);

/* Passes over those that are. */
extern void itsm_chain_skip(ChainReader *reader, RecordStream *stream);

/* True when one of the tables could not be read to its end. */
extern bool itsm_chain_cut_short(const ChainReader *reader);

/* Tells which could not. */
extern void itsm_chain_close(ChainReader *reader);

#endif							/* ITSM_VERIFY_CHAIN_READ_H */
