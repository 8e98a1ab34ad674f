-- The audit report: one page, with nothing in it that was not put there as markup.
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German';
\set VERBOSITY default
SET client_min_messages = warning;
SET search_path = public;
SET jit = off;

-- Periods that are none.
SELECT itsm.audit_report('2026-02-01 00:00+00', '2026-01-01 00:00+00');
SELECT itsm.audit_report('2026-01-01 00:00+00', '2026-01-01 00:00+00');
SELECT itsm.audit_report('-infinity', '2026-01-01 00:00+00');
SELECT itsm.audit_report('2026-01-01 00:00+00', 'infinity');
SELECT itsm.audit_report(NULL, '2026-01-01 00:00+00');
SELECT itsm.audit_report('2026-01-01 00:00+00', NULL);
\set VERBOSITY terse

CREATE TABLE report_page (name text, page text);
-- Its text, without markup, by section.
CREATE FUNCTION section_of(page text, anchor text) RETURNS text LANGUAGE sql AS $$
	SELECT btrim(regexp_replace(regexp_replace(regexp_replace(substring(page FROM '<h2 id="' || anchor || '">[^<]*</h2>(.*?)(?:<h2 |</main>)'), '<[^>]+>', ' ', 'g'), '&#10007;|&#10003;', '', 'g'), '\s+', ' ', 'g'))
$$;

-- Before any assessment that is old enough.
INSERT INTO report_page SELECT 'before', itsm.audit_report('1990-01-01 00:00+00', '1990-02-01 00:00+00');
SELECT left(section_of(page, 'summary'), 170) AS summary FROM report_page WHERE name = 'before';
SELECT left(section_of(page, 'clauses'), 175) AS clauses FROM report_page WHERE name = 'before';
SELECT count(*) AS charts_without_evidence FROM report_page, regexp_matches(page, 'There is no evidence in the period', 'g') WHERE name = 'before';

