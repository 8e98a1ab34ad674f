/*
 * ci_class.h
 *		Classes of configuration items: a tree of names.
 */
#ifndef ITSM_CI_CLASS_H
#define ITSM_CI_CLASS_H

#include "nodes/pg_list.h"
#include "record/record.h"

/* True when there is such a class. */
extern bool itsm_class_exists(const char *name);

/* True when a class is another one or stands below it; one that is not defined is only itself. */
extern bool itsm_class_is_within(const char *name, const char *ancestor);

/* A class and those above it, nearest first (char *); NIL where there is no such class. */
extern List *itsm_class_line(const char *name);

/* True when no record is to be of the class itself. */
extern bool itsm_class_is_abstract(const char *name);

/* The attributes that a class and those above it require, each once (char *). */
extern List *itsm_class_required(const char *name);

/* The class of a record: its canonical attribute ci_class, or class; palloc'd, NULL: none. */
extern char *itsm_class_of(const Record *record);

#endif							/* ITSM_CI_CLASS_H */
