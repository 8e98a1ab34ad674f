-- Assessments that look back: as of a time that is past, over what is on record now.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SELECT no_plan();
SELECT itsm.define_lifecycle('{"name": "looked_at", "process": "looked_at", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "closed", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "closed"}]}');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, title text);
SELECT itsm.attach('ticket', 'looked_at', 'status', attributes => '{"title": "title"}') AS attachment \gset
SELECT itsm.define_clause('look', 'Looking back', NULL, 'look');
SELECT itsm.define_control('look-1', 'look', 'T', 'minor', 'Tickets are closed within a month', $$
	SELECT r.key, r.record, coalesce(r.closed_at, $3) <= r.opened_at + $1, 'is open for too long' FROM itsm.compliance_record r WHERE r.process = 'looked_at'$$,
	framework => 'look', needs => '{looked_at}', parameter => '1 mo');
CREATE FUNCTION found(assessment bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.status, r.checked, (SELECT string_agg(f.subject, ',' ORDER BY f.ordinal) FROM itsm.assessment_finding f WHERE f.assessment = r.assessment AND f.control = r.control))
	FROM itsm.assessment_result r WHERE r.assessment = $1 AND r.control = 'look-1' $$;

-- A past is loaded year by year: of the first a ticket that was closed late, and one that was open for a week.
CREATE TABLE log (key text, at timestamptz, state text);
INSERT INTO ticket VALUES (1, 'closed', 'late'), (2, 'new', 'open');
INSERT INTO log VALUES ('1', '2020-01-01', 'new'), ('1', '2020-12-01', 'closed'), ('2', '2020-12-24', 'new');
SELECT itsm.import_events(:attachment, 'SELECT key, at, state FROM public.log ORDER BY key, at');
SELECT itsm.assess('the first year', '2021-01-01') AS first \gset
INSERT INTO ticket VALUES (3, 'closed', 'in time');
TRUNCATE log;
INSERT INTO log VALUES ('3', '2021-06-01', 'new'), ('3', '2021-06-02', 'closed');
SELECT itsm.import_events(:attachment, 'SELECT key, at, state FROM public.log ORDER BY key, at');
SELECT itsm.assess('the second year', '2022-01-01') AS second \gset
SELECT itsm.assess('now') AS third \gset

SELECT is(found(:first), 'nonconforming 2 1', 'the first year: one was open for a week only, then');
SELECT is(found(:second), 'nonconforming 3 1,2', 'the second year: it was open for a year');
SELECT is(found(:third), 'nonconforming 3 1,2', 'now it is still');
SELECT results_eq('SELECT note, looked_back, CASE WHEN looked_back THEN day END, CASE WHEN looked_back THEN month END, written_since FROM itsm_report.iso20000_trend ORDER BY assessment',
	$$VALUES ('the first year', true, '2021-01-01'::timestamptz, '2021-01-01'::timestamptz, 2::bigint), ('the second year', true, '2022-01-01', '2022-01-01', 3), ('now', false, NULL, NULL, 0)$$,
	'the trend has the times as of which they are, and how many records had history written or imported since');
SELECT ok(bool_and(at > now() - interval '1 hour'), 'each says when it was made') FROM itsm.assessment;
SELECT is((SELECT DISTINCT assessment FROM itsm_report.iso20000_clause), :third::bigint, 'where the organisation stands is told by the last one');

SELECT matches(itsm.audit_report('2020-06-01', '2021-06-01'), '2021-01-01 00:00 UTC, looked back on at 20', 'a report on the first year goes by what looks back on it, and tells both times');
SELECT alike(itsm.audit_report('2020-06-01', '2022-06-01'), '%looks back: made later%', 'its chart says what a star means');
SELECT unalike(itsm.audit_report(now() - interval '1 day', now() + interval '1 day'), '%looks back%', 'there is none where none looks back');

SELECT throws_ok($$SELECT itsm.assess('backwards', '2021-06-01')$$, '22023', 'an assessment cannot be as of 2021-06-01 00:00:00+00, since there is one as of a later time', 'they go forward');
SELECT throws_ok($$SELECT itsm.assess('later', 'infinity')$$, '22023', 'an assessment cannot be as of infinity, which is not a time in the past', 'not to infinity');
SELECT throws_like($$SELECT itsm.assess('early', '0001-12-31 BC UTC')$$, 'an assessment cannot be as of 0001-12-31 % BC, which is before our era', 'nor to where no interval reaches back from');
SELECT throws_ok($$SELECT itsm.assess('tomorrow', now() + interval '1 day')$$, '22023', NULL, 'nor into the future');
SELECT is(itsm.assess(as_of => NULL), :third::bigint + 1, 'null is now');

-- The ledger vouches for both times.
SELECT is_empty('SELECT detail FROM itsm.verify() WHERE NOT ok', 'nothing is wrong');
UPDATE itsm.assessment SET as_of = '2021-03-01' WHERE id = :first;
UPDATE itsm.assessment SET written_since = 0 WHERE id = :second;
SELECT results_eq($$SELECT object FROM itsm.verify() WHERE scope = 'assessment' AND NOT ok ORDER BY 1$$, ARRAY['assessment 1', 'assessment 2'], 'what was changed in them is found');
SELECT * FROM finish();
