/*
 * graph_page.c
 *		Packing pages of relationships, and unpacking them.
 */
#include "cmdb/graph_page.h"

#include <limits.h>

#define NUMBER_BYTES 10			/* of 64 bits, seven a byte */

static uint8_t *
put(uint8_t *place, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*place++ = (uint8_t) number | 0x80;
	*place++ = (uint8_t) number;
	return place;
}

/* Moves *place on; false where the bytes end too early, or the number is too long. */
static bool
get(const uint8_t **place, const uint8_t *end, uint64_t *number)
{
	*number = 0;
	for (int shift = 0; shift < 64 && *place < end; shift += 7)
	{
		uint8_t		byte = *(*place)++;

		*number |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

size_t
graph_page_bound(int edge_count)
{
	/* each edge may be a run of its own */
	return NUMBER_BYTES + 2 * PAGE_NODES + (size_t) edge_count * 3 * NUMBER_BYTES;
}

static uint8_t *
put_runs(uint8_t *place, const GraphEdge *edges, int count, int64_t id)
{
	for (int i = 0; i < count;)
	{
		int			end = i;
		uint64_t	before = (uint64_t) id;

		while (end < count && edges[end].label == edges[i].label)
			end++;
		place = put(place, (uint64_t) edges[i].label + 1);
		place = put(place, (uint64_t) (end - i));
		for (int first = i; i < end; i++)
		{
			uint64_t	difference = (uint64_t) edges[i].node - before;

			if (i == first)
				difference = (difference << 1) ^ (uint64_t) -(int64_t) (difference >> 63);
			place = put(place, difference);
			before = (uint64_t) edges[i].node;
		}
	}
	return put(place, 0);
}

size_t
graph_page_encode(const GraphPage *page, int64_t number, uint8_t *bytes)
{
	uint8_t    *place = put(bytes, (uint64_t) page->first[1][PAGE_NODES]);

	for (int direction = 0; direction < 2; direction++)
		for (int n = 0; n < PAGE_NODES; n++)
		{
			int			first = page->first[direction][n];

			place = put_runs(place, page->edges + first, page->first[direction][n + 1] - first,
							 (int64_t) ((uint64_t) number << PAGE_BITS) + n);
		}
	return (size_t) (place - bytes);
}

/* As above, for how many edges there are: each takes a byte at least. */
static bool
get_count(const uint8_t **place, const uint8_t *end, uint64_t *count)
{
	return get(place, end, count) && *count <= INT_MAX / 4 && *count <= (uint64_t) (end - *place);
}

int
graph_page_count(const uint8_t *bytes, size_t length)
{
	uint64_t	count;

	if (!get_count(&bytes, bytes + length, &count))
		return -1;
	return (int) count;
}

/* One record's runs; *count: edges read so far. */
static bool
get_runs(const uint8_t **place, const uint8_t *end, int64_t id, GraphEdge *edges, int *count, int all)
{
	for (;;)
	{
		uint64_t	label;
		uint64_t	run;
		uint64_t	node = (uint64_t) id;

		if (!get(place, end, &label))
			return false;
		if (label == 0)
			return true;
		if (!get(place, end, &run) || label > INT_MAX || run > (uint64_t) (all - *count))
			return false;
		for (uint64_t i = 0; i < run; i++)
		{
			uint64_t	difference;

			if (!get(place, end, &difference))
				return false;
			if (i == 0)
				difference = (difference >> 1) ^ (uint64_t) -(int64_t) (difference & 1);
			node += difference;
			edges[(*count)++] = (GraphEdge) {(int64_t) node, (int) label - 1};
		}
	}
}

bool
graph_page_decode(const uint8_t *bytes, size_t length, int64_t number, GraphPage *page)
{
	const uint8_t *end = bytes + length;
	uint64_t	all;
	int			count = 0;

	if (!get_count(&bytes, end, &all))
		return false;
	for (int direction = 0; direction < 2; direction++)
	{
		for (int n = 0; n < PAGE_NODES; n++)
		{
			page->first[direction][n] = count;
			if (!get_runs(&bytes, end, (int64_t) ((uint64_t) number << PAGE_BITS) + n, page->edges, &count, (int) all))
				return false;
		}
		page->first[direction][PAGE_NODES] = count;
	}
	return bytes == end && count == (int) all;
}
