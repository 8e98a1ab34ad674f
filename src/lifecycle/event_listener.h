/*
 * event_listener.h
 *		Higher rooms that keep something beside a record hear of its events.
 *
 * Listeners are listed in core/module.c, at most 32 of them.
 */
#ifndef ITSM_EVENT_LISTENER_H
#define ITSM_EVENT_LISTENER_H

#include "lifecycle/remember.h"

typedef struct EventListener
{
	/* Whether records of the unit matter to it; asked once, when the unit is built. */
	bool		(*listens) (const Unit *unit);

	/*
	 * A change has been remembered: the record holds its head, the event and the
	 * state are written and visible.  Called when the unit of either side is
	 * listened to, in the context that is reset after the row; not called for a
	 * row that our own transaction has replaced already: that was told before.
	 */
	void		(*remembered) (const Memory *memory);
} EventListener;

/* NULL-terminated; stands in core/module.c. */
extern const EventListener *const itsm_event_listeners[];

#endif							/* ITSM_EVENT_LISTENER_H */
