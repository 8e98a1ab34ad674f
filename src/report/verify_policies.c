/*
 * verify_policies.c
 *		Attachments, lifecycles, exceptions, approvers, settings of controls,
 *		service credits and grants against the events that tell of them.
 *
 * These tables are not chained: what was put there, changed or taken away by
 * SQL is found here.  What DDL did to an attachment's expressions is followed
 * in the table alone, so that they are compared only where there was none.
 * Subjects whose events were archived tell nothing.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "core/query.h"
#include "miscadmin.h"
#include "report/verify_policies.h"
#include "utils/builtins.h"

#define SCOPE "policy"

/* Events of policies, as far as they are here. */
#define TOLD \
	"WITH gone AS (SELECT r.key FROM itsm.record r WHERE r.source = 0 AND EXISTS (SELECT FROM itsm.archived a" \
	"  WHERE a.record = r.id AND a.tenant = r.tenant))," \
	" told AS MATERIALIZED (SELECT r.key AS subject, e.version, e.at, e.kind, itsm.policy_detail(e.body)::jsonb AS detail" \
	"  FROM itsm.record r JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id WHERE r.source = 0)," \
	/* the last event of some kinds; with a condition */ \
	" changed AS (SELECT DISTINCT ON (subject) subject, kind, detail FROM told" \
	"  WHERE kind IN ('granted', 'revoked') ORDER BY subject, version DESC)"

/* Each gives a row for whatever is wrong: what, and how. */
typedef struct PolicyCheck
{
	const char *table;
	const char *faults;
} PolicyCheck;

