/*
 * approval_role.h
 *		People, the organisational roles they are in, and who stands in for whom.
 *
 * A role with rows in itsm.approver has those members and no others; a role
 * without any is a database role, and its members are those it was granted to,
 * superusers as little as anybody else.
 */
#ifndef ITSM_APPROVAL_ROLE_H
#define ITSM_APPROVAL_ROLE_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

/*
 * A person's name for comparison: without regard to case, Unicode forms,
 * double quotes around it, and white space around and within it.
 */
extern char *itsm_person_fold(const char *name);

/* Whether a folded name is in a list of folded names. */
extern bool itsm_person_among(const List *folded, const char *name);

typedef enum MemberStanding
{
	MEMBER_NEVER,
	MEMBER_LATER,				/* from "when" on */
	MEMBER_ENDED,				/* was one until "when" */
	MEMBER_NOW,
} MemberStanding;

/* Who a role had, has or will have: with folded names. */
typedef struct RoleMember
{
	const char *folded;
	TimestampTz from;
	TimestampTz until;
} RoleMember;

/* As a list of RoleMember; a person may stand there more than once. */
extern List *itsm_role_members(const char *role);

/* *when: for MEMBER_LATER and MEMBER_ENDED. */
extern MemberStanding itsm_role_standing(const List *members, const char *folded, TimestampTz at,
										 TimestampTz *when);

/* The folded names of the people in a role at a time, each once. */
extern List *itsm_role_people(const List *members, TimestampTz at);

/* A person who lets another vote in their place. */
typedef struct Delegation
{
	const char *person;			/* as it was given */
	const char *folded;
	const char *delegate;		/* folded */
	const char *role;			/* NULL: every role */
	TimestampTz from;
	TimestampTz until;
} Delegation;

/* All of them, as a list of Delegation. */
extern List *itsm_delegations(void);

extern bool itsm_delegation_holds(const Delegation *delegation, const char *delegate, const char *role,
								  TimestampTz at);

#endif							/* ITSM_APPROVAL_ROLE_H */
