/*
 * identification.h
 *		By which attributes configuration items of a class are told apart, and
 *		the index of the records by these.
 *
 * A rule belongs to a class and holds for the classes below it, unless these
 * have rules of their own.  The index, itsm.ci_identity, has a row for each
 * record and rule whose attributes the record has all.
 */
#ifndef ITSM_IDENTIFICATION_H
#define ITSM_IDENTIFICATION_H

#include "ledger/redact.h"
#include "lifecycle/event_listener.h"

typedef struct IdentificationRule
{
	char	   *class;			/* among whose records it tells apart */
	int			position;
	List	   *attributes;		/* char * */
} IdentificationRule;

/* The rules that hold for a class, by position: a list of IdentificationRule *. */
extern List *itsm_identification_rules(const char *class);

/*
 * What a rule makes of the values of its attributes, in their order; equal for
 * equal values, and as good as never for others.
 */
extern int64 itsm_identity(const IdentificationRule *rule, const List *values);

/* The values of a rule's attributes that a record has (char *); NIL unless it has them all. */
extern List *itsm_identity_values(const IdentificationRule *rule, const Record *record);

/* The live records of a tenant that a rule finds by values: a list of Record *. */
extern List *itsm_identified(const char *tenant, const IdentificationRule *rule, const List *values);

/* Makes the index anew when there are rules: after the classes' tree has changed. */
extern void itsm_identities_follow_classes(void);

extern const EventListener itsm_identity_listener;
extern const Redactor itsm_identity_redactor;

#endif							/* ITSM_IDENTIFICATION_H */
