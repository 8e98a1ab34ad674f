/*
 * module.c
 *		Module entry, and the tables in which higher rooms are listed.
 */
#include "core/itsm.h"

#include "cmdb/baseline.h"
#include "cmdb/identification.h"
#include "cmdb/relationship.h"
#include "cmdb/relationship_attach.h"
#include "cmdb/rule_class.h"
#include "cmdb/source_item.h"
#include "compliance/redact_findings.h"
#include "compliance/verify_assessments.h"
#include "core/settings.h"
#include "ledger/redact.h"
#include "ledger/verify.h"
#include "ledger/verify_archive.h"
#include "ledger/verify_seal.h"
#include "lifecycle/event_listener.h"
#include "lifecycle/reference.h"
#include "lifecycle/relation_listener.h"
#include "lifecycle/rule_kind.h"
#include "lifecycle/verify_rows.h"
#include "practice/approval.h"
#include "practice/authorised_change.h"
#include "practice/booking_listener.h"
#include "practice/change_plan.h"
#include "practice/proposal_redact.h"
#include "practice/verify_bookings.h"
#include "report/roll_up.h"
#include "report/verify_months.h"
#include "report/verify_policies.h"
#include "service_time/clock_listen.h"
#include "service_time/clock_month.h"
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
	&itsm_rule_window,
	&itsm_rule_not_frozen,
	&itsm_rule_no_conflict,
	&itsm_rule_approvals,
	&itsm_rule_authorised_change,
	&itsm_rule_class,
	NULL
};

const EventListener *const itsm_event_listeners[] = {
	&itsm_reference_listener,
	&itsm_clock_listener,
	&itsm_booking_listener,
	&itsm_relationship_listener,
	&itsm_identity_listener,
	NULL
};

const RecordFollower *const itsm_record_followers[] = {
	&itsm_clock_months,
	NULL
};

const RelationListener *const itsm_relation_listeners[] = {
	&itsm_link_listener,
	NULL
};

const RelationshipGuard *const itsm_relationship_guards[] = {
	&itsm_relationship_control,
	NULL
};

const Redactor *const itsm_redactors[] = {
	&itsm_reference_redactor,
	&itsm_identity_redactor,
	&itsm_source_item_redactor,
	&itsm_proposal_redactor,
	&itsm_finding_redactor,
	&itsm_month_redactor,
	NULL
};

const VerifyChecker *const itsm_verify_checkers[] = {
	&itsm_verify_seals,
	&itsm_verify_archived,
	&itsm_verify_rows,
	&itsm_verify_milestones,
	&itsm_verify_ended,
	&itsm_verify_violations,
	&itsm_verify_approvals,
	&itsm_verify_bookings,
	&itsm_verify_clocks,
	&itsm_verify_agreements,
	&itsm_verify_baselines,
	&itsm_verify_assessments,
	&itsm_verify_months,
	&itsm_verify_policies,
	NULL
};

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	itsm_define_settings();
}
