/*
 * awaiting_approval.c
 *		itsm.awaiting_approval: records that wait for votes.
 */
#include "core/itsm.h"

#include "catalog/pg_type.h"
#include "core/query.h"
#include "funcapi.h"
#include "ledger/tenant_access.h"
#include "lifecycle/attachment_row.h"
#include "miscadmin.h"
#include "practice/approval.h"
#include "utils/array.h"
#include "utils/builtins.h"

typedef struct Waiting
{
	const Definition *definition;
	const LifecycleRule *rule;
	const char *role;
	Oid			relation;
	int64		record;
	char	   *tenant;
	char	   *key;
	char	   *state;
	TimestampTz since;
} Waiting;

/* Names of the states in which the rule asks, as a text array. */
static Datum
asking_states(const Definition *definition, const ApprovalData *data)
{
	Datum	   *names = palloc(sizeof(Datum) * definition->state_count);
	int			count = 0;

	for (int i = 0; i < definition->state_count; i++)
		if (data->in == NULL || data->in[i])
			names[count++] = CStringGetTextDatum(definition->states[i].name);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Appends the records of an attachment that wait for votes of a role by a rule: a list of Waiting. */
static List *
list_waiting(List *list, const AttachmentRow *attachment, const Definition *definition, const LifecycleRule *rule,
			 const char *role)
{
	static const Oid types[] = {INT4OID, TEXTARRAYOID};
	Datum		values[] = {
		Int32GetDatum(attachment->id), asking_states(definition, itsm_approvals_of(rule))
	};
	MemoryContext caller = CurrentMemoryContext;
	OwnerQuery	query;

	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT o.relation::pg_catalog.oid, r.id, r.tenant, r.key, s.state, s.entered_at FROM itsm.record r"
					  " JOIN itsm.record_state s ON s.record OPERATOR(pg_catalog.=) r.id"
					  " AND s.tenant OPERATOR(pg_catalog.=) r.tenant"
					  " JOIN itsm.source o ON o.id OPERATOR(pg_catalog.=) r.source AND o.relation IS NOT NULL"
					  " WHERE r.attachment OPERATOR(pg_catalog.=) $1 AND NOT r.deleted AND r.key IS NOT NULL"
					  " AND s.state OPERATOR(pg_catalog.=) ANY ($2) ORDER BY s.entered_at, r.id",
					  lengthof(types), types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		MemoryContext spi = MemoryContextSwitchTo(caller);
		Waiting    *waiting = palloc0(sizeof(Waiting));
		bool		isnull;

		*waiting = (Waiting)
		{
			.definition = definition, .rule = rule, .role = role,
			.relation = DatumGetObjectId(SPI_getbinval(tuple, descriptor, 1, &isnull)),
			.record = DatumGetInt64(SPI_getbinval(tuple, descriptor, 2, &isnull)),
			.tenant = SPI_getvalue(tuple, descriptor, 3), .key = SPI_getvalue(tuple, descriptor, 4),
			.state = SPI_getvalue(tuple, descriptor, 5),
			.since = DatumGetTimestampTz(SPI_getbinval(tuple, descriptor, 6, &isnull))
		};
		list = lappend(list, waiting);
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	return list;
}

/* Of one attachment: each role is told once, by the first rule that asks it in a state. */
static List *
waiting_of(List *list, const AttachmentRow *attachment, const char *role)
{
	int			version = 0;
	const Definition *definition = itsm_definition_load(attachment->lifecycle, &version);

	for (int i = 0; i < definition->rule_count; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];
		const ApprovalData *data = itsm_approvals_of(rule);
		ListCell   *cell;

		if (data == NULL || rule->mode == MODE_OFF)
			continue;
		foreach(cell, data->asks)
		{
			const ApprovalAsk *ask = lfirst(cell);

			if (role == NULL || strcmp(ask->role, role) == 0)
				list = list_waiting(list, attachment, definition, rule, ask->role);
		}
	}
	return list;
}

static int
compare_since(const ListCell *a, const ListCell *b)
{
	const Waiting *first = lfirst(a);
	const Waiting *second = lfirst(b);

	return first->since < second->since ? -1 : first->since > second->since;
}

/* One record waits since one time: it can only stand among those told last. */
static bool
told_before(const List *told, const Waiting *waiting)
{
	for (int i = list_length(told) - 1; i >= 0; i--)
	{
		const Waiting *other = list_nth(told, i);

		if (other->since != waiting->since)
			break;
		if (other->record == waiting->record && strcmp(other->tenant, waiting->tenant) == 0 &&
			strcmp(other->role, waiting->role) == 0)
			return true;
	}
	return false;
}

static void
tell(ReturnSetInfo *result, const Waiting *waiting)
{
	int64		approvals = 0;
	int64		rejections = 0;
	ListCell   *cell;

	foreach(cell, itsm_votes_read(waiting->tenant, waiting->record))
	{
		const Vote *vote = lfirst(cell);

		if (vote->at < waiting->since || strcmp(vote->role, waiting->role) != 0)
			continue;
		if (vote->approved)
			approvals++;
		else
			rejections++;
	}
	{
		Datum		row[] = {
			ObjectIdGetDatum(waiting->relation), CStringGetTextDatum(waiting->key),
			CStringGetTextDatum(waiting->definition->process), CStringGetTextDatum(waiting->state),
			TimestampTzGetDatum(waiting->since), CStringGetTextDatum(waiting->role),
			CStringGetTextDatum(waiting->rule->name), Int64GetDatum(approvals), Int64GetDatum(rejections)
		};
		bool		nulls[lengthof(row)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

ITSM_FUNCTION(itsm_awaiting_approval);
Datum
itsm_awaiting_approval(PG_FUNCTION_ARGS)
{
	char	   *role = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *list = NIL;
	List	   *told = NIL;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, itsm_attachments())
	{
		const AttachmentRow *attachment = lfirst(cell);

		if (attachment->mode != MODE_OFF && OidIsValid(attachment->relation))
			list = waiting_of(list, attachment, role);
	}
	list_sort(list, compare_since);
	foreach(cell, list)
	{
		CHECK_FOR_INTERRUPTS();
		if (told_before(told, lfirst(cell)) || !itsm_sees_tenant(((const Waiting *) lfirst(cell))->tenant))
			continue;
		told = lappend(told, lfirst(cell));
		tell(result, lfirst(cell));
	}
	return (Datum) 0;
}
