/*
 * graph_search.c
 *		Breadth-first searches: from one side, and from both.
 */
#include "cmdb/graph_search.h"

#include <limits.h>
#include <string.h>

static void
begin(GraphReach *reach, GraphMemory *memory)
{
	memset(reach, 0, sizeof(GraphReach));
	graph_nodes_begin(&reach->nodes, memory);
}

void
graph_reach_end(GraphReach *reach)
{
	GraphMemory *memory = reach->nodes.memory;

	if (reach->capacity)
		(void) graph_resize(memory, reach->steps, sizeof(GraphStep) * reach->capacity, 0);
	graph_nodes_end(&reach->nodes);
}

/* Its number, when the node was not reached before; else -1. */
static inline int
add(GraphReach *reach, int64_t id, int depth, int via, int label)
{
	bool		added;
	int			number = graph_node_add(&reach->nodes, id, &added);

	if (!added)
		return -1;
	GRAPH_GROW(reach->nodes.memory, reach->steps, (size_t) number, reach->capacity);
	reach->steps[number] = (GraphStep) {depth, via, label};
	return number;
}

/* What nodes that tolerate failures have met so far: a list a node, an element a label. */
typedef struct Tolerance
{
	GraphNodes	nodes;
	size_t		node_capacity;
	int		   *first;			/* by node; -1: none */
	int			count;
	size_t		capacity;
	struct
	{
		int			label;
		int			left;		/* failures that it still tolerates */
		int			via;		/* number of the node that failed last: several edges are one failure */
		int			next;
	}		   *elements;
} Tolerance;

static void
begin_tolerance(Tolerance *tolerance, GraphMemory *memory)
{
	memset(tolerance, 0, sizeof(Tolerance));
	graph_nodes_begin(&tolerance->nodes, memory);
	GRAPH_GROW(memory, tolerance->first, (size_t) 0, tolerance->node_capacity);
	GRAPH_GROW(memory, tolerance->elements, (size_t) 0, tolerance->capacity);
}

static void
end_tolerance(Tolerance *tolerance)
{
	GraphMemory *memory = tolerance->nodes.memory;

	(void) graph_resize(memory, tolerance->first, sizeof(int) * tolerance->node_capacity, 0);
	(void) graph_resize(memory, tolerance->elements, sizeof(*tolerance->elements) * tolerance->capacity, 0);
	graph_nodes_end(&tolerance->nodes);
}

static void
add_tolerance(Tolerance *tolerance, int64_t node, int label, int left, int via)
{
	GraphMemory *memory = tolerance->nodes.memory;
	bool		added;
	int			number = graph_node_add(&tolerance->nodes, node, &added);

	if (added)
	{
		GRAPH_GROW(memory, tolerance->first, (size_t) number, tolerance->node_capacity);
		tolerance->first[number] = -1;
	}
	GRAPH_GROW(memory, tolerance->elements, (size_t) tolerance->count, tolerance->capacity);
	tolerance->elements[tolerance->count].label = label;
	tolerance->elements[tolerance->count].left = left;
	tolerance->elements[tolerance->count].via = via;
	tolerance->elements[tolerance->count].next = tolerance->first[number];
	tolerance->first[number] = tolerance->count++;
}

/* The failure of a node, by its number, has arrived at one that was not reached yet: can it bear it? */
static bool
bears(Graph *graph, Tolerance *tolerance, int64_t node, int label, int via)
{
	int			number = graph_node_find(&tolerance->nodes, node);
	int			element = number < 0 ? -1 : tolerance->first[number];
	int			tolerated;

	for (; element >= 0; element = tolerance->elements[element].next)
		if (tolerance->elements[element].label == label)
		{
			if (tolerance->elements[element].via == via)
				return true;
			tolerance->elements[element].via = via;
			return tolerance->elements[element].left-- > 0;
		}
	tolerated = graph->tolerates(graph, node, label);
	if (tolerated > 0)
		add_tolerance(tolerance, node, label, tolerated - 1, via);
	return tolerated > 0;
}

/*
 * How far ahead the graph is told what it will be asked for: of a few nodes the
 * next one, of many also further ones, since where their pages are is not at hand.
 */
#define FAR 5
#define NEAR 2
#define MANY 256

static void
announce(Graph *graph, const GraphNodes *nodes, int next, bool backward)
{
	int			near = next + (nodes->count > MANY ? NEAR : 1);

	if (nodes->count > MANY && next + FAR < nodes->count)
		graph->expect(graph, nodes->ids[next + FAR], backward, false);
	if (near < nodes->count)
		graph->expect(graph, nodes->ids[near], backward, true);
}

