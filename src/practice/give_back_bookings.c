/*
 * give_back_bookings.c
 *		The trigger of itsm.attachment: an attachment that ends gives its bookings back.
 */
#include "core/itsm.h"

#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "core/query.h"
#include "core/table.h"
#include "utils/rel.h"

ITSM_FUNCTION(itsm_give_back_bookings);
Datum
itsm_give_back_bookings(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	OwnerQuery	query;
	Oid			types[] = {INT4OID};
	Datum		values[1];
	int			column;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		RelationGetRelid(trigger->tg_relation) != itsm_relation("attachment"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("itsm.give_back_bookings() is the trigger of itsm.attachment"),
				 errhint("It belongs to the extension's own tables.")));
	column = SPI_fnumber(RelationGetDescr(trigger->tg_relation), "id");
	values[0] = SPI_getbinval(trigger->tg_newtuple, RelationGetDescr(trigger->tg_relation), column, &isnull);
	itsm_query_begin(&query);
	itsm_query_now(SPI_OK_DELETE, "DELETE FROM itsm.change_booking WHERE attachment OPERATOR(pg_catalog.=) $1",
				   1, types, values, NULL);
	itsm_query_end(&query);
	return PointerGetDatum(trigger->tg_newtuple);
}
