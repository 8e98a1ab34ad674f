/*
 * rule_kind.h
 *		What a rule kind is, and what it sees of a write that it judges.
 *
 * A rule kind is named by the JSON member that introduces it.  Higher rooms
 * bring kinds of their own; core/module.c lists all of them.
 */
#ifndef ITSM_RULE_KIND_H
#define ITSM_RULE_KIND_H

#include "executor/tuptable.h"
#include "lifecycle/definition.h"
#include "utils/timestamp.h"

/* Who writes, as rules see it. */
typedef struct Actor
{
	Oid			role;			/* the outer user: who called, before any SECURITY DEFINER of ours */
	const char *name;			/* claimed by act_as or a mapped attribute "actor"; NULL: unknown person */
	bool		claimed;		/* the name comes from act_as */
} Actor;

/* A transition that somebody made before, for segregation of duties. */
typedef struct PastTransition
{
	const char *from_state;		/* NULL: creation */
	const char *to_state;
	const char *actor;			/* NULL: unknown */
	int64		version;		/* of its event */
} PastTransition;

/* Whose row is judged. */
typedef struct Subject
{
	int			source;
	const char *tenant;
	const char *tenant_after;	/* the same, unless the write moves the row to another tenant */
	const char *key;
	bool		rekeyed;		/* the write gives it another key */
	int64		record;			/* 0: there is none yet */
	Oid			owner;			/* of the table */
} Subject;

/*
 * One write under judgement.  "old" and "new" are canonical tuples: the value
 * of attribute i stands at index i.
 */
typedef struct Judgement
{
	const Definition *definition;
	int			from;			/* state numbers; ITSM_NO_STATE: none or unmapped */
	int			to;
	bool		creating;		/* there is no old row */
	bool		moving;			/* the state changes, or the row is created */
	bool		asking;			/* nothing is written: whoever only asks locks nothing */
	JudgeMode	mode;			/* of the rule under judgement, here and now */
	TupleTableSlot *old;		/* NULL when creating */
	TupleTableSlot *new;		/* judged at the end of a transaction: the row as it stands then; NULL: deleted */
	TupleTableSlot *written;	/* new as this write left it */
	const bool *mapped;			/* per attribute */
	Actor		actor;
	const char *reason;			/* itsm.reason; NULL or blank: none */
	TimestampTz at;				/* when it happens; 0: now */
	List	   *unmet;			/* of Unmet */

	/* Evaluates the check with that number over the canonical tuples; NULL counts as false. */
	bool		(*check) (struct Judgement *judgement, int number);
	/* The same with the old tuple in the place of the new one. */
	bool		(*check_old) (struct Judgement *judgement, int number);
	/* When the record reached a milestone; false: not yet, or there is no record. */
	bool		(*milestone) (struct Judgement *judgement, Milestone milestone, TimestampTz *at);
	/* The record's transitions so far, as a list of PastTransition. */
	List	   *(*past) (struct Judgement *judgement);
	/* Whose row it is; false: nobody knows, as in a log or without history. */
	bool		(*subject) (struct Judgement *judgement, Subject *subject);
	void	   *context;		/* of the functions above */
} Judgement;

/* What a kind's parse function is given. */
typedef struct RuleParse
{
	Definition *definition;		/* name, attributes, states and transitions are there already */
	LifecycleRule *rule;		/* name and scope are there already */
	const struct RuleKind *kind;	/* whose parse function is called; NULL before that */
	const JsonbContainer *object;	/* the rule's whole JSON object */
	bool		stored;			/* read back from our table: known to be good, so nothing is tried out */
	const char *expression;		/* the kept text of a check, or NULL */
	const char *when;			/* the kept text of "when", or NULL */
	int			number;			/* of the rule in the definition, from 0 */
	List	   *faults;
} RuleParse;

