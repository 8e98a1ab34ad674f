/*
 * argument.h
 *		Arguments of functions that may not be null: what would do something is
 *		not passed over in silence, as a strict function is.
 */
#ifndef ITSM_ARGUMENT_H
#define ITSM_ARGUMENT_H

#include "fmgr.h"

/* Raises 22004, with the argument's name, when one of the first "count" is null. */
extern void itsm_require_arguments(FunctionCallInfo fcinfo, int count);

#endif							/* ITSM_ARGUMENT_H */
