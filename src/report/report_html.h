/*
 * report_html.h
 *		Building blocks of a self-contained HTML page.
 *
 * Everything that is not markup of ours goes through itsm_html_text: the page
 * is plain ASCII whatever the encoding of the database and of whoever saves it,
 * and holds no character that could hide or reorder what it says.  The markup is
 * well-formed XML too, so that a program can check it.
 */
#ifndef ITSM_REPORT_HTML_H
#define ITSM_REPORT_HTML_H

#include "lib/stringinfo.h"

/* Begins the page: title (text), and the style sheet. */
extern void itsm_html_begin(StringInfo html, const char *title);
extern void itsm_html_end(StringInfo html);

/* Appends text of any content, escaped, for elements and attributes; NULL: nothing. */
extern void itsm_html_text(StringInfo html, const char *text);

/* Markup with texts in it: each %s is escaped. Only %s and %% are known. */
extern void itsm_html_format(StringInfo html, const char *format,...);

/* A heading of the second level with an anchor, and the same in the list of contents. */
extern void itsm_html_section(StringInfo html, const char *anchor, const char *title);

/* A table: its columns, then rows of as many cells. */
typedef struct HtmlColumn
{
	const char *title;
	int			width;			/* percent; 0: what is left */
	enum
	{
		CELL_TEXT, CELL_NUMBER, CELL_WHEN, CELL_STATUS
	}			kind;
} HtmlColumn;

extern void itsm_html_table_begin(StringInfo html, const HtmlColumn *columns, int count);
extern void itsm_html_row(StringInfo html, const HtmlColumn *columns, int count, const char *const *cells,
						  const char *class);
extern void itsm_html_table_end(StringInfo html);

/* A status with a sign of its own, so that it can be told without colour. */
extern void itsm_html_status(StringInfo html, const char *status);

#endif							/* ITSM_REPORT_HTML_H */
