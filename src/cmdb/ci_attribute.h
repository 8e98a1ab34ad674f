/*
 * ci_attribute.h
 *		Canonical attributes of a record, by name.
 */
#ifndef ITSM_CI_ATTRIBUTE_H
#define ITSM_CI_ATTRIBUTE_H

#include "record/record.h"

/* The canonical text of an attribute as the record was read, palloc'd; NULL: it is not filled. */
extern char *itsm_ci_attribute(const Record *record, const char *name);

#endif							/* ITSM_CI_ATTRIBUTE_H */
