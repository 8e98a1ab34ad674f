/*
 * month_count.h
 *		What reports count by month, kept up with every record that is stored.
 *
 * A record that comes to count otherwise leaves a row for what it counted
 * before and one for what it counts now, in a table that is only added to: no
 * writer waits for another, and what a snapshot sees of the rows fits what it
 * sees of the records.  itsm.roll_up gathers them into a row a month.
 *
 * Higher rooms count what is theirs by values of the record; they are told
 * when these change.
 */
#ifndef ITSM_MONTH_COUNT_H
#define ITSM_MONTH_COUNT_H

#include "commands/trigger.h"
#include "utils/timestamp.h"

/* What a row of itsm.record counts for.  Texts are those of the row. */
typedef struct RecordCount
{
	bool		stored;			/* false: there is no such row, and the rest is not set */
	/* months of incidents */
	bool		opened;			/* an incident that has begun */
	bool		resolved;		/* an incident that is resolved */
	bool		timed;			/* and it is known how long that took */
	TimestampTz opened_at;
	TimestampTz resolved_at;
	int64		duration;
	int			reopened;
	int			reassigned;
	/* by which higher rooms count */
	int			source;
	bool		has_priority;
	int			priority;
	bool		has_service;
	Datum		service;
} RecordCount;

/* What higher rooms are told: the record is stored, and its source, priority or service is another one. */
typedef struct RecordFollower
{
	void		(*regrouped) (const char *tenant, int64 record, const RecordCount *before, const RecordCount *now);
} RecordFollower;

/* NULL-terminated; stands in core/module.c. */
extern const RecordFollower *const itsm_record_followers[];

/* Out of the columns of a row. */
extern void itsm_record_count(const Datum *values, const bool *nulls, RecordCount *count);

/* Keeps the months up with a row that has been stored. */
extern void itsm_months_follow(const char *tenant, int64 record, const RecordCount *before, const RecordCount *now);

/* Tells higher rooms that the record's source, priority or service is another one. */
extern void itsm_months_regroup(const char *tenant, int64 record, const RecordCount *before, const RecordCount *now);

/* Who calls a trigger function: ERROR unless it is an AFTER trigger for rows of the extension's own table. */
extern TriggerData *itsm_months_trigger(FunctionCallInfo fcinfo, const char *table);

/* The row before what is told of, and after; NULL: there is none. */
extern HeapTuple itsm_trigger_old(const TriggerData *trigger);
extern HeapTuple itsm_trigger_new(const TriggerData *trigger);

/* While itsm.roll_up puts what it has gathered into the months. */
extern bool itsm_months_are_ours;

#endif							/* ITSM_MONTH_COUNT_H */
