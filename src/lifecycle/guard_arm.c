/*
 * guard_arm.c
 *		Whether the extension's triggers on a table fire always, and arming them.
 *
 * ALTER TABLE … ENABLE TRIGGER ALL, which pg_restore --disable-triggers ends
 * with, leaves them firing on the origin only.  The state is changed in
 * pg_trigger directly: another ALTER TABLE would be one more command to guard.
 * The caller's command holds a lock on the table that keeps others away.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "lifecycle/guard.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

/* Ours on one relation: arms those of origin; false when one is not armed, before. */
static bool
visit_triggers(Relation catalog, Oid relation, bool arm)
{
	Oid			schema = get_namespace_oid(ITSM_SCHEMA, true);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		armed = true;
	bool		changed = false;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (form->tgenabled == TRIGGER_FIRES_ALWAYS || get_func_namespace(form->tgfoid) != schema)
			continue;
		armed = false;
		if (arm && form->tgenabled == TRIGGER_FIRES_ON_ORIGIN)
		{
			HeapTuple	copy = heap_copytuple(tuple);

			((Form_pg_trigger) GETSTRUCT(copy))->tgenabled = TRIGGER_FIRES_ALWAYS;
			CatalogTupleUpdate(catalog, &copy->t_self, copy);
			heap_freetuple(copy);
			changed = true;
		}
	}
	systable_endscan(scan);
	if (changed)
	{
		CacheInvalidateRelcacheByRelid(relation);
		CommandCounterIncrement();
	}
	return armed;
}

bool
itsm_guard_arm(Oid relation)
{
	Relation	catalog = table_open(TriggerRelationId, RowExclusiveLock);
	bool		any = false;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relation, NoLock, NULL))
		any |= !visit_triggers(catalog, lfirst_oid(cell), true);
	table_close(catalog, RowExclusiveLock);
	return any;
}

List *
itsm_guard_unarmed(Oid relation)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	List	   *unarmed = NIL;
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relation, NoLock, NULL))
		if (!visit_triggers(catalog, lfirst_oid(cell), false))
			unarmed = lappend_oid(unarmed, lfirst_oid(cell));
	table_close(catalog, AccessShareLock);
	return unarmed;
}
