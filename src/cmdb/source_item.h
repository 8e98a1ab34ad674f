/*
 * source_item.h
 *		What sources say of configuration items: rows of itsm.source_item, one
 *		for each item of a source.
 *
 * Locking: who writes them holds off others who do (reconcile.c).
 */
#ifndef ITSM_SOURCE_ITEM_H
#define ITSM_SOURCE_ITEM_H

#include "access/htup.h"
#include "datatype/timestamp.h"
#include "ledger/redact.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct SourceItem
{
	int64		identity;		/* which item of the source it is */
	int64		record;			/* 0: none, as far as is known */
	int64		record_version; /* as it was reconciled last */
	int64		hash;			/* of what the source said, and of what it was reconciled by */
	TimestampTz seen_at;
	TimestampTz changed_at;
	TimestampTz first_seen_at;
	TimestampTz review_at;		/* reconcile it again from then on; DT_NOEND: when something changes */
	const char *source;
	const char *tenant;
	const char *class;
	const char *outcome;
	Jsonb	   *attributes;
	Jsonb	   *findings;		/* NULL: none */
	HeapTuple	tuple;			/* NULL: not stored yet */
} SourceItem;

/* The item of a source, in the current memory context; NULL when there is none. */
extern SourceItem *itsm_source_item_find(const char *source, const char *tenant, int64 identity);

/* What all sources say of a record that they were found to mean: a list of SourceItem *. */
extern List *itsm_source_items_of(const char *tenant, int64 record);

/* Inserts it, or replaces its row. */
extern void itsm_source_item_store(SourceItem *item);

/* Only takes note that it was seen: an update that stays on its page. */
extern void itsm_source_item_touch(SourceItem *item, TimestampTz seen_at);

extern void itsm_source_item_delete(SourceItem *item);

/* Values of a record that are erased are erased here, too. */
extern const Redactor itsm_source_item_redactor;

#endif							/* ITSM_SOURCE_ITEM_H */
