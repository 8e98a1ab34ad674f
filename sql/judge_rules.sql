-- Rule kinds, their modes, and what the error of a refused write says.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_rules;
CREATE SCHEMA judge_rules AUTHORIZATION regress_itsm_rules;
CREATE ROLE regress_itsm_rules_lead;
CREATE ROLE regress_itsm_rules_member IN ROLE regress_itsm_rules;
SELECT itsm.define_lifecycle('{"name": "judge_rules",
	"attributes": {"title": "text", "priority": "integer", "requester": "text", "code": "text", "cost": "numeric", "due": "timestamptz", "other": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "check", "category": "active"}, {"name": "resolved", "category": "resolved"},
		{"name": "done", "category": "closed", "final": true}, {"name": "gone", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["check", "resolved", "gone"]}, {"from": "check", "to": "done"},
		{"from": "resolved", "to": ["work", "done"]}],
	"delete": "final",
	"rules": [
		{"name": "titled", "requires": "title", "clause": "8.1"},
		{"name": "coded", "to": "resolved", "requires": ["code", "cost"], "clause": "8.2"},
		{"name": "sane", "check": "new.priority between 1 and 5", "message": "priority must be 1 to 5"},
		{"name": "no_rise", "from": "work", "check": "new.cost is not distinct from old.cost"},
		{"name": "mine", "to": "gone", "check": "new.requester = actor"},
		{"name": "lead", "from": "check", "to": "done", "role": "regress_itsm_rules_lead", "clause": "8.3"},
		{"name": "four_eyes", "from": "check", "to": "done", "separate": ["requester", {"from": "work", "to": "check"}]},
		{"name": "why", "from": "resolved", "to": "work", "reason": true},
		{"name": "soon", "from": "resolved", "to": "work", "within": "14 days", "since": "resolved"},
		{"name": "sealed", "in": ["resolved", "done"], "frozen": ["code", "priority"]},
		{"name": "nowhere", "to": "resolved", "requires": "other"},
		{"name": "seen", "mode": "observe", "to": "work", "requires": "due"},
		{"name": "ignored", "mode": "off", "to": "work", "check": "false"}]}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION judge_rules.seen(relation regclass, OUT key text, OUT state text, OUT events text)
RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.key, CASE WHEN r.deleted THEN 'deleted' WHEN r.attachment = 0 THEN 'not governed' ELSE s.state END,
		string_agg(e.kind || coalesce(' ' || nullif(concat_ws('>', e.from_state, e.to_state), ''), ''), ', ' ORDER BY e.version)
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.record_state s ON s.tenant = r.tenant AND s.record = r.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id
	WHERE o.relation = $1
	GROUP BY r.tenant, r.id, r.key, s.state, r.deleted, r.attachment
	ORDER BY r.key COLLATE "C", r.id
$$;

SET ROLE regress_itsm_rules;
-- Runs a statement and tells all that its error says.
CREATE FUNCTION judge_rules.tell(statement text) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
	code text; message text; detail text; hint text; s text; t text; c text; r text;
BEGIN
	EXECUTE statement;
	RETURN NEXT 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, r = CONSTRAINT_NAME;
	RETURN NEXT code || ' ' || message;
	IF detail LIKE '[%' THEN
		RETURN QUERY SELECT '  ' || (u - 'kind' - 'clause')::text || ' ' || (u->>'kind') || coalesce(' ' || (u->>'clause'), '')
			FROM jsonb_array_elements(detail::jsonb) WITH ORDINALITY AS a(u, n) ORDER BY n;
	ELSIF detail <> '' THEN
		RETURN NEXT '  ' || detail;
	END IF;
	RETURN NEXT '  at ' || concat_ws('|', s, t, c, r) || ': ' || hint;
END $$;

CREATE TABLE judge_rules.ticket (id integer PRIMARY KEY, state text, headline text, prio smallint, "who asked" text, code text, price numeric, due timestamptz);
-- not mapped: told, and not judged
SET client_min_messages = notice;
\set VERBOSITY terse
SELECT itsm.attach('judge_rules.ticket', 'judge_rules', 'state', mode => 'enforce',
	attributes => '{"title": "headline", "priority": "prio", "requester": "\"who asked\"", "code": "code", "cost": "price * 2", "due": "due"}') > 0;
SET client_min_messages = warning;
\set VERBOSITY default
\set SHOW_CONTEXT never
RESET ROLE;
SELECT unmapped_attributes, not_applicable_rules FROM itsm_report.attachment_health WHERE source = 'judge_rules.ticket';
SELECT a.id AS attachment FROM itsm.attachment a WHERE a.relation = 'judge_rules.ticket'::regclass \gset
SET ROLE regress_itsm_rules;

-- the error as an application gets it
INSERT INTO judge_rules.ticket VALUES (1, 'new');

-- all that is unmet at once: the first code of the table leads
SELECT judge_rules.tell($$INSERT INTO judge_rules.ticket VALUES (1, 'new', ' ', 9)$$);
SELECT judge_rules.tell($$INSERT INTO judge_rules.ticket VALUES (1, 'resolved', NULL, 9)$$);
SELECT judge_rules.tell($$INSERT INTO judge_rules.ticket VALUES (1, 'nonsense', NULL, 9)$$);
SELECT judge_rules.tell($$INSERT INTO judge_rules.ticket VALUES (1, NULL, 'x', NULL)$$);
SELECT judge_rules.tell($$INSERT INTO judge_rules.ticket VALUES (1, 'new', 'a ticket', 3, 'ann'), (2, 'new', 'another', 3, 'ben'), (3, 'new', 'third', 3, 'regress_itsm_rules')$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'done', headline = NULL, prio = 7 WHERE id = 1$$);

