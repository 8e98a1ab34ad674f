/*
 * approval_role.c
 *		Reading who is in a role, and who stands in for whom.
 *
 * Memory: the caller's context.  Reads see what is committed and our own.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_collation_d.h"
#include "core/table.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "practice/approval_role.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* Columns of itsm.approver and itsm.delegation, from 1. */
enum
{
	APPROVER_ROLE = 1, APPROVER_PERSON, APPROVER_FROM, APPROVER_UNTIL
};
enum
{
	DELEGATION_PERSON = 1, DELEGATION_DELEGATE, DELEGATION_ROLE, DELEGATION_FROM, DELEGATION_UNTIL
};

/* Leaves no white space around the name, and one space where there is some within it. */
static void
squeeze(char *name)
{
	char	   *to = name;

	for (const char *from = name; *from; from++)
	{
		bool		space = strchr(" \t\n\r\f\v", *from) != NULL;

		if (!space)
			*to++ = *from;
		else if (to > name && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > name && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* Without a language of its own: in Turkish "I" is not the capital of "i". */
static Oid
fold_collation(void)
{
	Oid			collation = get_collation_oid(list_make2(makeString("pg_catalog"), makeString("und-x-icu")), true);

	return OidIsValid(collation) ? collation : DEFAULT_COLLATION_OID;
}

char *
itsm_person_fold(const char *name)
{
	text	   *normal = cstring_to_text(name);
	char	   *folded;
	size_t		length;

	if (GetDatabaseEncoding() == PG_UTF8)
		normal = DatumGetTextPP(DirectFunctionCall2(unicode_normalize_func, PointerGetDatum(normal),
													CStringGetTextDatum("NFKC")));
	folded = str_tolower(VARDATA_ANY(normal), VARSIZE_ANY_EXHDR(normal), fold_collation());
	squeeze(folded);
	length = strlen(folded);
	if (length > 2 && folded[0] == '"' && folded[length - 1] == '"')
	{
		folded[length - 1] = '\0';
		folded++;
		squeeze(folded);
	}
	return folded;
}

bool
itsm_person_among(const List *folded, const char *name)
{
	ListCell   *cell;

	foreach(cell, folded)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static TimestampTz
time_of(HeapTuple tuple, TupleDesc descriptor, int column, TimestampTz when_null)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, descriptor, &isnull);

	return isnull ? when_null : DatumGetTimestampTz(value);
}

static char *
text_of(HeapTuple tuple, TupleDesc descriptor, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, descriptor, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static RoleMember *
make_member(const char *person, TimestampTz from, TimestampTz until)
{
	RoleMember *member = palloc(sizeof(RoleMember));

	member->folded = itsm_person_fold(person);
	member->from = from;
	member->until = until;
	return member;
}

static List *
listed_members(const char *role)
{
	Relation	table = table_open(itsm_relation("approver"), AccessShareLock);
	TupleDesc	descriptor = RelationGetDescr(table);
	List	   *members = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, APPROVER_ROLE, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(role));
	key.sk_collation = C_COLLATION_OID;
	scan = itsm_table_scan(table, itsm_relation("approver_pkey"), 1, &key);
	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
		members = lappend(members,
						  make_member(text_of(tuple, descriptor, APPROVER_PERSON),
									  time_of(tuple, descriptor, APPROVER_FROM, DT_NOBEGIN),
									  time_of(tuple, descriptor, APPROVER_UNTIL, DT_NOEND)));
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return members;
}

/* When a database role expires: what VALID UNTIL says. */
static TimestampTz
role_until(HeapTuple tuple)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(AUTHOID, tuple, Anum_pg_authid_rolvaliduntil, &isnull);

	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

static void granted_members(Oid role, TimestampTz until, List **seen, List **members);

/* A role that has members and cannot log in is a group; every other one is a person. */
static void
add_granted(Oid role, TimestampTz until, List **seen, List **members)
{
	HeapTuple	tuple;
	CatCList   *own;
	Form_pg_authid form;

	if (list_member_oid(*seen, role))
		return;
	*seen = lappend_oid(*seen, role);
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_authid) GETSTRUCT(tuple);
	until = Min(until, role_until(tuple));
	own = SearchSysCacheList1(AUTHMEMROLEMEM, ObjectIdGetDatum(role));
	if (form->rolcanlogin || own->n_members == 0)
		*members = lappend(*members, make_member(NameStr(form->rolname), DT_NOBEGIN, until));
	ReleaseSysCacheList(own);
	ReleaseSysCache(tuple);
	granted_members(role, until, seen, members);
}

static void
granted_members(Oid role, TimestampTz until, List **seen, List **members)
{
	CatCList   *list = SearchSysCacheList1(AUTHMEMROLEMEM, ObjectIdGetDatum(role));
	List	   *granted = NIL;
	ListCell   *cell;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_auth_members form = (Form_pg_auth_members) GETSTRUCT(&list->members[i]->tuple);

		if (itsm_is_full_membership(form))
			granted = lappend_oid(granted, form->member);
	}
	ReleaseSysCacheList(list);
	foreach(cell, granted)
		add_granted(lfirst_oid(cell), until, seen, members);
}

