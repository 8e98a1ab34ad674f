/*
 * month_trigger.c
 *		Triggers that keep months up with records that SQL writes, which the
 *		library does not.
 *
 * Memory: the trigger's context.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "core/table.h"
#include "record/month_count.h"
#include "record/record.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

bool		itsm_months_are_ours = false;

pg_noreturn static void
refuse(const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s can only be called by the trigger that it was made for", function),
			 errhint("It belongs to the extension's own tables.")));
}

TriggerData *
itsm_months_trigger(FunctionCallInfo fcinfo, const char *table)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || RelationGetRelid(trigger->tg_relation) != itsm_relation(table))
		refuse(psprintf("itsm.count_%s()", table));
	return trigger;
}

HeapTuple
itsm_trigger_old(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? NULL : trigger->tg_trigtuple;
}

HeapTuple
itsm_trigger_new(const TriggerData *trigger)
{
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return NULL;
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
}

/* A side of the change. */
typedef struct Side
{
	RecordCount count;			/* not stored: there is none */
	int64		record;
	const char *tenant;
} Side;

static Side
read_side(TupleDesc descriptor, HeapTuple tuple)
{
	Side		side = {.tenant = ""};
	Datum		values[RECORD_COLUMNS];
	bool		nulls[RECORD_COLUMNS];

	if (tuple == NULL)
		return side;
	heap_deform_tuple(tuple, descriptor, values, nulls);
	itsm_record_count(values, nulls, &side.count);
	side.record = DatumGetInt64(values[RECORD_ID]);
	side.tenant = TextDatumGetCString(values[RECORD_TENANT]);
	return side;
}

/*
 * Clocks that come with a record from a dump have been counted there; those
 * from another node, or of a number that a superuser changes, are counted anew.
 */
ITSM_FUNCTION(itsm_count_record);
Datum
itsm_count_record(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = itsm_months_trigger(fcinfo, "record");
	TupleDesc	descriptor = RelationGetDescr(trigger->tg_relation);
	Side		before = read_side(descriptor, itsm_trigger_old(trigger));
	Side		now = read_side(descriptor, itsm_trigger_new(trigger));
	const RecordCount none = {0};

	if (before.count.stored && now.count.stored && before.record == now.record && strcmp(before.tenant, now.tenant) == 0)
		itsm_months_follow(now.tenant, now.record, &before.count, &now.count);
	else
	{
		itsm_months_follow(before.tenant, before.record, &before.count, &none);
		itsm_months_follow(now.tenant, now.record, &none, &now.count);
		if (now.count.stored && (before.count.stored || SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA))
			itsm_months_regroup(now.tenant, now.record, &none, &now.count);
	}
	CommandCounterIncrement();
	return PointerGetDatum(NULL);
}

/*
 * What another node does to its months is none of ours.  Rows from a dump are
 * left out as well, but with an argument: there the dump brings what counts.
 */
ITSM_FUNCTION(itsm_leave_month);
Datum
itsm_leave_month(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		inserted;
	bool		copied = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		RelationGetNamespace(trigger->tg_relation) != get_namespace_oid(ITSM_SCHEMA, false))
		refuse("itsm.leave_month()");
	inserted = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	if (!itsm_months_are_ours && (copied || (inserted && trigger->tg_trigger->tgnargs == 0)))
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple);
}
