/*
 * discovery.h
 *		Which states and transitions a log's counts make a lifecycle of: pure
 *		arithmetic over state numbers 0 … count-1, no server facilities.
 *
 * Each entry into a state is a visit; it ends with a move or, for the last
 * one of a key, by staying.
 *
 * - A state is initial when enough keys start in it.
 * - A state is final when keys stay in it and fewer than one visit in twenty
 *	 ends with a move.
 * - A transition is kept when its moves are enough of all the moves that leave
 *	 the same state; of a final state, staying counts like a move.
 * - Then dead states are mended: a state from which the kept transitions lead
 *	 to no final state gets back the transition most used of those that do.
 *	 What no initial state reaches is left out.
 *
 * The result is never empty, and every state in it is on a way from an initial
 * to a final one.
 */
#ifndef ITSM_DISCOVERY_H
#define ITSM_DISCOVERY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Discovery
{
	int			count;			/* states */
	const int64_t *moves;		/* [from * stride + to] */
	int			stride;
	const int64_t *starts;		/* keys whose first state it is */
	const int64_t *stays;		/* keys whose last state it is */

	/* results */
	bool	   *initial;
	bool	   *final;
	bool	   *kept;			/* states */
	bool	   *allowed;		/* transitions among kept states: [from * count + to] */

	/* Whether a part is enough of a whole that is not 0. */
	bool		(*enough) (const struct Discovery *discovery, int64_t part, int64_t whole);
	const void *context;		/* of enough */
} Discovery;

/* Moves that leave a state. */
extern int64_t discovery_leaving(const Discovery *discovery, int state);

/* Fills the results, whose arrays are zeroed.  At least one key is counted. */
extern void discovery_choose(Discovery *discovery);

#endif							/* ITSM_DISCOVERY_H */
