/*
 * control_run.c
 *		Running a control's query: what came with the extension with its owner's
 *		rights, what an organisation defined with the rights of the role that
 *		defined it; in a security-restricted operation that cannot write.
 *
 * The query is prepared once by itself, so that its own errors point into its
 * own text and its columns are known, then wrapped into one that gives the
 * four columns their names and types.  A text that is one statement by itself
 * cannot break out of the wrapping parentheses.
 *
 * When an error leaves in between, the end of the subtransaction restores the
 * user, the settings and whether the transaction may write, and closes SPI.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "compliance/control.h"
#include "compliance/control_parameter.h"
#include "core/attempt.h"
#include "core/json_read.h"
#include "core/query.h"
#include "executor/spi.h"
#include "lifecycle/owner_guard.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"

static Oid parameter_types[] = {INTERVALOID, NUMERICOID, TIMESTAMPTZOID};
static const Oid column_types[FINDING_COLUMNS] = {TEXTOID, INT8OID, BOOLOID, TEXTOID};
static const char *const column_names[FINDING_COLUMNS] = {"subject", "record", "ok", "problem"};

/* What the texts that a query makes must not depend on, and what does not pay here. */
static const char *const pins[][2] = {
	{"timezone", "UTC"}, {"datestyle", "ISO, YMD"}, {"intervalstyle", "postgres"}, {"jit", "off"}
};

static void
not_a_control(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s; it has to be one SELECT that gives (subject text, record bigint, ok boolean, problem text)", what)));
}

static SPIPlanPtr
prepare(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, lengthof(parameter_types), parameter_types,
										  CURSOR_OPT_PARALLEL_OK);

	if (plan == NULL)
		not_a_control(SPI_result_code_string(SPI_result));
	return plan;
}

/* That it is one SELECT which only reads. */
static CachedPlanSource *
check_statement(SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *query;

	if (list_length(sources) != 1)
		not_a_control(sources == NIL ? "the query is empty" : "the query is more than one statement");
	source = linitial(sources);
	if (source->resultDesc == NULL || list_length(source->query_list) != 1)
		not_a_control("the query is not a SELECT");
	query = linitial_node(Query, source->query_list);
	if (query->commandType != CMD_SELECT || query->utilityStmt != NULL)
		not_a_control("the query is not a SELECT");
	if (query->hasModifyingCTE || query->rowMarks != NIL)
		not_a_control("the query writes or locks rows");
	return source;
}

static void
check_columns(TupleDesc columns)
{
	if (columns->natts != FINDING_COLUMNS)
		not_a_control(psprintf("the query gives %d columns", columns->natts));
	for (int i = 0; i < FINDING_COLUMNS; i++)
	{
		Oid			type = TupleDescAttr(columns, i)->atttypid;

		if (!can_coerce_type(1, &type, &column_types[i], COERCION_IMPLICIT))
			not_a_control(psprintf("column %d of the query, %s, is of type %s, not %s", i + 1, column_names[i],
								   format_type_be(type), format_type_be(column_types[i])));
	}
}

/* Checks the query and wraps it. */
static SPIPlanPtr
prepare_wrapped(const char *text)
{
	SPIPlanPtr	plan = prepare(text);
	CachedPlanSource *source = check_statement(plan);
	RawStmt    *statement = source->raw_parse_tree;
	StringInfoData sql;

	check_columns(source->resultDesc);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT q.subject::pg_catalog.text, q.record::pg_catalog.int8, q.ok::pg_catalog.bool,"
						   " q.problem::pg_catalog.text FROM (\n");
	/* without the semicolon that may follow it */
	appendBinaryStringInfo(&sql, text + statement->stmt_location,
						   statement->stmt_len != 0 ? statement->stmt_len
						   : (int) strlen(text + statement->stmt_location));
	appendStringInfoString(&sql, "\n) AS q(subject, record, ok, problem)");
	SPI_freeplan(plan);
	return prepare(sql.data);
}

