/*
 * state_machine.c
 *		Moves between states as a bit matrix.  Pure: no server facilities.
 */
#include "lifecycle/state_machine.h"

static int
words_for(int count)
{
	return (count + 63) / 64;
}

size_t
state_machine_size(int count)
{
	return (size_t) count * words_for(count) * sizeof(uint64_t) + 2 * (size_t) count * sizeof(bool);
}

void
state_machine_init(StateMachine *machine, int count, void *memory)
{
	machine->count = count;
	machine->words = words_for(count);
	machine->moves = memory;
	machine->initial = (bool *) (machine->moves + (size_t) count * machine->words);
	machine->final = machine->initial + count;
}

void
state_machine_allow(StateMachine *machine, int from, int to)
{
	machine->moves[from * machine->words + to / 64] |= UINT64_C(1) << (to % 64);
}

/*
 * Marks everything connected to what is marked, until nothing is added.
 * Definitions have tens of states, so the plain fixpoint is enough.
 */
static void
spread(const StateMachine *machine, bool *marked, bool backward)
{
	bool		added = true;

	while (added)
	{
		added = false;
		for (int from = 0; from < machine->count; from++)
			for (int to = 0; to < machine->count; to++)
			{
				int			source = backward ? to : from;
				int			target = backward ? from : to;

				if (marked[source] && !marked[target] && state_machine_allows(machine, from, to))
					marked[target] = added = true;
			}
	}
}

void
state_machine_reachable(const StateMachine *machine, bool *reached)
{
	for (int state = 0; state < machine->count; state++)
		reached[state] = machine->initial[state];
	spread(machine, reached, false);
}

void
state_machine_ending(const StateMachine *machine, bool *ending)
{
	for (int state = 0; state < machine->count; state++)
		ending[state] = machine->final[state];
	spread(machine, ending, true);
}
