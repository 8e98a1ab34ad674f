/*
 * seal_unsealed.h
 *		What the next seal would find, and what still holds it back.
 */
#ifndef ITSM_SEAL_UNSEALED_H
#define ITSM_SEAL_UNSEALED_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

typedef struct UnsealedEvents
{
	const char *tenant;
	int64		events;
	TimestampTz oldest;
} UnsealedEvents;

/* Of each tenant that has some, as the active snapshot sees it: a list of UnsealedEvents. */
extern List *itsm_seal_unsealed(void);

#endif							/* ITSM_SEAL_UNSEALED_H */