static void
enter(OwnerGuard *guard, Oid role)
{
	itsm_guard_enter(guard, role);
	for (int i = 0; i < lengthof(pins); i++)
		(void) set_config_option(pins[i][0], pins[i][1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* for the subtransaction */
	XactReadOnly = true;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

static void
leave(OwnerGuard *guard)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	itsm_guard_leave(guard);
}

/* Takes the rows that a query gives, and keeps those that fail. */
typedef struct Judge
{
	DestReceiver receiver;
	MemoryContext context;		/* of the example */
	Tuplestorestate *failing;	/* or NULL */
	TupleDesc	columns;
	ControlResult *result;
} Judge;

static void
start_up(DestReceiver *self, int operation, TupleDesc columns)
{
	((Judge *) self)->columns = columns;
}

static char *
text_of(TupleTableSlot *slot, int column)
{
	return slot->tts_isnull[column] ? pstrdup("") : TextDatumGetCString(slot->tts_values[column]);
}

/* The least by its bytes, so that it does not depend on the order in which a plan finds them. */
static void
keep_example(Judge *judge, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(judge->context);
	const char **kept = &judge->result->example;
	char	   *subject = text_of(slot, FINDING_SUBJECT);
	char	   *problem = text_of(slot, FINDING_PROBLEM);
	char	   *example = psprintf("%s%s%s", subject, *subject && *problem ? ": " : "", problem);

	pfree(subject);
	pfree(problem);
	if (*kept == NULL || strcmp(example, *kept) < 0)
	{
		if (*kept)
			pfree((char *) *kept);
		*kept = example;
	}
	else
		pfree(example);
	MemoryContextSwitchTo(caller);
}

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	Judge	   *judge = (Judge *) self;

	slot_getallattrs(slot);
	judge->result->checked++;
	if (!slot->tts_isnull[FINDING_OK] && DatumGetBool(slot->tts_values[FINDING_OK]))
		return true;
	judge->result->failed++;
	if (judge->failing)
		tuplestore_putvalues(judge->failing, judge->columns, slot->tts_values, slot->tts_isnull);
	keep_example(judge, slot);
	return true;
}

static void
do_nothing(DestReceiver *self)
{
}

/* $1 is the parameter when it is an interval, $2 when it is a share or a number, $3 the time. */
static ParamListInfo
parameters_of(const Control *control, TimestampTz at)
{
	ParamListInfo list = makeParamList(lengthof(parameter_types));
	ControlParameter parameter;
	bool		given = control->parameter != NULL;

	if (given && !control_parameter_read(control->parameter, &parameter))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a parameter", itsm_clip(control->parameter))));
	for (int i = 0; i < lengthof(parameter_types); i++)
	{
		list->params[i].isnull = true;
		list->params[i].pflags = PARAM_FLAG_CONST;
		list->params[i].ptype = parameter_types[i];
	}
	if (given && parameter.kind == PARAMETER_INTERVAL)
		list->params[0].value = DirectFunctionCall3(interval_in,
													CStringGetDatum(psprintf("%s %s", parameter.number, parameter.interval_unit)),
													ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	else if (given)
		list->params[1].value = DirectFunctionCall3(numeric_in, CStringGetDatum(parameter.number),
													ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	list->params[0].isnull = !(given && parameter.kind == PARAMETER_INTERVAL);
	list->params[1].isnull = !(given && parameter.kind != PARAMETER_INTERVAL);
	list->params[2].value = TimestampTzGetDatum(at);
	list->params[2].isnull = false;
	return list;
}

typedef struct Run
{
	const Control *control;
	TimestampTz at;
	Judge		judge;
} Run;

static Oid
role_of(const Control *control)
{
	Oid			role = control->shipped ? itsm_owner() : get_role_oid(control->defined_by, true);

	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\", which defined the control and runs its query, does not exist", control->defined_by)));
	return role;
}

static void
run(void *argument)
{
	Run		   *run = argument;
	ParamListInfo parameters = parameters_of(run->control, run->at);
	SPIExecuteOptions options = {
		.params = parameters, .read_only = true, .must_return_tuples = true, .dest = &run->judge.receiver
	};
	OwnerGuard	guard;
	int			result;

	enter(&guard, role_of(run->control));
	result = SPI_execute_plan_extended(prepare_wrapped(run->control->query), &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "%s from the query of control \"%s\"", SPI_result_code_string(result), run->control->id);
	leave(&guard);
}

static void
set_status(const Control *control, const ErrorData *error, ControlResult *result)
{
	if (error)
	{
		result->checked = result->failed = 0;
		result->example = NULL;
		result->status = CONTROL_ERROR;
		result->detail = psprintf("its query failed: %s", error->message);
	}
	else if (result->checked == 0)
	{
		result->status = CONTROL_NO_EVIDENCE;
		result->detail = "there is nothing to look at";
	}
	else
	{
		result->status = result->failed ? CONTROL_NONCONFORMING : CONTROL_CONFORMING;
		result->detail = result->failed
			? psprintf(INT64_FORMAT " of " INT64_FORMAT " do not conform", result->failed, result->checked)
			: psprintf("all " INT64_FORMAT " conform", result->checked);
	}
}

void
itsm_control_run(const Control *control, TimestampTz at, Tuplestorestate *failing, ControlResult *result)
{
	Run			argument = {
		.control = control, .at = at,
		.judge = {
			.receiver = {.receiveSlot = receive, .rStartup = start_up, .rShutdown = do_nothing, .rDestroy = do_nothing,
			.mydest = DestTuplestore},
			.context = CurrentMemoryContext, .failing = failing, .result = result
		}
	};

	*result = (ControlResult) {0};
	if (control->excluded)
	{
		result->status = CONTROL_NOT_APPLICABLE;
		result->detail = control->excluded;
	}
	else if (control->missing)
	{
		result->status = CONTROL_NO_EVIDENCE;
		result->detail = psprintf("nothing is attached for %s", control->missing);
	}
	else
	{
		ErrorData  *error = itsm_attempt(run, &argument);

		if (error && failing)
			tuplestore_clear(failing);
		set_status(control, error, result);
	}
}

static void
check(void *argument)
{
	OwnerGuard	guard;

	enter(&guard, GetUserId());
	(void) prepare_wrapped(argument);
	leave(&guard);
}

const char *
itsm_control_query_fault(const char *query)
{
	ErrorData  *error = itsm_attempt(check, unconstify(char *, query));

	return error ? error->message : NULL;
}
