/*
 * graph_page.c
 *		Packing pages of relationships, and unpacking them.
 */
#include "cmdb/graph_page.h"

#include <limits.h>
#include <string.h>

#define NUMBER_BYTES 10			/* of 64 bits, seven a byte */

static uint8_t *
put(uint8_t *place, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*place++ = (uint8_t) number | 0x80;
	*place++ = (uint8_t) number;
	return place;
}

static const uint8_t *
get_bytes(const uint8_t *place, const uint8_t *end, uint64_t *number)
{
	*number = 0;
	for (int shift = 0; shift < 64 && place < end; shift += 7)
	{
		uint8_t		byte = *place++;

		*number |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return place;
	}
	return NULL;
}

/* The place behind the number; NULL where the bytes end too early, or the number is too long. */
static inline const uint8_t *
get(const uint8_t *place, const uint8_t *end, uint64_t *number)
{
	uint64_t	long_number;

	/* mostly it is one byte to three */
	if (place < end && place[0] < 0x80)
	{
		*number = place[0];
		return place + 1;
	}
	if (end - place >= 2 && place[1] < 0x80)
	{
		*number = (uint64_t) (place[0] & 0x7F) | (uint64_t) place[1] << 7;
		return place + 2;
	}
	if (end - place >= 3 && place[2] < 0x80)
	{
		*number = (uint64_t) (place[0] & 0x7F) | (uint64_t) (place[1] & 0x7F) << 7 | (uint64_t) place[2] << 14;
		return place + 3;
	}
	place = get_bytes(place, end, &long_number);
	*number = long_number;
	return place;
}

size_t
graph_page_bound(int edge_count)
{
	/* each edge may be a run of its own */
	return 2 * PAGE_NODES * NUMBER_BYTES + (size_t) edge_count * 3 * NUMBER_BYTES;
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
		place = put(place, (uint64_t) edges[i].label);
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
	return place;
}

size_t
graph_page_encode(const GraphPage *page, int64_t number, uint8_t *bytes)
{
	/* the runs first, behind the longest head that there can be */
	uint8_t    *runs = bytes + 2 * PAGE_NODES * NUMBER_BYTES;
	uint8_t    *head = bytes;
	uint8_t    *place = runs;

	for (int direction = 0; direction < 2; direction++)
		for (int n = 0; n < PAGE_NODES; n++)
		{
			int			first = page->first[direction][n];
			uint8_t    *end = put_runs(place, page->edges + first, page->first[direction][n + 1] - first,
									   (int64_t) ((uint64_t) number << PAGE_BITS) + n);

			head = put(head, (uint64_t) (end - place));
			place = end;
		}
	memmove(head, runs, (size_t) (place - runs));
	return (size_t) (head - bytes) + (size_t) (place - runs);
}

bool
graph_page_open(const uint8_t *bytes, size_t length, PackedPage *page)
{
	const uint8_t *end = bytes + length;
	uint64_t	all = 0;

	if (length > INT_MAX)
		return false;
	for (int direction = 0; direction < 2; direction++)
	{
		for (int n = 0; n < PAGE_NODES; n++)
		{
			uint64_t	taken;

			page->first[direction][n] = (uint32_t) all;
			bytes = get(bytes, end, &taken);
			if (bytes == NULL || taken > length)
				return false;
			all += taken;
		}
		page->first[direction][PAGE_NODES] = (uint32_t) all;
	}
	page->runs = bytes;
	return (uint64_t) (end - bytes) == all;
}

int
graph_page_edges(const PackedPage *page, int64_t id, bool arriving, const GraphLabels *labels, GraphEdge *edges)
{
	const uint32_t *first = &page->first[arriving][graph_page_place(id)];
	const uint8_t *place = page->runs + first[0];
	const uint8_t *end = page->runs + first[1];
	int			count = 0;

	while (place < end)
	{
		uint64_t	label;
		uint64_t	run;
		uint64_t	node = (uint64_t) id;
		int			name;

		place = get(place, end, &label);
		if (place == NULL || label >= (uint64_t) labels->count)
			return -1;
		place = get(place, end, &run);
		if (place == NULL || run > (uint64_t) (end - place))
			return -1;
		name = labels->names[label];
		for (uint64_t i = 0; i < run; i++)
		{
			uint64_t	difference;

			place = get(place, end, &difference);
			if (place == NULL)
				return -1;
			if (i == 0)
				difference = (difference >> 1) ^ (uint64_t) -(int64_t) (difference & 1);
			node += difference;
			if (name >= 0)
				edges[count++] = (GraphEdge) {(int64_t) node, name};
		}
	}
	return count;
}
