/*
 * row_form.h
 *		Forming rows of the extension's own tables.
 */
#ifndef ITSM_ROW_FORM_H
#define ITSM_ROW_FORM_H

#include "access/htup.h"
#include "access/tupdesc.h"

/*
 * As heap_form_tuple, for a row that is stored: it is no value of a composite
 * type.  Quick where values are numbers, short texts and nulls.
 */
extern HeapTuple itsm_form_row(TupleDesc descriptor, Datum *values, bool *nulls);

#endif							/* ITSM_ROW_FORM_H */
