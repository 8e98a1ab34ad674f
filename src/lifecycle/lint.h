/*
 * lint.h
 *		What is odd about a lifecycle.
 */
#ifndef ITSM_LINT_H
#define ITSM_LINT_H

#include "lifecycle/definition.h"

typedef enum LintSeverity
{
	LINT_ERROR,
	LINT_WARNING,
	LINT_INFO,
} LintSeverity;

typedef struct LintProblem
{
	LintSeverity severity;
	char	   *text;
} LintProblem;

/* Appends a problem to *problems, formatted in the current memory context. */
#define lint_problem(problems, level, ...) \
	do { \
		LintProblem *lint_ = palloc(sizeof(LintProblem)); \
\
		lint_->severity = (level); \
		lint_->text = psprintf(__VA_ARGS__); \
		*(problems) = lappend(*(problems), lint_); \
	} while (0)

/* lint_states.c: states and transitions. */
extern void itsm_lint_states(const Definition *definition, List **problems);

/* lint_rules.c: rules, one by one.  "definer" is the role whose rights checks are evaluated with. */
extern void itsm_lint_rules(const Definition *definition, Oid definer, List **problems);

/* lint_checks.c: checks that always or never hold. */
extern void itsm_lint_checks(const Definition *definition, Oid definer, List **problems);

/* Whether the rule's scope has any move of the lifecycle, or any creation, in it. */
extern bool itsm_lint_applies(const Definition *definition, const LifecycleRule *rule);

/* Whether some move or creation is in the scope of both rules. */
extern bool itsm_lint_meet(const Definition *definition, const LifecycleRule *first,
						   const LifecycleRule *second);

#endif							/* ITSM_LINT_H */
