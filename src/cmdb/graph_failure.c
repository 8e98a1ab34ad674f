/*
 * graph_failure.c
 *		Whose failure alone reaches a node.
 *
 * What leads to such a node by arcs that no redundancy stands in the way of is
 * such a node, too: that takes one walk.  The others have to be tried.  64 of
 * them fail at once, each in a bit of its own: nodes remember by which they
 * have failed, and groups count in binary numbers whose digits are words, one
 * bit a failure.  Nodes are gone through in topological order, so that mostly
 * all bits have arrived at a node when it passes them on.
 */
#include "cmdb/graph_failure.h"

#include <string.h>

#include "cmdb/graph_structure.h"

#define LANES 64

typedef struct Trial
{
	const GraphFailures *failures;
	GraphMemory *memory;
	bool	   *points;
	GraphArcs	leaving;		/* arcs by their tails */
	GraphArcs	arriving;		/* and by their heads */
	int		   *order;			/* nodes, so that failures mostly go forward */
	int		   *places;			/* the other way round */
	int		   *alike;			/* by node: another one whose failure does as much; itself: none */
	int		   *stack;
	/* of 64 trials at once */
	uint64_t   *failed;			/* by node: in which it has failed */
	uint64_t   *pending;		/* of these, those not passed on yet */
	uint64_t   *due;			/* a bit a place: something is pending there */
	int		   *touched;		/* nodes */
	int			touched_count;
	uint64_t	found;			/* trials that have reached the target */
	uint64_t   *digits;			/* of the groups' counters */
	int		   *first_digits;	/* by group, and one more */
} Trial;

static bool
leads_on(const GraphFailures *failures, int arc)
{
	return failures->groups[arc] < 0 || failures->tolerates[failures->groups[arc]] == 0;
}

/* A node is one of those, and with it what leads to it at once. */
static void
add_point(Trial *trial, int node)
{
	int			depth = 0;

	if (trial->points[node])
		return;
	trial->points[node] = true;
	trial->stack[depth++] = node;
	while (depth > 0)
	{
		int			head = trial->stack[--depth];

		trial->memory->interrupt(trial->memory);
		for (int i = trial->arriving.offsets[head]; i < trial->arriving.offsets[head + 1]; i++)
		{
			int			arc = trial->arriving.heads[i];
			int			tail = trial->failures->tails[arc];

			if (!trial->points[tail] && leads_on(trial->failures, arc))
			{
				trial->points[tail] = true;
				trial->stack[depth++] = tail;
			}
		}
	}
}

/*
 * A group's counter, for all trials, stands so that it runs over with the
 * failure that is one too many.
 */
static void
reset_group(Trial *trial, int group)
{
	int			first = trial->first_digits[group];
	int			count = trial->first_digits[group + 1] - first;
	uint64_t	start = (UINT64_C(1) << count) - (uint64_t) trial->failures->tolerates[group] - 1;

	for (int i = 0; i < count; i++)
		trial->digits[first + i] = start >> i & 1 ? ~UINT64_C(0) : 0;
}

/* One more failure in these trials; those in which the group does not bear it. */
static uint64_t
count_failure(Trial *trial, int group, uint64_t trials)
{
	int			end = trial->first_digits[group + 1];

	for (int i = trial->first_digits[group]; i < end && trials; i++)
	{
		uint64_t	carried = trial->digits[i] & trials;

		trial->digits[i] ^= trials;
		trials = carried;
	}
	return trials;
}

static void
fail(Trial *trial, int node, uint64_t trials)
{
	trials &= ~trial->failed[node];
	if (trials == 0)
		return;
	if (trial->failed[node] == 0)
		trial->touched[trial->touched_count++] = node;
	trial->failed[node] |= trials;
	if (trial->points[node])
	{
		trial->found |= trials;
		return;
	}
	trial->pending[node] |= trials;
	trial->due[trial->places[node] / LANES] |= UINT64_C(1) << trial->places[node] % LANES;
}

