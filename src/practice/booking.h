/*
 * booking.h
 *		Bookings: which configuration items a change occupies, and when.
 *
 * A configuration item is a place on a line: its number in itsm.booked_ci.  So
 * an exclusion constraint over ranges of core types keeps two bookings that
 * hold ("enforced") off each other, whatever the isolation level.  Bookings
 * that are only observed, or tolerated, are not under the constraint.
 */
#ifndef ITSM_BOOKING_H
#define ITSM_BOOKING_H

#include "practice/change_plan.h"

/* What stands against a plan. */
typedef struct BookingConflict
{
	int			ci_count;		/* of the plan's configuration items that others have booked */
	int			record_count;	/* changes that have booked them */
} BookingConflict;

/* Looks up others' bookings, held or not, committed or our own; locks nothing.  True when there are some. */
extern bool itsm_booking_conflicts(const char *tenant, int64 record, const ChangePlan *plan,
								   BookingConflict *conflict);

/* The records that have booked an item for that time, held or not, each once; returns their number, locks nothing. */
extern int	itsm_booking_holders(const char *tenant, const char *ci, TimestampTz at, int64 **records);

/* Appends that conflict to a list of Unmet, in the words of the rule; they have counts, and no values. */
extern List *itsm_conflict_unmet(List *unmet, const LifecycleRule *rule, const ChangePlan *plan,
								 const BookingConflict *conflict);

/* How strictly bookings are made. */
typedef enum BookingForce
{
	BOOKING_TOLERATED,			/* nothing is held off */
	BOOKING_TRIED,				/* held where nobody is in the way */
	BOOKING_HELD,				/* nothing is booked where somebody is in the way */
} BookingForce;

/*
 * Makes the bookings of a record those of the plan (NULL: none); what is
 * booked already stays as it is.  Waits for transactions that are about to
 * book the same.  False when somebody is in the way of one that was to be held.
 */
extern bool itsm_booking_make(const char *tenant, int64 record, int attachment, const ChangePlan *plan,
							  BookingForce force);

/* Has the record's bookings hold; false when somebody is in the way. */
extern bool itsm_booking_hold(const char *tenant, int64 record);

#endif							/* ITSM_BOOKING_H */
