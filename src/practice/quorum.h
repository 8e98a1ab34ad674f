/*
 * quorum.h
 *		How many approvals are enough.  Pure arithmetic.
 */
#ifndef ITSM_QUORUM_H
#define ITSM_QUORUM_H

#include <stdbool.h>

/* A share is counted in hundredths of a percent. */
#define QUORUM_WHOLE 10000
#define QUORUM_MAX_COUNT 1000000

typedef enum QuorumForm
{
	QUORUM_FIRST,				/* the first response decides */
	QUORUM_COUNT,				/* so many */
	QUORUM_SHARE,				/* so large a part of the people */
} QuorumForm;

typedef struct Quorum
{
	QuorumForm	form;
	int			amount;			/* of approvals, or of hundredths of a percent */
} Quorum;

/*
 * Reads a number ("2") or, with a percent sign behind it, a share of at most
 * 100 ("66.67%", two decimals at most).  Zero is QUORUM_FIRST.  False when it
 * is neither, or too large.
 */
extern bool quorum_read(const char *text, Quorum *quorum);

/*
 * The approvals that are enough among so many people: a share is rounded half
 * up, once, and is at least one.  0: the first response decides.
 */
extern int	quorum_needed(const Quorum *quorum, int people);

#endif							/* ITSM_QUORUM_H */
