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
				random_node((int64_t) ((uint64_t) number << PAGE_BITS) + n), (int) (next_random() % 4 * 77)
			};
			qsort(edges + first, (size_t) own, sizeof(GraphEdge), compare);
		}
		page->first[direction][PAGE_NODES] = count;
	}
	page->edges = edges;
	return number;
}

int
main(void)
{
	bool		same = true;
	bool		bounded = true;
	bool		cut = true;
	bool		hurt = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		GraphPage	page;
		GraphPage	read;
		int64_t		number = random_page(&page);
		int			count = page.first[1][PAGE_NODES];
		size_t		bound = graph_page_bound(count);
		uint8_t    *bytes = malloc(bound);
		size_t		length = graph_page_encode(&page, number, bytes);
		uint8_t    *exact = malloc(length);

		bounded &= length <= bound;
		/* exactly as large as it is, so that a sanitizer sees what goes beyond */
		memcpy(exact, bytes, length);
		read.edges = malloc(sizeof(GraphEdge) * (size_t) (count + 1));
		same &= graph_page_count(exact, length) == count && graph_page_decode(exact, length, number, &read) &&
			memcmp(read.first, page.first, sizeof(page.first)) == 0;
		for (int e = 0; e < count && same; e++)
			same &= read.edges[e].node == edges[e].node && read.edges[e].label == edges[e].label;
		cut &= !graph_page_decode(exact, length - 1 - next_random() % length, number, &read);
		/* whatever stands there is read to the end, or refused */
		exact[1 + next_random() % (length - 1)] = (uint8_t) next_random();
		hurt &= graph_page_decode(exact, length, number, &read) || true;
		free(read.edges);
		free(bytes);
		free(exact);
	}
	ok(same, "pages come back as they were");
	ok(bounded, "none is longer than it may be");
	ok(cut, "one that is cut off is refused");
	ok(hurt, "one that is damaged does no harm");
	ok(graph_page_count((const uint8_t *) "\xff\xff\x03\0\0", 5) == -1, "one that claims more edges than it has bytes is none");
	printf("1..%d\n", tests);
	return failures != 0;
}
