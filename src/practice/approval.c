/*
 * approval.c
 *		Keeping votes, and finding out whether they still count.
 *
 * A vote keeps a salted digest of every value that it vouches for, not the
 * values themselves.  Memory: the caller's context.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "core/table.h"
#include "ledger/canonical_text.h"
#include "lifecycle/rule_value.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "practice/approval.h"
#include "practice/approval_role.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/snapmgr.h"

enum
{
	APPROVAL_RECORD, APPROVAL_VERSION, APPROVAL_AT, APPROVAL_ATTACHMENT, APPROVAL_TENANT, APPROVAL_ROLE,
	APPROVAL_PERSON, APPROVAL_ON_BEHALF_OF, APPROVAL_DECISION, APPROVAL_COMMENT, APPROVAL_COVERED,
	APPROVAL_SALT, APPROVAL_CONTENT, APPROVAL_DATABASE_ROLE, APPROVAL_SESSION_ROLE, APPROVAL_COLUMNS
};

const ApprovalData *
itsm_approvals_of(const LifecycleRule *rule)
{
	for (int i = 0; i < rule->condition_count; i++)
		if (rule->conditions[i].kind == &itsm_rule_approvals)
			return rule->conditions[i].data;
	return NULL;
}

const ApprovalAsk *
itsm_approval_ask(const ApprovalData *data, const char *role)
{
	ListCell   *cell;

	foreach(cell, data->asks)
		if (strcmp(((const ApprovalAsk *) lfirst(cell))->role, role) == 0)
			return lfirst(cell);
	return NULL;
}

bool
itsm_approval_covers(const ApprovalData *data, const Definition *definition, const bool *mapped, int attribute)
{
	if (!mapped[attribute])
		return false;
	if (data->covers)
		return list_member_int(data->covers, attribute);
	/* who wrote last is no content */
	return strcmp(definition->attributes[attribute].name, "actor") != 0;
}

static Datum
bytes_datum(const void *bytes, int length)
{
	bytea	   *datum = palloc(VARHDRSZ + length);

	SET_VARSIZE(datum, VARHDRSZ + length);
	memcpy(VARDATA(datum), bytes, length);
	return PointerGetDatum(datum);
}

static Datum
names_datum(const List *names)
{
	Datum	   *elements = palloc(sizeof(Datum) * (list_length(names) + 1));
	ListCell   *cell;

	foreach(cell, names)
		elements[foreach_current_index(cell)] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(elements, list_length(names), TEXTOID, -1, false, TYPALIGN_INT));
}

static List *
names_of(Datum array)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	List	   *names = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		names = lappend(names, nulls[i] ? pstrdup("") : TextDatumGetCString(elements[i]));
	return names;
}

void
itsm_vote_store(const Vote *vote, const Event *event)
{
	Relation	table = table_open(itsm_relation("approval"), RowExclusiveLock);
	Datum		values[APPROVAL_COLUMNS];
	bool		nulls[APPROVAL_COLUMNS] = {0};

	values[APPROVAL_RECORD] = Int64GetDatum(event->record);
	values[APPROVAL_VERSION] = Int64GetDatum(event->version);
	values[APPROVAL_AT] = TimestampTzGetDatum(event->at);
	values[APPROVAL_ATTACHMENT] = Int32GetDatum(event->attachment);
	itsm_set_text(values, nulls, APPROVAL_TENANT, event->tenant);
	itsm_set_text(values, nulls, APPROVAL_ROLE, vote->role);
	itsm_set_text(values, nulls, APPROVAL_PERSON, vote->person);
	itsm_set_text(values, nulls, APPROVAL_ON_BEHALF_OF, vote->on_behalf_of);
	itsm_set_text(values, nulls, APPROVAL_DECISION, event->kind);
	itsm_set_text(values, nulls, APPROVAL_COMMENT, vote->comment);
	values[APPROVAL_COVERED] = names_datum(vote->covered);
	values[APPROVAL_SALT] = bytes_datum(vote->salt, ITSM_SALT_LENGTH);
	values[APPROVAL_CONTENT] = bytes_datum(vote->content, list_length(vote->covered) * ITSM_HASH_LENGTH);
	itsm_set_text(values, nulls, APPROVAL_DATABASE_ROLE, event->role);
	itsm_set_text(values, nulls, APPROVAL_SESSION_ROLE, event->session_role);
	itsm_table_insert(table, values, nulls);
	table_close(table, NoLock);
	CommandCounterIncrement();
}

static void
append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfoString(json, json->len ? ", " : "{");
	escape_json(json, name);
	appendStringInfoString(json, ": ");
	if (value)
		escape_json(json, value);
	else
		appendStringInfoString(json, "null");
}

