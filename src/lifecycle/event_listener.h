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
	 * Of a row whose record had to begin with what the row was before, that is
	 * told first; of one that passes to another tenant, its end there.
	 */
	void		(*remembered) (const Memory *memory);

	/*
	 * May be NULL.  What the listener needs of a unit, made once when it is
	 * built, in its memory; *checks: texts of checks (expression.h) to be bound
	 * with it.  See itsm_unit_listened and itsm_listened_check.
	 */
	void	   *(*bind) (const Unit *unit, List **checks);

	/* May be NULL.  A record's history has come to say something else: it was migrated, or joined. */
	void		(*rewritten) (const char *tenant, int64 record);

	/*
	 * NULL, or what it keeps beside records: it would be wrong once a row goes
	 * on at another node of Citus, so units that it listens to are refused there.
	 */
	const char *bound_to_node;
} EventListener;

/* NULL-terminated; stands in core/module.c. */
extern const EventListener *const itsm_event_listeners[];

/* Tells all listeners that have it that a record's history was rewritten. */
extern void itsm_tell_rewritten(const char *tenant, int64 record);

/* What a listener made for a unit; NULL: nothing. */
extern void *itsm_unit_listened(const Unit *unit, const EventListener *listener);

/* The number, for itsm_evaluate_check, of its check with that position; -1: it does not fit the unit. */
extern int	itsm_listened_check(const Unit *unit, const EventListener *listener, int position);

#endif							/* ITSM_EVENT_LISTENER_H */
