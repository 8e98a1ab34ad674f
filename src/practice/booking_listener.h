/*
 * booking_listener.h
 *		Keeps the bookings of changes as their records come and go.
 */
#ifndef ITSM_BOOKING_LISTENER_H
#define ITSM_BOOKING_LISTENER_H

#include "lifecycle/event_listener.h"

extern const EventListener itsm_booking_listener;

/* True when the row is in a state in which it occupies its configuration items. */
extern bool itsm_booking_counts(const RowSide *side);

#endif							/* ITSM_BOOKING_LISTENER_H */
