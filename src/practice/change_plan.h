/*
 * change_plan.h
 *		When a change is planned, and what it touches: as rules read it out of
 *		the attributes of a row.
 */
#ifndef ITSM_CHANGE_PLAN_H
#define ITSM_CHANGE_PLAN_H

#include "executor/tuptable.h"
#include "lifecycle/rule_kind.h"
#include "utils/timestamp.h"

/* Bytes of a configuration item's name. */
#define CI_NAME_BYTES 1000

/* The attributes of a plan, -1 where there is none, and the states in which it counts. */
typedef struct PlanAttributes
{
	int			start;
	int			end;
	int			cis;
	int			ci;
	int			service;
	int			ci_class;
	bool		maintenance;	/* it has to lie inside the maintenance windows in scope */
	bool	   *states;			/* per state; NULL: all */
} PlanAttributes;

typedef struct ChangePlan
{
	TimestampTz start;			/* of the time when there is one */
	TimestampTz end;
	bool		has_start;		/* start is there, and may be infinite */
	bool		timed;			/* start and end are there, finite and in order */
	int			ci_count;
	char	  **cis;			/* sorted by bytes, each once */
	char	   *service;		/* NULL: none */
	char	   *ci_class;
	/* what is wrong with it, as messages that name no value; NULL: nothing */
	const char *time_fault;
	const char *time_culprit;	/* attribute */
	const char *ci_fault;
	const char *ci_culprit;
} ChangePlan;

/*
 * Reads what a rule says of its plan: true, or an object whose members, of
 * those given, name attributes.  Those not named are the attributes of the usual names
 * (planned_start, planned_end, cis, ci, service, ci_class) where the lifecycle
 * has them.  Appends faults.
 */
extern PlanAttributes *itsm_plan_parse(RuleParse *parse, const JsonbValue *value, const char *const *members);

/* Reads the states in which the plan counts: "in", or else those of "to". */
extern void itsm_plan_parse_states(RuleParse *parse, PlanAttributes *attributes);

/* True for an attribute that holds a point in time. */
extern bool itsm_plan_is_time(const LifecycleAttribute *attribute);

/* The usual attributes, as far as the lifecycle has them. */
extern PlanAttributes itsm_plan_usual(const Definition *definition);

/* The attributes it reads, as a list of integers. */
extern List *itsm_plan_reads(const PlanAttributes *attributes);

/* True when both times are mapped. */
extern bool itsm_plan_is_timed(const PlanAttributes *attributes, const bool *mapped);

/* True when some attribute that names configuration items is mapped. */
extern bool itsm_plan_names_cis(const PlanAttributes *attributes, const bool *mapped);

/* Reads the plan out of a canonical tuple, in the current memory context. */
extern void itsm_plan_read(const Definition *definition, const PlanAttributes *attributes, const bool *mapped,
						   TupleTableSlot *slot, ChangePlan *plan);

/* The time of a plan that is timed, as a tstzrange. */
extern Datum itsm_plan_range(const ChangePlan *plan);

/* One write, as far as it decides whether a plan is judged. */
typedef struct PlanMove
{
	const Definition *definition;
	const bool *mapped;
	int			from;			/* states; ITSM_NO_STATE: none */
	int			to;
	bool		creating;		/* the row comes under the lifecycle */
	TupleTableSlot *old;		/* NULL: there is nothing to compare with */
	TupleTableSlot *written;
} PlanMove;

/* True when the plan counts in that state. */
extern bool itsm_plan_counts(const PlanAttributes *attributes, int state);

/* True when the write brings the row into the states in which the plan counts, or changes the plan there. */
extern bool itsm_plan_enters(const PlanAttributes *attributes, const PlanMove *move);

/* True when a rule about the plan is judged on the write: it enters, or is a move in the rule's scope. */
extern bool itsm_plan_judged(const Judgement *judgement, const LifecycleRule *rule,
							 const PlanAttributes *attributes);

/* Appends what is wrong with the plan's time and, when asked, with what it touches; true: nothing is. */
extern bool itsm_plan_sound(Judgement *judgement, const LifecycleRule *rule, const RuleKind *kind,
							const ChangePlan *plan, bool with_cis);

/* The kinds of rules about plans. */
extern const RuleKind itsm_rule_window;
extern const RuleKind itsm_rule_not_frozen;
extern const RuleKind itsm_rule_no_conflict;

#endif							/* ITSM_CHANGE_PLAN_H */
