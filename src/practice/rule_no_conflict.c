/*
 * rule_no_conflict.c
 *		no_conflict: a change's configuration items are not booked by others for
 *		the time for which it is planned.
 *
 * The row is looked at as it is judged; that nobody books the same in between is
 * seen to when the booking is made (booking_listener.c).  Where the verdict
 * comes at the end of the transaction, the bookings stand already and are held
 * from here on.
 */
#include "core/itsm.h"

#include "core/errors.h"
#include "core/unmet.h"
#include "practice/booking.h"

static const char *const rule_members[] = {"in", NULL};
static const char *const plan_members[] = {"start", "end", "cis", "ci", NULL};

static void *
parse_no_conflict(RuleParse *parse, const JsonbValue *value)
{
	PlanAttributes *attributes = itsm_plan_parse(parse, value, plan_members);

	if (attributes->cis < 0 && attributes->ci < 0)
		itsm_rule_fault(parse, "there is no attribute \"cis\" or \"ci\"; \"cis\" or \"ci\" names another");
	itsm_plan_parse_states(parse, attributes);
	return attributes;
}

static List *
reads_no_conflict(const void *data)
{
	return itsm_plan_reads(data);
}

List *
itsm_conflict_unmet(List *unmet, const LifecycleRule *rule, const ChangePlan *plan, const BookingConflict *conflict)
{
	const char *message = rule->message ? rule->message
		: psprintf("%d configuration item%s booked at that time by %d other change%s", conflict->ci_count,
				   conflict->ci_count == 1 ? " is" : "s are", conflict->record_count,
				   conflict->record_count == 1 ? "" : "s");

	return itsm_unmet_add(unmet, itsm_rule_no_conflict.code, rule->name, itsm_rule_no_conflict.name,
						  plan->ci_culprit, rule->clause, "%s", message);
}

/* Its bookings begin anew in another tenant. */
static bool
moves_tenant(Judgement *judgement, const PlanAttributes *attributes, const Subject *subject)
{
	return itsm_plan_counts(attributes, judgement->to) && strcmp(subject->tenant, subject->tenant_after) != 0;
}

static void
judge_no_conflict(Judgement *judgement, const LifecycleRule *rule, const void *data)
{
	const PlanAttributes *attributes = data;
	BookingConflict conflict;
	Subject		subject;
	ChangePlan	plan;

	bool		known;

	if (!itsm_plan_is_timed(attributes, judgement->mapped) || !itsm_plan_names_cis(attributes, judgement->mapped) ||
		!(itsm_plan_counts(attributes, judgement->to) || itsm_rule_moves(judgement, rule)))
		return;
	known = judgement->subject(judgement, &subject);
	if (!itsm_plan_judged(judgement, rule, attributes) && !(known && moves_tenant(judgement, attributes, &subject)))
		return;
	itsm_plan_read(judgement->definition, attributes, judgement->mapped, judgement->new, &plan);
	if (!itsm_plan_sound(judgement, rule, &itsm_rule_no_conflict, &plan, true) || !known)
		return;
	if (itsm_booking_conflicts(subject.tenant_after, subject.record, &plan, &conflict))
		judgement->unmet = itsm_conflict_unmet(judgement->unmet, rule, &plan, &conflict);
	else if (judgement->at && !judgement->asking && judgement->mode == MODE_ENFORCE && subject.record &&
			 !itsm_booking_hold(subject.tenant_after, subject.record))
	{
		(void) itsm_booking_conflicts(subject.tenant_after, subject.record, &plan, &conflict);
		judgement->unmet = itsm_conflict_unmet(judgement->unmet, rule, &plan, &conflict);
	}
}

const RuleKind itsm_rule_no_conflict = {
	.name = "no_conflict",
	.code = ERRCODE_ITSM_CONFLICT,
	.hint = "itsm.change_conflicts lists what stands against it, itsm.next_free_slot finds another time.",
	.members = rule_members,
	.compares = true,
	.looks_around = true,
	.parse = parse_no_conflict,
	.judge = judge_no_conflict,
	.reads = reads_no_conflict,
};
