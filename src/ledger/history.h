/*
 * history.h
 *		How the history shows values.
 */
#ifndef ITSM_HISTORY_H
#define ITSM_HISTORY_H

#include "record/source.h"

/*
 * The name under which a value is shown.  The status comes first, then
 * attributes: what would be taken for one of them says what it is.
 */
extern const char *itsm_shown_name(List *dictionary, const SourceAttribute *entry);

#endif							/* ITSM_HISTORY_H */
