/*
 * sla_define.c
 *		Defining agreements: a row of itsm.sla per version.
 *
 * A version holds from a time until the next one begins or it ends; a clock
 * keeps the version by which it started, so an edit changes nothing that was.
 * Locking: ShareRowExclusiveLock on itsm.sla, one definer at a time.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "core/attempt.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "core/query.h"
#include "core/table.h"
#include "core/unmet.h"
#include "ledger/canonical_text.h"
#include "ledger/policy_event.h"
#include "lifecycle/definition_parse.h"
#include "lifecycle/definition_store.h"
#include "lifecycle/expression.h"
#include "lifecycle/policy.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "service_time/calendar.h"
#include "service_time/sla_store.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define KIND "sla"

typedef struct Defining
{
	Jsonb	   *json;
	Sla		   *sla;
	bool		from_given;
	bool		until_given;
	Interval	target;
	List	   *definitions;	/* Definition: of the lifecycles */
	List	   *faults;
	/* for itsm_attempt */
	const Definition *definition;
	SlaCheck	check;
	const char *text;
	Datum		value;
} Defining;

#define fault(defining, ...) \
	((defining)->faults = itsm_unmet_add((defining)->faults, ERRCODE_ITSM_DEFINITION, NULL, KIND, NULL, \
										 NULL, __VA_ARGS__))

static void
load_definition(void *argument)
{
	Defining   *defining = argument;
	int			version = 0;

	defining->definition = itsm_definition_load(defining->text, &version);
}

static void
add_definition(Defining *defining, const char *lifecycle)
{
	ErrorData  *error;

	defining->text = lifecycle;
	error = itsm_attempt(load_definition, defining);
	if (error && defining->sla->lifecycle)
		fault(defining, "%s", error->message);
	else if (error)
		fault(defining, "lifecycle \"%s\" of the process: %s; define it again", itsm_clip(lifecycle), error->message);
	else
		defining->definitions = lappend(defining->definitions, unconstify(Definition *, defining->definition));
}

static void
find_definitions(Defining *defining)
{
	const Sla  *sla = defining->sla;
	const Oid	types[] = {TEXTOID};
	Datum		values[] = {sla->process ? CStringGetTextDatum(sla->process) : (Datum) 0};
	MemoryContext caller = CurrentMemoryContext;
	List	   *names = NIL;
	OwnerQuery	query;
	ListCell   *cell;

	if (sla->lifecycle)
		add_definition(defining, sla->lifecycle);
	if (sla->process == NULL)
		return;
	itsm_query_begin(&query);
	(void) itsm_query(SPI_OK_SELECT,
					  "SELECT l.name FROM itsm.lifecycle l WHERE coalesce(l.definition OPERATOR(pg_catalog.->>) 'process', l.name)"
					  " OPERATOR(pg_catalog.=) $1 AND l.version OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(m.version)"
					  " FROM itsm.lifecycle m WHERE m.name OPERATOR(pg_catalog.=) l.name) ORDER BY 1",
					  lengthof(types), types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		MemoryContext spi = MemoryContextSwitchTo(caller);

		names = lappend(names, pstrdup(name));
		MemoryContextSwitchTo(spi);
	}
	itsm_query_end(&query);
	if (names == NIL)
		fault(defining, "no lifecycle belongs to process \"%s\"", itsm_clip(sla->process));
	foreach(cell, names)
		add_definition(defining, lfirst(cell));
}

/* True when the name is a category, or a state of one of the lifecycles. */
static bool
is_known_state(const Defining *defining, const char *name)
{
	ListCell   *cell;

	for (int i = 0; itsm_category_names[i]; i++)
		if (strcmp(itsm_category_names[i], name) == 0)
			return true;
	foreach(cell, defining->definitions)
		if (itsm_definition_state(lfirst(cell), name, strlen(name)) != ITSM_NO_STATE)
			return true;
	return false;
}

