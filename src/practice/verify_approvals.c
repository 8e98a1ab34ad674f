/*
 * verify_approvals.c
 *		Votes against the events that tell of them.
 *
 * Rules read votes from itsm.approval, which is not chained: what was changed,
 * added or taken away there is found here.  Memory: the record's.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "lifecycle/remember.h"
#include "miscadmin.h"
#include "practice/approval.h"

#define SCOPE "approval"

typedef struct VoteChecks
{
	uint64		rows;			/* found with their records */
	uint64		right;
} VoteChecks;

static void *
begin_votes(Verification *verification)
{
	return palloc0(sizeof(VoteChecks));
}

static const Vote *
vote_of_version(const List *votes, int64 version)
{
	ListCell   *cell;

	foreach(cell, votes)
		if (((const Vote *) lfirst(cell))->version == version)
			return lfirst(cell);
	return NULL;
}

/* Whether the event tells what the row says.  An erased value tells nothing. */
static bool
is_as_told(const Vote *vote, const Event *event)
{
	BodyItem	item;
	int			offset = 0;
	bool		told = false;

	if (vote->approved != (strcmp(event->kind, "approved") == 0) || vote->at != event->at ||
		vote->attachment != event->attachment || !itsm_same_text(vote->database_role, event->role) ||
		!itsm_same_text(vote->session_role, event->session_role))
		return false;
	while (itsm_body_next(event->body, event->body_length, &offset, &item, NULL))
	{
		if (item.number == BODY_DETAIL)
			told = item.form == BODY_ERASED ||
				(item.form == BODY_VALUE && strcmp(item.text, itsm_vote_detail(vote)) == 0);
		else if (item.number == BODY_REASON && item.form == BODY_VALUE && vote->comment &&
				 strcmp(item.text, vote->comment) != 0)
			return false;
	}
	return told;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *verified)
{
	VoteChecks *checks = own;
	const Record *head = verified->head;
	List	   *votes;
	ListCell   *cell;

	if (verified->fold->votes == 0)
		return;
	votes = itsm_votes_read(head->tenant, head->id);
	foreach(cell, itsm_event_read_left(head->tenant, head->id))
	{
		const Event *event = lfirst(cell);
		const Vote *vote;

		/* what came after the snapshot is none of its business */
		if (event->version > head->version || !itsm_event_is_vote(event))
			continue;
		vote = vote_of_version(votes, event->version);
		if (vote)
			checks->rows++;
		if (vote && is_as_told(vote, event))
			checks->right++;
		else
			itsm_verify_fault(verification, SCOPE,
							  itsm_verify_name(verification, head->tenant, head->id, event->version, head),
							  vote ? "the vote is not what its event tells" : "the vote is missing in itsm.approval");
	}
}

/* Votes on what is archived stay, and their events are elsewhere. */
static uint64
count_rows(const Verification *verification)
{
	char	   *range = itsm_verify_range(verification, "v.record");
	bool		isnull;

	(void) itsm_query(SPI_OK_SELECT,
					  psprintf("SELECT pg_catalog.count(*) FROM itsm.approval v%s%s NOT EXISTS (SELECT FROM itsm.archived a"
							   " WHERE a.record = v.record AND a.tenant = v.tenant AND a.version >= v.version)",
							   range, *range ? " AND" : " WHERE"), 0, NULL, NULL, NULL);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
end_votes(Verification *verification, void *own)
{
	const VoteChecks *checks = own;
	uint64		rows = count_rows(verification);

	if (rows > checks->rows)
		itsm_verify_fault(verification, SCOPE, "itsm.approval", UINT64_FORMAT " votes have no event that could be read",
						  rows - checks->rows);
	if (checks->right > 0)
		itsm_verify_right(verification, SCOPE, "itsm.approval", UINT64_FORMAT " votes are as their events tell",
						  checks->right);
}

const VerifyChecker itsm_verify_approvals = {begin_votes, check_record, end_votes};
