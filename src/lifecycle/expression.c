/*
 * expression.c
 *		Parsing and deparsing of users' SQL expressions.
 *
 * Memory: results are palloc'd in the caller's context.  Locking: the caller
 * holds the relation open.  While text is parsed or made under the pinned
 * search_path, an error leaves the setting to be restored by the end of the
 * (sub)transaction.
 */
#include "core/itsm.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type.h"
#include "core/query.h"
#include "lifecycle/expression.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/ruleutils.h"

/* The text as one bare expression. */
static Node *
raw_expression(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
	ResTarget  *target = list_length(select->targetList) == 1 ? linitial(select->targetList) : NULL;

	if (target == NULL || target->name != NULL || target->indirection != NIL ||
		select->distinctClause || select->intoClause || select->fromClause || select->whereClause ||
		select->groupClause || select->havingClause || select->windowClause || select->valuesLists ||
		select->sortClause || select->limitOffset || select->limitCount || select->lockingClause ||
		select->withClause || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR), errmsg("\"%s\" is not a single expression", text)));
	return target->val;
}

/* References of a check to the canonical tuples and the actor. */
static Node *
resolve_check_reference(ParseState *state, ColumnRef *reference)
{
	const Definition *definition = state->p_ref_hook_state;
	const char *first = IsA(linitial(reference->fields), String) ? strVal(linitial(reference->fields)) : "";
	const char *second = NULL;
	int			number;

	if (list_length(reference->fields) == 2 && IsA(lsecond(reference->fields), String))
		second = strVal(lsecond(reference->fields));
	if (strcmp(first, "actor") == 0 &&
		(list_length(reference->fields) == 1 || (second && strcmp(second, "name") == 0)))
		return (Node *) makeVar(CHECK_NEW, CHECK_ACTOR(definition), TEXTOID, -1, DEFAULT_COLLATION_OID, 0);
	if (second == NULL || (strcmp(first, "new") != 0 && strcmp(first, "old") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("\"%s\" is not known in a check", NameListToString(reference->fields)),
				 errhint("A check sees new.<attribute>, old.<attribute> and actor."),
				 parser_errposition(state, reference->location)));
	number = itsm_definition_attribute(definition, second);
	if (number < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("attribute \"%s\" is not in the lifecycle", second),
				 parser_errposition(state, reference->location)));
	return (Node *) makeVar(first[0] == 'n' ? CHECK_NEW : CHECK_OLD, number + 1,
							definition->attributes[number].type,
							definition->attributes[number].typmod,
							definition->attributes[number].collation, 0);
}

Node *
itsm_check_parse(const Definition *definition, const char *text, bool qualified)
{
	int			level = qualified ? itsm_pin_search_path() : 0;
	ParseState *state = make_parsestate(NULL);
	Node	   *check;

	state->p_sourcetext = text;
	state->p_pre_columnref_hook = resolve_check_reference;
	state->p_ref_hook_state = unconstify(Definition *, definition);
	/* the kind that forbids subqueries, aggregates, windows and sets */
	check = transformExpr(state, raw_expression(text), EXPR_KIND_CHECK_CONSTRAINT);
	check = coerce_to_boolean(state, check, "check");
	assign_expr_collations(state, check);
	free_parsestate(state);
	if (qualified)
		AtEOXact_GUC(true, level);
	return check;
}

typedef struct CheckReads
{
	const Definition *definition;
	bool		old;
	bool		actor;
	List	   *attributes;
} CheckReads;

static bool
collect_reads(Node *node, CheckReads *reads)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varno == CHECK_OLD)
			reads->old = true;
		if (var->varattno == CHECK_ACTOR(reads->definition))
			reads->actor = true;
		else
			reads->attributes = list_append_unique_int(reads->attributes, var->varattno - 1);
		return false;
	}
	return expression_tree_walker(node, collect_reads, reads);
}

List *
itsm_check_reads(const Definition *definition, Node *check, bool *reads_old, bool *reads_actor)
{
	CheckReads	reads = {definition, false, false, NIL};

	collect_reads(check, &reads);
	*reads_old = reads.old;
	*reads_actor = reads.actor;
	return reads.attributes;
}