/* What is on nothing, which parsing has said, has no states to compare with. */
static void
check_states(Defining *defining)
{
	if (defining->sla->lifecycle == NULL && defining->sla->process == NULL)
		return;
	for (SlaSet set = SLA_START; set < SLA_SETS; set++)
	{
		ListCell   *cell;

		foreach(cell, defining->sla->sets[set].names)
			if (!is_known_state(defining, lfirst(cell)))
				fault(defining, "\"%s\" names \"%s\", which is neither a category nor a state of %s \"%s\"",
					  itsm_sla_sets[set], itsm_clip(lfirst(cell)), defining->sla->lifecycle ? "lifecycle" : "process",
					  itsm_clip(defining->sla->lifecycle ? defining->sla->lifecycle : defining->sla->process));
	}
}

/* A target's attribute has times in all lifecycles. */
static void
check_target_attribute(Defining *defining)
{
	const char *name = defining->sla->relative.name;
	ListCell   *cell;

	foreach(cell, defining->definitions)
	{
		const Definition *definition = lfirst(cell);
		int			attribute = itsm_definition_attribute(definition, name);

		if (attribute < 0 || definition->attributes[attribute].type != TIMESTAMPTZOID)
			fault(defining, "the target names \"%s\", which is not an attribute of type timestamptz of lifecycle \"%s\"",
				  itsm_clip(name), definition->name);
	}
}

/*
 * A target beside another agreement's clock: that one was there before, so that
 * its clocks start before, and is on the same records' lifecycles.
 */
static void
check_target_clock(Defining *defining)
{
	const char *name = defining->sla->relative.name;
	const Sla  *other = NULL;
	int			own = 0;
	ListCell   *cell;

	foreach(cell, itsm_slas_of(NULL))
	{
		const Sla  *sla = lfirst(cell);

		if (strcmp(sla->name, name) == 0)
			other = sla;
		if (defining->sla->name && strcmp(sla->name, defining->sla->name) == 0)
			own = sla->id;
	}
	if (other == NULL)
	{
		fault(defining, "the target names SLA \"%s\", which does not exist", itsm_clip(name));
		return;
	}
	if (own && other->id >= own)
		fault(defining, "the target names SLA \"%s\", which has to be defined before this one", itsm_clip(name));
	foreach(cell, defining->definitions)
		if (!itsm_sla_is_on(other, lfirst(cell)))
			fault(defining, "the target names SLA \"%s\", which is not on lifecycle \"%s\"", itsm_clip(name),
				  ((Definition *) lfirst(cell))->name);
}

static void
check_attributes(Defining *defining)
{
	ListCell   *definition;
	ListCell   *name;

	if (defining->sla->relative.kind == TARGET_ATTRIBUTE)
		check_target_attribute(defining);
	if (defining->sla->relative.kind == TARGET_CLOCK)
		check_target_clock(defining);

	foreach(definition, defining->definitions)
		foreach(name, defining->sla->reset_on)
			if (itsm_definition_attribute(lfirst(definition), lfirst(name)) < 0)
				fault(defining, "\"reset_on\" names \"%s\", which is not an attribute of lifecycle \"%s\"",
					  itsm_clip(lfirst(name)), ((Definition *) lfirst(definition))->name);
}

static bool
refers_to_old(const Definition *definition, Node *check)
{
	bool		old;
	bool		actor;

	(void) itsm_check_reads(definition, check, &old, &actor);
	return old || actor;
}

static void
parse_check(void *argument)
{
	Defining   *defining = argument;
	Sla		   *sla = defining->sla;
	Node	   *check = itsm_check_parse(defining->definition, sla->given[defining->check], false);
	char	   *text = itsm_check_deparse(defining->definition, check);

	if (refers_to_old(defining->definition, check))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION), errmsg("only new.<attribute> can be asked for")));
	/* what it says may not depend on when it is asked: clocks are recomputed */
	if (contain_mutable_functions(check))
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION), errmsg("it uses functions that are not immutable")));
	if (sla->checks[defining->check] && strcmp(sla->checks[defining->check], text) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_DEFINITION),
				 errmsg("it means %s here, and %s in another lifecycle", text, sla->checks[defining->check])));
	sla->checks[defining->check] = text;
}

