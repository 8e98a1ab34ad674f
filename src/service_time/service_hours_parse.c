/*
 * service_hours_parse.c
 *		The text of service hours, read.
 *
 *		hours	= rule { ";" rule } [ "@" zone ]
 *		rule	= "24/7" | [ dates ] [ days ] ( times | "off" )
 *		dates	= date { "," date }
 *		date	= [ year ] month [ day ] [ "-" ( day | [ year ] month [ day ] ) ]
 *		days	= day [ "-" day ] { "," day [ "-" day ] }
 *		times	= time "-" time { "," time "-" time }
 *
 * Case does not matter and blanks may stand between any two words.
 */
#include "service_time/service_hours.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Reader
{
	const char *start;
	const char *at;
	const char *end;
	ServiceFault *fault;
} Reader;

/* One end of dates as written; what is not there is 0. */
typedef struct WrittenDate
{
	int			year;
	int			month;
	int			day;
	const char *at;				/* where the day, or else the month, stands */
} WrittenDate;

static void note_fault(Reader *reader, const char *at, const char *format,...)
			pg_attribute_printf(3, 4);

static void
note_fault(Reader *reader, const char *at, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(reader->fault->message, sizeof(reader->fault->message), format, arguments);
	va_end(arguments);
	reader->fault->offset = at - reader->start;
}

#define fault_at(reader, at, ...) (note_fault((reader), (at), __VA_ARGS__), false)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool
is_letter(char c)
{
	c = lower(c);
	return c >= 'a' && c <= 'z';
}

static void
skip_blanks(Reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || (*reader->at >= '\t' && *reader->at <= '\r')))
		reader->at++;
}