/* The first place from a word on at which something is pending, which it is no longer; -1: none. */
static int
next_due(Trial *trial, int *word)
{
	int			words = (trial->failures->node_count + LANES - 1) / LANES;

	for (; *word < words; (*word)++)
		if (trial->due[*word])
		{
			int			bit = __builtin_ctzll(trial->due[*word]);

			trial->due[*word] &= trial->due[*word] - 1;
			return *word * LANES + bit;
		}
	return -1;
}

static void
spread(Trial *trial)
{
	const GraphFailures *failures = trial->failures;
	int			word = 0;
	int			place;

	while ((place = next_due(trial, &word)) >= 0)
	{
		int			node = trial->order[place];
		uint64_t	trials = trial->pending[node] & ~trial->found;

		trial->memory->interrupt(trial->memory);
		trial->pending[node] = 0;
		if (trials == 0)
			continue;
		for (int i = trial->leaving.offsets[node]; i < trial->leaving.offsets[node + 1]; i++)
		{
			int			arc = trial->leaving.heads[i];
			int			head = failures->heads[arc];
			int			group = failures->groups[arc];

			fail(trial, head, group < 0 ? trials : count_failure(trial, group, trials));
			/* within a cycle it goes back */
			if (trial->places[head] / LANES < word)
				word = trial->places[head] / LANES;
		}
	}
}

/* As it was before the trials. */
static void
clear(Trial *trial)
{
	for (int i = 0; i < trial->touched_count; i++)
	{
		int			node = trial->touched[i];

		for (int a = trial->leaving.offsets[node]; a < trial->leaving.offsets[node + 1]; a++)
			if (trial->failures->groups[trial->leaving.heads[a]] >= 0)
				reset_group(trial, trial->failures->groups[trial->leaving.heads[a]]);
		trial->failed[node] = trial->pending[node] = 0;
	}
	trial->touched_count = 0;
	trial->found = 0;
}

static void
try(Trial *trial, const int *candidates, int count)
{
	uint64_t	found;

	for (int i = 0; i < count; i++)
		fail(trial, candidates[i], UINT64_C(1) << i);
	spread(trial);
	found = trial->found;
	clear(trial);
	for (int i = 0; i < count; i++)
		if (found >> i & 1)
			add_point(trial, candidates[i]);
}

/*
 * A node that leads on to one other only, by whichever ways, does what that one
 * does: it need not be tried.
 */
static int
find_alike(const Trial *trial, int node)
{
	int			alike = -1;

	for (int i = trial->leaving.offsets[node]; i < trial->leaving.offsets[node + 1]; i++)
	{
		int			arc = trial->leaving.heads[i];
		int			of_head = trial->alike[trial->failures->heads[arc]];

		if (!leads_on(trial->failures, arc) || (alike >= 0 && alike != of_head))
			return node;
		alike = of_head;
	}
	return alike < 0 ? node : alike;
}

/* Nodes by their components, those that lead to others before these. */
static void
order_nodes(Trial *trial)
{
	const GraphFailures *failures = trial->failures;
	GraphMemory *memory = trial->memory;
	int			count = failures->node_count;
	int		   *components = GRAPH_ALLOCATE(memory, int, count);
	int		   *numbers = GRAPH_ALLOCATE(memory, int, count);
	GraphArcs	arcs;
	int			component_count;

	graph_arcs_begin(&arcs, memory, count, failures->arc_count, failures->tails, failures->heads, false);
	component_count = graph_strong_components(&arcs, memory, components);
	graph_arcs_end(&arcs, memory);
	for (int node = 0; node < count; node++)
		numbers[node] = node;
	/* components are numbered as they are left: what others lead to comes first */
	graph_arcs_begin(&arcs, memory, component_count, count, components, numbers, false);
	for (int i = 0; i < count; i++)
	{
		trial->order[count - 1 - i] = arcs.heads[i];
		trial->places[arcs.heads[i]] = count - 1 - i;
	}
	graph_arcs_end(&arcs, memory);
	GRAPH_FREE(memory, numbers, count);
	GRAPH_FREE(memory, components, count);
}

