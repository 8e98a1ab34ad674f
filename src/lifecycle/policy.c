/*
 * policy.c
 *		The cache of policies.
 *
 * Invalidation callbacks only mark.  A policy is looked up with the catalogs
 * as they are now, also in an old snapshot, so a change holds from every
 * session's next statement on; what a statement has begun with stays its
 * policy until it ends (policy.h).
 *
 * Memory: policies hang on CacheMemoryContext.  Retired ones wait for a later
 * transaction: no trigger of an earlier one can still be running then.
 */
#include "core/itsm.h"

#include "access/xact.h"
#include "core/errors.h"
#include "core/table.h"
#include "lifecycle/policy.h"
#include "record/source.h"
#include "storage/proc.h"
#include "utils/inval.h"
#include "utils/memutils.h"

/* A build, or a look-up, that is invalidated under way is done again this often. */
#define BUILD_ATTEMPTS 4

typedef struct CachedPolicy
{
	Oid			relation;		/* hash key */
	Policy	   *policy;
	uint64		pin;			/* the pin under which it was last found good */
} CachedPolicy;

static const char *const configuration[] = {
	"lifecycle", "attachment", "source", "source_attribute", "person_role"
};

static HTAB *policies = NULL;
static Policy *retired = NULL;
static Oid	configuration_relations[lengthof(configuration)];
static uint64 generation = 1;	/* moves with every change of the configuration */
static uint64 watched = 0;		/* the generation in which its relations were looked up */
static Oid	building = InvalidOid;
static bool building_stale = false;

static uint64 pin = 1;
static LocalTransactionId pin_lxid = InvalidLocalTransactionId;
static TimestampTz pin_statement = 0;

/* Marks, and does nothing else: it may be called at any time. */
static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	CachedPolicy *cached;

	for (int i = 0; i < lengthof(configuration); i++)
		if (!OidIsValid(relation) || configuration_relations[i] == relation)
		{
			generation++;
			return;
		}
	if (relation == building)
		building_stale = true;
	cached = hash_search(policies, &relation, HASH_FIND, NULL);
	if (cached && cached->policy)
		cached->policy->stale = true;
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	/* what this session changed and saw may be gone again */
	if (event == SUBXACT_EVENT_ABORT_SUB)
		itsm_policy_unpin();
}

static void
set_up(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(CachedPolicy),
	.hcxt = CacheMemoryContext};

	policies = hash_create("itsm policies", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
	RegisterSubXactCallback(on_subtransaction, NULL);
}

void
itsm_policy_unpin(void)
{
	pin++;
	pin_lxid = InvalidLocalTransactionId;
}

uint64
itsm_policy_pin(void)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (pin_lxid != ITSM_LXID || pin_statement != statement)
	{
		pin++;
		pin_lxid = ITSM_LXID;
		pin_statement = statement;
		AcceptInvalidationMessages();
	}
	return pin;
}

void
itsm_policy_changed(void)
{
	CacheInvalidateRelcacheByRelid(itsm_relation("attachment"));
	CommandCounterIncrement();
	itsm_policy_unpin();
}

static void
free_retired(void)
{
	Policy	  **link = &retired;

	while (*link)
	{
		Policy	   *policy = *link;

		if (policy->retired_in == ITSM_LXID)
			link = &policy->next_retired;
		else
		{
			*link = policy->next_retired;
			MemoryContextDelete(policy->context);
		}
	}
}

static void
retire(Policy *policy)
{
	policy->retired_in = ITSM_LXID;
	policy->next_retired = retired;
	retired = policy;
}

static bool
expression_valid(const BoundExpression *bound)
{
	return bound->cached == NULL || bound->cached->is_valid;
}

static bool
unit_valid(const Unit *unit)
{
	for (int i = 0; i < unit->definition->attribute_count; i++)
		if (!expression_valid(&unit->attributes[i].expression))
			return false;
	for (int i = 0; i < unit->check_count; i++)
		if (!expression_valid(&unit->checks[i]))
			return false;
	return true;
}