/* Takes the character if it comes next. */
static bool
take(Reader *reader, char c)
{
	skip_blanks(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static int
digits_ahead(Reader *reader)
{
	const char *at = reader->at;

	while (at < reader->end && is_digit(*at))
		at++;
	return at - reader->at;
}

static int
letters_ahead(Reader *reader)
{
	const char *at = reader->at;

	while (at < reader->end && is_letter(*at))
		at++;
	return at - reader->at;
}

/* Is the next word this one? */
static bool
word_ahead(Reader *reader, const char *word)
{
	int			length = strlen(word);

	skip_blanks(reader);
	if (letters_ahead(reader) != length)
		return false;
	for (int i = 0; i < length; i++)
		if (lower(reader->at[i]) != lower(word[i]))
			return false;
	return true;
}

/* 0 to 6, or -1 when no day of the week comes next. */
static int
weekday_ahead(Reader *reader)
{
	for (int i = 0; i < 7; i++)
		if (word_ahead(reader, service_weekday_names[i]))
			return i;
	return -1;
}

/* 1 to 12, or 0 when no month comes next. */
static int
month_ahead(Reader *reader)
{
	for (int i = 0; i < 12; i++)
		if (word_ahead(reader, service_month_names[i]))
			return i + 1;
	return 0;
}

/* A year is four digits that no time goes on from. */
static bool
year_ahead(Reader *reader)
{
	skip_blanks(reader);
	return digits_ahead(reader) == 4 && (reader->at + 4 == reader->end || reader->at[4] != ':');
}

static int
take_number(Reader *reader, int digits)
{
	int			number = 0;

	for (; digits > 0; digits--)
		number = number * 10 + (*reader->at++ - '0');
	return number;
}

/* Does a day of the month come next, and not the hour of a time? */
static bool
day_ahead(Reader *reader)
{
	int			digits;

	skip_blanks(reader);
	digits = digits_ahead(reader);
	return (digits == 1 || digits == 2) &&
		(reader->at + digits == reader->end || reader->at[digits] != ':');
}

static bool
take_date(Reader *reader, WrittenDate *date)
{
	memset(date, 0, sizeof(*date));
	if (year_ahead(reader))
	{
		date->at = reader->at;
		date->year = take_number(reader, 4);
		if (date->year == 0)
			return fault_at(reader, date->at, "there is no year 0");
	}
	date->month = month_ahead(reader);
	date->at = reader->at;
	if (date->month == 0)
		return fault_at(reader, reader->at, "expected a month (Jan to Dec)");
	reader->at += 3;
	if (day_ahead(reader))
	{
		date->at = reader->at;
		date->day = take_number(reader, digits_ahead(reader));
		if (date->day == 0)
			return fault_at(reader, date->at, "%s has no day 0", service_month_names[date->month - 1]);
	}
	return true;
}

static bool
check_day(Reader *reader, const WrittenDate *date)
{
	const char *month = service_month_names[date->month - 1];

	/* a day of every year may be the leap day */
	if (date->day < 1 || date->day > service_month_days(2000, date->month))
		return fault_at(reader, date->at, "%s has no day %d", month, date->day);
	if (date->year != 0 && date->day > service_month_days(date->year, date->month))
		return fault_at(reader, date->at, "%s %04d has no day %d", month, date->year, date->day);
	return true;
}

static int32
date_value(const WrittenDate *date)
{
	if (date->year == 0)
		return SERVICE_MONTH_DAY(date->month, date->day);
	return service_day_number(date->year, date->month, date->day);
}

/* The second end of dates: a day of the same month, or a date. */
static bool
take_last_date(Reader *reader, const WrittenDate *first, WrittenDate *last)
{
	const char *at;

	if (first->day != 0 && day_ahead(reader))
	{
		*last = *first;
		last->at = reader->at;
		last->day = take_number(reader, digits_ahead(reader));
		return check_day(reader, last);
	}
	if (!year_ahead(reader) && month_ahead(reader) == 0)
		return fault_at(reader, reader->at, "expected the last day, as in Dec 25-26 or Dec 24-Jan 01");
	at = reader->at;
	if (!take_date(reader, last))
		return false;
	if (last->year == 0)
		last->year = first->year;
	else if (first->year == 0)
		return fault_at(reader, at, "the last day has a year and the first has none");
	return true;
}

static bool
parse_dates(Reader *reader, ServiceDates *dates)
{
	WrittenDate first,
				last;

	if (!take_date(reader, &first))
		return false;
	last = first;
	if (first.day == 0)
		first.day = 1;
	else if (!check_day(reader, &first))
		return false;
	if (take(reader, '-'))
	{
		WrittenDate written = first;

		written.day = last.day;
		if (!take_last_date(reader, &written, &last))
			return false;
	}
	if (last.day == 0)
		last.day = service_month_days(last.year == 0 ? 2000 : last.year, last.month);
	else if (!check_day(reader, &last))
		return false;
	dates->every_year = first.year == 0;
	dates->first = date_value(&first);
	dates->last = date_value(&last);
	if (dates->last < dates->first &&
		(!dates->every_year || first.month == last.month))
		return fault_at(reader, last.at, "the last day is before the first");
	return true;
}

static bool
parse_date_list(Reader *reader, ServiceRule *rule)
{
	do
	{
		if (!parse_dates(reader, &rule->dates[rule->date_count]))
			return false;
		rule->date_count++;
	} while (take(reader, ','));
	return true;
}

static bool
parse_weekdays(Reader *reader, ServiceRule *rule)
{
	do
	{
		int			first = weekday_ahead(reader);
		int			last = first;

		if (first < 0)
			return fault_at(reader, reader->at, "expected a day of the week (Mo to Su)");
		reader->at += 2;
		if (take(reader, '-'))
		{
			last = weekday_ahead(reader);
			if (last < 0)
				return fault_at(reader, reader->at, "expected a day of the week (Mo to Su)");
			reader->at += 2;
		}
		for (int day = first;; day = (day + 1) % 7)
		{
			rule->weekdays |= 1 << day;
			if (day == last)
				break;
		}
	} while (take(reader, ','));
	return true;
}

static bool
take_time(Reader *reader, int *minutes)
{
	int			digits;
	int			hour,
				minute;

	skip_blanks(reader);
	digits = digits_ahead(reader);
	if (digits < 1 || digits > 2 || reader->at + digits == reader->end || reader->at[digits] != ':')
		return fault_at(reader, reader->at, "expected a time such as 09:00");
	hour = take_number(reader, digits);
	if (hour > 24)
		return fault_at(reader, reader->at - digits, "an hour is 00 to 24");
	reader->at++;
	if (digits_ahead(reader) != 2)
		return fault_at(reader, reader->at, "expected two digits for the minute");
	minute = take_number(reader, 2);
	if (minute > 59)
		return fault_at(reader, reader->at - 2, "a minute is 00 to 59");
	*minutes = hour * 60 + minute;
	if (*minutes > SERVICE_DAY_MINUTES)
		return fault_at(reader, reader->at - digits - 3, "a day ends at 24:00");
	return true;
}

static bool
parse_range(Reader *reader, ServiceRange *range)
{
	const char *at;
	int			from,
				to;

	skip_blanks(reader);
	at = reader->at;
	if (!take_time(reader, &from))
		return false;
	if (!take(reader, '-'))
		return fault_at(reader, reader->at, "expected - and the time at which the range ends");
	if (!take_time(reader, &to))
		return false;
	if (from == SERVICE_DAY_MINUTES)
		return fault_at(reader, at, "a range begins before 24:00");
	if (from == to)
		return fault_at(reader, at, "the range ends when it begins; a whole day is 00:00-24:00");
	range->from = from;
	range->to = to < from ? to + SERVICE_DAY_MINUTES : to;
	return true;
}

/* Can one text say it: no longer than a day, and not back at its beginning? */
static bool
is_one_range(int from, int to)
{
	return to <= SERVICE_DAY_MINUTES || to - SERVICE_DAY_MINUTES < from;
}

static int
compare_ranges(const void *a, const void *b)
{
	const ServiceRange *one = a;
	const ServiceRange *other = b;

	return one->from != other->from ? one->from - other->from : one->to - other->to;
}

/* In order, those that touch put together where the result can be written. */
static void
arrange_ranges(ServiceRule *rule)
{
	int			kept = 0;

	qsort(rule->ranges, rule->range_count, sizeof(ServiceRange), compare_ranges);
	for (int i = 1; i < rule->range_count; i++)
	{
		ServiceRange *last = &rule->ranges[kept];
		ServiceRange next = rule->ranges[i];
		int			to = Max(last->to, next.to);

		if (next.from <= last->to && is_one_range(last->from, to))
			last->to = to;
		else
			rule->ranges[++kept] = next;
	}
	rule->range_count = kept + 1;
}

static int
compare_dates(const void *a, const void *b)
{
	const ServiceDates *one = a;
	const ServiceDates *other = b;

	if (one->every_year != other->every_year)
		return one->every_year ? -1 : 1;
	return one->first != other->first ? (one->first < other->first ? -1 : 1) :
		(one->last > other->last) - (one->last < other->last);
}

/* In order, those of every year first; dated ones that touch are put together. */
static void
arrange_dates(ServiceRule *rule)
{
	int			kept = 0;

	qsort(rule->dates, rule->date_count, sizeof(ServiceDates), compare_dates);
	for (int i = 1; i < rule->date_count; i++)
	{
		ServiceDates *last = &rule->dates[kept];
		ServiceDates next = rule->dates[i];

		if (!last->every_year && next.first <= last->last + 1)
			last->last = Max(last->last, next.last);
		else if (compare_dates(last, &next) != 0)
			rule->dates[++kept] = next;
	}
	if (rule->date_count > 0)
		rule->date_count = kept + 1;
}

static bool
parse_times(Reader *reader, ServiceRule *rule)
{
	skip_blanks(reader);
	if (word_ahead(reader, "off"))
	{
		reader->at += 3;
		return true;
	}
	if (reader->at == reader->end || !is_digit(*reader->at))
		return fault_at(reader, reader->at, "expected %stimes such as 09:00-17:00, or off",
						rule->date_count == 0 && rule->weekdays == 0 ? "days (Mo-Fr), dates (Dec 25), " : "");
	do
	{
		if (!parse_range(reader, &rule->ranges[rule->range_count]))
			return false;
		rule->range_count++;
	} while (take(reader, ','));
	arrange_ranges(rule);
	return true;
}

static bool
parse_rule(Reader *reader, ServiceRule *rule)
{
	skip_blanks(reader);
	if (reader->end - reader->at >= 4 && memcmp(reader->at, "24/7", 4) == 0)
	{
		reader->at += 4;
		rule->ranges[0].from = 0;
		rule->ranges[0].to = SERVICE_DAY_MINUTES;
		rule->range_count = 1;
	}
	else
	{
		if ((year_ahead(reader) || month_ahead(reader) != 0) && !parse_date_list(reader, rule))
			return false;
		arrange_dates(rule);
		if (weekday_ahead(reader) >= 0 && !parse_weekdays(reader, rule))
			return false;
		if (!parse_times(reader, rule))
			return false;
	}
	if (rule->weekdays == 0)
		rule->weekdays = SERVICE_ALL_WEEK;
	skip_blanks(reader);
	if (reader->at < reader->end && *reader->at != ';' && *reader->at != '@')
		return fault_at(reader, reader->at, "expected ; and another rule, or @ and a time zone");
	return true;
}

static bool
parse_zone(Reader *reader, ServiceHours *hours)
{
	const char *end = reader->end;

	skip_blanks(reader);
	while (end > reader->at && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
		end--;
	hours->zone = reader->at;
	hours->zone_length = end - reader->at;
	if (hours->zone_length == 0)
		return fault_at(reader, reader->at, "expected a time zone such as Europe/Berlin");
	for (const char *at = reader->at; at < end; at++)
		if (*at == ';' || *at == '@')
			return fault_at(reader, at, "the time zone is the last word");
	return true;
}

/* How often a rule, a list of dates and a list of ranges can begin. */
static void
count_parts(const char *text, int length, int *rules, int *lists)
{
	*rules = 1;
	*lists = 1;
	for (int i = 0; i < length; i++)
	{
		*rules += text[i] == ';';
		*lists += text[i] == ';' || text[i] == ',';
	}
}

size_t
service_hours_size(const char *text, int length)
{
	int			rules,
				lists;

	count_parts(text, length, &rules, &lists);
	return rules * sizeof(ServiceRule) + lists * (sizeof(ServiceDates) + sizeof(ServiceRange));
}

/* "memory" has service_hours_size bytes.  False with the fault when the text is wrong. */
bool
service_hours_parse(ServiceHours *hours, void *memory, const char *text, int length, ServiceFault *fault)
{
	Reader		reader = {text, text, text + length, fault};
	int			rules,
				lists;
	ServiceDates *dates;
	ServiceRange *ranges;

	if (length > SERVICE_MAX_LENGTH)
		return fault_at(&reader, text + SERVICE_MAX_LENGTH, "the text is longer than %d bytes", SERVICE_MAX_LENGTH);
	count_parts(text, length, &rules, &lists);
	memset(memory, 0, service_hours_size(text, length));
	memset(hours, 0, sizeof(*hours));
	hours->rules = memory;
	dates = (ServiceDates *) (hours->rules + rules);
	ranges = (ServiceRange *) (dates + lists);
	do
	{
		ServiceRule *rule = &hours->rules[hours->rule_count++];
		const char *begins = reader.at;

		/* as many as there are commas, at most: the next rule begins behind them */
		rule->dates = dates;
		rule->ranges = ranges;
		if (!parse_rule(&reader, rule))
			return false;
		for (const char *at = begins; at < reader.at; at++)
			if (*at == ',')
			{
				dates++;
				ranges++;
			}
		dates++;
		ranges++;
	} while (take(&reader, ';'));
	if (take(&reader, '@'))
		return parse_zone(&reader, hours);
	return true;
}
