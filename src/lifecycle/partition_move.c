/*
 * partition_move.c
 *		Rows that move between partitions: judged as one change.
 *
 * Memory: TopTransactionContext, until the other half comes.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "lifecycle/judge_row.h"
#include "lifecycle/partition_move.h"
#include "lifecycle/transaction_end.h"
#include "storage/proc.h"
#include "utils/memutils.h"

/*
 * A row on its way from one partition to another: its DELETE has been fired,
 * the INSERT of the same command comes next.  A trigger in between may write
 * attached tables too, at a greater trigger depth, so there may be several.
 */
typedef struct PartitionMove
{
	struct PartitionMove *below;
	int			depth;
	SubTransactionId subtransaction;
	Oid			relation;
	HeapTuple	tuple;
	CommandId	command;
} PartitionMove;

static PartitionMove *partition_moves = NULL;	/* in TopTransactionContext; the deepest first */
static LocalTransactionId partition_moves_lxid = InvalidLocalTransactionId;

/* The deepest row on its way; NULL: there is none. */
static PartitionMove *
partition_move(void)
{
	return partition_moves_lxid == ITSM_LXID ? partition_moves : NULL;
}

bool
itsm_partition_moves_wait(void)
{
	return partition_move() != NULL;
}

void
itsm_partition_moves_settle(int depth)
{
	while (partition_move() && partition_move()->depth >= depth)
	{
		Memory		memory = {0};

		itsm_partition_move_finish(NULL, &memory);
	}
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	PartitionMove **link = &partition_moves;

	if (!partition_move())
		return;
	while (*link)
	{
		PartitionMove *move = *link;

		if (move->subtransaction == subtransaction && event == SUBXACT_EVENT_ABORT_SUB)
		{
			*link = move->below;
			continue;
		}
		if (move->subtransaction == subtransaction && event == SUBXACT_EVENT_COMMIT_SUB)
			move->subtransaction = parent;
		link = &move->below;
	}
}

void
itsm_partition_move_begin(Relation relation, HeapTuple tuple, int depth)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	PartitionMove *move = palloc(sizeof(PartitionMove));

	if (!registered)
	{
		itsm_transaction_end_watch();
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	move->below = partition_move();
	move->depth = depth;
	move->subtransaction = GetCurrentSubTransactionId();
	move->relation = RelationGetRelid(relation);
	move->tuple = heap_copytuple(tuple);
	move->command = HeapTupleHeaderGetCmax(tuple->t_data);
	partition_moves = move;
	partition_moves_lxid = ITSM_LXID;
	MemoryContextSwitchTo(caller);
}

void
itsm_partition_move_finish(Row *new, Memory *memory)
{
	PartitionMove *move = partition_moves;
	Relation	relation = table_open(move->relation, AccessShareLock);
	Row			old = {.relation = relation, .policy = itsm_policy_get(relation)};

	partition_moves = move->below;
	old.slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsHeapTuple);
	ExecStoreHeapTuple(move->tuple, old.slot, false);
	old.state = itsm_evaluate_begin(old.policy);
	memory->deleted = new == NULL;
	itsm_describe_old(memory, old.slot, move->tuple->t_data, move->depth);
	if (new == NULL)
		memory->command = move->command;
	itsm_judge_row(&old, new, memory);
	itsm_evaluate_end(old.policy, old.state);
	ExecDropSingleTupleTableSlot(old.slot);
	heap_freetuple(move->tuple);
	pfree(move);
	table_close(relation, NoLock);
}

bool
itsm_partition_move_arrives(HeapTupleHeader header, int depth)
{
	return partition_move() && partition_move()->depth == depth &&
		itsm_command_of(header) == partition_move()->command;
}
