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

#endif							/* ITSM_H */
