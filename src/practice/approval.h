/*
 * approval.h
 *		Votes: what a rule of kind "approvals" asks for, what was given, and
 *		whether it still counts.
 */
#ifndef ITSM_APPROVAL_H
#define ITSM_APPROVAL_H

#include "ledger/digest.h"
#include "ledger/verify.h"
#include "lifecycle/rule_kind.h"
#include "practice/quorum.h"

/* Votes of one role. */
typedef struct ApprovalAsk
{
	char	   *role;
	Quorum		quorum;
} ApprovalAsk;

/* Data of the rule kind. */
typedef struct ApprovalData
{
	List	   *asks;			/* of ApprovalAsk */
	List	   *covers;			/* numbers of attributes; NIL: all that are mapped */
	List	   *not_by;			/* numbers of attributes that name who may not vote */
	bool	   *in;				/* per state: votes are given in it; NULL: any */
} ApprovalData;

extern const RuleKind itsm_rule_approvals;
extern const VerifyChecker itsm_verify_approvals;

/* The data of the rule's condition of this kind; NULL: it has none. */
extern const ApprovalData *itsm_approvals_of(const LifecycleRule *rule);

/* What is asked of a role; NULL: nothing. */
extern const ApprovalAsk *itsm_approval_ask(const ApprovalData *data, const char *role);

extern bool itsm_approval_covers(const ApprovalData *data, const Definition *definition,
								 const bool *mapped, int attribute);

/* A row of itsm.approval. */
typedef struct Vote
{
	int64		version;		/* of its event */
	TimestampTz at;
	const char *role;
	const char *person;			/* who acted */
	const char *on_behalf_of;	/* whose vote it is when it is not the person's own; NULL: own */
	bool		approved;
	const char *comment;		/* or NULL */
	List	   *covered;		/* names of the attributes it vouches for, as strings */
	uint8		salt[ITSM_SALT_LENGTH];
	const char *content;		/* a digest per name in covered, one after the other */
	/* as in its event */
	int			attachment;
	const char *database_role;
	const char *session_role;
	/* for comparison */
	const char *folded_person;
	const char *holder;			/* folded: whose vote it is */
} Vote;

/* The votes of a record by version, as a list of Vote; committed ones and our own. */
extern List *itsm_votes_read(const char *tenant, int64 record);

/*
 * What the event of a vote tells, a JSON object: with the content, so that the
 * chain vouches for it too.
 */
extern char *itsm_vote_detail(const Vote *vote);

/* Stores the row beside the event. */
extern void itsm_vote_store(const Vote *vote, const Event *event);

/* Digests of the values that the vote covers, in a row, palloc'd. */
extern char *itsm_vote_content(const Vote *vote, const Definition *definition, TupleTableSlot *row);

/* A row and its past, against which votes are looked at. */
typedef struct Ballot
{
	const Definition *definition;
	const bool *mapped;
	TupleTableSlot *rows[2];	/* canonical: as it is judged, and before that (NULL: none) */
	List	   *past;			/* of PastTransition */
	List	   *delegations;	/* of Delegation */
} Ballot;

/* Why the person may not vote by the rule, for a message; NULL: nothing is in the way. */
extern const char *itsm_vote_excluded(const Ballot *ballot, const ApprovalData *data, const char *role,
									  const char *folded, TimestampTz at);

/* Why a vote does not count any more by the rule, for a message; NULL: it counts. */
extern const char *itsm_vote_void(const Ballot *ballot, const ApprovalData *data, const Vote *vote);

#endif							/* ITSM_APPROVAL_H */
