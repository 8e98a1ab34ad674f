/*
 * service_hours_test.c
 *		The text of service hours read and printed: examples, faults with their
 *		place, random texts that print the same again, random damage.
 */
/* sources: src/service_time/service_day.c src/service_time/service_hours_parse.c src/service_time/service_hours_print.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service_time/service_hours.h"

static int	tests;
static int	failures;

static void
ok(bool passed, const char *what)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++tests, what);
	failures += !passed;
}

static unsigned
next_random(unsigned below)
{
	static uint64_t state = 51;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned) (state >> 33) % below;
}

/* The canonical text, or "place: fault"; exactly as much memory as asked for. */
static char *
canonical(const char *text)
{
	int			length = strlen(text);
	char	   *copy = malloc(length + 1);
	void	   *memory = malloc(service_hours_size(text, length));
	ServiceHours hours;
	ServiceFault fault;
	char	   *result;

	memcpy(copy, text, length);
	if (service_hours_parse(&hours, memory, copy, length, &fault))
	{
		result = malloc(service_hours_print_size(&hours));
		service_hours_print(&hours, result);
	}
	else
	{
		result = malloc(200);
		snprintf(result, 200, "%d: %s", fault.offset, fault.message);
	}
	free(memory);
	free(copy);
	return result;
}

static void
is(const char *text, const char *expected)
{
	char	   *result = canonical(text);
	char		what[300];

	snprintf(what, sizeof(what), "%s", text);
	ok(strcmp(result, expected) == 0, what);
	if (strcmp(result, expected) != 0)
		printf("# %s\n", result);
	free(result);
}

static const char *const pieces[] = {
	"Mo", "Tu-Fr", "Su", "Fr-Mo", "Dec", "Feb 29", "Feb", "2026", "2027", "Apr 03", "25", "26", "-", ",", " ", "09:00-17:00",
	"22:00-06:00", "00:00-24:00", "off", "24/7", ";", "@", "Europe/Berlin", "12:30", ":", "\xc3\xa4", "31", "Dec 24-Jan 01"
};
static const char *const dates[] = {
	"", "", "Dec 25 ", "Dec 25-26 ", "Feb ", "Apr-Sep ", "2026 Apr 03 ", "2026 Apr 03,2026 Apr 06,Jan 01 ",
	"2026 Dec 24-2027 Jan 01 ", "Nov 30-Mar 03,Jan 01-02 ", "2027 Jan 01,2026 Dec 01-31 "
};
static const char *const days[] = {"", "", "Mo ", "Mo-Fr ", "Fr-Mo ", "Mo,We,Fr ", "Sa,Su ", "Tu-Mo "};

static void
random_times(char *out)
{
	int			count = next_random(5);

	if (count == 0)
		strcpy(out, "off");
	for (int i = 0; i < count; i++)
		out += sprintf(out, "%s%02u:%02u-%02u:%02u", i > 0 ? "," : "", next_random(24), next_random(4) * 15,
					   next_random(24), next_random(4) * 15);
}

/* A text that is nearly always right; every fifth has something put into it. */
static void
random_text(char *text)
{
	char		times[100];

	*text = '\0';
	for (int rules = next_random(4); rules >= 0; rules--)
	{
		random_times(times);
		sprintf(text + strlen(text), "%s%s%s%s", dates[next_random(lengthof(dates))], days[next_random(lengthof(days))],
				next_random(10) == 0 ? "00:00-24:00" : times, rules > 0 ? " ; " : "");
	}
	if (next_random(3) == 0)
		strcat(text, "@Europe/Berlin");
	if (next_random(5) == 0)
	{
		int			at = next_random(strlen(text) + 1);
		const char *piece = pieces[next_random(lengthof(pieces))];

		memmove(text + at + strlen(piece), text + at, strlen(text + at) + 1);
		memcpy(text + at, piece, strlen(piece));
	}
}

static void
random_texts(void)
{
	bool		same = true;
	int			right = 0;
	int			wrong = 0;

	for (int i = 0; i < 100000; i++)
	{
		char		text[1000];
		char	   *once,
				   *twice;

		random_text(text);
		once = canonical(text);
		if (strstr(once, ": ") == NULL)
		{
			twice = canonical(once);
			if (strcmp(once, twice) != 0)
				printf("# %s | %s | %s\n", text, once, twice);
			same &= strcmp(once, twice) == 0;
			free(twice);
			right++;
		}
		else
			wrong++;
		free(once);
	}
	ok(same, "what is printed prints the same again");
	ok(right > 50000 && wrong > 5000, "of random texts some are right and some wrong");
}

static void
calendar(void)
{
	bool		same = true;
	int32		number = service_day_number(-5000, 1, 1);
	int			year = -5000,
				month = 1,
				day = 1;
	int			weekday = service_weekday(number);

	for (; year < 12000; number++)
	{
		int			y,
					m,
					d;

		service_day_date(number, &y, &m, &d);
		same &= y == year && m == month && d == day && service_day_number(year, month, day) == number &&
			service_weekday(number) == weekday;
		weekday = (weekday + 1) % 7;
		if (++day > service_month_days(year, month))
		{
			day = 1;
			if (++month > 12)
			{
				month = 1;
				year++;
			}
		}
	}
	ok(same, "dates and numbers of days over 17,000 years");
	ok(service_day_number(2000, 1, 1) == 0 && service_weekday(0) == 5 &&
	   service_day_number(1970, 1, 1) == -10957, "day 0 is Saturday, 2000-01-01");
}

