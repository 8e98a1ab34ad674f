/*
 * archive_retention.h
 *		How long events stay in itsm.event at least.
 *
 * It is what the last event of kind retention_set tells, so nobody can change
 * it without a trace.
 */
#ifndef ITSM_ARCHIVE_RETENTION_H
#define ITSM_ARCHIVE_RETENTION_H

#include "utils/timestamp.h"

/* IT040 when events up to a time are to be kept. */
extern void itsm_retention_check(TimestampTz before);

#endif							/* ITSM_ARCHIVE_RETENTION_H */
