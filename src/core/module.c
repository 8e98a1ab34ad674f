/*
 * module.c
 *		Module entry, and the tables in which higher rooms are listed.
 */
#include "core/itsm.h"

#include "core/settings.h"
#include "ledger/verify.h"
#include "lifecycle/event_listener.h"
#include "lifecycle/reference.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/verify_rows.h"
#include "service_time/clock_listen.h"
#include "service_time/clock_verify.h"

PG_MODULE_MAGIC;

const RuleKind *const itsm_rule_kinds[] = {
	&itsm_rule_requires,
	&itsm_rule_check,
	&itsm_rule_role,
	&itsm_rule_separate,
	&itsm_rule_reason,
	&itsm_rule_frozen,
	&itsm_rule_within,
	&itsm_rule_related,
	&itsm_rule_acyclic,
	NULL
};

const EventListener *const itsm_event_listeners[] = {
	&itsm_reference_listener,
	&itsm_clock_listener,
	NULL
};

const VerifyChecker *const itsm_verify_checkers[] = {
	&itsm_verify_rows,
	&itsm_verify_clocks,
	NULL
};

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	itsm_define_settings();
}
