/*
 * ci_certify.c
 *		Owners of configuration items certify that the records are right.
 *
 * A certification is a remark in the record's history, and a row of
 * itsm.ci_certification that tells of the last one.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "cmdb/ci_attribute.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/settings.h"
#include "ledger/policy_event.h"
#include "ledger/record_key.h"
#include "lifecycle/actor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* The owner is the acting person, or a role that the outer user is in; superusers as little as anybody else. */
static bool
is_owner(const char *owner, const char *acting)
{
	Oid			role = strlen(owner) < NAMEDATALEN ? get_role_oid(owner, true) : InvalidOid;

	return strcmp(owner, acting) == 0 || (OidIsValid(role) && is_member_of_role_nosuper(GetOuterUserId(), role));
}

/* No person is named: messages go to the server's log. */
static void
check_owner(Oid relation, const Record *record, const char *acting)
{
	const char *owner = itsm_ci_attribute(record, "owner");

	if (owner == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ROLE),
				 errmsg("the row of \"%s\" has no owner who could certify it", get_rel_name(relation)),
				 errhint("The canonical attribute owner names a person, or a role.")));
	if (!is_owner(owner, acting))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ROLE),
				 errmsg("only the owner of the row of \"%s\" certifies it", get_rel_name(relation)),
				 errhint("itsm.act_as says for whom an application acts.")));
}

static void
append_event(Oid relation, const char *key, Record *record, const char *acting, const char *note)
{
	const char *detail = itsm_detail_json("certified_by", acting, "note", note, NULL);
	bool		appended = false;

	while (!appended)
	{
		RecordState state;
		Event		event;
		EventBody	body;

		CHECK_FOR_INTERRUPTS();
		check_owner(relation, record, acting);
		if (!itsm_record_state_read(record, &state))
			memset(&state, 0, sizeof(state));
		event = (Event)
		{
			.kind = "certified", .command = GetCurrentCommandId(true), .attachment = record->attachment,
			.lifecycle_version = state.lifecycle_version, .from_state = state.state, .to_state = state.state,
			.actor = acting
		};
		itsm_body_begin(&body);
		itsm_body_add(&body, BODY_DETAIL, detail, strlen(detail));
		appended = itsm_event_append(record, &event, &body, NULL, NIL);
		if (!appended)
			itsm_record_require(relation, key, record);
	}
}

static void
keep_certification(const Record *record, const char *acting, const char *note)
{
	static const Oid types[] = {INT8OID, TEXTOID, INT8OID, TEXTOID, TEXTOID};
	Datum		values[] = {
		Int64GetDatum(record->id), CStringGetTextDatum(record->tenant), Int64GetDatum(record->version),
		CStringGetTextDatum(acting), note ? CStringGetTextDatum(note) : (Datum) 0
	};
	char		nulls[] = {' ', ' ', ' ', ' ', note ? ' ' : 'n'};
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_INSERT,
					  "INSERT INTO itsm.ci_certification (record, tenant, version, certified_by, note, certified_at)"
					  " VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp()) ON CONFLICT (record, tenant) DO UPDATE"
					  " SET version = EXCLUDED.version, certified_by = EXCLUDED.certified_by, note = EXCLUDED.note,"
					  " certified_at = EXCLUDED.certified_at",
					  lengthof(types), types, values, nulls);
	itsm_query_end(&query);
}

ITSM_FUNCTION(itsm_certify_ci);
Datum
itsm_certify_ci(PG_FUNCTION_ARGS)
{
	const char *acting = itsm_acting();
	const char *note = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *key;
	Record		record;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("relation and key must not be null")));
	key = text_to_cstring(PG_GETARG_TEXT_PP(1));
	itsm_record_require(PG_GETARG_OID(0), key, &record);
	if (record.deleted || record.attachment == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the row of \"%s\" is gone, or no attachment governs it", get_rel_name(PG_GETARG_OID(0)))));
	check_owner(PG_GETARG_OID(0), &record, acting);
	if (itsm_history)
		append_event(PG_GETARG_OID(0), key, &record, acting, note);
	keep_certification(&record, acting, note);
	PG_RETURN_VOID();
}
