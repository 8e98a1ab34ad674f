/*
 * actor.c
 *		act_as, and who acts.
 *
 * The claim lives in a C variable, where no SET reaches it.  It belongs to the
 * subtransaction in which it was made: it goes when that aborts, passes to the
 * parent when that commits, and ends with the transaction.
 */
#include "core/itsm.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "core/table.h"
#include "ledger/canonical_text.h"
#include "lifecycle/actor.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct Claim
{
	struct Claim *below;		/* what held before */
	SubTransactionId subtransaction;
	char	   *actor;
} Claim;

static Claim *claim = NULL;		/* in TopTransactionContext */
static LocalTransactionId claim_lxid = InvalidLocalTransactionId;

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	if (claim_lxid != ITSM_LXID)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Claim *c = claim; c && c->subtransaction == subtransaction; c = c->below)
			c->subtransaction = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		while (claim && claim->subtransaction == subtransaction)
			claim = claim->below;
}

const char *
itsm_claimed_actor(void)
{
	return claim_lxid == ITSM_LXID && claim ? claim->actor : NULL;
}

ITSM_FUNCTION(itsm_act_as);
Datum
itsm_act_as(PG_FUNCTION_ARGS)
{
	static bool registered = false;
	MemoryContext caller;
	Claim	   *made;

	if (!registered)
	{
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	if (claim_lxid != ITSM_LXID)
		claim = NULL;
	caller = MemoryContextSwitchTo(TopTransactionContext);
	made = palloc(sizeof(Claim));
	made->below = claim;
	made->subtransaction = GetCurrentSubTransactionId();
	made->actor = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContextSwitchTo(caller);
	if (made->actor && made->actor[strspn(made->actor, " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the actor's name is blank"),
				 errhint("NULL ends the claim.")));
	claim = made;
	claim_lxid = ITSM_LXID;
	PG_RETURN_VOID();
}

List *
itsm_person_roles(void)
{
	Relation	table = table_open(itsm_relation("person_role"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	List	   *roles = NIL;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		name = heap_getattr(tuple, 1, RelationGetDescr(table), &isnull);
		Oid			role = get_role_oid(NameStr(*DatumGetName(name)), true);

		if (OidIsValid(role))
			roles = lappend_oid(roles, role);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return roles;
}

Actor
itsm_actor(const Policy *policy, const Unit *unit, TupleTableSlot *canonical)
{
	return itsm_actor_of(policy, unit, canonical, GetOuterUserId(), itsm_claimed_actor());
}

Actor
itsm_actor_of(const Policy *policy, const Unit *unit, TupleTableSlot *canonical, Oid role,
			  const char *claimed)
{
	Actor		actor = {role, claimed, false};
	int			attribute = unit->actor_attribute;

	actor.claimed = actor.name != NULL;
	if (!actor.claimed && attribute >= 0 && canonical && !canonical->tts_isnull[attribute])
	{
		int			length;

		actor.name = itsm_canonical_text(canonical->tts_values[attribute],
										 unit->definition->attributes[attribute].type, &length);
	}
	if (actor.name == NULL && list_member_oid(policy->persons, actor.role))
		actor.name = GetUserNameFromId(actor.role, true);
	return actor;
}

Actor
itsm_actor_outside(void)
{
	Actor		actor = {GetOuterUserId(), itsm_claimed_actor(), false};

	actor.claimed = actor.name != NULL;
	if (!actor.claimed && list_member_oid(itsm_person_roles(), actor.role))
		actor.name = GetUserNameFromId(actor.role, true);
	return actor;
}

char *
itsm_acting(void)
{
	const char *claimed = itsm_claimed_actor();

	return claimed ? pstrdup(claimed) : GetUserNameFromId(GetOuterUserId(), false);
}

const char *
itsm_actor_text(const Actor *actor)
{
	return actor->name ? actor->name : GetUserNameFromId(actor->role, true);
}
