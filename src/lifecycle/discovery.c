/*
 * discovery.c
 *		From counts of moves to a lifecycle without dead states.  Pure: no
 *		server facilities.
 */
#include "lifecycle/discovery.h"

/* A final state is left by fewer than one visit in this many. */
#define FINAL_VISITS 20

static int64_t
moves(const Discovery *discovery, int from, int to)
{
	return discovery->moves[(int64_t) from * discovery->stride + to];
}

int64_t
discovery_leaving(const Discovery *discovery, int state)
{
	int64_t		leaving = 0;

	for (int to = 0; to < discovery->count; to++)
		leaving += moves(discovery, state, to);
	return leaving;
}

static int
largest(const int64_t *numbers, int count)
{
	int			found = 0;

	for (int i = 1; i < count; i++)
		if (numbers[i] > numbers[found])
			found = i;
	return found;
}

static void
choose_ends(Discovery *discovery)
{
	int64_t		keys = 0;
	bool		any_initial = false;
	bool		any_final = false;

	for (int state = 0; state < discovery->count; state++)
		keys += discovery->starts[state];
	for (int state = 0; state < discovery->count; state++)
	{
		int64_t		leaving = discovery_leaving(discovery, state);
		int64_t		staying = discovery->stays[state];

		discovery->initial[state] = discovery->starts[state] > 0 &&
			discovery->enough(discovery, discovery->starts[state], keys);
		discovery->final[state] = staying > 0 && leaving * FINAL_VISITS < leaving + staying;
		any_initial |= discovery->initial[state];
		any_final |= discovery->final[state];
	}
	if (!any_initial)
		discovery->initial[largest(discovery->starts, discovery->count)] = true;
	if (!any_final)
		discovery->final[largest(discovery->stays, discovery->count)] = true;
}

static void
choose_transitions(Discovery *discovery)
{
	for (int from = 0; from < discovery->count; from++)
	{
		int64_t		whole = discovery_leaving(discovery, from);

		if (discovery->final[from])
			whole += discovery->stays[from];
		for (int to = 0; to < discovery->count; to++)
			discovery->allowed[from * discovery->count + to] = moves(discovery, from, to) > 0 &&
				discovery->enough(discovery, moves(discovery, from, to), whole);
	}
}

/* Marks what allowed transitions connect to what is marked. */
static void
spread(const Discovery *discovery, bool *marked, bool backward)
{
	bool		added = true;

	while (added)
	{
		added = false;
		for (int from = 0; from < discovery->count; from++)
			for (int to = 0; to < discovery->count; to++)
			{
				int			source = backward ? to : from;
				int			target = backward ? from : to;

				if (marked[source] && !marked[target] &&
					discovery->allowed[from * discovery->count + to])
					marked[target] = added = true;
			}
	}
}

/*
 * kept[s] becomes true for the states from which a final state can be reached,
 * bringing back the most used transitions that are needed for it.
 */
static void
mend_dead_states(Discovery *discovery)
{
	int			count = discovery->count;
	bool	   *ending = discovery->kept;

	for (int state = 0; state < count; state++)
		ending[state] = discovery->final[state];
	for (;;)
	{
		int64_t		most = 0;
		int			best = 0;

		spread(discovery, ending, true);
		for (int from = 0; from < count; from++)
			for (int to = 0; to < count; to++)
				if (!ending[from] && ending[to] && moves(discovery, from, to) > most)
				{
					most = moves(discovery, from, to);
					best = from * count + to;
				}
		if (most == 0)
			break;
		discovery->allowed[best] = true;
	}
}

/*
 * Some initial state must lead to an end.  When none does, the most used start
 * that does becomes one: there is one, since every final state has a key that
 * stayed in it, and that key started somewhere.
 */
static void
mend_initial_states(Discovery *discovery)
{
	int64_t		most = 0;
	int			best = 0;

	for (int state = 0; state < discovery->count; state++)
	{
		if (!discovery->kept[state])
			discovery->initial[state] = false;
		else if (discovery->initial[state])
			return;
		else if (discovery->starts[state] > most)
		{
			most = discovery->starts[state];
			best = state;
		}
	}
	discovery->initial[best] = true;
}

/* Leaves out what is not reached, and the transitions of what is left out. */
static void
leave_out(Discovery *discovery)
{
	int			count = discovery->count;
	bool	   *kept = discovery->kept;

	for (int from = 0; from < count; from++)
		for (int to = 0; to < count; to++)
			if (!kept[from] || !kept[to])
				discovery->allowed[from * count + to] = false;
	for (int state = 0; state < count; state++)
		kept[state] = kept[state] && discovery->initial[state];
	spread(discovery, kept, false);
	for (int from = 0; from < count; from++)
	{
		discovery->initial[from] &= kept[from];
		discovery->final[from] &= kept[from];
		for (int to = 0; to < count; to++)
			if (!kept[from])
				discovery->allowed[from * count + to] = false;
	}
}

void
discovery_choose(Discovery *discovery)
{
	choose_ends(discovery);
	choose_transitions(discovery);
	mend_dead_states(discovery);
	mend_initial_states(discovery);
	leave_out(discovery);
}
