/*
 * graph_structure.c
 *		Components and dominators over a graph in arrays.
 */
#include "cmdb/graph_structure.h"

#include <string.h>

/* Interrupts are looked for once in so many steps. */
#define STEPS 4096

static void
step(GraphMemory *memory, unsigned *steps)
{
	if (++*steps % STEPS == 0)
		memory->interrupt(memory);
}

void
graph_arcs_begin(GraphArcs *arcs, GraphMemory *memory, int node_count, int arc_count, const int *tails,
				 const int *heads, bool reversed)
{
	const int  *from = reversed ? heads : tails;
	const int  *to = reversed ? tails : heads;

	arcs->node_count = node_count;
	arcs->arc_count = arc_count;
	arcs->offsets = GRAPH_ALLOCATE(memory, int, node_count + 1);
	arcs->heads = GRAPH_ALLOCATE(memory, int, arc_count);
	memset(arcs->offsets, 0, sizeof(int) * ((size_t) node_count + 2));
	/* counted one place further, so that filling them in moves each offset to where it belongs */
	for (int i = 0; i < arc_count; i++)
		arcs->offsets[from[i] + 2]++;
	for (int n = 2; n <= node_count + 1; n++)
		arcs->offsets[n] += arcs->offsets[n - 1];
	for (int i = 0; i < arc_count; i++)
		arcs->heads[arcs->offsets[from[i] + 1]++] = to[i];
}

void
graph_arcs_end(GraphArcs *arcs, GraphMemory *memory)
{
	GRAPH_FREE(memory, arcs->offsets, arcs->node_count + 1);
	GRAPH_FREE(memory, arcs->heads, arcs->arc_count);
}

typedef struct Tarjan
{
	const GraphArcs *arcs;
	int		   *orders;			/* in which nodes were met, from 1; 0: not yet */
	int		   *lows;			/* the first of those that a node leads back to */
	int		   *path;			/* nodes whose arcs are being followed */
	int		   *arc;			/* by node: the next arc to follow */
	int		   *stack;			/* nodes met that belong to no component yet */
	int		   *components;		/* -1: none yet */
	int			path_count;
	int			stack_count;
	int			met;
	int			found;
} Tarjan;

static void
meet(Tarjan *t, int node)
{
	t->orders[node] = t->lows[node] = ++t->met;
	t->arc[node] = t->arcs->offsets[node];
	t->stack[t->stack_count++] = node;
	t->path[t->path_count++] = node;
}

/* All arcs of a node have been followed. */
static void
leave(Tarjan *t, int node)
{
	if (t->lows[node] == t->orders[node])
	{
		int			member;

		do
		{
			member = t->stack[--t->stack_count];
			t->components[member] = t->found;
		} while (member != node);
		t->found++;
	}
	t->path_count--;
	if (t->path_count > 0)
	{
		int			below = t->path[t->path_count - 1];

		if (t->lows[node] < t->lows[below])
			t->lows[below] = t->lows[node];
	}
}

static void
follow_from(Tarjan *t, GraphMemory *memory, int start)
{
	unsigned	steps = 0;

	meet(t, start);
	while (t->path_count > 0)
	{
		int			node = t->path[t->path_count - 1];
		int			head;

		step(memory, &steps);
		if (t->arc[node] == t->arcs->offsets[node + 1])
		{
			leave(t, node);
			continue;
		}
		head = t->arcs->heads[t->arc[node]++];
		if (t->orders[head] == 0)
			meet(t, head);
		else if (t->components[head] < 0 && t->orders[head] < t->lows[node])
			t->lows[node] = t->orders[head];
	}
}

int
graph_strong_components(const GraphArcs *arcs, GraphMemory *memory, int *components)
{
	int			count = arcs->node_count;
	Tarjan		t = {.arcs = arcs, .components = components};

	t.orders = GRAPH_ALLOCATE(memory, int, count);
	t.lows = GRAPH_ALLOCATE(memory, int, count);
	t.path = GRAPH_ALLOCATE(memory, int, count);
	t.arc = GRAPH_ALLOCATE(memory, int, count);
	t.stack = GRAPH_ALLOCATE(memory, int, count);
	memset(t.orders, 0, sizeof(int) * (size_t) count);
	memset(components, -1, sizeof(int) * (size_t) count);
	for (int node = 0; node < count; node++)
		if (t.orders[node] == 0)
			follow_from(&t, memory, node);
	GRAPH_FREE(memory, t.orders, count);
	GRAPH_FREE(memory, t.lows, count);
	GRAPH_FREE(memory, t.path, count);
	GRAPH_FREE(memory, t.arc, count);
	GRAPH_FREE(memory, t.stack, count);
	return t.found;
}

/* The smallest node of a part, with the way there halved. */
static int
smallest_of(int *smallest, int node)
{
	while (smallest[node] != node)
	{
		smallest[node] = smallest[smallest[node]];
		node = smallest[node];
	}
	return node;
}

void
graph_weak_components(const GraphArcs *arcs, GraphMemory *memory, int *smallest)
{
	unsigned	steps = 0;

	for (int node = 0; node < arcs->node_count; node++)
		smallest[node] = node;
	for (int node = 0; node < arcs->node_count; node++)
		for (int i = arcs->offsets[node]; i < arcs->offsets[node + 1]; i++)
		{
			int			a = smallest_of(smallest, node);
			int			b = smallest_of(smallest, arcs->heads[i]);

			step(memory, &steps);
			if (a < b)
				smallest[b] = a;
			else
				smallest[a] = b;
		}
	for (int node = 0; node < arcs->node_count; node++)
		smallest[node] = smallest_of(smallest, node);
}

