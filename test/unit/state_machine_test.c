/*
 * state_machine_test.c
 *		Random machines against a transitive closure made naively.
 */
/* sources: src/lifecycle/state_machine.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle/state_machine.h"

#define MAX_COUNT 140			/* more than two words a row */
#define MACHINES 400

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

/* A generator of our own, so that every platform tests the same machines. */
static unsigned
next_random(void)
{
	static uint64_t state = 20000;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned) (state >> 33);
}

static bool edge[MAX_COUNT][MAX_COUNT];
static bool path[MAX_COUNT][MAX_COUNT];

static void
close_paths(int count)
{
	memcpy(path, edge, sizeof(path));
	for (int i = 0; i < count; i++)
		path[i][i] = true;
	for (int k = 0; k < count; k++)
		for (int i = 0; i < count; i++)
			for (int j = 0; j < count; j++)
				path[i][j] |= path[i][k] && path[k][j];
}

static StateMachine
random_machine(int count, int percent, void *memory)
{
	StateMachine machine;

	memset(memory, 0, state_machine_size(count));
	memset(edge, 0, sizeof(edge));
	state_machine_init(&machine, count, memory);
	for (int i = 0; i < count; i++)
	{
		machine.initial[i] = next_random() % 10 == 0;
		machine.final[i] = next_random() % 10 == 0;
		for (int j = 0; j < count; j++)
			if (next_random() % 1000 < (unsigned) percent * 10 / (count > 20 ? 10 : 1))
			{
				edge[i][j] = true;
				state_machine_allow(&machine, i, j);
			}
	}
	return machine;
}

static bool
moves_agree(const StateMachine *machine)
{
	for (int i = 0; i < machine->count; i++)
		for (int j = 0; j < machine->count; j++)
			if (state_machine_allows(machine, i, j) != edge[i][j])
				return false;
	return true;
}

static bool
marks_agree(const StateMachine *machine)
{
	bool		reached[MAX_COUNT];
	bool		ending[MAX_COUNT];

	state_machine_reachable(machine, reached);
	state_machine_ending(machine, ending);
	for (int i = 0; i < machine->count; i++)
	{
		bool		reach = false;
		bool		end = false;

		for (int j = 0; j < machine->count; j++)
		{
			reach |= machine->initial[j] && path[j][i];
			end |= machine->final[j] && path[i][j];
		}
		if (reach != reached[i] || end != ending[i])
			return false;
	}
	return true;
}

int
main(void)
{
	bool		moves = true;
	bool		marks = true;

	/* exactly as large as asked for, so that a sanitizer sees what goes beyond */
	for (int i = 0; i < MACHINES; i++)
	{
		int			count = i < 200 ? 1 + i % 12 : 1 + next_random() % MAX_COUNT;
		void	   *memory = malloc(state_machine_size(count));
		StateMachine machine = random_machine(count, 5 + next_random() % 30, memory);

		close_paths(count);
		moves &= moves_agree(&machine);
		marks &= marks_agree(&machine);
		free(memory);
	}
	ok(moves, "moves are those that were allowed");
	ok(marks, "reachable and ending states are those of the closure");

	for (int count = 0; count <= 65; count += 13)
	{
		void	   *memory = calloc(1, state_machine_size(count) + 1);
		StateMachine machine;
		bool		reached[MAX_COUNT];

		state_machine_init(&machine, count, memory);
		state_machine_reachable(&machine, reached);
		if (count == 65)
		{
			state_machine_allow(&machine, 64, 64);
			ok(state_machine_allows(&machine, 64, 64) && !state_machine_allows(&machine, 64, 0) &&
			   !state_machine_allows(&machine, 0, 64), "the last bit of a row is its own");
		}
		free(memory);
	}
	printf("1..%d\n", tests);
	return failures != 0;
}
