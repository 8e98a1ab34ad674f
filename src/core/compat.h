/*
 * compat.h
 *		Differences between PostgreSQL's versions.  PG_VERSION_NUM stands here
 *		and nowhere else.
 */
#ifndef ITSM_COMPAT_H
#define ITSM_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "itsm needs PostgreSQL 15 or later"
#endif

/* Before 16 the macro is empty, and -fvisibility=hidden hides even the magic block. */
#if PG_VERSION_NUM < 160000 && (defined(__GNUC__) || defined(__clang__))
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/* 16 moved the macros of variable-length values out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 says before a declaration what does not return. */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/* 17 moved the local transaction id into a struct of its own. */
#if PG_VERSION_NUM >= 170000
#define ITSM_LXID (MyProc->vxid.lxid)
#else
#define ITSM_LXID (MyProc->lxid)
#endif

/* 16 tells index updates which kind of heap update it was. */
#if PG_VERSION_NUM >= 160000
#define itsm_heap_update(rel, tid, tuple, failure, lockmode) \
	heap_update((rel), (tid), (tuple), GetCurrentCommandId(true), InvalidSnapshot, true, \
				(failure), (lockmode), &(TU_UpdateIndexes){0})
#else
#define itsm_heap_update(rel, tid, tuple, failure, lockmode) \
	heap_update((rel), (tid), (tuple), GetCurrentCommandId(true), InvalidSnapshot, true, \
				(failure), (lockmode))
#endif

/* 18 counts index searches for those who ask for it. */
#if PG_VERSION_NUM >= 180000
#define itsm_index_beginscan(heap, index, snapshot, key_count, order_count) \
	index_beginscan((heap), (index), (snapshot), NULL, (key_count), (order_count))
#else
#define itsm_index_beginscan(heap, index, snapshot, key_count, order_count) \
	index_beginscan((heap), (index), (snapshot), (key_count), (order_count))
#endif

/* 17 lets an access method keep something from one insertion to the next. */
#if PG_VERSION_NUM >= 170000
#define itsm_index_insert_cleanup(index, info) index_insert_cleanup((index), (info))
#else
#define itsm_index_insert_cleanup(index, info) ((void) 0)
#endif

/* 16 lets index entries be made for summarizing indexes alone. */
#if PG_VERSION_NUM >= 160000
#define itsm_insert_index_tuples(target, slot, estate, conflict) \
	ExecInsertIndexTuples((target), (slot), (estate), false, true, (conflict), NIL, false)
#else
#define itsm_insert_index_tuples(target, slot, estate, conflict) \
	ExecInsertIndexTuples((target), (slot), (estate), false, true, (conflict), NIL)
#endif

/* 18 lets a constraint pass over the row that is checked. */
#if PG_VERSION_NUM >= 180000
#define itsm_check_index_constraints(target, slot, estate, conflict) \
	ExecCheckIndexConstraints((target), (slot), (estate), (conflict), &(slot)->tts_tid, NIL)
#else
#define itsm_check_index_constraints(target, slot, estate, conflict) \
	ExecCheckIndexConstraints((target), (slot), (estate), (conflict), NIL)
#endif

/* 16 checks ownership of, and rights to, all kinds of objects by one function each. */
#if PG_VERSION_NUM >= 160000
#define itsm_owns_relation(relation, role) object_ownercheck(RelationRelationId, (relation), (role))
#define itsm_may_create_in(schema, role) \
	(object_aclcheck(NamespaceRelationId, (schema), (role), ACL_CREATE) == ACLCHECK_OK)
#else
#define itsm_may_create_in(schema, role) \
	(pg_namespace_aclcheck((schema), (role), ACL_CREATE) == ACLCHECK_OK)
#define itsm_owns_relation(relation, role) pg_class_ownercheck((relation), (role))
#endif

/* 16 lets an input function report an error without raising it. */
#if PG_VERSION_NUM >= 160000
#define itsm_escontext(fcinfo) ((fcinfo)->context)
#define itsm_ereturn(context, value, rest) ereturn((context), (value), rest)
#else
#define itsm_escontext(fcinfo) NULL
#define itsm_ereturn(context, value, rest) ereport(ERROR, rest)
#endif
#define itsm_soft_error(fcinfo, ...) itsm_ereturn(itsm_escontext(fcinfo), (Datum) 0, (__VA_ARGS__))

/* 16 passes that context on to what makes ranges. */
#if PG_VERSION_NUM >= 160000
#define itsm_make_range(type, lower, upper, empty) make_range((type), (lower), (upper), (empty), NULL)
#else
#define itsm_make_range(type, lower, upper, empty) make_range((type), (lower), (upper), (empty))
#endif

/* 16 reports more about a date that it cannot read. */
#if PG_VERSION_NUM >= 160000
#define itsm_decode_datetime(fields, kinds, count, kind, tm, fraction, zone) \
	DecodeDateTime((fields), (kinds), (count), (kind), (tm), (fraction), (zone), &(DateTimeErrorExtra){0})
#else
#define itsm_decode_datetime(fields, kinds, count, kind, tm, fraction, zone) \
	DecodeDateTime((fields), (kinds), (count), (kind), (tm), (fraction), (zone))
#endif

/* 17 knows infinite intervals. */
#if PG_VERSION_NUM >= 170000
#define itsm_interval_is_finite(interval) (!INTERVAL_NOT_FINITE(interval))
#else
#define itsm_interval_is_finite(interval) true
#endif

/* 17 has named segments of dynamic shared memory. */
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#define ITSM_NAMED_SEGMENTS
#endif

/* 16 counts in nanoseconds, or in ticks that it converts. */
#if PG_VERSION_NUM >= 160000
#define itsm_nanoseconds(time) INSTR_TIME_GET_NANOSEC(time)
#else
#define itsm_nanoseconds(time) ((int64) (time).tv_sec * 1000000000 + (time).tv_nsec)
#endif

/* 16 gives whoever makes a role its administration, which is no membership. */
#if PG_VERSION_NUM >= 160000
#define itsm_is_full_membership(form) ((form)->inherit_option || (form)->set_option)
#else
#define itsm_is_full_membership(form) ((form) != NULL)
#endif

/* 16 renamed what a relation's file is known by. */
#if PG_VERSION_NUM >= 160000
#define itsm_relation_file(relation) ((int64) (relation)->rd_locator.relNumber)
#define itsm_read_recent_buffer(relation, block, buffer) \
	ReadRecentBuffer((relation)->rd_locator, MAIN_FORKNUM, (block), (buffer))
#else
#define itsm_relation_file(relation) ((int64) (relation)->rd_node.relNode)
#define itsm_read_recent_buffer(relation, block, buffer) \
	ReadRecentBuffer((relation)->rd_node, MAIN_FORKNUM, (block), (buffer))
#endif

/* 16 adds many pages at once; the caller has the lock for it.  Before, core/table_grow.c does. */
#if PG_VERSION_NUM >= 160000
#define itsm_extend_relation(relation, wanted, buffers, added) \
	ExtendBufferedRelBy(BMR_REL(relation), MAIN_FORKNUM, NULL, EB_SKIP_EXTENSION_LOCK, (wanted), (buffers), (added))
#endif

/* 18 leaves room in front of a minimal tuple where it is asked for. */
#if PG_VERSION_NUM >= 180000
#define itsm_form_minimal_tuple(descriptor, values, nulls) heap_form_minimal_tuple((descriptor), (values), (nulls), 0)
#else
#define itsm_form_minimal_tuple(descriptor, values, nulls) heap_form_minimal_tuple((descriptor), (values), (nulls))
#endif

#endif							/* ITSM_COMPAT_H */
