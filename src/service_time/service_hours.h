/*
 * service_hours.h
 *		Service hours as rules: what their text says, without a server.
 *
 * A rule names days and the times of these days; of the rules that name a day
 * the last one holds.  Times belong to the day on which they begin, so that a
 * range past midnight goes with the day before.
 */
#ifndef ITSM_SERVICE_HOURS_H
#define ITSM_SERVICE_HOURS_H

#include "postgres.h"

#define SERVICE_DAY_MINUTES 1440
#define SERVICE_ALL_WEEK 0x7f	/* bit 0 is Monday */
#define SERVICE_MAX_LENGTH 1000000	/* bytes of a text */

/* Minutes since midnight, half-open; beyond 1440 it is the next day. */
typedef struct ServiceRange
{
	int16		from;
	int16		to;
} ServiceRange;

/*
 * Days, both ends included.  Dated ones count from 2000-01-01; those of every
 * year are SERVICE_MONTH_DAY, and go round the turn of the year when first > last.
 */
typedef struct ServiceDates
{
	bool		every_year;
	int32		first;
	int32		last;
} ServiceDates;

#define SERVICE_MONTH_DAY(month, day) ((month) * 32 + (day))

typedef struct ServiceRule
{
	uint8		weekdays;		/* SERVICE_ALL_WEEK when none are named */
	int			date_count;		/* 0: every date */
	int			range_count;	/* 0: closed */
	ServiceDates *dates;
	ServiceRange *ranges;
} ServiceRule;

typedef struct ServiceHours
{
	int			rule_count;
	ServiceRule *rules;
	const char *zone;			/* not terminated; in the text that was parsed */
	int			zone_length;	/* 0: none given, which is UTC */
} ServiceHours;

/* What is wrong with a text, and where. */
typedef struct ServiceFault
{
	int			offset;			/* bytes before it */
	char		message[128];
} ServiceFault;

extern size_t service_hours_size(const char *text, int length);
extern bool service_hours_parse(ServiceHours *hours, void *memory, const char *text, int length,
								ServiceFault *fault);

/* Canonical text; the buffer has service_hours_print_size bytes.  Returns the length. */
extern size_t service_hours_print_size(const ServiceHours *hours);
extern int	service_hours_print(const ServiceHours *hours, char *buffer);

/* The Gregorian calendar, days counted from 2000-01-01. */
extern int32 service_day_number(int year, int month, int day);
extern void service_day_date(int32 number, int *year, int *month, int *day);
extern int	service_month_days(int year, int month);

#define SERVICE_FLOOR_DIV(a, b) ((a) / (b) - ((a) % (b) < 0))

/* 0 is Monday; 2000-01-01 was a Saturday. */
static inline int
service_weekday(int32 number)
{
	int			rest = (number + 5) % 7;

	return rest < 0 ? rest + 7 : rest;
}

extern const char service_weekday_names[7][3];
extern const char service_month_names[12][4];

#endif							/* ITSM_SERVICE_HOURS_H */
