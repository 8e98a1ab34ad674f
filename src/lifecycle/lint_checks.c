/*
 * lint_checks.c
 *		Checks that always hold, never hold, or exclude one another.
 *
 * The planner's own means are used: folding of constants, and the proof that
 * one condition refutes another.  Both evaluate functions that are marked
 * immutable, so it is done with the definer's rights and nobody else's.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "lifecycle/expression.h"
#include "lifecycle/lint.h"
#include "lifecycle/rule_kind.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/guc.h"

/* More pairs than this are not compared: it is a courtesy, not a proof. */
#define MAX_COMPARED 100

typedef struct CheckClauses
{
	const LifecycleRule *rule;
	List	   *clauses;		/* folded, to be and-ed; NIL: not known */
} CheckClauses;

typedef struct Folding
{
	const Definition *definition;
	const char *text;
	Node	   *folded;
	List	   *first;
	List	   *second;
	bool		refuted;
	Oid			definer;
	void		(*work) (struct Folding *folding);
} Folding;

static void
fold(Folding *folding)
{
	Node	   *check = itsm_check_parse(folding->definition, folding->text, true);

	folding->folded = eval_const_expressions(NULL, check);
}

static void
compare(Folding *folding)
{
	folding->refuted = predicate_refuted_by(folding->first, folding->second, true);
}

/* Runs the work as the definer, in a security-restricted operation. */
static void
run_as_definer(void *argument)
{
	Folding    *folding = argument;
	Oid			user;
	int			security;
	int			level;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(folding->definer, security | SECURITY_RESTRICTED_OPERATION);
	level = NewGUCNestLevel();
	folding->work(folding);
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(user, security);
}

static const CheckData *
check_of(const LifecycleRule *rule)
{
	for (int i = 0; i < rule->condition_count; i++)
		if (rule->conditions[i].kind == &itsm_rule_check)
			return rule->conditions[i].data;
	return NULL;
}

/* AND of the clauses may be true; a definite false or NULL in it means never. */
static bool
never_holds(List *clauses)
{
	ListCell   *cell;

	foreach(cell, clauses)
	{
		const Const *constant = lfirst(cell);

		if (IsA(constant, Const) && (constant->constisnull || !DatumGetBool(constant->constvalue)))
			return true;
	}
	return false;
}

static void
lint_check(const Definition *definition, Oid definer, CheckClauses *check, List **problems)
{
	const char *name = check->rule->name;
	Folding		folding = {.definition = definition, .text = check_of(check->rule)->text,
		.definer = definer, .work = fold};
	ErrorData  *error = itsm_attempt(run_as_definer, &folding);
	List	   *clauses;

	if (error)
	{
		lint_problem(problems, LINT_ERROR, "rule \"%s\": its check fails: %s", name, error->message);
		return;
	}
	clauses = make_ands_implicit((Expr *) folding.folded);
	if (clauses == NIL)
	{
		lint_problem(problems, LINT_WARNING, "rule \"%s\" always passes: its check is always true",
					 name);
		return;
	}
	if (never_holds(clauses))
	{
		lint_problem(problems, LINT_ERROR, "rule \"%s\" can never pass: its check is never true", name);
		return;
	}
	folding.first = folding.second = clauses;
	folding.work = compare;
	error = itsm_attempt(run_as_definer, &folding);
	if (error == NULL && folding.refuted)
		lint_problem(problems, LINT_ERROR,
					 "rule \"%s\" can never pass: its check contradicts itself", name);
	else
		check->clauses = clauses;
}

/* Two checks that some move must satisfy both, and cannot. */
static void
lint_pair(const Definition *definition, Oid definer, const CheckClauses *first,
		  const CheckClauses *second, List **problems)
{
	Folding		folding = {.definition = definition, .first = first->clauses,
		.second = second->clauses, .definer = definer, .work = compare};
	ErrorData  *error;

	if (first->clauses == NIL || second->clauses == NIL ||
		!itsm_lint_meet(definition, first->rule, second->rule))
		return;
	error = itsm_attempt(run_as_definer, &folding);
	if (error == NULL && folding.refuted)
		lint_problem(problems, LINT_ERROR,
					 "rules \"%s\" and \"%s\" can never pass together: their checks contradict each other",
					 first->rule->name, second->rule->name);
}

void
itsm_lint_checks(const Definition *definition, Oid definer, List **problems)
{
	CheckClauses *checks = palloc0(sizeof(CheckClauses) * (definition->rule_count + 1));
	int			count = 0;

	for (int i = 0; i < definition->rule_count; i++)
	{
		const LifecycleRule *rule = &definition->rules[i];

		CHECK_FOR_INTERRUPTS();
		if (rule->mode == MODE_OFF || check_of(rule) == NULL || !itsm_lint_applies(definition, rule))
			continue;
		if (!OidIsValid(definer))
		{
			lint_problem(problems, LINT_INFO,
						 "checks are not looked into: the role that defined them is gone");
			return;
		}
		checks[count].rule = rule;
		lint_check(definition, definer, &checks[count++], problems);
	}
	for (int i = 0; i < Min(count, MAX_COMPARED); i++)
		for (int j = i + 1; j < Min(count, MAX_COMPARED); j++)
		{
			CHECK_FOR_INTERRUPTS();
			lint_pair(definition, definer, &checks[i], &checks[j], problems);
		}
}