char *
itsm_vote_detail(const Vote *vote)
{
	int			length = list_length(vote->covered) * ITSM_HASH_LENGTH;
	char	   *salt = palloc0(2 * ITSM_SALT_LENGTH + 1);
	char	   *content = palloc0(2 * length + 1);
	StringInfoData json;
	StringInfoData covered;
	ListCell   *cell;

	initStringInfo(&json);
	initStringInfo(&covered);
	foreach(cell, vote->covered)
		appendStringInfo(&covered, "%s%s", foreach_current_index(cell) ? "," : "", (char *) lfirst(cell));
	(void) hex_encode((const char *) vote->salt, ITSM_SALT_LENGTH, salt);
	(void) hex_encode(vote->content, length, content);
	append_member(&json, "role", vote->role);
	append_member(&json, "person", vote->person);
	append_member(&json, "on_behalf_of", vote->on_behalf_of);
	append_member(&json, "covered", covered.data);
	append_member(&json, "salt", salt);
	append_member(&json, "content", content);
	appendStringInfoChar(&json, '}');
	return json.data;
}

static Vote *
vote_of_tuple(TupleDesc descriptor, HeapTuple tuple)
{
	Vote	   *vote = palloc0(sizeof(Vote));
	Datum		values[APPROVAL_COLUMNS];
	bool		nulls[APPROVAL_COLUMNS];
	bytea	   *bytes;

#define TEXT(column) (nulls[column] ? NULL : TextDatumGetCString(values[column]))
	heap_deform_tuple(tuple, descriptor, values, nulls);
	vote->version = DatumGetInt64(values[APPROVAL_VERSION]);
	vote->at = DatumGetTimestampTz(values[APPROVAL_AT]);
	vote->attachment = DatumGetInt32(values[APPROVAL_ATTACHMENT]);
	vote->database_role = TEXT(APPROVAL_DATABASE_ROLE);
	vote->session_role = TEXT(APPROVAL_SESSION_ROLE);
	vote->role = TEXT(APPROVAL_ROLE);
	vote->person = TEXT(APPROVAL_PERSON);
	vote->on_behalf_of = TEXT(APPROVAL_ON_BEHALF_OF);
	vote->approved = strcmp(TextDatumGetCString(values[APPROVAL_DECISION]), "approved") == 0;
	vote->comment = TEXT(APPROVAL_COMMENT);
	vote->covered = names_of(values[APPROVAL_COVERED]);
	bytes = DatumGetByteaPP(values[APPROVAL_SALT]);
	memcpy(vote->salt, VARDATA_ANY(bytes), Min(VARSIZE_ANY_EXHDR(bytes), ITSM_SALT_LENGTH));
	bytes = DatumGetByteaPCopy(values[APPROVAL_CONTENT]);
	/* of a row that somebody cut short nothing is vouched for */
	if (VARSIZE(bytes) - VARHDRSZ != list_length(vote->covered) * ITSM_HASH_LENGTH)
		vote->covered = NIL;
	vote->content = VARDATA(bytes);
	vote->folded_person = itsm_person_fold(vote->person);
	vote->holder = vote->on_behalf_of ? itsm_person_fold(vote->on_behalf_of) : vote->folded_person;
#undef TEXT
	return vote;
}

static int
compare_versions(const ListCell *a, const ListCell *b)
{
	int64		first = ((const Vote *) lfirst(a))->version;
	int64		second = ((const Vote *) lfirst(b))->version;

	return first < second ? -1 : first > second;
}

List *
itsm_votes_read(const char *tenant, int64 record)
{
	Relation	table = table_open(itsm_relation("approval"), AccessShareLock);
	List	   *votes = NIL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], APPROVAL_RECORD + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(record));
	ScanKeyInit(&keys[1], APPROVAL_TENANT + 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(tenant));
	keys[1].sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(table, itsm_relation("approval_pkey"), true, SnapshotSelf, lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		votes = lappend(votes, vote_of_tuple(RelationGetDescr(table), tuple));
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	list_sort(votes, compare_versions);
	return votes;
}

/* A text as it is digested: its length (-1: null) and its bytes in UTF-8. */
static void
digest_text(const char *text, int length)
{
	const char *utf8 = text ? text : "";
	uint32		wire_length;

	if (text == NULL)
		length = -1;
	else if (GetDatabaseEncoding() != PG_UTF8)
	{
		utf8 = pg_server_to_any(text, length, PG_UTF8);
		if (utf8 != text)
			length = strlen(utf8);
	}
	wire_length = pg_hton32((uint32) length);
	itsm_digest_add(&wire_length, sizeof(wire_length));
	if (length > 0)
		itsm_digest_add(utf8, length);
}