/* For deparsing: CHECK_NEW, CHECK_OLD and the actor as columns of range table entries 1, 2 and 3. */
static Node *
number_references(Node *node, const Definition *definition)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);
		bool		actor = var->varattno == CHECK_ACTOR(definition);

		var->varno = actor ? 3 : var->varno == CHECK_NEW ? 1 : 2;
		if (actor)
			var->varattno = 1;
		var->varnosyn = var->varno;
		var->varattnosyn = var->varattno;
		return (Node *) var;
	}
	return expression_tree_mutator(node, number_references, (void *) definition);
}

static RangeTblEntry *
named_entry(const char *name, List *columns)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	/* a kind that the deparser takes the names of as they are */
	entry->rtekind = RTE_CTE;
	entry->ctename = pstrdup(name);
	entry->alias = makeAlias(name, NIL);
	entry->eref = makeAlias(name, columns);
	entry->inFromCl = true;
	return entry;
}

/*
 * The server deparses expressions over relations only; so a query without a
 * FROM list is made around the check, whose range table carries the names.
 */
char *
itsm_check_deparse(const Definition *definition, Node *check)
{
	Query	   *query = makeNode(Query);
	List	   *columns = NIL;
	int			level = itsm_pin_search_path();
	char	   *text;

	for (int i = 0; i < definition->attribute_count; i++)
		columns = lappend(columns, makeString(definition->attributes[i].name));
	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->rtable = list_make3(named_entry("new", columns), named_entry("old", columns),
							   named_entry("actor", list_make1(makeString("name"))));
	query->jointree = makeFromExpr(NIL, NULL);
	query->targetList = list_make1(makeTargetEntry((Expr *) number_references(check, definition),
												   1, NULL, false));
	text = pg_get_querydef(query, false);
	AtEOXact_GUC(true, level);
	while (*text == ' ')
		text++;
	if (strncmp(text, "SELECT ", 7) != 0)
		elog(ERROR, "unexpected form of a deparsed check: %s", text);
	return pstrdup(text + 7);
}

static bool
refuse_row_references(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varattno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg(((Var *) node)->varattno == 0
						? "an expression over a row cannot use the row as a whole"
						: "an expression over a row cannot use system columns"),
				 errhint("Name the columns.")));
	return expression_tree_walker(node, refuse_row_references, context);
}

/* alias: the relation's name and columns as the text has them; NULL: as they are. */
static Node *
parse_row(Relation relation, Alias *alias, const char *text, bool qualified)
{
	int			level = qualified ? itsm_pin_search_path() : 0;
	ParseState *state = make_parsestate(NULL);
	ParseNamespaceItem *item;
	Node	   *expression;

	state->p_sourcetext = text;
	item = addRangeTableEntryForRelation(state, relation, AccessShareLock, alias, false, true);
	addNSItemToQuery(state, item, false, true, true);
	expression = transformExpr(state, raw_expression(text), EXPR_KIND_CHECK_CONSTRAINT);
	if (exprType(expression) == UNKNOWNOID)	/* a bare literal is text */
		expression = coerce_type(state, expression, UNKNOWNOID, TEXTOID, -1, COERCION_IMPLICIT,
								 COERCE_IMPLICIT_CAST, -1);
	assign_expr_collations(state, expression);
	refuse_row_references(expression, NULL);
	free_parsestate(state);
	if (qualified)
		AtEOXact_GUC(true, level);
	return expression;
}

Node *
itsm_row_parse(Relation relation, const char *text, bool qualified)
{
	return parse_row(relation, NULL, text, qualified);
}

char *
itsm_row_rename(Relation relation, const char *text, const char *table, const char *column,
				const char *renamed)
{
	TupleDesc	descriptor = RelationGetDescr(relation);
	List	   *names = NIL;

	for (int i = 0; i < descriptor->natts; i++)
	{
		const char *name = NameStr(TupleDescAttr(descriptor, i)->attname);

		/* the parser numbers columns as they are named; dropped ones have no place in the list */
		if (!TupleDescAttr(descriptor, i)->attisdropped)
			names = lappend(names, makeString(pstrdup(renamed && strcmp(name, renamed) == 0 ? column : name)));
	}
	return itsm_row_deparse(relation, parse_row(relation, makeAlias(table, names), text, true));
}

char *
itsm_row_deparse(Relation relation, Node *expression)
{
	int			level = itsm_pin_search_path();
	List	   *context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
	char	   *text = deparse_expression(expression, context, false, false);

	AtEOXact_GUC(true, level);
	return text;
}