List *
itsm_role_members(const char *role)
{
	List	   *members = listed_members(role);
	Oid			oid = strlen(role) < NAMEDATALEN ? get_role_oid(role, true) : InvalidOid;
	HeapTuple	tuple;

	if (members || !OidIsValid(oid))
		return members;
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(oid));
	if (HeapTupleIsValid(tuple))
	{
		TimestampTz until = role_until(tuple);
		List	   *seen = list_make1_oid(oid);

		ReleaseSysCache(tuple);
		granted_members(oid, until, &seen, &members);
	}
	return members;
}

MemberStanding
itsm_role_standing(const List *members, const char *folded, TimestampTz at, TimestampTz *when)
{
	MemberStanding standing = MEMBER_NEVER;
	ListCell   *cell;

	foreach(cell, members)
	{
		const RoleMember *member = lfirst(cell);

		if (strcmp(member->folded, folded) != 0)
			continue;
		if (member->from <= at && at < member->until)
			return MEMBER_NOW;
		if (member->until <= at && (standing != MEMBER_ENDED || member->until > *when))
		{
			standing = MEMBER_ENDED;
			*when = member->until;
		}
		else if (member->until > at && standing != MEMBER_ENDED &&
				 (standing != MEMBER_LATER || member->from < *when))
		{
			standing = MEMBER_LATER;
			*when = member->from;
		}
	}
	return standing;
}

List *
itsm_role_people(const List *members, TimestampTz at)
{
	List	   *people = NIL;
	ListCell   *cell;

	foreach(cell, members)
	{
		const RoleMember *member = lfirst(cell);

		if (member->from <= at && at < member->until && !itsm_person_among(people, member->folded))
			people = lappend(people, unconstify(char *, member->folded));
	}
	return people;
}

List *
itsm_delegations(void)
{
	Relation	table = table_open(itsm_relation("delegation"), AccessShareLock);
	TupleDesc	descriptor = RelationGetDescr(table);
	SysScanDesc scan = itsm_table_scan(table, InvalidOid, 0, NULL);
	List	   *delegations = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = itsm_table_next(scan)))
	{
		Delegation *delegation = palloc(sizeof(Delegation));

		CHECK_FOR_INTERRUPTS();
		delegation->person = text_of(tuple, descriptor, DELEGATION_PERSON);
		delegation->folded = itsm_person_fold(delegation->person);
		delegation->delegate = itsm_person_fold(text_of(tuple, descriptor, DELEGATION_DELEGATE));
		delegation->role = text_of(tuple, descriptor, DELEGATION_ROLE);
		delegation->from = time_of(tuple, descriptor, DELEGATION_FROM, DT_NOBEGIN);
		delegation->until = time_of(tuple, descriptor, DELEGATION_UNTIL, DT_NOEND);
		delegations = lappend(delegations, delegation);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return delegations;
}

bool
itsm_delegation_holds(const Delegation *delegation, const char *delegate, const char *role, TimestampTz at)
{
	return strcmp(delegation->delegate, delegate) == 0 &&
		(delegation->role == NULL || strcmp(delegation->role, role) == 0) &&
		delegation->from <= at && at < delegation->until;
}
