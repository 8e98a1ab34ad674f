/*
 * graph_page_fuzz.c
 *		Packed relationships: any bytes are a page or not; what was read from a page and
 *		written again reads the same.
 */
/* sources: src/cmdb/graph_page.c */
#include "cmdb/graph_page.h"

#include "fuzz.h"

#define LABELS 5000

static const GraphLabels *
all_labels(void)
{
	static int	names[LABELS];
	static GraphLabels labels = {LABELS, names};

	for (int label = 0; label < LABELS && names[LABELS - 1] == 0; label++)
		names[label] = label;
	return &labels;
}

/* All edges of a page, each record's read into exactly the room that it may take; -1: there is damage. */
static int
read_page(const uint8_t *bytes, size_t length, int64_t number, GraphPage *page)
{
	PackedPage	packed;
	int			all = 0;

	page->edges = malloc(sizeof(GraphEdge) * (length + 1));
	if (!graph_page_open(bytes, length, &packed))
		return -1;
	for (int n = 0; n < 2 * PAGE_NODES; n++)
	{
		bool		arriving = n >= PAGE_NODES;
		int			place = n % PAGE_NODES;
		GraphEdge  *edges = malloc(sizeof(GraphEdge) * graph_page_bytes(&packed, arriving, place) + 1);
		int			count = graph_page_edges(&packed, (int64_t) ((uint64_t) number << PAGE_BITS) + place, arriving,
											 all_labels(), edges);

		page->first[arriving][place] = all;
		for (int i = 0; i < count; i++)
			page->edges[all++] = edges[i];
		page->first[arriving][place + 1] = all;
		free(edges);
		if (count < 0)
			return -1;
	}
	return all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t		number = (int64_t) take(&data, &size, 8) / 64;
	char	   *bytes = exact_copy(data, size);
	GraphPage	page;
	int			count = read_page((uint8_t *) bytes, size, number, &page);

	if (count >= 0)
	{
		uint8_t    *written = malloc(graph_page_bound(count));
		size_t		length = graph_page_encode(&page, number, written);
		GraphPage	again;

		REQUIRE(length <= graph_page_bound(count));
		REQUIRE(read_page(written, length, number, &again) == count);
		REQUIRE(memcmp(page.first, again.first, sizeof(page.first)) == 0);
		for (int i = 0; i < count; i++)
			REQUIRE(page.edges[i].node == again.edges[i].node && page.edges[i].label == again.edges[i].label);
		free(written);
		free(again.edges);
	}
	free(page.edges);
	free(bytes);
	return 0;
}