static void
digest_value(const uint8 *salt, const LifecycleAttribute *attribute, Datum value, bool isnull, char *digest)
{
	int			length = 0;
	char	   *text = isnull ? NULL : itsm_canonical_text(value, attribute->type, &length);

	itsm_digest_start();
	itsm_digest_add(salt, ITSM_SALT_LENGTH);
	digest_text(attribute->name, strlen(attribute->name));
	digest_text(text, length);
	itsm_digest_finish((uint8 *) digest);
}

char *
itsm_vote_content(const Vote *vote, const Definition *definition, TupleTableSlot *row)
{
	char	   *content = palloc0(list_length(vote->covered) * ITSM_HASH_LENGTH + 1);
	ListCell   *cell;

	foreach(cell, vote->covered)
	{
		int			number = itsm_definition_attribute(definition, lfirst(cell));

		digest_value(vote->salt, &definition->attributes[number], row->tts_values[number],
					 row->tts_isnull[number], content + foreach_current_index(cell) * ITSM_HASH_LENGTH);
	}
	return content;
}

/* Whether the vote saw the value that the attribute has in the row. */
static bool
saw_value(const Vote *vote, const LifecycleAttribute *attribute, Datum value, bool isnull)
{
	ListCell   *cell;

	foreach(cell, vote->covered)
		if (strcmp(lfirst(cell), attribute->name) == 0)
		{
			char		digest[ITSM_HASH_LENGTH];

			digest_value(vote->salt, attribute, value, isnull, digest);
			return memcmp(digest, vote->content + foreach_current_index(cell) * ITSM_HASH_LENGTH,
						  ITSM_HASH_LENGTH) == 0;
		}
	return false;
}

static bool
is_in(const Definition *definition, const bool *states, const char *name)
{
	int			state = name ? itsm_definition_state(definition, name, strlen(name)) : ITSM_NO_STATE;

	return state != ITSM_NO_STATE && states[state];
}

/* A move back to where records begin, or into the voting from outside, begins a new round. */
static bool
was_sent_back(const Ballot *ballot, const ApprovalData *data, int64 since)
{
	const Definition *definition = ballot->definition;
	ListCell   *cell;

	foreach(cell, ballot->past)
	{
		const PastTransition *move = lfirst(cell);

		if (move->version <= since)
			continue;
		if (is_in(definition, definition->machine.initial, move->to_state) ||
			(data->in && is_in(definition, data->in, move->to_state) &&
			 !is_in(definition, data->in, move->from_state)))
			return true;
	}
	return false;
}

/* Whether the person has the right to vote of somebody who is named by that value. */
static bool
stands_in(const Ballot *ballot, const char *named, const char *role, const char *folded, TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, ballot->delegations)
	{
		const Delegation *delegation = lfirst(cell);

		if (strcmp(delegation->folded, named) == 0 && itsm_delegation_holds(delegation, folded, role, at))
			return true;
	}
	return false;
}

const char *
itsm_vote_excluded(const Ballot *ballot, const ApprovalData *data, const char *role, const char *folded,
				   TimestampTz at)
{
	ListCell   *cell;

	foreach(cell, data->not_by)
	{
		int			number = lfirst_int(cell);
		const LifecycleAttribute *attribute = &ballot->definition->attributes[number];

		if (!ballot->mapped[number])
			continue;
		for (int i = 0; i < lengthof(ballot->rows); i++)
		{
			char	   *value = ballot->rows[i] ? itsm_value_text(attribute, ballot->rows[i], number) : NULL;
			char	   *named = value ? itsm_person_fold(value) : NULL;

			if (named == NULL || *named == '\0')
				continue;
			if (strcmp(named, folded) == 0)
				return psprintf("the %s may not vote", attribute->name);
			if (stands_in(ballot, named, role, folded, at))
				return psprintf("a delegate of the %s may not vote", attribute->name);
		}
	}
	return NULL;
}

const char *
itsm_vote_void(const Ballot *ballot, const ApprovalData *data, const Vote *vote)
{
	const Definition *definition = ballot->definition;
	TupleTableSlot *row = ballot->rows[0];
	const char *excluded;

	for (int i = 0; i < definition->attribute_count; i++)
		if (itsm_approval_covers(data, definition, ballot->mapped, i) &&
			!saw_value(vote, &definition->attributes[i], row->tts_values[i], row->tts_isnull[i]))
			return psprintf("%s has changed since", definition->attributes[i].name);
	if (was_sent_back(ballot, data, vote->version))
		return "the record has been sent back since";
	excluded = itsm_vote_excluded(ballot, data, vote->role, vote->folded_person, vote->at);
	if (excluded == NULL && vote->on_behalf_of)
		excluded = itsm_vote_excluded(ballot, data, vote->role, vote->holder, vote->at);
	return excluded;
}
