/*
 * graph_test.c
 *		Searches over random graphs against naive ones; deep chains; the limit of memory.
 */
/* sources: src/cmdb/graph_nodes.c src/cmdb/graph_search.c src/cmdb/graph_structure.c */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdb/graph_search.h"
#include "cmdb/graph_structure.h"

#define MAX_NODES 40
#define GRAPHS 3000
#define FAR 1000000

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

static unsigned
next_random(void)
{
	static uint64_t state = 4711;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned) (state >> 33);
}

/* Memory */

static jmp_buf too_much;
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
	longjmp(too_much, 1);
}

static void
interrupt(GraphMemory *memory)
{
	interrupts++;
}

static GraphMemory memory = {
	.limit = (size_t) 1 << 30, .resize = resize, .exceeded = exceeded, .interrupt = interrupt
};

/* A random graph; ids are far apart, and some of them negative. */

static int	count;
static int	edge[MAX_NODES][MAX_NODES];		/* 0: none; else its label */
static int	distance[MAX_NODES][MAX_NODES];

static int64_t
id_of(int node)
{
	return ((int64_t) (node * 37 % MAX_NODES) << 40) - ((int64_t) 7 << 40) + node;
}

static int
node_of(int64_t id)
{
	for (int node = 0; node < count; node++)
		if (id_of(node) == id)
			return node;
	return -1;
}

static int
neighbours(Graph *graph, int64_t id, bool backward, const GraphEdge **edges)
{
	static GraphEdge found[MAX_NODES];
	int			node = node_of(id);
	int			n = 0;

	for (int other = 0; other < count; other++)
	{
		int			label = backward ? edge[other][node] : edge[node][other];

		if (label)
			found[n++] = (GraphEdge) {id_of(other), label};
	}
	*edges = found;
	return n;
}

static Graph graph = {.memory = &memory, .neighbours = neighbours};

static void
make_graph(void)
{
	int			per_mille = next_random() % 3 == 0 ? 200 : 60;

	count = 1 + next_random() % MAX_NODES;
	memset(edge, 0, sizeof(edge));
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
		{
			if (i != j && (int) (next_random() % 1000) < per_mille)
				edge[i][j] = 1 + next_random() % 5;
			distance[i][j] = i == j ? 0 : edge[i][j] ? 1 : FAR;
		}
	for (int k = 0; k < count; k++)
		for (int i = 0; i < count; i++)
			for (int j = 0; j < count; j++)
				if (distance[i][k] + distance[k][j] < distance[i][j])
					distance[i][j] = distance[i][k] + distance[k][j];
}

static bool
reach_agrees(bool backward)
{
	int			first = next_random() % count;
	int			second = next_random() % count;
	int64_t		starts[] = {id_of(first), id_of(second), id_of(first)};
	int			max_depth = next_random() % 3 == 0 ? GRAPH_NO_LIMIT : (int) (next_random() % 5);
	GraphReach	reach;
	int			expected = 0;
	bool		agrees = true;

	graph_reach(&graph, backward, starts, 3, max_depth, &reach);
	for (int node = 0; node < count; node++)
	{
		int			a = backward ? distance[node][first] : distance[first][node];
		int			b = backward ? distance[node][second] : distance[second][node];
		int			depth = a < b ? a : b;
		int			number = graph_node_find(&reach.nodes, id_of(node));

		if (depth < FAR && (max_depth == GRAPH_NO_LIMIT || depth <= max_depth))
		{
			expected++;
			agrees &= number >= 0 && reach.steps[number].depth == depth;
			if (number >= 0 && depth > 0)
			{
				int			via = node_of(reach.nodes.ids[reach.steps[number].via]);

				agrees &= reach.steps[reach.steps[number].via].depth == depth - 1 &&
					reach.steps[number].label == (backward ? edge[node][via] : edge[via][node]);
			}
		}
	}
	agrees &= reach.nodes.count == expected;
	graph_reach_end(&reach);
	return agrees;
}

/* Nodes that bear some failures, by label: against rounds over the whole graph. */

static int	tolerated[MAX_NODES][6];

static int
tolerates(Graph *graph, int64_t id, int label)
{
	return tolerated[node_of(id)][label];
}

static void
make_tolerant(void)
{
	for (int node = 0; node < count; node++)
		for (int label = 0; label < 6; label++)
			tolerated[node][label] = next_random() % 3 == 0 ? next_random() % 3 : 0;
}

/* Depths at which nodes fail, by waiting for enough failures around them; FAR: never. */
static void
fail_in_rounds(int start, int *failed)
{
	for (int node = 0; node < count; node++)
		failed[node] = node == start ? 0 : FAR;
	for (int depth = 1; depth <= count; depth++)
		for (int node = 0; node < count; node++)
			for (int label = 1; label < 6 && failed[node] == FAR; label++)
			{
				int			around = 0;

				for (int other = 0; other < count; other++)
					around += edge[other][node] == label && failed[other] < depth;
				if (around > tolerated[node][label])
					failed[node] = depth;
			}
}

