/*
 * sla.h
 *		Agreements on service time (SLAs): a target, the hours in which it counts,
 *		and what starts, pauses, stops, cancels and resets its clocks.
 *
 * An agreement has versions, each for a time of its own; a clock keeps the one
 * that held when it started.
 */
#ifndef ITSM_SLA_H
#define ITSM_SLA_H

#include "lifecycle/definition.h"
#include "nodes/bitmapset.h"
#include "service_time/clock_advance.h"
#include "service_time/clock_hours.h"
#include "service_time/relative_target.h"

#define SLA_MAX_SHARES 32

/* States by category and by name. */
typedef struct StateSet
{
	unsigned	categories;		/* bits by StateCategory */
	List	   *names;			/* char *: states or categories */
} StateSet;

/* In the order in which clock_advance.h names what they do. */
typedef enum SlaSet
{
	SLA_START, SLA_STOP, SLA_RESET, SLA_CANCEL, SLA_PAUSE
} SlaSet;

#define SLA_SETS 5
extern const char *const itsm_sla_sets[SLA_SETS];

/* Checks of a version. */
typedef enum SlaCheck
{
	SLA_CONDITION,				/* for which records */
	SLA_PAUSE_WHEN				/* in a state that pauses: only while this is true */
} SlaCheck;

#define SLA_CHECKS 2

/* A version of an agreement. */
typedef struct Sla
{
	int			id;
	int			version;
	char	   *name;
	char	   *lifecycle;		/* NULL: all of a process */
	char	   *process;		/* NULL: one lifecycle */
	char	   *kind;			/* sla, ola or uc */
	char	   *metric;
	char	   *given[SLA_CHECKS];	/* as the definer wrote it */
	char	   *checks[SLA_CHECKS];	/* qualified; NULL: none */
	char	   *calendar;		/* NULL: none */
	char	   *hours_text;		/* canonical; NULL: none */
	char	   *target_text;	/* for people */
	RelativeTarget relative;
	ClockTerms	terms;
	ClockHours *hours;			/* in which clocks count: around the clock up to a relative target */
	ClockHours *agreed_hours;	/* by the definition */
	bool		retroactive;
	int			share_count;
	double		shares[SLA_MAX_SHARES];	/* of the target, ascending: when to warn */
	StateSet	sets[SLA_SETS];
	List	   *reset_on;		/* char *: attributes whose change resets it */
	TimestampTz from;
	TimestampTz until;			/* DT_NOEND: open */
} Sla;

/*
 * Parses a definition; faults are appended as Unmet of code IT050.  "checks" are
 * those kept with it, NULL when it is being defined.
 */
extern Sla *itsm_sla_parse(const Jsonb *json, char **checks, List **faults);

/*
 * The versions of all agreements on a lifecycle or its process, by id and
 * version, as a catalog snapshot sees them: a list of Sla.  NULL: all there are.
 */
extern List *itsm_slas_of(const Definition *definition);

/* True when it is about records of a lifecycle. */
extern bool itsm_sla_is_on(const Sla *sla, const Definition *definition);

/* Makes the hours and terms of an agreement that was read or parsed ready. */
extern void itsm_sla_ready(Sla *sla);

/*
 * What a clock may count that starts at a time, when things stand so: less than
 * its terms' CLOCK_NEVER unless that is never.
 */
extern int64 itsm_sla_target(const Sla *sla, TimestampTz start, const ClockEvent *event);

/* The number of an agreement by name; 42704 when there is none. */
extern int	itsm_sla_number(const char *name);

#define SLA_NO_CHECK (-1)
#define SLA_UNFIT (-2)			/* it speaks of attributes that the lifecycle does not have: never met */

/* A version bound to a version of a lifecycle. */
typedef struct BoundSla
{
	const Sla  *sla;
	uint8	   *states;			/* per state of the lifecycle: CLOCK_STARTS and so on */
	int			checks[SLA_CHECKS];	/* among the texts, or SLA_NO_CHECK, SLA_UNFIT */
	int			due;			/* attribute of a relative target; -1: there is none */
	Bitmapset  *resets;			/* attributes whose change resets it, that one among them */
	Bitmapset  *reads;			/* these, and those that its checks read */
	int			versions;		/* of the first one of an agreement: how many there are of it in the array */
} BoundSla;

typedef struct BoundSlas
{
	int			count;
	BoundSla   *slas;			/* by id and version */
	List	   *texts;			/* char *: the different checks */
	int			opened;			/* attribute opened_at; -1: none */
} BoundSlas;

/* False when nothing was ever agreed on: then there are no clocks.  Mostly known from the row before. */
extern bool itsm_slas_any(void);

/* All that are agreed on a lifecycle, in the current memory context; NULL: there are no agreements at all. */
extern BoundSlas *itsm_slas_bind(const Definition *definition);

#endif							/* ITSM_SLA_H */