static void
check_checks(Defining *defining)
{
	for (defining->check = SLA_CONDITION; defining->check < SLA_CHECKS; defining->check++)
	{
		ListCell   *cell;

		if (defining->sla->given[defining->check] == NULL)
			continue;
		foreach(cell, defining->definitions)
		{
			ErrorData  *error;

			defining->definition = lfirst(cell);
			error = itsm_attempt(parse_check, defining);
			if (error)
				fault(defining, "\"%s\" in lifecycle \"%s\": %s", itsm_clip(defining->sla->given[defining->check]),
					  defining->definition->name, error->message);
		}
	}
}

extern Datum itsm_service_hours_in(PG_FUNCTION_ARGS);

static void
read_hours(void *argument)
{
	Defining   *defining = argument;

	defining->value = DirectFunctionCall1(itsm_service_hours_in, CStringGetDatum(defining->text));
}

static void
find_calendar(void *argument)
{
	(void) itsm_calendar_read(((Defining *) argument)->sla->calendar, NULL);
}

static void
read_time(void *argument)
{
	Defining   *defining = argument;

	defining->value = DirectFunctionCall3(timestamptz_in, CStringGetDatum(defining->text),
										  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static bool
time_member(Defining *defining, const char *member, TimestampTz *at)
{
	JsonbValue	value;
	ErrorData  *error;

	if (!itsm_json_member(&defining->json->root, member, &value) || value.type == jbvNull)
		return false;
	defining->text = itsm_json_string(&value);
	if (defining->text == NULL)
	{
		fault(defining, "\"%s\" must be a string with a time, not %s", member, itsm_json_kind(&value));
		return false;
	}
	error = itsm_attempt(read_time, defining);
	if (error)
		fault(defining, "\"%s\": %s", member, error->message);
	else
		*at = DatumGetTimestampTz(defining->value);
	if (error == NULL && TIMESTAMP_NOT_FINITE(*at))
		fault(defining, "\"%s\" must be finite; leave it out for no end", member);
	return error == NULL && !TIMESTAMP_NOT_FINITE(*at);
}

static void
check_dates(Defining *defining)
{
	Sla		   *sla = defining->sla;

	sla->from = GetCurrentTimestamp();
	sla->until = DT_NOEND;
	defining->from_given = time_member(defining, "valid_from", &sla->from);
	defining->until_given = time_member(defining, "valid_until", &sla->until);
	if (sla->until <= sla->from)
		fault(defining, "\"valid_until\" is not after \"valid_from\"");
}

static void
check_hours(Defining *defining)
{
	Sla		   *sla = defining->sla;

	if (sla->hours_text)
	{
		ErrorData  *error;

		defining->text = sla->hours_text;
		error = itsm_attempt(read_hours, defining);
		if (error)
		{
			fault(defining, "%s%s%s", error->message, error->detail ? ": " : "", error->detail ? error->detail : "");
			return;
		}
		sla->hours_text = TextDatumGetCString(defining->value);
	}
	if (sla->calendar)
	{
		ErrorData  *error = itsm_attempt(find_calendar, defining);

		if (error)
		{
			fault(defining, "%s", error->message);
			return;
		}
	}
	itsm_sla_ready(sla);
	if ((sla->relative.kind == TARGET_BY || sla->relative.kind == TARGET_OPENINGS)
		? itsm_relative_due(&sla->relative, sla->agreed_hours, sla->from) == CLOCK_NEVER
		: sla->terms.target > 0 && sla->terms.deadline(&sla->terms, sla->from, sla->terms.target) == CLOCK_NEVER)
		fault(defining, "the target \"%s\" is never reached: %s it %s", sla->target_text,
			  itsm_clock_hours_name(sla->agreed_hours),
			  sla->terms.relative ? "does not open so often" : "is not open for so long");
}

static void
check_definition(Defining *defining)
{
	find_definitions(defining);
	check_states(defining);
	check_attributes(defining);
	check_checks(defining);
	check_dates(defining);
	check_hours(defining);
}

static void
raise_faults(const Defining *defining)
{
	itsm_unmet_raise(defining->faults, ERRCODE_ITSM_DEFINITION,
					 defining->sla && defining->sla->name
					 ? psprintf("SLA definition \"%s\" is invalid", itsm_clip(defining->sla->name))
					 : "SLA definition is invalid",
					 "DETAIL lists every fault.");
}

/* A version that is there, with its row. */
typedef struct Version
{
	Sla		   *sla;
	HeapTuple	tuple;
} Version;

static List *
versions_of(Relation table, const char *name)
{
	List	   *versions = NIL;
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Sla		   *sla = itsm_sla_of_tuple(RelationGetDescr(table), tuple);
		Version    *version;

		if (strcmp(sla->name, name) != 0)
			continue;
		version = palloc(sizeof(Version));
		version->sla = sla;
		version->tuple = heap_copytuple(tuple);
		versions = lappend(versions, version);
	}
	systable_endscan(scan);
	return versions;
}

static Datum
column_of(Relation table, HeapTuple tuple, SlaColumn column)
{
	bool		isnull;

	return heap_getattr(tuple, column + 1, RelationGetDescr(table), &isnull);
}

static void
check_permission(Relation table, const Defining *defining, List *versions)
{
	ListCell   *cell;

	if (superuser())
		return;
	foreach(cell, versions)
	{
		const Version *version = lfirst(cell);
		Oid			definer = get_role_oid(NameStr(*DatumGetName(column_of(table, version->tuple, SLA_DEFINED_BY))),
										   true);

		if (!OidIsValid(definer) || !has_privs_of_role(GetUserId(), definer))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to redefine SLA \"%s\"", defining->sla->name),
					 errdetail("It was defined by another role.")));
	}
	foreach(cell, defining->definitions)
		itsm_lifecycle_check_editor(((Definition *) lfirst(cell))->name);
}