static bool
tolerance_agrees(void)
{
	Graph		tolerant = {.memory = &memory, .neighbours = neighbours, .tolerates = tolerates};
	int			start = next_random() % count;
	int64_t		start_id = id_of(start);
	int			max_depth = next_random() % 3 == 0 ? (int) (next_random() % 5) : GRAPH_NO_LIMIT;
	int			failed[MAX_NODES];
	GraphReach	reach;
	int			expected = 0;
	bool		agrees = true;

	make_tolerant();
	fail_in_rounds(start, failed);
	graph_reach(&tolerant, false, &start_id, 1, max_depth, &reach);
	for (int node = 0; node < count; node++)
	{
		int			number = graph_node_find(&reach.nodes, id_of(node));

		if (failed[node] == FAR || (max_depth != GRAPH_NO_LIMIT && failed[node] > max_depth))
			continue;
		expected++;
		agrees &= number >= 0 && reach.steps[number].depth == failed[node];
		if (number > 0)
			agrees &= reach.steps[reach.steps[number].via].depth == failed[node] - 1;
	}
	agrees &= reach.nodes.count == expected;
	graph_reach_end(&reach);
	return agrees;
}

static bool
path_agrees(void)
{
	int			source = next_random() % count;
	int			target = next_random() % count;
	int			max_depth = next_random() % 2 ? GRAPH_NO_LIMIT : (int) (next_random() % 6);
	bool		expected = distance[source][target] < FAR &&
		(max_depth == GRAPH_NO_LIMIT || distance[source][target] <= max_depth);
	GraphPath	path;
	bool		agrees = true;

	if (!graph_path(&graph, id_of(source), id_of(target), max_depth, &path))
		return !expected;
	agrees = expected && path.length == distance[source][target] && path.nodes[0] == id_of(source) &&
		path.nodes[path.length] == id_of(target);
	for (int i = 0; i < path.length; i++)
		agrees &= path.labels[i + 1] == edge[node_of(path.nodes[i])][node_of(path.nodes[i + 1])] &&
			path.labels[i + 1] != 0;
	GRAPH_FREE(&memory, path.nodes, path.length);
	GRAPH_FREE(&memory, path.labels, path.length);
	return agrees;
}

static int	tails[MAX_NODES * MAX_NODES];
static int	heads[MAX_NODES * MAX_NODES];

static int
list_arcs(void)
{
	int			n = 0;

	for (int j = 0; j < count; j++)
		for (int i = 0; i < count; i++)
			if (edge[i][j])
			{
				tails[n] = i;
				heads[n++] = j;
			}
	return n;
}

static bool
components_agree(const GraphArcs *arcs)
{
	int			strong[MAX_NODES];
	int			weak[MAX_NODES];
	bool		joined[MAX_NODES][MAX_NODES];
	int			found = graph_strong_components(arcs, &memory, strong);
	bool		agrees = true;

	graph_weak_components(arcs, &memory, weak);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
			joined[i][j] = i == j || edge[i][j] || edge[j][i];
	for (int k = 0; k < count; k++)
		for (int i = 0; i < count; i++)
			for (int j = 0; j < count; j++)
				joined[i][j] |= joined[i][k] && joined[k][j];
	for (int i = 0; i < count; i++)
	{
		int			smallest = 0;

		agrees &= strong[i] >= 0 && strong[i] < found;
		while (!joined[i][smallest])
			smallest++;
		agrees &= weak[i] == smallest;
		for (int j = 0; j < count; j++)
			agrees &= (strong[i] == strong[j]) == (distance[i][j] < FAR && distance[j][i] < FAR);
	}
	return agrees;
}

/* Nodes that the root reaches when one of them is taken away. */
static void
reach_without(int root, int without, bool *reached)
{
	int			stack[MAX_NODES];
	int			depth = 0;

	memset(reached, 0, sizeof(bool) * MAX_NODES);
	if (root == without)
		return;
	reached[root] = true;
	stack[depth++] = root;
	while (depth > 0)
	{
		int			node = stack[--depth];

		for (int other = 0; other < count; other++)
			if (edge[node][other] && other != without && !reached[other])
			{
				reached[other] = true;
				stack[depth++] = other;
			}
	}
}

static bool
dominators_agree(const GraphArcs *arcs)
{
	int			root = next_random() % count;
	int			found[MAX_NODES];
	bool		dominates[MAX_NODES][MAX_NODES];
	bool		agrees = true;

	graph_dominators(arcs, &memory, root, found);
	for (int d = 0; d < count; d++)
	{
		bool		reached[MAX_NODES];

		reach_without(root, d, reached);
		for (int node = 0; node < count; node++)
			dominates[d][node] = distance[root][node] < FAR && d != node && !reached[node];
	}
	for (int node = 0; node < count; node++)
	{
		int			expected = -1;

		/* the strict dominator that all the others dominate */
		for (int d = 0; d < count; d++)
			if (dominates[d][node])
			{
				bool		last = true;

				for (int other = 0; other < count; other++)
					last &= other == d || !dominates[other][node] || dominates[other][d];
				if (last)
					expected = d;
			}
		agrees &= found[node] == (node == root ? -1 : expected);
	}
	return agrees;
}