static void
begin_groups(Trial *trial)
{
	const GraphFailures *failures = trial->failures;
	int			count = 0;

	trial->first_digits = GRAPH_ALLOCATE(trial->memory, int, failures->group_count);
	for (int group = 0; group < failures->group_count; group++)
	{
		trial->first_digits[group] = count;
		for (int most = failures->tolerates[group]; most > 0; most >>= 1)
			count++;
	}
	trial->first_digits[failures->group_count] = count;
	trial->digits = GRAPH_ALLOCATE(trial->memory, uint64_t, count);
	for (int group = 0; group < failures->group_count; group++)
		reset_group(trial, group);
}

static void
begin_arcs(Trial *trial)
{
	const GraphFailures *failures = trial->failures;
	int			count = failures->arc_count;
	int		   *numbers = GRAPH_ALLOCATE(trial->memory, int, count);

	for (int arc = 0; arc < count; arc++)
		numbers[arc] = arc;
	graph_arcs_begin(&trial->leaving, trial->memory, failures->node_count, count, failures->tails, numbers, false);
	graph_arcs_begin(&trial->arriving, trial->memory, failures->node_count, count, failures->heads, numbers, false);
	GRAPH_FREE(trial->memory, numbers, count);
}

static void
begin_nodes(Trial *trial)
{
	int			count = trial->failures->node_count;

	trial->order = GRAPH_ALLOCATE(trial->memory, int, count);
	trial->places = GRAPH_ALLOCATE(trial->memory, int, count);
	trial->alike = GRAPH_ALLOCATE(trial->memory, int, count);
	trial->stack = GRAPH_ALLOCATE(trial->memory, int, count);
	trial->touched = GRAPH_ALLOCATE(trial->memory, int, count);
	trial->failed = GRAPH_ALLOCATE(trial->memory, uint64_t, count);
	trial->pending = GRAPH_ALLOCATE(trial->memory, uint64_t, count);
	trial->due = GRAPH_ALLOCATE(trial->memory, uint64_t, count / LANES + 1);
	memset(trial->failed, 0, sizeof(uint64_t) * (size_t) count);
	memset(trial->pending, 0, sizeof(uint64_t) * (size_t) count);
	memset(trial->due, 0, sizeof(uint64_t) * ((size_t) count / LANES + 1));
	memset(trial->points, 0, sizeof(bool) * (size_t) count);
	for (int node = 0; node < count; node++)
		trial->alike[node] = node;
}

static void
end_trial(Trial *trial)
{
	GraphMemory *memory = trial->memory;
	int			count = trial->failures->node_count;

	GRAPH_FREE(memory, trial->order, count);
	GRAPH_FREE(memory, trial->places, count);
	GRAPH_FREE(memory, trial->alike, count);
	GRAPH_FREE(memory, trial->stack, count);
	GRAPH_FREE(memory, trial->touched, count);
	GRAPH_FREE(memory, trial->failed, count);
	GRAPH_FREE(memory, trial->pending, count);
	GRAPH_FREE(memory, trial->due, count / LANES + 1);
	GRAPH_FREE(memory, trial->digits, trial->first_digits[trial->failures->group_count]);
	GRAPH_FREE(memory, trial->first_digits, trial->failures->group_count);
	graph_arcs_end(&trial->leaving, memory);
	graph_arcs_end(&trial->arriving, memory);
}

void
graph_single_failures(const GraphFailures *failures, GraphMemory *memory, int target, bool *points)
{
	Trial		trial = {.failures = failures, .memory = memory, .points = points};
	int			candidates[LANES];
	int			count = 0;

	begin_nodes(&trial);
	begin_arcs(&trial);
	begin_groups(&trial);
	order_nodes(&trial);
	add_point(&trial, target);
	/* the nearest first: what fails by them need not be tried */
	for (int place = failures->node_count - 1; place >= 0; place--)
	{
		int			node = trial.order[place];

		if (points[node])
			continue;
		trial.alike[node] = find_alike(&trial, node);
		if (trial.alike[node] != node)
			continue;
		candidates[count++] = node;
		if (count == LANES)
		{
			try(&trial, candidates, count);
			count = 0;
		}
	}
	if (count > 0)
		try(&trial, candidates, count);
	end_trial(&trial);
}
