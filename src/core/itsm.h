/*
 * itsm.h
 *		What every C file of the extension includes first.
 *
 * Only functions declared with ITSM_FUNCTION leave the library; everything
 * else is hidden.  Names of exported symbols start with itsm_.
 */
#ifndef ITSM_H
#define ITSM_H

#include "postgres.h"

#include "core/compat.h"
#include "fmgr.h"

#define ITSM_SCHEMA "itsm"

/* Declares and exports a function that SQL can call. */
#define ITSM_FUNCTION(name) \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/*
 * The same for one that does something, and needs all of its arguments: a null
 * is an error, where STRICT would do nothing without a word.  Followed by the
 * body.
 */
#define ITSM_FUNCTION_OF_ALL(name) \
	static Datum name##_of_all(PG_FUNCTION_ARGS); \
	ITSM_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		itsm_require_arguments(fcinfo, PG_NARGS()); \
		return name##_of_all(fcinfo); \
	} \
	static Datum \
	name##_of_all(PG_FUNCTION_ARGS)

/* ERRCODE_NULL_VALUE_NOT_ALLOWED names the first of "count" arguments that is null. */
extern void itsm_require_arguments(FunctionCallInfo fcinfo, int count);

#endif							/* ITSM_H */
