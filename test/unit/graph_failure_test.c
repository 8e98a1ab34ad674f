/*
 * graph_failure_test.c
 *		Single failures that reach a node, over random graphs with cycles and
 *		redundancy, against failures tried one by one; a ladder of a million.
 */
/* sources: src/cmdb/graph_failure.c src/cmdb/graph_structure.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdb/graph_failure.h"

#define MAX_NODES 300
#define MAX_ARCS 1500
#define GRAPHS 2000
#define FAR 1000000

static int	tests;
static int	failed;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failed += !passed;
}

static unsigned
next_random(void)
{
	static uint64_t state = 815;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned) (state >> 33);
}

static long pieces;
static long interrupts;

static void *
resize(GraphMemory *memory, void *old, size_t size)
{
	pieces += (old == NULL) - (size == 0);
	if (size == 0)
	{
		free(old);
		return NULL;
	}
	return realloc(old, size);
}

static void
exceeded(GraphMemory *memory, size_t wanted)
{
	abort();
}

static void
interrupt(GraphMemory *memory)
{
	interrupts++;
}

static GraphMemory memory = {.limit = SIZE_MAX, .resize = resize, .exceeded = exceeded, .interrupt = interrupt};

static int	tails[MAX_ARCS];
static int	heads[MAX_ARCS];
static int	groups[MAX_ARCS];
static int	tolerates[2 * MAX_NODES];
static GraphFailures graph = {.tails = tails, .heads = heads, .groups = groups, .tolerates = tolerates};

/*
 * Each node has up to two groups; some arcs go with them, some twice.  Mostly
 * without cycles, as what is depended on has the greater number.
 */
static void
make_graph(void)
{
	int			count = 2 + (int) (next_random() % (next_random() % 4 == 0 ? MAX_NODES - 2 : 20));
	int			cyclic = (int) (next_random() % 30);
	int			grouped = (int) (next_random() % 11);
	int			members[2 * MAX_NODES] = {0};

	graph.node_count = count;
	graph.group_count = 2 * count;
	graph.arc_count = (int) (next_random() % (unsigned) (5 * count));
	for (int i = 0; i < graph.arc_count; i++)
	{
		int			a = (int) (next_random() % (unsigned) count);
		int			b = (int) (next_random() % (unsigned) count);
		bool		back = next_random() % 100 < (unsigned) cyclic;

		tails[i] = (a > b) == !back ? a : b;
		heads[i] = (a > b) == !back ? b : a;
		groups[i] = next_random() % 10 < (unsigned) grouped ? 2 * heads[i] + (int) (next_random() % 2) : -1;
		if (i > 0 && next_random() % 20 == 0)
		{
			tails[i] = tails[i - 1];
			heads[i] = heads[i - 1];
			groups[i] = groups[i - 1];
		}
		if (groups[i] >= 0)
			members[groups[i]]++;
	}
	for (int g = 0; g < graph.group_count; g++)
		tolerates[g] = (int) (next_random() % (unsigned) (members[g] + 2));
}

/* Whether the failure of a node reaches node 0, step by step. */
static bool
reaches(int start)
{
	bool		down[MAX_NODES] = {0};
	bool		more = true;

	down[start] = true;
	while (more && !down[0])
	{
		int			hits[2 * MAX_NODES] = {0};

		more = false;
		for (int i = 0; i < graph.arc_count; i++)
			if (down[tails[i]] && !down[heads[i]] &&
				(groups[i] < 0 || ++hits[groups[i]] > tolerates[groups[i]]))
				more = down[heads[i]] = true;
	}
	return down[0];
}

static bool
agrees(int *found)
{
	bool		points[MAX_NODES];

	make_graph();
	graph_single_failures(&graph, &memory, 0, points);
	for (int node = 0; node < graph.node_count; node++)
	{
		if (points[node] != reaches(node))
			return false;
		*found += points[node];
	}
	return true;
}

/* Two sides of a ladder of which each step needs one: only what is below both counts. */
static void
ladder(void)
{
	int			count = 2 * FAR + 2;
	int			arcs = 4 * FAR;
	int		   *from = malloc(sizeof(int) * (size_t) arcs);
	int		   *to = malloc(sizeof(int) * (size_t) arcs);
	int		   *group = malloc(sizeof(int) * (size_t) arcs);
	int		   *bears = malloc(sizeof(int) * (size_t) count);
	bool	   *points = malloc((size_t) count);
	int			found = 0;
	GraphFailures far = {
		.node_count = count, .arc_count = 0, .tails = from, .heads = to, .groups = group, .group_count = count,
		.tolerates = bears
	};

	/* node 0 rests on 1 and 2, each of these on 3 and 4, and so on; the last two on one */
	for (int i = 0; i < count; i++)
		bears[i] = 1;
	for (int step = 0; step < FAR; step++)
		for (int side = 0; side < 2; side++)
			for (int node = step ? 2 * step - 1 : 0; node <= 2 * step; node++)
			{
				from[far.arc_count] = 2 * step + 1 + side;
				to[far.arc_count] = node;
				group[far.arc_count++] = node;
			}
	for (int node = 2 * FAR - 1; node <= 2 * FAR; node++)
	{
		from[far.arc_count] = 2 * FAR + 1;
		to[far.arc_count] = node;
		group[far.arc_count++] = -1;
	}
	graph_single_failures(&far, &memory, 0, points);
	for (int node = 0; node < count; node++)
		found += points[node];
	ok(found == 2 && points[0] && points[count - 1], "of a ladder of a million only the ground");
	free(from);
	free(to);
	free(group);
	free(bears);
	free(points);
}

int
main(void)
{
	bool		same = true;
	int			found = 0;

	for (int i = 0; i < GRAPHS; i++)
		same &= agrees(&found);
	ok(same, "those are found that reach it when they are tried one by one");
	ok(found > 5 * GRAPHS, "there was something to find");
	ladder();
	ok(pieces == 0 && memory.used == 0, "all memory is given back and accounted for");
	ok(interrupts > FAR, "interrupts are looked for");
	printf("1..%d\n", tests);
	return failed != 0;
}