-- Text with markup and control characters in every field.
CREATE FUNCTION nasty(what text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT what || '<script>alert("' || what || '")</script>&amp; '' " ]]> <!-- ' || chr(1) || chr(8) || chr(27) || '[31m' || chr(127) || E'\r\n\t'
$$;
CREATE TABLE report_document (no text PRIMARY KEY, kind text, title text, state text, owner text, version text, approver text, review date);
CREATE TABLE report_service (no text PRIMARY KEY, title text, state text, owner text);
CREATE TABLE report_certificate (no text PRIMARY KEY, title text, stage text, body text, scope text);
CREATE TABLE "report <b>table</b>" (no text PRIMARY KEY, title text, state text);
SELECT count(*) FILTER (WHERE a > 0) AS attached FROM unnest(ARRAY[
	itsm.attach('report_document', 'document', 'state', attributes => '{"kind": "kind", "title": "title", "owner": "owner", "document_version": "version", "approver": "approver", "next_review": "review"}', mode => 'off'),
	itsm.attach('report_service', 'service', 'state', attributes => '{"title": "title", "owner": "owner"}', mode => 'off'),
	itsm.attach('report_certificate', 'certificate', 'stage', attributes => '{"title": "title", "body": "body", "scope": "scope"}', mode => 'off'),
	itsm.attach('"report <b>table</b>"', 'incident', 'state', attributes => '{"title": "title"}', mode => 'off')]) AS a;
INSERT INTO report_document VALUES (nasty('document key'), 'scope', nasty('document title'), 'effective', nasty('document owner'), nasty('document version'), nasty('document approver'), '2999-12-31'),
	('own', nasty('document kind'), 'own', 'effective', NULL, NULL, NULL, NULL);
INSERT INTO report_service VALUES (nasty('service key'), nasty('service title'), 'live', nasty('service owner'));
INSERT INTO report_certificate VALUES (nasty('certificate key'), nasty('certificate title'), 'certified', nasty('certificate body'), nasty('certificate scope'));
INSERT INTO "report <b>table</b>" SELECT nasty('incident ' || i), nasty('incident title'), 'new' FROM generate_series(1, 60) AS i;
SELECT itsm.define_control('report-<b>1''&"', '8.6.1', 'I', 'major', nasty('control title'),
	$$SELECT r.title || ' ' || r.key, r.record, false, r.title || ' problem' FROM itsm.compliance_record r WHERE r.source = 'public."report <b>table</b>"' ORDER BY r.record$$, remedy => nasty('control remedy'));
SELECT itsm.define_control('report-2', '8.6.1', 'I', 'obs', nasty('excluded title'), 'SELECT ''a'', 1, true, ''b''');
SELECT itsm.define_control('report-3', '8.6.1', 'I', 'minor', nasty('broken title'), 'SELECT ''a'', (''x<i>''::text)::bigint, true, ''b''');
SELECT itsm.exclude_control('report-2', nasty('exclusion'));
SELECT itsm.assign_gap('report-<b>1''&"', nasty('gap owner'), '2030-02-03');
SELECT itsm.assess(nasty('note')) > 0 AS assessed;
SELECT itsm.seal() > 0 AS sealed;
INSERT INTO report_page SELECT 'nasty', itsm.audit_report(now() - interval '1 day', now() + interval '1 day');

-- ASCII without controls; well-formed; no script, nothing from outside, no handler.
SELECT page !~ '[^\n\t -~]' AS plain, xml_is_well_formed_document(page) AS well_formed, page ~ '^<!DOCTYPE html>' AS html,
	page !~* '<(script|link|iframe|object|embed|img|base|form)' AS no_resource, page !~* '<[^>]*\s(on\w+|src|action|formaction|xlink:href)\s*=' AS no_handler,
	page !~* '<[^>]*href="(?!#)' AS no_link, page !~* '@import|url\((?!#)' AS no_import, length(page) > 20000 AS long
FROM report_page;
-- Every field is there, as text.
SELECT w AS not_there FROM report_page, unnest('{document key,document title,document owner,document version,document approver,document kind,service key,service title,service owner,
	certificate key,certificate body,certificate scope,incident 1,incident title,control title,control remedy,excluded title,broken title,exclusion,gap owner,note}'::text[]) AS w
WHERE name = 'nasty' AND strpos(page, btrim(w, E'\n\t') || '&lt;script&gt;alert(&quot;') = 0;
SELECT count(*) FILTER (WHERE page ~ '&#65533;&#65533;&#65533;\[31m&#65533;&#65533;\n') AS controls_replaced FROM report_page;
-- 50 findings are shown, with their evidence, and how to see the rest.
SELECT (SELECT count(*) FROM regexp_matches(part, '<tr>', 'g')) AS rows, page ~ '10 more: <code>SELECT \* FROM itsm_report.iso20000_finding WHERE assessment = \d+ AND control = &#39;report-&lt;b&gt;1&#39;&#39;&amp;&quot;&#39;</code>' AS how,
	part ~ ('<td>' || (SELECT min(r.id) FROM itsm.record r WHERE r.key LIKE 'incident %' AND NOT r.deleted) || '\.1</td>') AS evidence
FROM report_page, LATERAL (SELECT (regexp_split_to_array(substr(page, strpos(page, '<h3>report-&lt;b&gt;1')), '</table>'))[1] AS part) AS p WHERE name = 'nasty';
SELECT page ~ (SELECT 'SELECT itsm.assessment_digest\(' || max(id) || '\)</code> gives <code>' || itsm.assessment_digest(max(id)) FROM itsm.assessment) AS digest,
	strpos(page, replace(itsm.digest() ->> 'root', '''', '&#39;')) > 0 AS root
FROM report_page WHERE name = 'nasty';

-- The state of a clause is that of the assessment.
SELECT substring(page FROM '<td>8.6.1</td><td>Incident management</td><td><span class="status s-(\w+)">') AS clause_8_6_1 FROM report_page WHERE name = 'nasty';
-- Times of the page are UTC, whatever the session's are.
SELECT substring(itsm.audit_report('2026-01-01 00:00+00', '2026-07-01 12:00+02') FROM 'from (.*?) UTC') AS period;
SHOW timezone;

-- Whoever may read the views may have it; nobody else.
CREATE ROLE regress_auditor;
GRANT USAGE ON SCHEMA itsm_report TO regress_auditor;
SET ROLE regress_auditor;
SELECT itsm.audit_report('2026-01-01 00:00+00', '2026-07-01 12:00+02');
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO regress_auditor;
SET ROLE regress_auditor;
SELECT length(itsm.audit_report('2026-01-01 00:00+00', '2026-07-01 12:00+02')) > 20000 AS long;
RESET ROLE;
-- Values of a table with row-level security stay hidden.
ALTER TABLE report_document ENABLE ROW LEVEL SECURITY;
SET ROLE regress_auditor;
SELECT page ~ 'document title' AS title, page ~ 'incident title&lt;' AS finding, page ~ 'service title' AS service FROM (SELECT itsm.audit_report(now() - interval '1 day', now() + interval '1 day') AS page) AS p;
RESET ROLE;
DROP OWNED BY regress_auditor;
DROP ROLE regress_auditor;

SELECT itsm.drop_control(c.id) FROM itsm.control AS c WHERE c.id LIKE 'report-%';
SET client_min_messages = error;
DROP FUNCTION section_of(text, text), nasty(text);
DROP TABLE report_page, report_document, report_service, report_certificate, "report <b>table</b>";
