/*
 * control_parameter.c
 *		Reading parameters of controls.
 */
#include "compliance/control_parameter.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define YEARS 100

typedef struct Unit
{
	const char *names[5];		/* the first is how it is written; NULL: no more */
	ParameterKind kind;
	const char *interval_unit;
	double		most;
} Unit;

static const Unit units[] = {
	{{"y", "yr", "year", "years"}, PARAMETER_INTERVAL, "years", YEARS},
	{{"mo", "mon", "mons", "month", "months"}, PARAMETER_INTERVAL, "months", YEARS * 12},
	{{"w", "week", "weeks"}, PARAMETER_INTERVAL, "weeks", YEARS * 52},
	{{"d", "day", "days"}, PARAMETER_INTERVAL, "days", YEARS * 365},
	{{"h", "hour", "hours"}, PARAMETER_INTERVAL, "hours", YEARS * 365 * 24.0},
	{{"min", "mins", "minute", "minutes"}, PARAMETER_INTERVAL, "minutes", YEARS * 365 * 24 * 60.0},
	{{"%", "percent"}, PARAMETER_SHARE, NULL, 100},
	{{""}, PARAMETER_NUMBER, NULL, 1000000},
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
skip_spaces(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* Digits, perhaps a point and more digits; NULL when there are none, or too many. */
static const char *
read_number(const char *text, char *number)
{
	int			length = 0;
	bool		point = false;

	for (; is_digit(*text) || (*text == '.' && !point && length > 0 && is_digit(text[1])); text++)
	{
		point |= *text == '.';
		if (length == PARAMETER_DIGITS)
			return NULL;
		number[length++] = *text;
	}
	number[length] = '\0';
	return length > 0 ? text : NULL;
}

static const Unit *
find_unit(const char *text)
{
	size_t		length = strlen(text);

	while (length > 0 && text[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (int j = 0; j < 5 && units[i].names[j]; j++)
			if (strlen(units[i].names[j]) == length && strncmp(units[i].names[j], text, length) == 0)
				return &units[i];
	return NULL;
}

bool
control_parameter_read(const char *text, ControlParameter *parameter)
{
	const Unit *unit;

	text = read_number(skip_spaces(text), parameter->number);
	if (text == NULL)
		return false;
	unit = find_unit(skip_spaces(text));
	if (unit == NULL || strtod(parameter->number, NULL) > unit->most)
		return false;
	parameter->kind = unit->kind;
	parameter->unit = unit->names[0];
	parameter->interval_unit = unit->interval_unit;
	return true;
}
