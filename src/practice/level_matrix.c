/*
 * level_matrix.c
 *		The two kinds of matrices: impact × urgency gives a priority, and
 *		impact × probability a risk.
 */
#include "core/itsm.h"

#include "core/json_read.h"
#include "practice/matrix.h"
#include "utils/builtins.h"

static MatrixKind priority_matrix = {
	.table = "priority_matrix", .row = "impact", .column = "urgency", .level = "priority",
	.set_function = "set_priority_matrix"
};
static MatrixKind risk_matrix = {
	.table = "risk_matrix", .row = "impact", .column = "probability", .level = "risk",
	.set_function = "set_risk_matrix"
};

/* The name of a matrix that is to be set. */
static char *
read_name(const MatrixKind *kind, FunctionCallInfo fcinfo)
{
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(PG_ARGISNULL(0) ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s matrix needs a name", kind->level),
				 errhint("The one used when none is named is \"default\".")));
	return name;
}

/* itsm.priority_of(impact integer, urgency integer, matrix text) → itsm.priority */
ITSM_FUNCTION(itsm_priority_of);
Datum
itsm_priority_of(PG_FUNCTION_ARGS)
{
	return itsm_matrix_level(&priority_matrix, text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_INT32(0),
							 PG_GETARG_INT32(1));
}

/* itsm.risk_of(impact integer, probability integer, matrix text) → text */
ITSM_FUNCTION(itsm_risk_of);
Datum
itsm_risk_of(PG_FUNCTION_ARGS)
{
	Datum		risk = itsm_matrix_level(&risk_matrix, text_to_cstring(PG_GETARG_TEXT_PP(2)),
										 PG_GETARG_INT32(0), PG_GETARG_INT32(1));

	PG_RETURN_TEXT_P(DatumGetTextPCopy(risk));
}

/* itsm.matrix_priority(impact integer, urgency integer, matrix text) → itsm.priority */
ITSM_FUNCTION(itsm_matrix_priority);
Datum
itsm_matrix_priority(PG_FUNCTION_ARGS)
{
	Datum		priority;

	if (!itsm_matrix_look_up(&priority_matrix, text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_INT32(0),
							 PG_GETARG_INT32(1), &priority))
		PG_RETURN_NULL();
	return priority;
}

/* itsm.matrix_risk(impact integer, probability integer, matrix text) → text */
ITSM_FUNCTION(itsm_matrix_risk);
Datum
itsm_matrix_risk(PG_FUNCTION_ARGS)
{
	Datum		risk;

	if (!itsm_matrix_look_up(&risk_matrix, text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_INT32(0),
							 PG_GETARG_INT32(1), &risk))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(DatumGetTextPCopy(risk));
}

/* itsm.set_priority_matrix(matrix text, priorities itsm.priority[]) → void */
ITSM_FUNCTION(itsm_set_priority_matrix);
Datum
itsm_set_priority_matrix(PG_FUNCTION_ARGS)
{
	char	   *name = read_name(&priority_matrix, fcinfo);

	itsm_matrix_set(&priority_matrix, name, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(1));
	PG_RETURN_VOID();
}

static void
check_risks(ArrayType *risks)
{
	static const char *const known[] = {"low", "medium", "high", "very_high"};
	ArrayIterator iterator = array_create_iterator(risks, 0, NULL);
	Datum		risk;
	bool		isnull;

	while (array_iterate(iterator, &risk, &isnull))
	{
		bool		found = isnull;	/* refused later on */
		char	   *given = isnull ? NULL : TextDatumGetCString(risk);

		for (int i = 0; i < lengthof(known) && !found; i++)
			found = strcmp(given, known[i]) == 0;
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown risk \"%s\"", itsm_clip(given)),
					 errhint("A risk is low, medium, high or very_high.")));
	}
	array_free_iterator(iterator);
}

/* itsm.set_risk_matrix(matrix text, risks text[]) → void */
ITSM_FUNCTION(itsm_set_risk_matrix);
Datum
itsm_set_risk_matrix(PG_FUNCTION_ARGS)
{
	char	   *name = read_name(&risk_matrix, fcinfo);
	ArrayType  *risks = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(1);

	if (risks)
		check_risks(risks);
	itsm_matrix_set(&risk_matrix, name, risks);
	PG_RETURN_VOID();
}
