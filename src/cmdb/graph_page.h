/*
 * graph_page.h
 *		The relationships of 64 neighbouring records in few bytes.  Pure.
 *
 * A page is: the number of its edges; then, first for the edges that leave and
 * then for those that arrive, for each of the 64 records its runs: label + 1,
 * how many edges, the difference of the first one's other end to the record
 * (zigzag), and of each further one to the one before; 0 after the last run.
 * All numbers are of variable length: seven bits a byte, the low ones first.
 */
#ifndef ITSM_GRAPH_PAGE_H
#define ITSM_GRAPH_PAGE_H

#include "cmdb/graph_search.h"

#define PAGE_BITS 6
#define PAGE_NODES (1 << PAGE_BITS)

typedef struct GraphPage
{
	/* by leaving and arriving, the edges of a record: first[..][n] to before first[..][n + 1] */
	int			first[2][PAGE_NODES + 1];
	GraphEdge  *edges;			/* of a record and direction by label, then node */
} GraphPage;

/* The page of a record, and its place there. */
#define graph_page_of(id) ((id) >> PAGE_BITS)
#define graph_page_place(id) ((int) ((id) & (PAGE_NODES - 1)))

/* No page of so many edges takes more bytes. */
extern size_t graph_page_bound(int edge_count);

/* Writes a page, and returns how many bytes it took. */
extern size_t graph_page_encode(const GraphPage *page, int64_t number, uint8_t *bytes);

/* How many edges there are; -1: these bytes are no page. */
extern int	graph_page_count(const uint8_t *bytes, size_t length);

/* Reads a page; ->edges is an array for as many as it has.  False: these bytes are no page. */
extern bool graph_page_decode(const uint8_t *bytes, size_t length, int64_t number, GraphPage *page);

#endif							/* ITSM_GRAPH_PAGE_H */
