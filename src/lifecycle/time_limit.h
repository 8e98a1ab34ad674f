/*
 * time_limit.h
 *		Intervals in definitions.
 */
#ifndef ITSM_TIME_LIMIT_H
#define ITSM_TIME_LIMIT_H

#include "datatype/timestamp.h"

/*
 * Reads a time limit.  False, and *message, when the text is none; "stored":
 * it is known to be one.  Minus signs are refused altogether: what they stand
 * for depends on IntervalStyle, and the meaning may not change with the session.
 */
extern bool itsm_time_limit(char *text, bool stored, Interval *limit, const char **message);

#endif							/* ITSM_TIME_LIMIT_H */
