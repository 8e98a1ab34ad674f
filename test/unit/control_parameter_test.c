/*
 * control_parameter_test.c
 *		Parameters of controls: what can be read, and how it is written.
 */
/* sources: src/compliance/control_parameter.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compliance/control_parameter.h"

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - \"%s\"\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

typedef struct Case
{
	const char *text;
	const char *written;
	ParameterKind kind;
	const char *interval_unit;
} Case;

static const Case cases[] = {
	{"12 mo", "12 mo", PARAMETER_INTERVAL, "months"}, {"12 months", "12 mo", PARAMETER_INTERVAL, "months"},
	{"1mon", "1 mo", PARAMETER_INTERVAL, "months"}, {"30 d", "30 d", PARAMETER_INTERVAL, "days"},
	{"  30   days  ", "30 d", PARAMETER_INTERVAL, "days"}, {"0 d", "0 d", PARAMETER_INTERVAL, "days"},
	{"4 h", "4 h", PARAMETER_INTERVAL, "hours"}, {"1.5 hours", "1.5 h", PARAMETER_INTERVAL, "hours"},
	{"15 min", "15 min", PARAMETER_INTERVAL, "minutes"}, {"2 w", "2 w", PARAMETER_INTERVAL, "weeks"},
	{"100 y", "100 y", PARAMETER_INTERVAL, "years"}, {"95 %", "95 %", PARAMETER_SHARE, NULL},
	{"99.95%", "99.95 %", PARAMETER_SHARE, NULL}, {"100 percent", "100 %", PARAMETER_SHARE, NULL},
	{"3", "3", PARAMETER_NUMBER, NULL}, {"0.5", "0.5", PARAMETER_NUMBER, NULL}, {"1000000", "1000000", PARAMETER_NUMBER, NULL},
	{"000000000000000", "000000000000000", PARAMETER_NUMBER, NULL},
};

static const char *const unreadable[] = {
	"", " ", "d", "-1 d", "+1 d", "1 D", "1 fortnight", "1 d 2 h", "1 d2", "1.", ".5", "1.2.3", "1e3 d",
	"0x10", "101 y", "1201 mo", "100.01 %", "1000001", "1234567890123456", "0000000000000001", "1\td",
	"nan", "infinity", "12 mo%", "%",
};

static bool
passes(const Case *c)
{
	ControlParameter parameter;
	char		written[64];

	if (!control_parameter_read(c->text, &parameter))
		return false;
	snprintf(written, sizeof(written), "%s%s%s", parameter.number, *parameter.unit ? " " : "", parameter.unit);
	return strcmp(written, c->written) == 0 && parameter.kind == c->kind &&
		(c->interval_unit == NULL) == (parameter.interval_unit == NULL) &&
		(c->interval_unit == NULL || strcmp(c->interval_unit, parameter.interval_unit) == 0);
}

/* Any bytes at all: nothing but a verdict comes of them. */
static void
try_anything(void)
{
	char		text[24];
	ControlParameter parameter;
	const char	alphabet[] = "0123456789. %dmohyw-\x80\xff\n";

	srand(20000);
	for (int i = 0; i < 200000; i++)
	{
		int			length = rand() % (int) sizeof(text);

		for (int j = 0; j < length; j++)
			text[j] = alphabet[rand() % (int) (sizeof(alphabet) - 1)];
		text[length < (int) sizeof(text) ? length : (int) sizeof(text) - 1] = '\0';
		(void) control_parameter_read(text, &parameter);
	}
	ok(true, "200,000 random texts");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(passes(&cases[i]), cases[i].text);
	for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++)
		ok(!control_parameter_read(unreadable[i], &(ControlParameter) {.unit = NULL}), unreadable[i]);
	try_anything();
	printf("1..%d\n", tests);
	return failures != 0;
}