/*
 * Lengauer and Tarjan, "A fast algorithm for finding dominators in a
 * flowgraph" (1979), with simple linking.  Nodes are numbered as a depth-first
 * search meets them; the arrays are by that number.
 */
typedef struct Dominators
{
	int			met;
	int		   *numbers;		/* by node; -1: not reached */
	int		   *nodes;			/* by number */
	int		   *parents;		/* in the tree of the search */
	int		   *semi;			/* semidominator */
	int		   *ancestors;		/* in the forest that is being linked; -1: none */
	int		   *best;			/* on the way up there, with the smallest semidominator */
	int		   *buckets;		/* the first of those whose semidominator it is; -1: none */
	int		   *bucket_next;
	int		   *dominators;
	int		   *stack;
} Dominators;

static void
number_nodes(Dominators *d, const GraphArcs *arcs, GraphMemory *memory, int root)
{
	int		   *arc = GRAPH_ALLOCATE(memory, int, arcs->node_count);
	int			depth = 0;
	unsigned	steps = 0;

	memset(d->numbers, -1, sizeof(int) * (size_t) arcs->node_count);
	d->numbers[root] = d->met;
	d->nodes[d->met] = root;
	d->parents[d->met++] = -1;
	arc[root] = arcs->offsets[root];
	d->stack[depth++] = root;
	while (depth > 0)
	{
		int			node = d->stack[depth - 1];
		int			head;

		step(memory, &steps);
		if (arc[node] == arcs->offsets[node + 1])
		{
			depth--;
			continue;
		}
		head = arcs->heads[arc[node]++];
		if (d->numbers[head] >= 0)
			continue;
		d->numbers[head] = d->met;
		d->nodes[d->met] = head;
		d->parents[d->met++] = d->numbers[node];
		arc[head] = arcs->offsets[head];
		d->stack[depth++] = head;
	}
	GRAPH_FREE(memory, arc, arcs->node_count);
}

/* The number on the way up from n, below its root, that has the smallest semidominator. */
static int
evaluate(Dominators *d, int n)
{
	int			depth = 0;

	if (d->ancestors[n] < 0)
		return n;
	for (int i = n; d->ancestors[d->ancestors[i]] >= 0; i = d->ancestors[i])
		d->stack[depth++] = i;
	/* from the top down, so that each finds the one above it shortened already */
	while (depth-- > 0)
	{
		int			i = d->stack[depth];
		int			above = d->ancestors[i];

		if (d->semi[d->best[above]] < d->semi[d->best[i]])
			d->best[i] = d->best[above];
		d->ancestors[i] = d->ancestors[above];
	}
	return d->best[n];
}

static void
find_semidominators(Dominators *d, const GraphArcs *reversed, GraphMemory *memory)
{
	unsigned	steps = 0;

	for (int n = d->met - 1; n > 0; n--)
	{
		int			node = d->nodes[n];
		int			parent = d->parents[n];

		for (int i = reversed->offsets[node]; i < reversed->offsets[node + 1]; i++)
		{
			int			tail = d->numbers[reversed->heads[i]];

			step(memory, &steps);
			if (tail >= 0)
			{
				int			best = evaluate(d, tail);

				if (d->semi[best] < d->semi[n])
					d->semi[n] = d->semi[best];
			}
		}
		d->bucket_next[n] = d->buckets[d->semi[n]];
		d->buckets[d->semi[n]] = n;
		d->ancestors[n] = parent;
		for (int v = d->buckets[parent]; v >= 0; v = d->bucket_next[v])
		{
			int			best = evaluate(d, v);

			d->dominators[v] = d->semi[best] < d->semi[v] ? best : parent;
		}
		d->buckets[parent] = -1;
	}
	for (int n = 1; n < d->met; n++)
		if (d->dominators[n] != d->semi[n])
			d->dominators[n] = d->dominators[d->dominators[n]];
}

#define DOMINATOR_ARRAYS 10

void
graph_dominators(const GraphArcs *arcs, GraphMemory *memory, int root, int *dominators)
{
	int			count = arcs->node_count;
	Dominators	d = {0};
	int		  **arrays[DOMINATOR_ARRAYS] = {
		&d.numbers, &d.nodes, &d.parents, &d.semi, &d.ancestors, &d.best, &d.buckets, &d.bucket_next,
		&d.dominators, &d.stack
	};
	int		   *tails = GRAPH_ALLOCATE(memory, int, arcs->arc_count);
	GraphArcs	reversed;

	for (int i = 0; i < DOMINATOR_ARRAYS; i++)
		*arrays[i] = GRAPH_ALLOCATE(memory, int, count);
	for (int node = 0; node < count; node++)
	{
		for (int i = arcs->offsets[node]; i < arcs->offsets[node + 1]; i++)
			tails[i] = node;
		d.semi[node] = d.best[node] = node;
		d.ancestors[node] = d.buckets[node] = d.bucket_next[node] = -1;
		d.dominators[node] = dominators[node] = -1;
	}
	graph_arcs_begin(&reversed, memory, count, arcs->arc_count, tails, arcs->heads, true);
	number_nodes(&d, arcs, memory, root);
	find_semidominators(&d, &reversed, memory);
	for (int n = 1; n < d.met; n++)
		dominators[d.nodes[n]] = d.nodes[d.dominators[n]];
	graph_arcs_end(&reversed, memory);
	for (int i = 0; i < DOMINATOR_ARRAYS; i++)
		GRAPH_FREE(memory, *arrays[i], count);
	GRAPH_FREE(memory, tails, arcs->arc_count);
}