static const char *
when(TimestampTz at)
{
	return at == DT_NOEND ? "infinity" : pstrdup(timestamptz_to_str(at));
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Ends a version at a time. */
static void
end_version(Relation table, Version *version, TimestampTz at)
{
	Datum		values[SLA_COLUMNS];
	bool		nulls[SLA_COLUMNS];

	heap_deform_tuple(version->tuple, RelationGetDescr(table), values, nulls);
	values[SLA_UNTIL] = TimestampTzGetDatum(at);
	nulls[SLA_UNTIL] = false;
	if (!itsm_table_update(table, version->tuple, values, nulls))
		elog(ERROR, "version %d of SLA \"%s\" changed meanwhile", version->sla->version, version->sla->name);
	CommandCounterIncrement();
}

/*
 * Makes room for the new version among those that are there.  One without an
 * end that holds when the new one begins ends there, unless that has been: what
 * was agreed for a time that is over stays.
 */
static void
make_room(Relation table, Defining *defining, List *versions)
{
	Sla		   *sla = defining->sla;
	Version    *ends = NULL;
	ListCell   *cell;

	foreach(cell, versions)
	{
		Version    *version = lfirst(cell);
		const Sla  *other = version->sla;

		sla->id = other->id;
		sla->version = Max(sla->version, other->version);
		if (!same_text(other->lifecycle, sla->lifecycle) || !same_text(other->process, sla->process))
			fault(defining, "an SLA stays with its %s \"%s\"; take another name",
				  other->lifecycle ? "lifecycle" : "process", other->lifecycle ? other->lifecycle : other->process);
		if (other->until <= sla->from || sla->until <= other->from)
			continue;
		if (other->until != DT_NOEND || other->from >= sla->from)
			fault(defining, "version %d holds from %s to %s, which overlaps with %s to %s", other->version,
				  when(other->from), when(other->until), when(sla->from), when(sla->until));
		else if (defining->from_given && sla->from < GetCurrentTransactionStartTimestamp())
			fault(defining, "version %d has held since %s; a change may not begin in the past", other->version,
				  when(other->from));
		else
			ends = version;
	}
	sla->version++;
	raise_faults(defining);
	if (ends)
		end_version(table, ends, sla->from);
}

static ArrayType *
checks_array(const Sla *sla)
{
	Datum		elements[SLA_CHECKS];
	bool		nulls[SLA_CHECKS];
	int			count = SLA_CHECKS;
	int			lower = 1;

	for (SlaCheck check = SLA_CONDITION; check < SLA_CHECKS; check++)
	{
		nulls[check] = sla->checks[check] == NULL;
		elements[check] = nulls[check] ? (Datum) 0 : CStringGetTextDatum(sla->checks[check]);
	}
	return construct_md_array(elements, nulls, 1, &count, &lower, TEXTOID, -1, false, TYPALIGN_INT);
}

/* The same for the event. */
static char *
expressions_text(const Sla *sla)
{
	int			length;

	return itsm_canonical_text(PointerGetDatum(checks_array(sla)), TEXTARRAYOID, &length);
}

static void
insert_version(Relation table, const Defining *defining)
{
	const Sla  *sla = defining->sla;
	Datum		values[SLA_COLUMNS];
	bool		nulls[SLA_COLUMNS] = {0};
	NameData	definer;
	Interval	target = {.time = sla->terms.target};

	namestrcpy(&definer, GetUserNameFromId(GetUserId(), false));
	values[SLA_ID] = Int32GetDatum(sla->id);
	values[SLA_VERSION] = Int32GetDatum(sla->version);
	values[SLA_FROM] = TimestampTzGetDatum(sla->from);
	values[SLA_UNTIL] = TimestampTzGetDatum(sla->until);
	nulls[SLA_UNTIL] = sla->until == DT_NOEND;
	itsm_set_text(values, nulls, SLA_NAME, sla->name);
	itsm_set_text(values, nulls, SLA_LIFECYCLE, sla->lifecycle);
	itsm_set_text(values, nulls, SLA_PROCESS, sla->process);
	itsm_set_text(values, nulls, SLA_KIND, sla->kind);
	itsm_set_text(values, nulls, SLA_METRIC, sla->metric);
	itsm_set_text(values, nulls, SLA_CONDITION_TEXT, sla->given[SLA_CONDITION]);
	itsm_set_text(values, nulls, SLA_CALENDAR, sla->calendar);
	itsm_set_text(values, nulls, SLA_HOURS, sla->hours_text);
	values[SLA_TARGET] = IntervalPGetDatum(&target);
	nulls[SLA_TARGET] = sla->terms.relative;
	values[SLA_DEFINITION] = JsonbPGetDatum(defining->json);
	values[SLA_EXPRESSIONS] = PointerGetDatum(checks_array(sla));
	values[SLA_DEFINED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[SLA_DEFINED_BY] = NameGetDatum(&definer);
	itsm_table_insert(table, values, nulls);
	CommandCounterIncrement();
}

/* The newest version says the same, and holds without an end. */
static bool
is_defined(Relation table, const Defining *defining, List *versions)
{
	ListCell   *cell;
	const Version *newest = NULL;

	foreach(cell, versions)
		if (newest == NULL || ((Version *) lfirst(cell))->sla->version > newest->sla->version)
			newest = lfirst(cell);
	if (newest == NULL || newest->sla->until != DT_NOEND)
		return false;
	for (SlaCheck check = SLA_CONDITION; check < SLA_CHECKS; check++)
		if (!same_text(newest->sla->checks[check], defining->sla->checks[check]))
			return false;
	return compareJsonbContainers(&DatumGetJsonbP(column_of(table, newest->tuple, SLA_DEFINITION))->root,
								  &defining->json->root) == 0;
}

static char *
subject(const char *name)
{
	return psprintf("sla %s", name);
}

/*
 * itsm.define_sla(definition jsonb) → integer
 *
 * IT050 with every fault in DETAIL; 42501 when the SLA is another role's, or
 * its lifecycle's expressions run with rights that the caller lacks.
 */
ITSM_FUNCTION(itsm_define_sla);
Datum
itsm_define_sla(PG_FUNCTION_ARGS)
{
	Defining	defining = {0};
	Sla		   *sla;
	Relation	table;
	List	   *versions;

	itsm_require_arguments(fcinfo, 1);
	defining.json = PG_GETARG_JSONB_P(0);
	sla = defining.sla = itsm_sla_parse(defining.json, NULL, &defining.faults);
	check_definition(&defining);
	raise_faults(&defining);
	table = table_open(itsm_relation("sla"), ShareRowExclusiveLock);
	versions = versions_of(table, sla->name);
	check_permission(table, &defining, versions);
	if (is_defined(table, &defining, versions))
	{
		sla->id = ((Version *) linitial(versions))->sla->id;
		table_close(table, NoLock);
		PG_RETURN_INT32(sla->id);
	}
	make_room(table, &defining, versions);
	if (versions == NIL)
		sla->id = (int) nextval_internal(itsm_relation("sla_id_seq"), false);
	insert_version(table, &defining);
	itsm_policy_event(subject(sla->name), 0, "defined", "version", psprintf("%d", sla->version),
					  "valid_from", when(sla->from), "valid_until", sla->until == DT_NOEND ? NULL : when(sla->until),
					  "definition", JsonbToCString(NULL, &defining.json->root, VARSIZE(defining.json)),
					  "expressions", expressions_text(sla), NULL);
	table_close(table, NoLock);
	itsm_policy_changed();
	PG_RETURN_INT32(sla->id);
}

/*
 * itsm.end_sla(name text, valid_until timestamptz) → void
 *
 * No clock starts by it from then on; those that run go on.
 */
ITSM_FUNCTION(itsm_end_sla);
Datum
itsm_end_sla(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_ARGISNULL(1) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(1);
	Defining	defining = {.sla = palloc0(sizeof(Sla))};
	Version    *open = NULL;
	char	   *name;
	Relation	table;
	List	   *versions;
	ListCell   *cell;

	itsm_require_arguments(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	table = table_open(itsm_relation("sla"), ShareRowExclusiveLock);
	versions = versions_of(table, name);
	(void) itsm_sla_number(name);
	defining.sla->name = name;
	foreach(cell, versions)
		if (((Version *) lfirst(cell))->sla->until > at && ((Version *) lfirst(cell))->sla->from < at)
			open = lfirst(cell);
	if (open)
	{
		int			version = 0;

		if (open->sla->lifecycle)
			defining.definitions = list_make1(itsm_definition_load(open->sla->lifecycle, &version));
		else
		{
			defining.sla->process = open->sla->process;
			find_definitions(&defining);
		}
		check_permission(table, &defining, versions);
	}
	if (open == NULL || (!PG_ARGISNULL(1) && at < GetCurrentTransactionStartTimestamp()) || TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("SLA \"%s\" cannot end at %s", itsm_clip(name), when(at)),
				 errdetail(open ? "An end may not lie in the past." : "No version of it holds then.")));
	end_version(table, open, at);
	itsm_policy_event(subject(name), 0, "ended", "version", psprintf("%d", open->sla->version), "valid_until",
					  when(at), NULL);
	table_close(table, NoLock);
	itsm_policy_changed();
	PG_RETURN_VOID();
}