void
graph_reach(Graph *graph, bool backward, const int64_t *starts, int start_count, int max_depth, GraphReach *reach)
{
	Tolerance	tolerance;
	bool		tolerant = graph->tolerates != NULL;

	begin(reach, graph->memory);
	if (tolerant)
		begin_tolerance(&tolerance, graph->memory);
	for (int i = 0; i < start_count; i++)
		(void) add(reach, starts[i], 0, -1, -1);
	for (int next = 0; next < reach->nodes.count; next++)
	{
		const GraphEdge *edges;
		int			depth = reach->steps[next].depth;
		int			count;

		if (max_depth != GRAPH_NO_LIMIT && depth >= max_depth)
			break;
		graph->memory->interrupt(graph->memory);
		if (graph->expect)
			announce(graph, &reach->nodes, next, backward);
		count = graph->neighbours(graph, reach->nodes.ids[next], backward, &edges);
		for (int i = 0; i < count; i++)
			if (!tolerant || graph_node_find(&reach->nodes, edges[i].node) >= 0 ||
				!bears(graph, &tolerance, edges[i].node, edges[i].label, next))
				(void) add(reach, edges[i].node, depth + 1, next, edges[i].label);
	}
	if (tolerant)
		end_tolerance(&tolerance);
}

/* One of the two searches of a path. */
typedef struct Side
{
	GraphReach	reach;
	bool		backward;
	int			next;			/* first node of the outermost level */
	int			depth;			/* of that level */
} Side;

/* Where the two sides meet on the shortest way so far. */
typedef struct Meeting
{
	int			length;			/* INT_MAX: nowhere */
	int64_t		node;
} Meeting;

/* Goes on by a whole level, so that no shorter way can be found later. */
static void
advance(Graph *graph, Side *side, const Side *other, Meeting *meeting)
{
	int			end = side->reach.nodes.count;

	for (; side->next < end; side->next++)
	{
		const GraphEdge *edges;
		int			count;

		graph->memory->interrupt(graph->memory);
		count = graph->neighbours(graph, side->reach.nodes.ids[side->next], side->backward, &edges);
		for (int i = 0; i < count; i++)
		{
			int			met;

			if (add(&side->reach, edges[i].node, side->depth + 1, side->next, edges[i].label) < 0)
				continue;
			met = graph_node_find(&other->reach.nodes, edges[i].node);
			if (met >= 0 && side->depth + 1 + other->reach.steps[met].depth < meeting->length)
			{
				meeting->length = side->depth + 1 + other->reach.steps[met].depth;
				meeting->node = edges[i].node;
			}
		}
	}
	side->depth++;
}

static void
trace(const Side *forward, const Side *backward, const Meeting *meeting, GraphPath *path)
{
	GraphMemory *memory = forward->reach.nodes.memory;
	int			number = graph_node_find(&forward->reach.nodes, meeting->node);
	int			step = forward->reach.steps[number].depth;

	path->length = meeting->length;
	path->nodes = GRAPH_ALLOCATE(memory, int64_t, path->length);
	path->labels = GRAPH_ALLOCATE(memory, int, path->length);
	for (; number >= 0; number = forward->reach.steps[number].via, step--)
	{
		path->nodes[step] = forward->reach.nodes.ids[number];
		path->labels[step] = forward->reach.steps[number].label;
	}
	/* a backward search knows of each node the edge that leads on from it */
	number = graph_node_find(&backward->reach.nodes, meeting->node);
	for (step = meeting->length - backward->reach.steps[number].depth; step < meeting->length; step++)
	{
		path->labels[step + 1] = backward->reach.steps[number].label;
		number = backward->reach.steps[number].via;
		path->nodes[step + 1] = backward->reach.nodes.ids[number];
	}
}

bool
graph_path(Graph *graph, int64_t source, int64_t target, int max_depth, GraphPath *path)
{
	Side		forward = {.backward = false};
	Side		backward = {.backward = true};
	Meeting		meeting = {INT_MAX, 0};

	begin(&forward.reach, graph->memory);
	begin(&backward.reach, graph->memory);
	(void) add(&forward.reach, source, 0, -1, -1);
	(void) add(&backward.reach, target, 0, -1, -1);
	if (source == target)
		meeting = (Meeting) {0, source};
	while (meeting.length == INT_MAX &&
		   (max_depth == GRAPH_NO_LIMIT || forward.depth + backward.depth < max_depth))
	{
		int			ahead = forward.reach.nodes.count - forward.next;
		int			behind = backward.reach.nodes.count - backward.next;

		/* the smaller side goes on; one that cannot has seen all there is */
		if (ahead == 0 || behind == 0)
			break;
		if (ahead <= behind)
			advance(graph, &forward, &backward, &meeting);
		else
			advance(graph, &backward, &forward, &meeting);
	}
	if (meeting.length != INT_MAX)
		trace(&forward, &backward, &meeting, path);
	graph_reach_end(&forward.reach);
	graph_reach_end(&backward.reach);
	return meeting.length != INT_MAX;
}
