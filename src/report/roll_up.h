/*
 * roll_up.h
 *		Erasing what months of clocks say of services.
 */
#ifndef ITSM_ROLL_UP_H
#define ITSM_ROLL_UP_H

#include "ledger/redact.h"

extern const Redactor itsm_month_redactor;

#endif							/* ITSM_ROLL_UP_H */
