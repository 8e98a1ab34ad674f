/*
 * shard.h
 *		Tables that Citus has spread over several nodes, as its catalogs tell.
 *
 * Nothing here calls Citus: where its catalogs are missing no table is spread.
 * A shard is an ordinary table of the node that it is on, named like its table
 * with a number behind, in the same schema and of the same owner.
 */
#ifndef ITSM_SHARD_H
#define ITSM_SHARD_H

#include "nodes/pg_list.h"
#include "storage/lock.h"

/* How Citus keeps a table. */
typedef struct Spread
{
	char	   *column;			/* by whose values its rows are spread; NULL: by none */
	bool		replicated;		/* statements go to more than one copy of a shard */
} Spread;

/* How the table is spread; NULL: it is an ordinary one. */
extern Spread *itsm_spread(Oid table);

/* True when this node is one that the coordinator tells what tables and triggers it has. */
extern bool itsm_is_worker(void);

/* The table that a relation is a shard of; InvalidOid: of none. */
extern Oid	itsm_shard_table(Oid relation);

/*
 * The relation, its partitions and inheritance children, and its shards on this
 * node; they are locked, but by NoLock.
 */
extern List *itsm_relation_members(Oid relation, LOCKMODE lock);

/* Longer names are cut where a shard's number is put behind. */
#define ITSM_SHARDED_NAME_MAX	42

#endif							/* ITSM_SHARD_H */
