/*
 * guard_trigger.c
 *		The event triggers: what command it is, and what objects it was about.
 *
 * Commands that cannot concern us cost a look at their node tag.  Everything
 * is judged after the command was done, on objects that it has locked.
 */
#include "core/itsm.h"

#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "core/query.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "lifecycle/guard.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/* Columns of pg_event_trigger_ddl_commands() and pg_event_trigger_dropped_objects(). */
enum
{
	COMMAND_CLASS, COMMAND_OBJECT
};

enum
{
	DROPPED_CLASS, DROPPED_OBJECT, DROPPED_COLUMN, DROPPED_ORIGINAL, DROPPED_NORMAL, DROPPED_TEMPORARY,
	DROPPED_TYPE, DROPPED_SCHEMA, DROPPED_NAME, DROPPED_IDENTITY, DROPPED_NAMES, DROPPED_COLUMNS
};

/* Our own DDL, pg_upgrade's and that of the extension's scripts pass. */
static bool
is_ours(void)
{
	return IsBinaryUpgrade || itsm_is_own_ddl() ||
		(creating_extension && CurrentExtensionObject == get_extension_oid("itsm", true));
}

/* The rows of a set-returning function without arguments, called without SQL. */
static Tuplestorestate *
call_set(Oid function, EState *estate, TupleDesc *descriptor)
{
	LOCAL_FCINFO(call, 0);
	FmgrInfo	flinfo;
	ReturnSetInfo result = {.type = T_ReturnSetInfo, .econtext = CreateExprContext(estate),
	.allowedModes = SFRM_Materialize, .returnMode = SFRM_Materialize};

	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*call, &flinfo, 0, InvalidOid, NULL, (Node *) &result);
	(void) FunctionCallInvoke(call);
	*descriptor = result.setDesc;
	return result.setResult;
}

static char *
text_or_null(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static Dropped *
read_dropped(const Datum *values, const bool *nulls)
{
	Dropped    *dropped = palloc0(sizeof(Dropped));

	dropped->class = DatumGetObjectId(values[DROPPED_CLASS]);
	dropped->object = DatumGetObjectId(values[DROPPED_OBJECT]);
	dropped->column = DatumGetInt32(values[DROPPED_COLUMN]);
	dropped->temporary = DatumGetBool(values[DROPPED_TEMPORARY]);
	dropped->chosen = DatumGetBool(values[DROPPED_ORIGINAL]) || DatumGetBool(values[DROPPED_NORMAL]);
	dropped->type = text_or_null(values[DROPPED_TYPE], nulls[DROPPED_TYPE]);
	dropped->schema = text_or_null(values[DROPPED_SCHEMA], nulls[DROPPED_SCHEMA]);
	dropped->identity = text_or_null(values[DROPPED_IDENTITY], nulls[DROPPED_IDENTITY]);
	if (!nulls[DROPPED_NAMES])
	{
		Datum	   *names;
		int			count;

		deconstruct_array(DatumGetArrayTypeP(values[DROPPED_NAMES]), TEXTOID, -1, false, TYPALIGN_INT,
						  &names, NULL, &count);
		for (int i = 0; i < count; i++)
			dropped->names = lappend(dropped->names, TextDatumGetCString(names[i]));
	}
	return dropped;
}

static List *
dropped_objects(void)
{
	EState	   *estate = CreateExecutorState();
	TupleDesc	descriptor;
	Tuplestorestate *rows = call_set(F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, estate, &descriptor);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
	List	   *objects = NIL;

	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		objects = lappend(objects, read_dropped(slot->tts_values, slot->tts_isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(rows);
	FreeExecutorState(estate);
	return objects;
}

/* The first object of the command, of the class if one is given; false when there is none. */
static bool
command_object(Oid *class, Oid *object)
{
	EState	   *estate = CreateExecutorState();
	TupleDesc	descriptor;
	Tuplestorestate *rows = call_set(F_PG_EVENT_TRIGGER_DDL_COMMANDS, estate, &descriptor);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
	bool		found = false;

	while (!found && tuplestore_gettupleslot(rows, true, false, slot))
	{
		slot_getallattrs(slot);
		if (slot->tts_isnull[COMMAND_OBJECT])
			continue;
		if (OidIsValid(*class) && DatumGetObjectId(slot->tts_values[COMMAND_CLASS]) != *class)
			continue;
		*class = DatumGetObjectId(slot->tts_values[COMMAND_CLASS]);
		*object = DatumGetObjectId(slot->tts_values[COMMAND_OBJECT]);
		found = true;
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(rows);
	FreeExecutorState(estate);
	return found;
}

static void
require_event(FunctionCallInfo fcinfo, const char *function, const char *name)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo) ||
		strcmp(((EventTriggerData *) fcinfo->context)->event, name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s() can only be called by an event trigger on %s", function, name),
				 errhint("CREATE EXTENSION itsm makes it.")));
}

static void
guard_statement(Node *statement)
{
	Oid			class = InvalidOid;
	Oid			object;

	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			if (!is_ours())
				itsm_guard_alter_table((AlterTableStmt *) statement);
			break;
		case T_CreateStmt:
			class = RelationRelationId;
			if (((CreateStmt *) statement)->inhRelations && !is_ours() && command_object(&class, &object))
				itsm_guard_create_table(object);
			break;
		case T_RuleStmt:
			if (!is_ours())
				itsm_guard_create_rule((RuleStmt *) statement);
			break;
		case T_CreateTrigStmt:
			if (!is_ours())
				itsm_guard_create_trigger((CreateTrigStmt *) statement);
			break;
		case T_RenameStmt:
			if (!is_ours() && command_object(&class, &object))
				itsm_guard_rename((RenameStmt *) statement, class, object);
			break;
		case T_AlterObjectSchemaStmt:
			if (!is_ours() && command_object(&class, &object))
				itsm_guard_move((AlterObjectSchemaStmt *) statement, class, object);
			break;
		default:
			break;
	}
}

/* True when a snapshot had to be made: what runs in several transactions, as CONCURRENTLY, ends without one. */
static bool
push_snapshot(void)
{
	if (ActiveSnapshotSet())
		return false;
	PushActiveSnapshot(GetTransactionSnapshot());
	return true;
}

ITSM_FUNCTION(itsm_guard_command);
Datum
itsm_guard_command(PG_FUNCTION_ARGS)
{
	bool		pushed;

	require_event(fcinfo, "itsm.guard_command", "ddl_command_end");
	pushed = push_snapshot();
	guard_statement(((EventTriggerData *) fcinfo->context)->parsetree);
	if (pushed)
		PopActiveSnapshot();
	PG_RETURN_NULL();
}

ITSM_FUNCTION(itsm_guard_drop);
Datum
itsm_guard_drop(PG_FUNCTION_ARGS)
{
	bool		pushed;

	require_event(fcinfo, "itsm.guard_drop", "sql_drop");
	pushed = push_snapshot();
	if (!is_ours())
		itsm_guard_dropped(dropped_objects());
	if (pushed)
		PopActiveSnapshot();
	PG_RETURN_NULL();
}
