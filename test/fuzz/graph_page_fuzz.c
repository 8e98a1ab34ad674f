/*
 * graph_page_fuzz.c
 *		Packed relationships: any bytes are a page or not; what was read from a page and
 *		written again reads the same.
 */
/* sources: src/cmdb/graph_page.c */
#include "cmdb/graph_page.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t		number = (int64_t) take(&data, &size, 8) / 64;
	char	   *bytes = exact_copy(data, size);
	int			count = graph_page_count((uint8_t *) bytes, size);

	if (count >= 0)
	{
		GraphPage	page = {.edges = malloc(sizeof(GraphEdge) * (count ? count : 1))};

		if (graph_page_decode((uint8_t *) bytes, size, number, &page))
		{
			GraphPage	again = {.edges = malloc(sizeof(GraphEdge) * (count ? count : 1))};
			uint8_t    *written = malloc(graph_page_bound(count));
			size_t		length = graph_page_encode(&page, number, written);

			REQUIRE(length <= graph_page_bound(count));
			REQUIRE(graph_page_count(written, length) == count);
			REQUIRE(graph_page_decode(written, length, number, &again));
			REQUIRE(memcmp(page.first, again.first, sizeof(page.first)) == 0);
			for (int i = 0; i < count; i++)
				REQUIRE(page.edges[i].node == again.edges[i].node && page.edges[i].label == again.edges[i].label);
			free(written);
			free(again.edges);
		}
		free(page.edges);
	}
	free(bytes);
	return 0;
}
