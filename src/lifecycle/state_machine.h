/*
 * state_machine.h
 *		Which states there are and which moves lead from one to another: pure
 *		arithmetic over state numbers 0 … count-1, no server facilities.
 */
#ifndef ITSM_STATE_MACHINE_H
#define ITSM_STATE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One row of bits per state; bit t of row f is set when f may move to t. */
typedef struct StateMachine
{
	int			count;			/* states */
	int			words;			/* 64-bit words per row */
	uint64_t   *moves;			/* count * words */
	bool	   *initial;		/* count */
	bool	   *final;			/* count */
} StateMachine;

/* Bytes needed for the arrays of a machine of that many states. */
extern size_t state_machine_size(int count);

/* Sets a machine up over zeroed memory of state_machine_size() bytes. */
extern void state_machine_init(StateMachine *machine, int count, void *memory);

extern void state_machine_allow(StateMachine *machine, int from, int to);

static inline bool
state_machine_allows(const StateMachine *machine, int from, int to)
{
	return machine->moves[from * machine->words + to / 64] >> (to % 64) & 1;
}

/* reached[s] becomes true for every state that an initial state can reach. */
extern void state_machine_reachable(const StateMachine *machine, bool *reached);

/* ending[s] becomes true for every state from which a final state can be reached. */
extern void state_machine_ending(const StateMachine *machine, bool *ending);

#endif							/* ITSM_STATE_MACHINE_H */
