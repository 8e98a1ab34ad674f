/*
 * diagram.h
 *		Texts in the languages of drawing programs.
 */
#ifndef ITSM_DIAGRAM_H
#define ITSM_DIAGRAM_H

#include "lib/stringinfo.h"

/* A text within quotes of mermaid, by mermaid's own escapes for whatever is not harmless. */
extern void itsm_append_mermaid(StringInfo text, const char *value);

/* A text of dot, with its quotes. */
extern void itsm_append_dot(StringInfo text, const char *value);

/* True for "dot", false for "mermaid"; 22023 for any other format. */
extern bool itsm_diagram_is_dot(const char *format);

#endif							/* ITSM_DIAGRAM_H */