static bool
policy_valid(const Policy *policy)
{
	if (policy->stale || policy->numberless || policy->generation != generation)
		return false;
	for (int i = 0; i < policy->count; i++)
	{
		const PolicyAttachment *attachment = policy->attachments[i];
		ListCell   *cell;

		if (!expression_valid(&attachment->filter) || !expression_valid(&attachment->tenant) ||
			!unit_valid(attachment->current))
			return false;
		foreach(cell, attachment->older)
			if (!unit_valid(lfirst(cell)))
				return false;
	}
	return true;
}

/* False when the statement, a DO block for one, has altered the columns since. */
static bool
still_fits(const Policy *policy, Relation relation)
{
	return !policy->stale || equalTupleDescs(policy->descriptor, RelationGetDescr(relation));
}

/* From here on changes of the configuration are noticed; what came in between is looked up the next time. */
static void
watch_configuration(void)
{
	if (policies == NULL)
		set_up();
	for (int attempt = 1; watched != generation && attempt <= BUILD_ATTEMPTS; attempt++)
	{
		uint64		before = generation;

		for (int i = 0; i < lengthof(configuration); i++)
			configuration_relations[i] = itsm_relation(configuration[i]);
		/* only now: a look-up may have raised */
		watched = before;
	}
}

uint64
itsm_policy_generation(void)
{
	AcceptInvalidationMessages();
	watch_configuration();
	return generation;
}

/* Builds until no invalidation came in between. */
static Policy *
build(Relation relation)
{
	for (int attempt = 1;; attempt++)
	{
		uint64		before;
		Policy	   *policy;

		watch_configuration();
		before = generation;
		building = RelationGetRelid(relation);
		building_stale = false;
		policy = itsm_policy_build(relation, NULL);
		building = InvalidOid;
		if ((!building_stale && before == generation) || attempt == BUILD_ATTEMPTS)
		{
			policy->generation = before;
			policy->stale = building_stale;
			itsm_policy_warn(policy);
			MemoryContextSetParent(policy->context, CacheMemoryContext);
			return policy;
		}
		MemoryContextDelete(policy->context);
	}
}

Policy *
itsm_policy_get(Relation relation)
{
	Oid			relid = RelationGetRelid(relation);
	CachedPolicy *cached;
	Policy	   *policy;
	bool		found;

	if (policies == NULL)
		set_up();
	cached = hash_search(policies, &relid, HASH_FIND, NULL);
	if (cached && cached->policy && cached->pin == itsm_policy_pin() &&
		still_fits(cached->policy, relation))
		return cached->policy;
	(void) itsm_policy_pin();
	if (retired)
		free_retired();
	if (cached && cached->policy && policy_valid(cached->policy))
	{
		cached->pin = pin;
		return cached->policy;
	}
	policy = build(relation);
	cached = hash_search(policies, &relid, HASH_ENTER, &found);
	if (found && cached->policy)
		retire(cached->policy);
	cached->policy = policy;
	cached->pin = itsm_policy_pin();
	return policy;
}

Policy *
itsm_policy_require(Relation relation)
{
	Policy	   *policy = itsm_policy_get(relation);

	if (!policy->attached)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("table \"%s\" is not attached", RelationGetRelationName(relation)),
				 errhint("Attach it with itsm.attach, or drop this trigger.")));
	return policy;
}

PolicyAttachment *
itsm_policy_attachment(Policy *policy, int id)
{
	for (int i = 0; i < policy->count; i++)
		if (policy->attachments[i]->id == id)
			return policy->attachments[i];
	return NULL;
}

PolicyAttachment *
itsm_policy_fitting(Policy *policy, int id, Relation relation)
{
	PolicyAttachment *attachment = itsm_policy_attachment(policy, id);

	if (attachment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ITSM_ATTACHMENT),
				 errmsg("attachment %d no longer fits %s", id, itsm_relation_name(RelationGetRelid(relation))),
				 errhint("itsm_report.attachment_health tells what is wrong with it.")));
	return attachment;
}

ITSM_FUNCTION(itsm_policies_changed);
Datum
itsm_policies_changed(PG_FUNCTION_ARGS)
{
	itsm_policy_changed();
	PG_RETURN_VOID();
}
