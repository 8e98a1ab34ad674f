/*
 * service_credit.h
 *		Schedules of service credits and penalties.
 */
#ifndef ITSM_SERVICE_CREDIT_H
#define ITSM_SERVICE_CREDIT_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#define MAX_CREDIT_AMOUNT INT64CONST(1000000000000000)

typedef struct CreditMeasure
{
	char	   *agreement;		/* NULL: the availability of the service */
	char	   *service;		/* NULL: of any */
} CreditMeasure;

typedef struct CreditSchedule
{
	char	   *contract;
	const char *tenant;
	char	   *currency;
	List	   *measures;		/* CreditMeasure */
	int			year;			/* of the month from which it holds; month 0: the current one */
	int			month;
} CreditSchedule;

/* Of a definition; *faults: all that is wrong with it by itself. */
extern CreditSchedule *itsm_credit_parse(Jsonb *definition, List **faults);

#endif							/* ITSM_SERVICE_CREDIT_H */