static const PolicyCheck checks[] = {
	{"itsm.attachment",
		TOLD ", begun AS (SELECT DISTINCT ON (subject) subject, version, detail FROM told WHERE kind = 'attached' AND subject ~ '^attachment [0-9]+$' ORDER BY subject, version DESC),"
		" stage AS (SELECT DISTINCT ON (subject) subject, kind FROM told WHERE kind IN ('attached', 'detached', 'dropped')"
		"  ORDER BY subject, version DESC),"
		" mode AS (SELECT DISTINCT ON (subject) subject, detail->>'mode' AS mode FROM told"
		"  WHERE kind IN ('attached', 'mode_set') AND detail->>'rule' IS NULL ORDER BY subject, version DESC),"
		" rules AS (SELECT subject, jsonb_object_agg(detail->>'rule', detail->>'mode' ORDER BY version) AS modes FROM told"
		"  WHERE kind = 'mode_set' AND detail->>'rule' IS NOT NULL GROUP BY subject),"
		" followed AS (SELECT DISTINCT subject FROM told WHERE kind IN ('renamed', 'migrated', 'column_dropped', 'column_changed')),"
		" held AS (SELECT a.*, 'attachment ' || a.id AS subject FROM itsm.attachment a)"
		" SELECT 'attachment ' || substr(coalesce(a.subject, b.subject), 12), CASE"
		"  WHEN a.id IS NULL THEN 'it is missing in itsm.attachment'"
		"  WHEN b.subject IS NULL THEN 'no event tells of it'"
		"  WHEN a.mode <> m.mode THEN format('its mode is %s, and %s by its events', a.mode, m.mode)"
		"  WHEN a.rule_modes <> coalesce(r.modes, '{}') THEN 'the modes of its rules are not those of its events'"
		"  WHEN (a.detached_at IS NULL) <> (s.kind = 'attached') THEN"
		"   CASE WHEN a.detached_at IS NULL THEN 'it is in force, and ended by its events' ELSE 'it has ended, and no event says so' END"
		"  WHEN a.timing <> b.detail->>'timing' THEN 'its timing is not that of its event'"
		"  WHEN NOT EXISTS (SELECT FROM followed f WHERE f.subject = a.subject) AND"
		"   (a.lifecycle, a.status::text, a.states, a.attribute_expressions, a.filter_expression, a.tenant_expression, a.track) IS DISTINCT FROM"
		"   (b.detail->>'lifecycle', b.detail->>'status', (b.detail->>'states')::jsonb, (b.detail->>'attributes')::jsonb,"
		"    b.detail->>'filter', b.detail->>'tenant', (b.detail->>'track')::text[])"
		"   THEN 'it is not what its event tells' END AS fault"
		" FROM held a FULL JOIN begun b ON b.subject = a.subject LEFT JOIN mode m ON m.subject = a.subject"
		"  LEFT JOIN rules r ON r.subject = a.subject LEFT JOIN stage s ON s.subject = a.subject"
	" WHERE NOT EXISTS (SELECT FROM gone g WHERE g.key = coalesce(a.subject, b.subject))"},
	{"itsm.lifecycle",
		TOLD ", defined AS (SELECT substr(subject, 11) AS name, (detail->>'version')::integer AS version, detail->>'sha256' AS sha256, detail->>'expressions_sha256' AS expressions FROM told"
		"  WHERE kind = 'defined' AND subject LIKE 'lifecycle %'),"
		" held AS (SELECT name, version, encode(sha256(convert_to(definition::text, 'UTF8')), 'hex') AS sha256,"
		"  encode(sha256(convert_to(expressions::text, 'UTF8')), 'hex') AS expressions FROM itsm.lifecycle WHERE NOT shipped)"
		" SELECT format('lifecycle %s version %s', coalesce(l.name, d.name), coalesce(l.version, d.version)), CASE"
		"  WHEN l.name IS NULL THEN 'it is missing in itsm.lifecycle'"
		"  WHEN d.name IS NULL THEN 'no event tells of it'"
		"  WHEN l.sha256 <> d.sha256 THEN 'it is not what its event tells'"
		"  WHEN l.expressions <> d.expressions THEN 'its expressions are not those of its event' END"
		" FROM held l FULL JOIN defined d ON d.name = l.name AND d.version = l.version"
	" WHERE NOT EXISTS (SELECT FROM gone g WHERE g.key = 'lifecycle ' || coalesce(l.name, d.name))"},
	{"itsm.override",
		"SELECT format('exception of record %s version %s', o.record, o.version), 'no event tells of it' FROM itsm.override o"
		" WHERE NOT EXISTS (SELECT FROM itsm.event e WHERE e.tenant = o.tenant AND e.record = o.record AND e.version = o.version AND e.kind = 'overridden')"
		"  AND NOT EXISTS (SELECT FROM itsm.archived a WHERE a.record = o.record AND a.tenant = o.tenant AND a.version >= o.version)"
	},
	{"itsm.approver",
		TOLD ", last AS (SELECT DISTINCT ON (subject, itsm.person_key(detail->>'person')) subject, kind, itsm.person_key(detail->>'person') AS person, detail FROM told"
		"  WHERE kind IN ('approver_added', 'approver_removed') ORDER BY subject, itsm.person_key(detail->>'person'), version DESC)"
		" SELECT format('approver %s of role %s', v.person, v.role), CASE WHEN EXISTS (SELECT FROM told t WHERE t.subject = 'role ' || v.role AND t.kind = 'approver_added'"
		"   AND (t.detail->>'valid_from')::timestamptz = v.valid_from) THEN 'no event tells of it' ELSE 'it is valid from another time than its event tells' END FROM itsm.approver v"
		" WHERE NOT EXISTS (SELECT FROM told t WHERE t.subject = 'role ' || v.role AND t.kind = 'approver_added' AND itsm.person_key(t.detail->>'person') = itsm.person_key(v.person)"
		"   AND (t.detail->>'valid_from')::timestamptz = v.valid_from) AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'role ' || v.role)"
		" UNION ALL SELECT format('approver %s of role %s', v.person, v.role), 'no event tells of it' FROM itsm.approver v"
		" WHERE (v.valid_until IS NULL OR v.valid_until > greatest(now(), v.valid_from)) AND NOT EXISTS (SELECT FROM last l WHERE l.subject = 'role ' || v.role"
		"  AND (l.detail IS NULL OR (l.kind = 'approver_added' AND l.person = itsm.person_key(v.person)"
		"   AND (l.detail->>'valid_until' IS NULL OR v.valid_until <= (l.detail->>'valid_until')::timestamptz))))"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'role ' || v.role)"},
	{"itsm.delegation",
		TOLD ", last AS (SELECT DISTINCT ON (subject, detail->>'delegate', detail->>'role') subject, kind, detail FROM told"
		"  WHERE kind IN ('delegation_added', 'delegation_removed') ORDER BY subject, detail->>'delegate', detail->>'role', version DESC)"
		" SELECT format('delegation of %s to %s', v.person, v.delegate), 'no event tells of it' FROM itsm.delegation v"
		" WHERE (v.valid_until IS NULL OR v.valid_until > greatest(now(), v.valid_from)) AND NOT EXISTS (SELECT FROM last l WHERE itsm.person_key(substr(l.subject, 12)) = itsm.person_key(v.person)"
		"  AND l.subject LIKE 'delegation %' AND (l.detail IS NULL OR (l.kind = 'delegation_added' AND itsm.person_key(l.detail->>'delegate') = itsm.person_key(v.delegate)"
		"   AND (l.detail->>'role' IS NOT DISTINCT FROM v.role))))"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'delegation ' || v.person)"},
	{"itsm.change_window",
		TOLD ", last AS (SELECT DISTINCT ON (subject) substr(subject, 15) AS name, kind, detail FROM told"
		"  WHERE subject LIKE 'change window %' AND kind IN ('defined', 'dropped') ORDER BY subject, version DESC)"
		" SELECT 'change window ' || coalesce(w.name, l.name), CASE WHEN l.name IS NULL OR l.kind = 'dropped' THEN 'no event tells of it'"
		"  WHEN w.name IS NULL THEN 'it is missing in itsm.change_window'"
		"  WHEN w.kind IS DISTINCT FROM l.detail->>'kind' OR lower(w.during) IS DISTINCT FROM (l.detail->>'starts_at')::timestamptz"
		"   OR upper(w.during) IS DISTINCT FROM (l.detail->>'ends_at')::timestamptz OR w.hours::text IS DISTINCT FROM (l.detail->>'hours')::itsm.service_hours::text"
		"   OR w.services IS DISTINCT FROM (l.detail->>'services')::text[] OR w.ci_classes IS DISTINCT FROM (l.detail->>'ci_classes')::text[]"
		"   OR w.cis IS DISTINCT FROM (l.detail->>'cis')::text[] OR w.tenant IS DISTINCT FROM l.detail->>'tenant' THEN 'it is not what its event tells' END"
		" FROM itsm.change_window w FULL JOIN last l ON l.name = w.name WHERE (w.name IS NOT NULL OR l.kind = 'defined')"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'change window ' || coalesce(w.name, l.name))"},
	{"itsm.relationship_type_version",
		TOLD ", defined AS (SELECT substr(subject, 19) AS name, (detail->>'version')::integer AS version, detail FROM told"
		"  WHERE subject LIKE 'relationship type %' AND kind = 'defined'),"
		" held AS (SELECT * FROM itsm.relationship_type_version WHERE NOT shipped)"
		" SELECT format('relationship type %s version %s', coalesce(t.name, d.name), coalesce(t.version, d.version)), CASE WHEN d.name IS NULL THEN 'no event tells of it'"
		"  WHEN t.name IS NULL THEN 'it is missing in itsm.relationship_type_version'"
		"  WHEN (t.inverse, t.source_class, t.target_class, t.cardinality, t.acyclic::text, t.impact, t.on_retire) IS DISTINCT FROM"
		"   (d.detail->>'inverse', d.detail->>'source_class', d.detail->>'target_class', d.detail->>'cardinality', d.detail->>'acyclic', d.detail->>'impact', d.detail->>'on_retire')"
		"   THEN 'it is not what its event tells' END"
		" FROM held t FULL JOIN defined d ON d.name = t.name AND d.version = t.version"
	" WHERE NOT EXISTS (SELECT FROM gone g WHERE g.key = 'relationship type ' || coalesce(t.name, d.name))"},
	{"itsm.relationship_attachment",
		TOLD ", last AS (SELECT DISTINCT ON (detail->>'attachment') detail->>'attachment' AS id, substr(subject, 19) AS type, kind, detail FROM told"
		"  WHERE subject LIKE 'relationship type %' AND kind IN ('attached', 'renamed', 'detached') ORDER BY detail->>'attachment', (kind = 'detached') DESC, version DESC)"
		" SELECT 'relationship attachment ' || coalesce(a.id::text, l.id), CASE WHEN l.id IS NULL OR l.kind = 'detached' THEN 'no event tells of it'"
		"  WHEN a.id IS NULL THEN 'it is missing in itsm.relationship_attachment'"
		"  WHEN a.type <> l.type OR a.mode <> l.detail->>'mode' THEN 'its type or mode is not that of its event'"
		"  WHEN (a.relation_name, a.source_column::text, a.target_column::text, a.source_source::text, a.target_source::text) IS DISTINCT FROM"
		"   (l.detail->>'table', l.detail->>'source', l.detail->>'target', l.detail->>'source_source', l.detail->>'target_source')"
		"   OR (a.relation IS NOT NULL AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = a.relation AND g.tgname = 'itsm_relate')"
		"    AND EXISTS (SELECT FROM pg_class c WHERE c.oid = a.relation))"
		"   THEN 'its table or columns are not those of its event' END"
		" FROM itsm.relationship_attachment a FULL JOIN last l ON l.id = a.id::text WHERE (a.id IS NOT NULL OR l.kind <> 'detached')"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'relationship type ' || coalesce(a.type, l.type))"},
	{"itsm.calendar",
		"SELECT 'calendar ' || h.calendar, 'it is missing in itsm.calendar' FROM itsm.calendar_hours h"
		" WHERE NOT EXISTS (SELECT FROM itsm.calendar c WHERE c.name = h.calendar)"
	},
	{"itsm.calendar_hours",
		TOLD ", last AS (SELECT DISTINCT ON (subject, detail->>'valid_from') subject, (detail->>'valid_from')::timestamptz AS valid_from,"
		"  (detail->>'hours')::itsm.service_hours AS hours FROM told WHERE subject LIKE 'calendar %' AND kind IN ('defined', 'holidays_imported')"
		"  ORDER BY subject, detail->>'valid_from', version DESC)"
		" SELECT format('calendar %s from %s', h.calendar, h.valid_from), 'its hours are not those of its event' FROM itsm.calendar_hours h"
		" WHERE NOT EXISTS (SELECT FROM last l WHERE l.subject = 'calendar ' || h.calendar AND l.valid_from = h.valid_from AND l.hours OPERATOR(itsm.=) h.hours)"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'calendar ' || h.calendar)"},
	{"itsm.sla",
		TOLD " SELECT format('sla %s version %s', a.name, a.version), 'it is not what its event tells' FROM itsm.sla a"
		" WHERE NOT EXISTS (SELECT FROM told t WHERE t.subject = 'sla ' || a.name AND t.kind = 'defined' AND (t.detail->>'version')::integer = a.version"
		"  AND (t.detail->>'definition')::jsonb = a.definition)"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'sla ' || a.name)"},
	{"itsm.source",
		"SELECT 'source of attachment ' || a.id, 'it names another table' FROM itsm.attachment a LEFT JOIN itsm.source s ON s.id = a.source"
		" WHERE a.detached_at IS NULL AND a.relation::oid IS DISTINCT FROM s.relation::oid"
	},
	/* a row is made before its event, in one transaction; how long before is not told */
	{"times of definitions",
		TOLD ", made AS (SELECT 'lifecycle ' || name AS subject, version::text AS version, 'defined' AS kind, defined_at AS at FROM itsm.lifecycle WHERE NOT shipped"
		"  UNION ALL SELECT 'attachment ' || id, NULL, 'attached', attached_at FROM itsm.attachment"
		"  UNION ALL SELECT 'relationship type ' || name, version::text, 'defined', defined_at FROM itsm.relationship_type_version WHERE NOT shipped"
		"  UNION ALL SELECT 'relationship type ' || type, NULL, 'attached', attached_at FROM itsm.relationship_attachment"
		"  UNION ALL SELECT 'sla ' || name, version::text, 'defined', defined_at FROM itsm.sla"
		"  UNION ALL SELECT 'change window ' || name, NULL, 'defined', defined_at FROM itsm.change_window"
		"  UNION ALL SELECT 'availability ' || service, NULL, 'defined', defined_at FROM itsm.availability_target"
		"  UNION ALL SELECT 'person role ' || role, NULL, 'granted', granted_at FROM itsm.person_role"
		"  UNION ALL SELECT 'reader ' || role, NULL, 'granted', granted_at FROM itsm.reader)"
		" SELECT m.subject || coalesce(' version ' || m.version, ''), 'it was ' || m.kind || ' at another time than its event tells' FROM made m"
		" WHERE EXISTS (SELECT FROM told t WHERE t.subject = m.subject AND t.kind = m.kind) AND NOT EXISTS (SELECT FROM told t WHERE t.subject = m.subject AND t.kind = m.kind"
		"  AND (m.version IS NULL OR t.detail->>'version' = m.version) AND m.at BETWEEN t.at - interval '1 day' AND t.at + interval '1 minute')"
		" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = m.subject)"
	},
	{"itsm.control_setting",
		TOLD ", parameter AS (SELECT DISTINCT ON (subject) subject, detail->>'parameter' AS value FROM told WHERE kind = 'parameter_set' ORDER BY subject, version DESC),"
		" scope AS (SELECT DISTINCT ON (subject) subject, kind FROM told WHERE kind IN ('excluded', 'included') ORDER BY subject, version DESC)"
		" SELECT 'control ' || s.control, CASE WHEN s.parameter IS DISTINCT FROM p.value THEN 'its parameter is not that of its event'"
		"  WHEN s.excluded IS NOT NULL AND e.kind IS DISTINCT FROM 'excluded' THEN 'it is excluded, and no event says so' END"
		" FROM itsm.control_setting s LEFT JOIN parameter p ON p.subject = 'control ' || s.control LEFT JOIN scope e ON e.subject = 'control ' || s.control"
	" WHERE NOT EXISTS (SELECT FROM gone g WHERE g.key = 'control ' || s.control)"},
	{"itsm.person_role",
		TOLD " SELECT 'person role ' || p.role, 'no event tells of it' FROM itsm.person_role p WHERE NOT EXISTS"
		" (SELECT FROM changed c WHERE c.subject = 'person role ' || p.role AND c.kind = 'granted')"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'person role ' || p.role)"},
	{"itsm.reader",
		TOLD " SELECT 'reader ' || p.role, 'no event tells of it' FROM itsm.reader p WHERE NOT EXISTS"
		" (SELECT FROM changed c WHERE c.subject = 'reader ' || p.role AND c.kind = 'granted')"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'reader ' || p.role)"},
	{"itsm.credit_schedule",
		TOLD ", last AS (SELECT DISTINCT ON (subject, detail->>'tenant', detail->>'valid_from') substr(subject, 16) AS contract, detail->>'tenant' AS tenant,"
		"  detail->>'valid_from' AS month, (detail->>'definition')::jsonb AS definition FROM told WHERE subject LIKE 'service credit %' AND kind = 'defined'"
		"  ORDER BY subject, detail->>'tenant', detail->>'valid_from', version DESC),"
		" held AS (SELECT c.*, to_char(c.valid_from AT TIME ZONE 'UTC', 'YYYY-MM') AS month FROM itsm.credit_schedule c)"
		" SELECT format('service credit %s from %s', coalesce(h.contract, l.contract), coalesce(h.month, l.month)), CASE"
		"  WHEN h.contract IS NULL THEN 'it is missing in itsm.credit_schedule'"
		"  WHEN l.contract IS NULL THEN 'no event tells of it'"
		"  WHEN h.definition <> l.definition OR (h.party, h.fee, h.currency, h.cap) IS DISTINCT FROM (h.definition->>'party', (h.definition->>'fee')::numeric,"
		"   h.definition->>'currency', (h.definition->>'cap')::numeric) THEN 'it is not what its event tells' END"
		" FROM held h FULL JOIN last l ON l.contract = h.contract AND l.tenant = h.tenant AND l.month = h.month"
	" WHERE NOT EXISTS (SELECT FROM gone g WHERE g.key = 'service credit ' || coalesce(h.contract, l.contract))"},
	{"itsm.tenant_grant",
		TOLD ", last AS (SELECT DISTINCT ON (subject, detail->>'tenant') subject, kind, detail->>'tenant' AS tenant FROM told"
		"  WHERE subject LIKE 'tenants of role %' AND kind IN ('granted', 'revoked') ORDER BY subject, detail->>'tenant', version DESC)"
		" SELECT format('tenant %s of role %s', p.tenant, p.role), 'no event tells of it' FROM itsm.tenant_grant p WHERE NOT EXISTS"
		" (SELECT FROM last l WHERE l.subject = 'tenants of role ' || p.role AND l.tenant = p.tenant AND l.kind = 'granted')"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'tenants of role ' || p.role)"},
	{"itsm.tenant_separation",
		TOLD ", last AS (SELECT kind FROM told WHERE subject = 'tenants' AND kind IN ('separated', 'joined') ORDER BY version DESC LIMIT 1)"
		" SELECT 'separation of tenants', 'it is not what its last event tells' WHERE EXISTS (SELECT FROM itsm.tenant_separation)"
		"  <> EXISTS (SELECT FROM last l WHERE l.kind = 'separated')"
	" AND NOT EXISTS (SELECT FROM gone g WHERE g.key = 'tenants')"},
};

