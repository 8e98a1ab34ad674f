/*
 * service_day.c
 *		Dates of the Gregorian calendar as numbers of days.
 */
#include "service_time/service_hours.h"

const char	service_weekday_names[7][3] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
const char	service_month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
										  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days before the month in a year that begins in March. */
static const int march_days[12] = {0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337};

#define CYCLE_YEARS 400
#define CYCLE_DAYS 146097
#define MARCH_2000 60			/* days from 2000-01-01 to 2000-03-01 */

/* Years begin in March here, so that a leap day is the last of its year. */
int32
service_day_number(int year, int month, int day)
{
	int			march_year = month > 2 ? year : year - 1;
	int			cycle = SERVICE_FLOOR_DIV(march_year - 2000, CYCLE_YEARS);
	int			in_cycle = march_year - 2000 - cycle * CYCLE_YEARS;

	return cycle * CYCLE_DAYS + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 +
		march_days[(month + 9) % 12] + day - 1 + MARCH_2000;
}

void
service_day_date(int32 number, int *year, int *month, int *day)
{
	int32		days = number - MARCH_2000;
	int			cycle = SERVICE_FLOOR_DIV(days, CYCLE_DAYS);
	int			rest = days - cycle * CYCLE_DAYS;
	int			in_cycle;
	int			index = 11;

	/* a century has 36,524 days but for the last, four years 1,461 but for the last of a century */
	in_cycle = (rest - rest / 1460 + rest / 36524 - rest / (CYCLE_DAYS - 1)) / 365;
	rest -= in_cycle * 365 + in_cycle / 4 - in_cycle / 100;
	while (march_days[index] > rest)
		index--;
	*day = rest - march_days[index] + 1;
	*month = (index + 2) % 12 + 1;
	*year = 2000 + cycle * CYCLE_YEARS + in_cycle + (*month <= 2);
}

int
service_month_days(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}
