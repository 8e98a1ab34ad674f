/*
 * baseline.h
 *		Baselines: which configuration items there were at an instant, in which
 *		version, and which relationships held.
 *
 * The hash of a baseline is SHA-256 over
 *		"itsm baseline 1\n"
 *		name, tenant, taken_by, class, service and note in UTF-8, each after
 *		  its length in 4 bytes (0xFFFFFFFF for null)
 *		taken_at (microseconds since 2000-01-01 UTC), 1 or 0 for selected, the
 *		  counts of items and relationships, as 8 bytes each
 *		record and version of each item, then the number of each relationship,
 *		  as 8 bytes each
 * with all numbers big-endian and in ascending order.
 */
#ifndef ITSM_BASELINE_H
#define ITSM_BASELINE_H

#include "core/query.h"
#include "ledger/verify.h"
#include "record/record.h"
#include "utils/timestamp.h"

typedef struct Baseline
{
	int			id;
	char	   *name;
	char	   *tenant;
	TimestampTz taken_at;
	char	   *taken_by;
	char	   *class;			/* NULL: of any */
	char	   *service;		/* NULL: of any */
	bool		selected;		/* items were named one by one */
	char	   *note;			/* NULL: none */
	int64		items;
	int64		relationships;
	uint8		hash[ITSM_HASH_LENGTH];
} Baseline;

/* The columns of itsm.baseline "b", as itsm_baseline_of_row reads them. */
#define BASELINE_COLUMNS "b.id, b.name, b.tenant, b.taken_at, b.taken_by, b.class, b.service, b.selected, b.note," \
	" b.items, b.relationships, b.hash"

/* Out of a row of these columns, in the given context. */
extern void itsm_baseline_of_row(SPITupleTable *table, uint64 row, MemoryContext context, Baseline *baseline);

/* itsm_query_begin, without compiling queries that run once. */
extern void itsm_baseline_query_begin(OwnerQuery *query);

/*
 * The baseline of a name, in the given context; ERRCODE_UNDEFINED_OBJECT when
 * there is none that the user is shown.  As are all below: inside itsm_baseline_query_begin and
 * itsm_query_end, under the snapshot of the calling query.
 */
extern void itsm_baseline_require(Oid user, const char *name, MemoryContext context, Baseline *baseline);

/* The hash of what is stored. */
extern void itsm_baseline_hash(const Baseline *baseline, uint8 *hash);

/* A query under the snapshot of the calling one; returns the number of rows. */
extern uint64 itsm_baseline_read(const char *sql, int argument_count, const Oid *types, Datum *values, const char *nulls);

/*
 * A query of live items: tenant $1; records $2, class $3, service $4 or null.
 * Given records may be of any process.
 */
#define BASELINE_ITEMS \
	"SELECT r.id, r.version FROM itsm.record r" \
	" WHERE r.tenant OPERATOR(pg_catalog.=) $1 AND NOT r.deleted AND r.source OPERATOR(pg_catalog.<>) 0" \
	" AND ($2 IS NOT NULL OR (r.process OPERATOR(pg_catalog.=) 'configuration_item' AND r.attachment OPERATOR(pg_catalog.=) ANY" \
	" (ARRAY(SELECT m.id FROM itsm.attachment m WHERE m.detached_at IS NULL))))" \
	" AND ($2 IS NULL OR r.id OPERATOR(pg_catalog.=) ANY ($2))" \
	" AND ($3 IS NULL OR coalesce(r.extra OPERATOR(pg_catalog.->>) 'ci_class', r.extra OPERATOR(pg_catalog.->>) 'class')" \
	" OPERATOR(pg_catalog.=) ANY (ARRAY(WITH RECURSIVE below AS (SELECT $3 COLLATE \"C\" AS name UNION SELECT c.name FROM itsm.ci_class c" \
	" JOIN below ON c.parent OPERATOR(pg_catalog.=) below.name) SELECT below.name FROM below)))" \
	" AND ($4 IS NULL OR r.service OPERATOR(pg_catalog.=) $4 OR r.key OPERATOR(pg_catalog.=) ANY (ARRAY(" \
	"SELECT x.target FROM itsm.reference x JOIN itsm.record s ON s.id OPERATOR(pg_catalog.=) x.record" \
	" AND s.tenant OPERATOR(pg_catalog.=) x.tenant WHERE s.key OPERATOR(pg_catalog.=) $4 AND s.tenant OPERATOR(pg_catalog.=) $1" \
	" AND s.process OPERATOR(pg_catalog.=) 'service' AND NOT s.deleted AND x.attribute OPERATOR(pg_catalog.=) 'cis')))"

/* The relationships that hold with an item of "items" at one end. */
#define BASELINE_LINKS \
	"SELECT x.id FROM itsm.relationship x LEFT JOIN items s ON s.id OPERATOR(pg_catalog.=) x.source" \
	" LEFT JOIN items t ON t.id OPERATOR(pg_catalog.=) x.target WHERE x.ended OPERATOR(pg_catalog.=) 0" \
	" AND x.tenant OPERATOR(pg_catalog.=) $1 AND (s.id IS NOT NULL OR t.id IS NOT NULL)"

/* The part of verify() that looks at baselines. */
extern const VerifyChecker itsm_verify_baselines;

#endif							/* ITSM_BASELINE_H */