int
main(void)
{
	calendar();
	is("Mo-Fr 09:00-17:00; Sa 10:00-14:00; Dec 25-26 off; 2026 Apr 03 off @ Europe/Berlin",
	   "Mo-Fr 09:00-17:00; Sa 10:00-14:00; Dec 25-26 off; 2026 Apr 03 off @ Europe/Berlin");
	is(" mo - fr  9:00 - 17:00;sa,SU OFF@Europe/Berlin ", "Mo-Fr 09:00-17:00; Sa-Su off @ Europe/Berlin");
	is("24/7", "24/7");
	is("Mo-Su 00:00-24:00 @ UTC", "24/7");
	is("off", "off");
	is("09:00-17:00", "Mo-Su 09:00-17:00");
	is("Mo,We,Fr 13:00-17:00,09:00-12:00", "Mo,We,Fr 09:00-12:00,13:00-17:00");
	is("Fr-Mo 22:00-06:00", "Mo,Fr-Su 22:00-06:00");
	is("Mo 09:00-12:00,12:00-13:00,10:00-11:00", "Mo 09:00-13:00");
	is("Mo 22:00-00:00", "Mo 22:00-24:00");
	is("Mo 00:00-24:00,23:00-02:00", "Mo 00:00-24:00,23:00-02:00");
	is("Apr-Sep Mo-Fr 08:00-16:00", "Apr 01-Sep 30 Mo-Fr 08:00-16:00");
	is("Feb off", "Feb 01-29 off");
	is("2026 Feb off", "2026 Feb 01-28 off");
	is("2026 Dec 24-2027 Jan 01 off", "2026 Dec 24-2027 Jan 01 off");
	is("2026 Nov 30-Dec 02 off", "2026 Nov 30-Dec 02 off");
	is("Dec 24-Jan 01 10:00-12:00", "Dec 24-Jan 01 10:00-12:00");
	is("2026 Apr 06,2026 Apr 03,Dec 25,2026 Apr 04-05 off", "Dec 25,2026 Apr 03-06 off");
	is("Dec 10:00-12:00", "Dec 01-31 10:00-12:00");
	is("Dec 10 10:00-12:00", "Dec 10 10:00-12:00");
	is("Dec 24-31 Mo-Fr 10:00-14:00", "Dec 24-31 Mo-Fr 10:00-14:00");

	is("Mo-Fr 25:00-26:00", "6: an hour is 00 to 24");
	is("Mo-Fr 09:00", "11: expected - and the time at which the range ends");
	is("Feb 30 off", "4: Feb has no day 30");
	is("2026 Feb 29 off", "9: Feb 2026 has no day 29");
	is("Apr 31 off", "4: Apr has no day 31");
	is("Dec 0 off", "4: Dec has no day 0");
	is("Mo-Fr 09:60-17:00", "9: a minute is 00 to 59");
	is("Mo-Fr 09:00-24:01", "12: a day ends at 24:00");
	is("Mo 09:00-09:00", "3: the range ends when it begins; a whole day is 00:00-24:00");
	is("Mo 24:00-02:00", "3: a range begins before 24:00");
	is("Mo 9-17", "3: expected a time such as 09:00");
	is("Mo 09:0-17:00", "6: expected two digits for the minute");
	is("", "0: expected days (Mo-Fr), dates (Dec 25), times such as 09:00-17:00, or off");
	is("Mo-Fr", "5: expected times such as 09:00-17:00, or off");
	is("Mo-Fr 09:00-17:00;", "18: expected days (Mo-Fr), dates (Dec 25), times such as 09:00-17:00, or off");
	is("Mo-Xy 09:00-17:00", "3: expected a day of the week (Mo to Su)");
	is("PH off", "0: expected days (Mo-Fr), dates (Dec 25), times such as 09:00-17:00, or off");
	is("2026 Mo off", "5: expected a month (Jan to Dec)");
	is("0000 Jan 01 off", "0: there is no year 0");
	is("Dec 24-2027 Jan 01 off", "7: the last day has a year and the first has none");
	is("2027 Jan 01-2026 Dec 24 off", "21: the last day is before the first");
	is("Dec 26-25 off", "7: the last day is before the first");
	is("Dec 26-  off", "9: expected the last day, as in Dec 25-26 or Dec 24-Jan 01");
	is("24/7 @", "6: expected a time zone such as Europe/Berlin");
	is("24/7 @ UTC; off", "10: the time zone is the last word");
	is("24/7 off", "5: expected ; and another rule, or @ and a time zone");
	random_texts();
	printf("1..%d\n", tests);
	return failures != 0;
}
