/*
 * service_hours_print.c
 *		Service hours as canonical text: what is parsed from it prints the same.
 */
#include "service_time/service_hours.h"

#include <stdio.h>
#include <string.h>

#define RULE_BYTES 32			/* "; ", "Mo,We,Fr,Su ", "off" */
#define DATES_BYTES 32			/* "2026 Dec 24-2027 Jan 01," */
#define RANGE_BYTES 16			/* "09:00-17:00," */

size_t
service_hours_print_size(const ServiceHours *hours)
{
	size_t		size = hours->zone_length + 8;

	for (int i = 0; i < hours->rule_count; i++)
		size += RULE_BYTES + hours->rules[i].date_count * DATES_BYTES + hours->rules[i].range_count * RANGE_BYTES;
	return size;
}

static char *
print_dates(char *out, const ServiceDates *dates)
{
	int			years[2] = {0, 0};
	int			months[2],
				days[2];

	for (int i = 0; i < 2; i++)
	{
		int32		value = i == 0 ? dates->first : dates->last;

		if (dates->every_year)
		{
			months[i] = value / 32;
			days[i] = value % 32;
		}
		else
			service_day_date(value, &years[i], &months[i], &days[i]);
	}
	if (!dates->every_year)
		out += sprintf(out, "%04d ", years[0]);
	out += sprintf(out, "%s %02d", service_month_names[months[0] - 1], days[0]);
	if (dates->first == dates->last)
		return out;
	*out++ = '-';
	if (years[1] != years[0])
		out += sprintf(out, "%04d ", years[1]);
	if (years[1] != years[0] || months[1] != months[0])
		out += sprintf(out, "%s ", service_month_names[months[1] - 1]);
	return out + sprintf(out, "%02d", days[1]);
}

static char *
print_weekdays(char *out, uint8 weekdays)
{
	const char *separator = "";

	for (int day = 0; day < 7; day++)
	{
		int			last = day;

		if (!(weekdays & (1 << day)))
			continue;
		while (last < 6 && (weekdays & (1 << (last + 1))))
			last++;
		out += sprintf(out, "%s%s", separator, service_weekday_names[day]);
		if (last > day)
			out += sprintf(out, "-%s", service_weekday_names[last]);
		separator = ",";
		day = last;
	}
	return out;
}

static char *
print_rule(char *out, const ServiceRule *rule)
{
	bool		always = rule->date_count == 0 && rule->weekdays == SERVICE_ALL_WEEK;

	if (always && rule->range_count == 1 && rule->ranges[0].from == 0 &&
		rule->ranges[0].to == SERVICE_DAY_MINUTES)
		return out + sprintf(out, "24/7");
	for (int i = 0; i < rule->date_count; i++)
	{
		if (i > 0)
			*out++ = ',';
		out = print_dates(out, &rule->dates[i]);
	}
	if (rule->date_count > 0)
		*out++ = ' ';
	if (rule->weekdays != SERVICE_ALL_WEEK || (always && rule->range_count > 0))
	{
		out = print_weekdays(out, rule->weekdays);
		*out++ = ' ';
	}
	if (rule->range_count == 0)
		return out + sprintf(out, "off");
	for (int i = 0; i < rule->range_count; i++)
	{
		int			from = rule->ranges[i].from;
		int			to = rule->ranges[i].to;

		if (to > SERVICE_DAY_MINUTES)
			to -= SERVICE_DAY_MINUTES;
		out += sprintf(out, "%s%02d:%02d-%02d:%02d", i > 0 ? "," : "", from / 60, from % 60, to / 60, to % 60);
	}
	return out;
}

int
service_hours_print(const ServiceHours *hours, char *buffer)
{
	char	   *out = buffer;

	for (int i = 0; i < hours->rule_count; i++)
	{
		if (i > 0)
			out += sprintf(out, "; ");
		out = print_rule(out, &hours->rules[i]);
	}
	if (hours->zone_length > 0 &&
		!(hours->zone_length == 3 && memcmp(hours->zone, "UTC", 3) == 0))
	{
		out += sprintf(out, " @ ");
		memcpy(out, hours->zone, hours->zone_length);
		out += hours->zone_length;
	}
	*out = '\0';
	return out - buffer;
}
