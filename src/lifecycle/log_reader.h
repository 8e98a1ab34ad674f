/*
 * log_reader.h
 *		Reads a log that a user gives as a query: who (key), when (at), which
 *		state, perhaps by whom (actor); in order of key, then time.
 *
 * The query runs with the rights and the search_path of whoever is current
 * when the reader is opened and read, which must be the caller of the SQL
 * function; it cannot write.  Rows are streamed: the reader's memory does not
 * grow with the log (the sort spills to disk like any other).
 */
#ifndef ITSM_LOG_READER_H
#define ITSM_LOG_READER_H

#include "datatype/timestamp.h"

typedef struct LogReader LogReader;

/* Points into the reader; valid until the next call. */
typedef struct LogEntry
{
	const char *key;			/* not terminated by a zero byte */
	int			key_length;
	bool		first;			/* of its key */
	TimestampTz at;
	const char *state;			/* not terminated; NULL: the log has a null there */
	int			state_length;
	const char *actor;			/* not terminated; NULL: null, or the log has no actor */
	int			actor_length;
} LogEntry;

/*
 * Opens a log.  It is one SELECT, VALUES or TABLE that does not write, with
 * columns key (any type), at (timestamptz, timestamp or date) and state (any
 * type), and with "actor" perhaps a column actor (any type).  They are found by
 * name; when a name is missing and there are exactly as many columns as needed,
 * by position, unless that would give a column another meaning than its name.
 *
 * Opens an SPI connection of its own and allocates in it; itsm_log_close ends
 * it.  The current memory context is the same afterwards.
 *
 * Raises ERRCODE_ITSM_ATTACHMENT when the query is none of these or a column
 * is missing or of a wrong type, and whatever the query raises.
 */
extern LogReader *itsm_log_open(const char *query, bool actor);

/*
 * The next entry, by key as bytes, then at, then in the query's own order; false
 * at the end.  A null key or time raises ERRCODE_ITSM_ATTACHMENT.
 */
extern bool itsm_log_next(LogReader *reader, LogEntry *entry);

extern void itsm_log_close(LogReader *reader);

/* The entry's key for a message, shortened, palloc'd. */
extern char *itsm_log_key(const LogEntry *entry);

#endif							/* ITSM_LOG_READER_H */
