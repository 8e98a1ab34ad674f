/*
 * definition.h
 *		A lifecycle as data: its JSON form checked whole and turned into C
 *		structures.
 *
 * Everything hangs on one memory context, the caller's at the time of
 * parsing; nothing points into the JSON.
 */
#ifndef ITSM_DEFINITION_H
#define ITSM_DEFINITION_H

#include "lifecycle/state_machine.h"
#include "nodes/pg_list.h"
#include "record/milestone.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#define ITSM_NO_STATE (-1)

extern const char *const itsm_category_names[];

/* How strictly something is judged; the order matters: the smaller one wins. */
typedef enum JudgeMode
{
	MODE_OFF,
	MODE_OBSERVE,
	MODE_ENFORCE,
} JudgeMode;

/* What happens to DELETE. */
typedef enum DeletePolicy
{
	DELETE_ALLOW,
	DELETE_REFUSE,
	DELETE_FINAL,				/* only in a final state */
} DeletePolicy;

/* How a value of a type may be blank; found out once, since rules ask it of every row. */
typedef enum BlankForm
{
	BLANK_NEVER,
	BLANK_TEXT,					/* a varlena string */
	BLANK_NAME,
} BlankForm;

typedef struct LifecycleAttribute
{
	char	   *name;
	Oid			type;
	int32		typmod;
	Oid			collation;		/* of the type */
	BlankForm	blank;
	char	   *references;		/* process of the records that it names by key; NULL: it names none */
} LifecycleAttribute;

typedef struct LifecycleState
{
	char	   *name;
	StateCategory category;
} LifecycleState;

typedef struct LifecycleTransition
{
	int			from;
	int			to;
	char	   *label;			/* or NULL */
	char	   *after;			/* itsm.run_due makes it after that time in the state; NULL: only others do */
	Interval	after_limit;
} LifecycleTransition;

struct RuleKind;

/* One condition of a rule: what a rule kind made of its JSON value. */
typedef struct RuleCondition
{
	const struct RuleKind *kind;
	void	   *data;			/* the kind's own structure */
} RuleCondition;

typedef struct LifecycleRule
{
	char	   *name;
	char	   *message;		/* the definer's own, or NULL */
	char	   *clause;			/* or NULL */
	JudgeMode	mode;
	bool	   *from;			/* per state; NULL: any */
	bool	   *to;				/* per state; NULL: any */
	struct CheckData *when;		/* it holds only where this is true; NULL: always */
	int			condition_count;
	RuleCondition *conditions;
} LifecycleRule;

typedef struct Definition
{
	char	   *name;
	char	   *process;
	int			attribute_count;
	LifecycleAttribute *attributes;
	int			state_count;
	LifecycleState *states;
	int			transition_count;
	LifecycleTransition *transitions;
	StateMachine machine;
	DeletePolicy delete_policy;
	int			rule_count;
	LifecycleRule *rules;
} Definition;

/*
 * Parses a definition.  Faults are appended to *faults as Unmet with code
 * IT050; with faults the result may be incomplete and must not be used.
 * Expressions of check rules are the texts of "expressions" (one per rule,
 * NULL where a rule has none, then one per rule for its "when") when that is
 * not NULL: the qualified form kept when the lifecycle was defined.  Otherwise they are taken from the JSON
 * under the current search_path.
 */
extern Definition *itsm_definition_parse(const Jsonb *json, char **expressions, List **faults);

/* Number of the attribute or state of that name; -1 when there is none. */
extern int	itsm_definition_attribute(const Definition *definition, const char *name);
extern int	itsm_definition_state(const Definition *definition, const char *name, int length);

/*
 * The version of a lifecycle that is current (version 0) or the one given, as
 * a catalog snapshot sees it, parsed in the current memory context.
 * *version becomes the version found.  ERRCODE_UNDEFINED_OBJECT when there is none.
 */
extern Definition *itsm_definition_load(const char *name, int *version);

#endif							/* ITSM_DEFINITION_H */
