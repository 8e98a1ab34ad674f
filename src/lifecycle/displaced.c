/*
 * displaced.c
 *		Keys taken over within a transaction.
 *
 * Memory: TopTransactionContext.  An entry whose subtransaction aborted does
 * no harm: its record has its key again, and the caller looks.
 */
#include "core/itsm.h"

#include "lifecycle/displaced.h"
#include "nodes/pg_list.h"
#include "storage/proc.h"
#include "utils/memutils.h"

typedef struct Displaced
{
	int			source;
	char	   *tenant;
	char	   *key;
	int64		record;
} Displaced;

static List *displaced = NIL;
static LocalTransactionId displaced_lxid = InvalidLocalTransactionId;

void
itsm_displaced_add(int source, const char *tenant, const char *key, int64 record)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	Displaced  *entry = palloc(sizeof(Displaced));

	if (displaced_lxid != ITSM_LXID)
		displaced = NIL;
	displaced_lxid = ITSM_LXID;
	entry->source = source;
	entry->tenant = pstrdup(tenant);
	entry->key = pstrdup(key);
	entry->record = record;
	displaced = lcons(entry, displaced);
	MemoryContextSwitchTo(caller);
}

int64
itsm_displaced_find(int source, const char *tenant, const char *key)
{
	ListCell   *cell;

	if (displaced_lxid != ITSM_LXID)
		return 0;
	foreach(cell, displaced)
	{
		const Displaced *entry = lfirst(cell);

		if (entry->source == source && strcmp(entry->key, key) == 0 && strcmp(entry->tenant, tenant) == 0)
			return entry->record;
	}
	return 0;
}

void
itsm_displaced_remove(int64 record)
{
	ListCell   *cell;

	if (displaced_lxid != ITSM_LXID)
		return;
	foreach(cell, displaced)
		if (((const Displaced *) lfirst(cell))->record == record)
		{
			displaced = foreach_delete_current(displaced, cell);
			return;
		}
}
