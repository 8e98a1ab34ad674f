/*
 * judged_early.c
 *		Row versions whose own change is judged after the next one.
 *
 * Memory: TopTransactionContext; an entry goes when the change of its version
 * is judged, which is soon.  An entry whose subtransaction aborted does no
 * harm: command numbers are not used again in a transaction.
 */
#include "core/itsm.h"

#include "lifecycle/judged_early.h"
#include "storage/proc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* Deeper triggers are not remembered as judged; that costs an entry each. */
#define REMEMBERED_DEPTH 8

typedef struct VersionId
{
	Oid			table;
	BlockNumber block;
	uint32		offset;			/* as wide as the others: a hash key has no holes */
	CommandId	command;
} VersionId;

typedef struct Early
{
	VersionId	version;		/* hash key */
	int64		record;
	char	   *tenant;
} Early;

typedef struct Judged
{
	LocalTransactionId lxid;
	Oid			table;
	ItemPointerData tid;
} Judged;

static HTAB *early = NULL;
static LocalTransactionId early_lxid = InvalidLocalTransactionId;
static Judged judged[REMEMBERED_DEPTH];

static VersionId
version_id(const TupleTableSlot *version, CommandId command)
{
	VersionId	id = {
		version->tts_tableOid, ItemPointerGetBlockNumber(&version->tts_tid),
		ItemPointerGetOffsetNumber(&version->tts_tid), command
	};

	return id;
}

void
itsm_early_add(const TupleTableSlot *version, CommandId command, const char *tenant, int64 record)
{
	VersionId	id = version_id(version, command);
	Early	   *entry;

	if (early_lxid != ITSM_LXID)
	{
		HASHCTL		control = {.keysize = sizeof(VersionId), .entrysize = sizeof(Early),
		.hcxt = TopTransactionContext};

		early = hash_create("itsm versions judged early", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		early_lxid = ITSM_LXID;
	}
	entry = hash_search(early, &id, HASH_ENTER, NULL);
	entry->record = record;
	entry->tenant = MemoryContextStrdup(TopTransactionContext, tenant);
}

int64
itsm_early_take(const TupleTableSlot *version, CommandId command, const char **tenant)
{
	VersionId	id = version_id(version, command);
	Early	   *entry = early_lxid == ITSM_LXID ? hash_search(early, &id, HASH_REMOVE, NULL) : NULL;

	if (entry == NULL)
		return 0;
	*tenant = pstrdup(entry->tenant);
	pfree(entry->tenant);
	return entry->record;
}

void
itsm_early_judged(int depth, const TupleTableSlot *version)
{
	if (depth < REMEMBERED_DEPTH)
		judged[depth] = (Judged)
	{
		ITSM_LXID, version->tts_tableOid, version->tts_tid
	};
}

bool
itsm_early_is_judged(int depth, const TupleTableSlot *version)
{
	return depth < REMEMBERED_DEPTH && judged[depth].lxid == ITSM_LXID &&
		judged[depth].table == version->tts_tableOid &&
		ItemPointerEquals(&judged[depth].tid, unconstify(ItemPointerData *, &version->tts_tid));
}
