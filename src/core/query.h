/*
 * query.h
 *		SQL over the extension's own tables, for everything that is not in the
 *		per-row path.
 *
 * Between begin and end the current user is the extension's owner and the
 * search_path is pg_catalog, pg_temp.  When an error leaves in between, the
 * end of the (sub)transaction restores both and closes SPI.
 */
#ifndef ITSM_QUERY_H
#define ITSM_QUERY_H

#include "executor/spi.h"

typedef struct OwnerQuery
{
	Oid			user;
	int			security;
	int			guc_level;
} OwnerQuery;

extern void itsm_query_begin(OwnerQuery *query);
extern void itsm_query_end(OwnerQuery *query);

/* SPI_execute_with_args that raises when the command did not do what "expected" (SPI_OK_…) says. */
extern uint64 itsm_query(int expected, const char *sql, int argument_count, const Oid *types,
						 Datum *values, const char *nulls);

/*
 * The same on what is committed now, whatever the isolation level: for what goes
 * with DDL, and for policies, which hold for old snapshots too.
 */
extern uint64 itsm_query_now(int expected, const char *sql, int argument_count, const Oid *types,
							 Datum *values, const char *nulls);

/*
 * Runs DDL as the current user under the pinned search_path.  The guards over
 * attached tables and history let it pass (itsm_is_own_ddl).
 */
extern void itsm_own_ddl(const char *sql);
extern bool itsm_is_own_ddl(void);

/* A schema, made as the current user when it is missing; who must be able to make tables in it. Not ours, nor the system's. */
extern void itsm_schema_prepare(const char *name);

/*
 * Sets search_path to pg_catalog, pg_temp in a new nest level of settings,
 * which is returned: AtEOXact_GUC(true, level) ends it, or the end of the
 * (sub)transaction does.
 */
extern int	itsm_pin_search_path(void);

/* Owner of the schema itsm, which is the extension's. */
extern Oid	itsm_owner(void);

#endif							/* ITSM_QUERY_H */