static void *
begin_policies(Verification *verification)
{
	return NULL;
}

static void
check_record(Verification *verification, void *own, const VerifiedRecord *record)
{
}

typedef struct TableCheck
{
	Verification *verification;
	const PolicyCheck *check;
	bool		right;			/* nothing is wrong */
} TableCheck;

static void
compare(void *argument)
{
	TableCheck *of = argument;
	SPITupleTable *rows;
	uint64		count = itsm_query(SPI_OK_SELECT,
								   psprintf("SELECT * FROM (%s) AS c(object, fault) WHERE fault IS NOT NULL ORDER BY object", of->check->faults),
								   0, NULL, NULL, NULL);

	of->right = count == 0;
	rows = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		itsm_verify_fault(of->verification, SCOPE, SPI_getvalue(rows->vals[i], rows->tupdesc, 1), "%s",
						  SPI_getvalue(rows->vals[i], rows->tupdesc, 2));
	}
	SPI_freetuptable(rows);
}

/* True when nothing is wrong.  An event whose body is no event's any more tells nothing; its chain says so, too. */
static bool
check_table(Verification *verification, const PolicyCheck *check)
{
	TableCheck	of = {verification, check, true};
	ErrorData  *error = itsm_attempt(compare, &of);

	if (error)
		itsm_verify_fault(verification, SCOPE, check->table, "it cannot be compared with its events: %s", error->message);
	return error == NULL && of.right;
}

static void
end_policies(Verification *verification, void *own)
{
	bool		right = true;

	if (!itsm_verify_is_last(verification))
		return;
	for (int i = 0; i < lengthof(checks); i++)
		right &= check_table(verification, &checks[i]);
	if (right)
		itsm_verify_right(verification, SCOPE, "policies", "policies and grants are as their events tell");
}

const VerifyChecker itsm_verify_policies = {begin_policies, check_record, end_policies};
