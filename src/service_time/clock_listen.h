/*
 * clock_listen.h
 *		Clocks follow the events of their records.
 */
#ifndef ITSM_CLOCK_LISTEN_H
#define ITSM_CLOCK_LISTEN_H

#include "lifecycle/event_listener.h"

extern const EventListener itsm_clock_listener;

#endif							/* ITSM_CLOCK_LISTEN_H */
