/*
 * control_parameter.h
 *		Parameters of controls: planned intervals, shares and numbers.  Pure.
 */
#ifndef ITSM_CONTROL_PARAMETER_H
#define ITSM_CONTROL_PARAMETER_H

#include <stdbool.h>

typedef enum ParameterKind
{
	PARAMETER_INTERVAL,			/* 12 mo, 30 d, 4 h */
	PARAMETER_SHARE,			/* 95 % */
	PARAMETER_NUMBER			/* 3 */
} ParameterKind;

#define PARAMETER_DIGITS 15

typedef struct ControlParameter
{
	ParameterKind kind;
	char		number[PARAMETER_DIGITS + 2];	/* digits, perhaps with a point between them */
	const char *unit;			/* as it is written: "mo", "%"; empty for a number */
	const char *interval_unit;	/* as an interval has it; NULL for the other kinds */
} ControlParameter;

/*
 * Reads a parameter: a number that is not negative, and a unit.  False when it
 * is none, or when it is out of bounds: a hundred years, a hundred percent, a
 * million.
 */
extern bool control_parameter_read(const char *text, ControlParameter *parameter);

#endif							/* ITSM_CONTROL_PARAMETER_H */
