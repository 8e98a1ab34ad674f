/*
 * graph_page.h
 *		The relationships of 64 neighbouring records in few bytes.  Pure.
 *
 * A page is: first for the edges that leave and then for those that arrive, for
 * each of the 64 records how many bytes its runs take; then all runs in that
 * order.  A run is: the label, how many edges, the difference of the first one's
 * other end to the record (zigzag), and of each further one to the one before.
 * All numbers are of variable length: seven bits a byte, the low ones first.
 *
 * So a record's edges are found without reading those of the others.
 */
#ifndef ITSM_GRAPH_PAGE_H
#define ITSM_GRAPH_PAGE_H

#include "cmdb/graph_search.h"

#define PAGE_BITS 6
#define PAGE_NODES (1 << PAGE_BITS)

/* What is to be packed. */
typedef struct GraphPage
{
	/* by leaving and arriving, the edges of a record: first[..][n] to before first[..][n + 1] */
	int			first[2][PAGE_NODES + 1];
	GraphEdge  *edges;			/* of a record and direction by label, then node */
} GraphPage;

/* A page as it is stored. */
typedef struct PackedPage
{
	/* the runs of a record, likewise, in bytes */
	uint32_t	first[2][PAGE_NODES + 1];
	const uint8_t *runs;
} PackedPage;

/* The page of a record, and its place there. */
#define graph_page_of(id) ((id) >> PAGE_BITS)
#define graph_page_place(id) ((int) ((id) & (PAGE_NODES - 1)))

/* No page of so many edges takes more bytes. */
extern size_t graph_page_bound(int edge_count);

/* Writes a page, and returns how many bytes it took. */
extern size_t graph_page_encode(const GraphPage *page, int64_t number, uint8_t *bytes);

/* Finds what is where; the bytes have to stay.  False: these are no page. */
extern bool graph_page_open(const uint8_t *bytes, size_t length, PackedPage *page);

/* A record's bytes in one direction: it has no more edges than that. */
static inline size_t
graph_page_bytes(const PackedPage *page, bool arriving, int place)
{
	return page->first[arriving][place + 1] - page->first[arriving][place];
}

/* What the edges of each label are called by whoever reads them. */
typedef struct GraphLabels
{
	int			count;			/* of a label beyond it there are no edges */
	int		   *names;			/* -1: they are left out */
} GraphLabels;

/* Reads the edges of a record into an array with room for so many; how many were read, -1: this is no page. */
extern int	graph_page_edges(const PackedPage *page, int64_t id, bool arriving, const GraphLabels *labels,
							 GraphEdge *edges);

#endif							/* ITSM_GRAPH_PAGE_H */