-- off and observe
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work'$$);
RESET ROLE;
SELECT v.code, v.rule, v.kind, v.attribute, v.message FROM itsm.violation v WHERE v.attachment = :attachment ORDER BY v.record, v.version, v.position;
SET ROLE regress_itsm_rules;

-- requires, check over old, check over actor
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'resolved', price = 5 WHERE id = 1$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET price = 5$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'resolved', code = 'fixed' WHERE id = 1$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'gone' WHERE id = 2$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'gone' WHERE id = 3$$);

-- frozen: all that changed is named; and while resolved what was required stays
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET code = 'other', prio = 4 WHERE id = 1$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET price = NULL WHERE id = 1$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'done', code = 'other' WHERE id = 1$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET headline = 'may change', price = 6 WHERE id = 1$$);

-- reason; within
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work' WHERE id = 1$$);
BEGIN;
SET LOCAL itsm.reason = ' ';
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work' WHERE id = 1$$);
SET LOCAL itsm.reason = 'the customer called';
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work' WHERE id = 1$$);
ROLLBACK;
BEGIN;
RESET ROLE;
SET LOCAL itsm.maintenance = on;
SET LOCAL client_min_messages = error;
UPDATE itsm.record SET resolved_at = now() - interval '15 days' WHERE key = '1' AND lifecycle = 'judge_rules';
RESET client_min_messages;
SET LOCAL itsm.maintenance = off;
SET ROLE regress_itsm_rules;
SET LOCAL itsm.reason = 'the customer called';
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work' WHERE id = 1$$);
ROLLBACK;

-- role and segregation: the role of the session, and nobody known
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'check' WHERE id = 2$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'done' WHERE id = 2$$);
RESET ROLE;
GRANT regress_itsm_rules_lead TO regress_itsm_rules;
SET ROLE regress_itsm_rules;
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'done' WHERE id = 2$$);

-- deletion
SELECT judge_rules.tell($$DELETE FROM judge_rules.ticket WHERE id = 2$$);
SELECT judge_rules.tell($$DELETE FROM judge_rules.ticket WHERE id = 3$$);
SELECT judge_rules.tell($$TRUNCATE judge_rules.ticket$$);

-- values are for those who may read them, and never in the message
RESET ROLE;
GRANT USAGE ON SCHEMA judge_rules TO regress_itsm_rules_lead;
GRANT UPDATE (state), SELECT (id), INSERT ON judge_rules.ticket TO regress_itsm_rules_lead;
GRANT EXECUTE ON FUNCTION judge_rules.tell TO regress_itsm_rules_lead;
SET ROLE regress_itsm_rules_lead;
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'my secret' WHERE id = 2$$);
RESET ROLE;
GRANT SELECT (state) ON judge_rules.ticket TO regress_itsm_rules_lead;
SET ROLE regress_itsm_rules_lead;
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'my secret' || repeat('é', 150) WHERE id = 2$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = '"quoted\' WHERE id = 2$$);
RESET ROLE;
ALTER TABLE judge_rules.ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON judge_rules.ticket USING (true);
SET ROLE regress_itsm_rules_lead;
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'my secret' WHERE id = 2$$);
RESET ROLE;
ALTER TABLE judge_rules.ticket DISABLE ROW LEVEL SECURITY;
SET ROLE regress_itsm_rules;

-- modes of single rules, of built-in ones, of the whole
SELECT itsm.set_mode(:attachment, 'observe', 'coded');
SELECT itsm.set_mode(:attachment, 'off', 'lead');
SELECT itsm.set_mode(:attachment, 'observe', 'transition');
SELECT itsm.set_mode(:attachment, 'enforce', 'ignored');
SELECT itsm.set_mode(:attachment, 'off', 'no_such_rule');
SELECT itsm.set_mode(:attachment, 'strict');
SELECT itsm.set_mode(0, 'off');
SELECT judge_rules.tell($$INSERT INTO judge_rules.ticket VALUES (4, 'new', 'fourth', 1)$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work' WHERE id = 4$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'resolved' WHERE id = 4$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'nonsense' WHERE id = 4$$);
SELECT itsm.set_mode(:attachment, 'observe');
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'nonsense', prio = 8 WHERE id = 4$$);
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = 'work', prio = 9 WHERE id = 4$$);
SELECT itsm.set_mode(:attachment, 'off');
SELECT judge_rules.tell($$UPDATE judge_rules.ticket SET state = NULL, prio = 10 WHERE id = 4$$);
RESET ROLE;
SELECT v.version, v.code, v.rule, v.kind, v.attribute, v.message FROM itsm.violation v JOIN itsm.record r ON r.id = v.record AND r.tenant = v.tenant
	WHERE v.attachment = :attachment AND r.key = '4' ORDER BY v.version, v.position;
SELECT * FROM judge_rules.seen('judge_rules.ticket');
SET ROLE regress_itsm_rules;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA judge_rules CASCADE;
DROP ROLE regress_itsm_rules_lead, regress_itsm_rules_member;
DROP ROLE regress_itsm_rules;