/* Deep graphs: a chain, and a ladder whose rungs go both ways. */

#define DEEP 1000000

static bool ladder;

static int
deep_neighbours(Graph *graph, int64_t id, bool backward, const GraphEdge **edges)
{
	static GraphEdge found[2];
	int			n = 0;

	if (backward ? id > 0 : id < DEEP)
		found[n++] = (GraphEdge) {backward ? id - 1 : id + 1, 1};
	if (ladder && (backward ? id > 1 : id < DEEP - 1))
		found[n++] = (GraphEdge) {backward ? id - 2 : id + 2, 2};
	*edges = found;
	return n;
}

static void
deep(void)
{
	Graph		chain = {.memory = &memory, .neighbours = deep_neighbours};
	int64_t		start = 0;
	GraphReach	reach;
	GraphPath	path;
	int		   *deep_tails = malloc(sizeof(int) * 2 * DEEP);
	int		   *deep_heads = malloc(sizeof(int) * 2 * DEEP);
	int		   *result = malloc(sizeof(int) * (DEEP + 1));
	GraphArcs	arcs;
	int			found;

	graph_reach(&chain, false, &start, 1, GRAPH_NO_LIMIT, &reach);
	ok(reach.nodes.count == DEEP + 1 && reach.steps[DEEP].depth == DEEP, "a chain of a million nodes is walked");
	graph_reach_end(&reach);
	ok(graph_path(&chain, 0, DEEP, GRAPH_NO_LIMIT, &path) && path.length == DEEP, "and is a path");
	GRAPH_FREE(&memory, path.nodes, path.length);
	GRAPH_FREE(&memory, path.labels, path.length);
	ok(!graph_path(&chain, DEEP, 0, GRAPH_NO_LIMIT, &path), "in one direction only");
	ladder = true;
	ok(graph_path(&chain, 0, DEEP, GRAPH_NO_LIMIT, &path) && path.length == DEEP / 2, "a shortcut is taken");
	GRAPH_FREE(&memory, path.nodes, path.length);
	GRAPH_FREE(&memory, path.labels, path.length);
	for (int i = 0; i < DEEP; i++)
	{
		deep_tails[i] = i;
		deep_heads[i] = i + 1;
	}
	graph_arcs_begin(&arcs, &memory, DEEP + 1, DEEP, deep_tails, deep_heads, false);
	found = graph_strong_components(&arcs, &memory, result);
	ok(found == DEEP + 1, "no cycle in a chain");
	graph_weak_components(&arcs, &memory, result);
	ok(result[DEEP] == 0, "which hangs together");
	graph_dominators(&arcs, &memory, 0, result);
	ok(result[DEEP] == DEEP - 1 && result[1] == 0, "each dominates the next one");
	graph_arcs_end(&arcs, &memory);
	deep_tails[DEEP] = DEEP;
	deep_heads[DEEP] = 0;
	graph_arcs_begin(&arcs, &memory, DEEP + 1, DEEP + 1, deep_tails, deep_heads, false);
	found = graph_strong_components(&arcs, &memory, result);
	ok(found == 1, "closed, it is one cycle");
	graph_arcs_end(&arcs, &memory);
	free(deep_tails);
	free(deep_heads);
	free(result);
}

int
main(void)
{
	bool		reach = true;
	bool		tolerance = true;
	bool		path = true;
	bool		components = true;
	bool		dominators = true;
	int64_t		start = 0;
	GraphReach	reached;
	Graph		chain = {.memory = &memory, .neighbours = deep_neighbours};

	for (int i = 0; i < GRAPHS; i++)
	{
		GraphArcs	arcs;

		make_graph();
		graph_arcs_begin(&arcs, &memory, count, list_arcs(), tails, heads, false);
		for (int j = 0; j < 4; j++)
		{
			reach &= reach_agrees(j % 2);
			tolerance &= tolerance_agrees();
			path &= path_agrees();
			dominators &= dominators_agree(&arcs);
		}
		components &= components_agree(&arcs);
		graph_arcs_end(&arcs, &memory);
	}
	ok(reach, "what is reached, how far and through what");
	ok(tolerance, "a node that bears failures is reached by the first that is too much");
	ok(path, "paths are shortest, and made of edges");
	ok(components, "components are those of the closures");
	ok(dominators, "dominators are those without which a node is not reached");
	deep();
	ok(pieces == 0 && memory.used == 0, "all memory is given back and accounted for");
	ok(interrupts > 1000, "interrupts are looked for");
	memory.limit = 1 << 20;
	if (setjmp(too_much) == 0)
	{
		graph_reach(&chain, false, &start, 1, GRAPH_NO_LIMIT, &reached);
		ok(false, "the limit of memory holds");
	}
	else
		ok(memory.used <= memory.limit, "the limit of memory holds");
	printf("1..%d\n", tests);
	return failures != 0;
}
