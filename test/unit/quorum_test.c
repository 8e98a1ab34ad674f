/*
 * quorum_test.c
 *		Quorums: what can be read, and how shares are rounded.
 */
/* sources: src/practice/quorum.c */
#include <stdio.h>
#include <stdlib.h>

#include "practice/quorum.h"

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

static int
needed(const char *text, int people)
{
	Quorum		quorum;

	return quorum_read(text, &quorum) ? quorum_needed(&quorum, people) : -1;
}

typedef struct Case
{
	const char *text;
	int			people;
	int			needed;			/* -1: cannot be read */
} Case;

static const Case cases[] = {
	{"0", 5, 0}, {"0%", 5, 0}, {"0.00%", 5, 0}, {"1", 0, 1}, {"2", 5, 2}, {"2", 1, 2},
	{"1000000", 5, 1000000}, {"100%", 7, 7}, {"100.00%", 7, 7}, {"100%", 0, 1},
	{"1%", 249, 2}, {"1%", 250, 3}, {"50%", 5, 3}, {"50%", 4, 2}, {"49.8%", 5, 2}, {"49.9%", 5, 2},
	{"66.67%", 3, 2}, {"33.3%", 3, 1}, {"33.33%", 3, 1}, {"1%", 10, 1}, {"99.99%", 3, 3},
	{"50%", 2000000000, 1000000000},
	{"200%", 5, -1}, {"101%", 5, -1}, {"100.01%", 5, -1}, {"-1", 5, -1}, {"-1%", 5, -1}, {"", 5, -1}, {"%", 5, -1},
	{".5%", 5, -1}, {"5.%", 5, -1}, {"2.5", 5, -1}, {"50.125%", 5, -1}, {"50 %", 5, -1}, {" 50%", 5, -1},
	{"50%%", 5, -1}, {"+5", 5, -1}, {"1000001", 5, -1}, {"99999999999999999999", 5, -1}, {"all", 5, -1},
};

/* Against the same in fractions: the smallest whole number not below people * share - 1/2. */
static void
check_rounding(void)
{
	bool		right = true;
	bool		monotone = true;

	for (int people = 0; people <= 300; people++)
	{
		int			before = 0;

		for (int share = 1; share <= QUORUM_WHOLE; share += 7)
		{
			Quorum		quorum = {QUORUM_SHARE, share};
			int			got = quorum_needed(&quorum, people);
			int			naive = 0;

			/* naive + 1/2 <= people * share */
			while ((2 * naive + 1) * QUORUM_WHOLE <= 2 * people * share)
				naive++;
			right &= got == (naive > 1 ? naive : 1);
			monotone &= got >= before && got <= (people > 1 ? people : 1);
			before = got;
		}
	}
	ok(right, "shares are rounded half up");
	ok(monotone, "a larger share never needs fewer, and none needs more than there are");
}

int
main(void)
{
	for (int i = 0; i < (int) (sizeof(cases) / sizeof(cases[0])); i++)
	{
		char		what[100];
		int			got = needed(cases[i].text, cases[i].people);

		snprintf(what, sizeof(what), "\"%s\" of %d: %d", cases[i].text, cases[i].people, cases[i].needed);
		ok(got == cases[i].needed, what);
	}
	check_rounding();
	printf("1..%d\n", tests);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
