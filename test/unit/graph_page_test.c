/*
 * graph_page_test.c
 *		Pages of relationships come back as they were; what is no page is told.
 */
/* sources: src/cmdb/graph_page.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdb/graph_page.h"

#define ROUNDS 3000
#define MAX_EDGES 4000
#define LABELS 232
#define LABEL_STEP 77

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

static uint64_t
next_random(void)
{
	static uint64_t state = 99;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return state >> 20;
}

static int
compare(const void *a, const void *b)
{
	const GraphEdge *first = a;
	const GraphEdge *second = b;

	if (first->label != second->label)
		return first->label - second->label;
	return first->node < second->node ? -1 : first->node > second->node;
}

static GraphEdge edges[MAX_EDGES];

static int	names[LABELS];
static GraphLabels labels = {LABELS, names};

/* All labels as they are; or without the second, and the third by another name. */
static void
name_labels(bool others)
{
	for (int label = 0; label < LABELS; label++)
		names[label] = label;
	if (!others)
		return;
	names[LABEL_STEP] = -1;
	names[2 * LABEL_STEP] = 5;
}

/* Other ends near by, far away, and at the limits of their type. */
static int64_t
random_node(int64_t base)
{
	switch (next_random() % 4)
	{
		case 0:
			return (int64_t) ((uint64_t) base + next_random() % 100 - 50);
		case 1:
			return (int64_t) (next_random() << 20 ^ next_random());
		case 2:
			return next_random() % 2 ? INT64_MAX : INT64_MIN;
		default:
			return (int64_t) (next_random() % 100000);
	}
}

static int64_t
random_page(GraphPage *page)
{
	int64_t		number = next_random() % 3 == 0 ? (INT64_MIN >> PAGE_BITS) + (int64_t) (next_random() % 5)
		: (int64_t) (next_random() % 4000) - 100;
	int			most = next_random() % 10 == 0 ? 28 : 5;
	int			count = 0;

	for (int direction = 0; direction < 2; direction++)
	{
		for (int n = 0; n < PAGE_NODES; n++)
		{
			int			first = count;
			int			own = next_random() % 3 == 0 ? 0 : (int) (next_random() % (unsigned) most);

			page->first[direction][n] = count;
			for (int i = 0; i < own; i++)
				edges[count++] = (GraphEdge)
			{
				random_node((int64_t) ((uint64_t) number << PAGE_BITS) + n), (int) (next_random() % 4 * LABEL_STEP)
			};
			qsort(edges + first, (size_t) own, sizeof(GraphEdge), compare);
		}
		page->first[direction][PAGE_NODES] = count;
	}
	page->edges = edges;
	return number;
}

/* The edges of a record, in an array that has exactly the room that it is to have; NULL: damaged. */
static GraphEdge *
read_record(const PackedPage *page, int64_t id, bool arriving, int *count)
{
	GraphEdge  *read = malloc(sizeof(GraphEdge) * graph_page_bytes(page, arriving, graph_page_place(id)) + 1);

	*count = graph_page_edges(page, id, arriving, &labels, read);
	if (*count >= 0)
		return read;
	free(read);
	return NULL;
}

static bool
read_all(int64_t number, const uint8_t *bytes, size_t length)
{
	PackedPage	page;

	if (!graph_page_open(bytes, length, &page))
		return false;
	for (int n = 0; n < 2 * PAGE_NODES; n++)
	{
		int			count;

		free(read_record(&page, (int64_t) ((uint64_t) number << PAGE_BITS) + n % PAGE_NODES, n >= PAGE_NODES, &count));
	}
	return true;
}

static bool
comes_back(const GraphPage *page, int64_t number, const uint8_t *bytes, size_t length)
{
	PackedPage	packed;
	bool		same = graph_page_open(bytes, length, &packed);

	for (int n = 0; n < 2 * PAGE_NODES && same; n++)
	{
		const int  *first = &page->first[n >= PAGE_NODES][n % PAGE_NODES];
		int			count;
		GraphEdge  *read = read_record(&packed, (int64_t) ((uint64_t) number << PAGE_BITS) + n % PAGE_NODES,
									   n >= PAGE_NODES, &count);

		same = read && count == first[1] - first[0];
		for (int e = 0; e < count && same; e++)
			same = read[e].node == edges[first[0] + e].node && read[e].label == edges[first[0] + e].label;
		free(read);
	}
	return same;
}

/* Of each record, those edges are read whose label has a name, by that name. */
static bool
is_chosen(const GraphPage *page, int64_t number, const uint8_t *bytes, size_t length)
{
	PackedPage	packed;
	bool		same = graph_page_open(bytes, length, &packed);

	name_labels(true);
	for (int n = 0; n < 2 * PAGE_NODES && same; n++)
	{
		const int  *first = &page->first[n >= PAGE_NODES][n % PAGE_NODES];
		int			count;
		int			chosen = 0;
		GraphEdge  *read = read_record(&packed, (int64_t) ((uint64_t) number << PAGE_BITS) + n % PAGE_NODES,
									   n >= PAGE_NODES, &count);

		for (int e = first[0]; e < first[1]; e++)
		{
			int			name = names[edges[e].label];

			if (name < 0)
				continue;
			same &= read && chosen < count && read[chosen].node == edges[e].node && read[chosen].label == name;
			chosen++;
		}
		same &= chosen == count;
		free(read);
	}
	name_labels(false);
	return same;
}

int
main(void)
{
	bool		same = true;
	bool		chosen = true;
	bool		bounded = true;
	bool		cut = true;
	bool		hurt = true;

	name_labels(false);
	for (int i = 0; i < ROUNDS; i++)
	{
		GraphPage	page;
		PackedPage	read;
		int64_t		number = random_page(&page);
		int			count = page.first[1][PAGE_NODES];
		size_t		bound = graph_page_bound(count);
		uint8_t    *bytes = malloc(bound);
		size_t		length = graph_page_encode(&page, number, bytes);
		uint8_t    *exact = malloc(length);

		bounded &= length <= bound;
		/* exactly as large as it is, so that a sanitizer sees what goes beyond */
		memcpy(exact, bytes, length);
		same &= comes_back(&page, number, exact, length);
		chosen &= is_chosen(&page, number, exact, length);
		cut &= !graph_page_open(exact, length - 1 - next_random() % length, &read);
		/* whatever stands there is read to the end, or refused */
		exact[next_random() % length] = (uint8_t) next_random();
		hurt &= read_all(number, exact, length) || true;
		free(bytes);
		free(exact);
	}
	ok(same, "pages come back as they were");
	ok(chosen, "labels choose and name what is read");
	ok(bounded, "none is longer than it may be");
	ok(cut, "one that is cut off is refused");
	ok(hurt, "one that is damaged does no harm");
	printf("1..%d\n", tests);
	return failures != 0;
}