typedef struct RuleKind
{
	const char *name;			/* JSON member that introduces it */
	int			code;			/* SQLSTATE when it is not met */
	const char *hint;			/* what would help; NULL: nothing in particular */
	const char *const *members; /* other JSON members that it reads; NULL-terminated, or NULL */
	bool		standing;		/* says something about a row at rest, too */
	bool		looks_back;		/* asks for milestones or past transitions */
	bool		compares;		/* asks for the row as written */
	bool		looks_around;	/* asks for the subject, to look at other records */
	bool		deletes;		/* judges the end of a row, too: judgement->new is NULL then */

	/* Returns the kind's data; appends faults with itsm_rule_fault. */
	void	   *(*parse) (RuleParse *parse, const JsonbValue *value);
	/* Appends to judgement->unmet what is not met; called for each write while the rule is not off. */
	void		(*judge) (Judgement *judgement, const LifecycleRule *rule, const void *data);
	/* Attributes the condition reads, as a list of integers, for "not applicable"; NULL: none. */
	List	   *(*reads) (const void *data);
	/* Appends to *problems what is odd about the condition, with lint_problem (lint.h); NULL: nothing is. */
	void		(*lint) (const Definition *definition, const LifecycleRule *rule, const void *data,
						 List **problems);
} RuleKind;

/* NULL-terminated; stands in core/module.c. */
extern const RuleKind *const itsm_rule_kinds[];

/* The kinds of this room. */
extern const RuleKind itsm_rule_requires;
extern const RuleKind itsm_rule_check;
extern const RuleKind itsm_rule_role;
extern const RuleKind itsm_rule_separate;
extern const RuleKind itsm_rule_reason;
extern const RuleKind itsm_rule_frozen;
extern const RuleKind itsm_rule_within;
extern const RuleKind itsm_rule_related;
extern const RuleKind itsm_rule_acyclic;

extern void itsm_rule_fault(RuleParse *parse, const char *format,...) pg_attribute_printf(2, 3);

/*
 * Reads a set of states: a name, an array of names, or "*".  Returns one
 * boolean per state; NULL for "*" and, after a fault, for what is not a set
 * of states.  "member" names the JSON member in messages.
 */
extern bool *itsm_rule_states(RuleParse *parse, const JsonbValue *value, const char *member);

/*
 * Reads a set of attributes: a name or an array of names, and "*" when "all"
 * is true.  Returns their numbers as a list of integers; unknown ones are faults.
 */
extern List *itsm_rule_attributes(RuleParse *parse, const JsonbValue *value, bool all);

/* True when the write is a move (or creation) inside the rule's from and to. */
extern bool itsm_rule_moves(const Judgement *judgement, const LifecycleRule *rule);

/* True when the rule has neither from nor to: it holds for every write. */
static inline bool
itsm_rule_unscoped(const LifecycleRule *rule)
{
	return rule->from == NULL && rule->to == NULL;
}

/* True when the rule is to be judged on this write: a move in its scope, or any write when it has none. */
extern bool itsm_rule_applies(const Judgement *judgement, const LifecycleRule *rule);

/*
 * Appends an unmet condition of the rule; the definer's message, when there is
 * one, stands in the place of the one given.
 */
extern void itsm_rule_unmet(Judgement *judgement, const LifecycleRule *rule, const RuleKind *kind,
							const char *attribute, const char *format,...) pg_attribute_printf(5, 6);

/* Data of a check condition, known to the policy that compiles it. */
typedef struct CheckData
{
	int			number;			/* of the expression: a rule's, or rule_count more for its "when" */
	char	   *given;			/* as the definer wrote it */
	char	   *text;			/* qualified */
	bool		reads_old;		/* mentions old */
	bool		reads_actor;
	List	   *attributes;		/* numbers of the attributes it reads */
} CheckData;

/*
 * Reads an expression as a check is: "stored" is the text kept when it was
 * defined, used when parse->stored.  Faults go to parse.
 */
extern CheckData *itsm_check_data(RuleParse *parse, const JsonbValue *value, const char *stored, int number);

/*
 * Numbers of the attributes that a rule reads, as a list of integers; "named":
 * only those without which it cannot be judged, not what "*" stands for.
 */
extern List *itsm_rule_reads(const LifecycleRule *rule, bool named);

#endif							/* ITSM_RULE_KIND_H */
