-- The registers of documents, records and certificates.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = public;
SET jit = off;

-- Everything that is asked for has a row.
SELECT count(DISTINCT (number, kind)) FILTER (WHERE number IS NOT NULL) AS asked_for, count(*) FILTER (WHERE record IS NOT NULL AND source LIKE 'public.register_%') AS here FROM itsm_report.iso20000_document;
SELECT count(*), count(*) FILTER (WHERE status = 'not attached') > 0 AS not_attached FROM itsm_report.iso20000_record;

CREATE TABLE register_document (no text PRIMARY KEY, kind text, title text, state text, owner text, version text, approver text, approved timestamptz, from_day date, review date, sections text[]);
SELECT itsm.attach('register_document', 'document', 'state', attributes => '{"kind": "kind", "title": "title", "owner": "owner", "document_version": "version", "approver": "approver", "approved_at": "approved",
	"effective_from": "from_day", "next_review": "review", "sections": "sections"}', mode => 'off') > 0 AS attached;
INSERT INTO register_document VALUES
	('1', 'scope', 'Scope', 'effective', 'amy', '3', 'bert', '2024-01-02 03:04+00', '2024-02-01', '2999-01-01', NULL),
	('2', 'sm_plan', 'Plan', 'effective', 'amy', '1', 'bert', '2024-01-02 03:04+00', '2024-02-01', '2025-01-01', NULL),
	('3', 'continuity_plan', 'Going on', 'effective', 'amy', '1', 'bert', '2024-01-02', '2024-02-01', '2999-01-01', '{invocation,continuing_operation}'),
	('4', 'sm_policy', 'Policy', 'draft', 'amy', NULL, NULL, NULL, NULL, NULL, NULL),
	('5', 'objectives', 'Objectives', 'approved', 'amy', NULL, 'bert', NULL, NULL, NULL, NULL),
	('6', 'change_policy', 'Old policy', 'superseded', 'amy', NULL, 'bert', NULL, NULL, NULL, NULL),
	('7', 'process_description', 'Incidents', 'effective', 'amy', NULL, 'bert', NULL, NULL, NULL, NULL),
	('8', 'process_description', 'Changes', 'in_review', 'amy', NULL, 'bert', NULL, NULL, NULL, NULL),
	('9', 'house_rules', 'Kitchen', 'effective', 'amy', NULL, NULL, NULL, NULL, '9999-12-31', NULL);
SELECT number, kind, section, same_as, required, status, key, title, document_version AS v, state, owner, approver, approved_at, effective_from, next_review
FROM itsm_report.iso20000_document WHERE source = 'public.register_document' ORDER BY number, key COLLATE "C";
-- A superseded one does not answer.
SELECT number, kind, status FROM itsm_report.iso20000_document WHERE kind = 'change_policy';

-- What a document would say may be kept as records of its own, as long as these hold.
CREATE TABLE register_contract (no text PRIMARY KEY, state text);
CREATE TABLE register_plan (no text PRIMARY KEY, state text, how text);
SELECT itsm.attach('register_contract', 'contract', 'state', mode => 'off') > 0 AS attached, itsm.attach('register_plan', 'continuity_plan', 'state', attributes => '{"procedures": "how"}', mode => 'off') > 0 AS attached;
SELECT number, section, status FROM itsm_report.iso20000_document WHERE kind = 'supplier_contract';
INSERT INTO register_contract VALUES ('1', 'active');
INSERT INTO register_plan VALUES ('1', 'current', 'on paper');
SELECT number, section, status, record FROM itsm_report.iso20000_document WHERE kind = 'supplier_contract';
SELECT number, kind, process FROM itsm.kept_as_records WHERE kind IN ('supplier_contract', 'continuity_plan') ORDER BY number;
UPDATE register_contract SET state = 'terminated';
UPDATE register_plan SET how = '';
SELECT number, section, status FROM itsm_report.iso20000_document WHERE kind = 'supplier_contract';
SELECT number, kind, process FROM itsm.kept_as_records WHERE kind IN ('supplier_contract', 'continuity_plan') ORDER BY number;
SET client_min_messages = error;
DROP TABLE register_contract, register_plan;
SET client_min_messages = warning;

-- A lifecycle of one's own may keep anything under these names: no view falls over it.
SELECT itsm.define_lifecycle('{"name": "register_loose", "process": "document", "attributes": {"kind": "text", "title": "text", "next_review": "text", "approved_at": "text", "sections": "text"},
	"states": [{"name": "valid", "category": "active", "initial": true}, {"name": "gone", "category": "closed", "final": true}], "transitions": [{"from": "valid", "to": "gone"}]}');
CREATE TABLE register_loose (no text PRIMARY KEY, state text, kind text, title text, review text, approved text, sections text);
SELECT itsm.attach('register_loose', 'register_loose', 'state', attributes => '{"kind": "kind", "title": "title", "next_review": "review", "approved_at": "approved", "sections": "sections"}') > 0 AS attached;
INSERT INTO register_loose VALUES ('1', 'valid', 'loose', 'a', 'soon', '2024-02-30', '{'), ('2', 'valid', 'loose', 'b', '2999-12-31', '2024-02-29T23:59:59.5+01:30', ''),
	('3', 'valid', 'loose', 'c', 'infinity', '2024-02-29 24:00', '}{'), ('4', 'valid', NULL, NULL, NULL, NULL, NULL), ('5', 'valid', 'continuity_plan', 'd', '2001-01-01 BC', '', 'return_to_normal');
SELECT number, kind, key, status, approved_at, next_review FROM itsm_report.iso20000_document WHERE source = 'public.register_loose' ORDER BY key, number;

-- Records that are asked for; nil returns.
CREATE TABLE register_complaint (no int PRIMARY KEY, state text, title text);
CREATE TABLE register_dispute (no int PRIMARY KEY, state text);
CREATE TABLE register_nil (no int PRIMARY KEY, state text DEFAULT 'recorded', kind text, first_day date, after_last date);
SELECT count(*) FILTER (WHERE attached > 0) AS attached FROM (VALUES (itsm.attach('register_complaint', 'complaint', 'state', attributes => '{"title": "title"}', mode => 'off')),
	(itsm.attach('register_dispute', 'dispute', 'state', mode => 'off')),
	(itsm.attach('register_nil', 'nil_return', 'state', attributes => '{"kind": "kind", "period_start": "first_day", "period_end": "after_last"}', mode => 'off'))) AS v(attached);
SELECT number, title, status, records, nil_return_until FROM itsm_report.iso20000_record WHERE kind IN ('dispute') ORDER BY number;
INSERT INTO register_nil VALUES (1, DEFAULT, 'dispute', '2024-01-01', '2025-01-01'), (2, DEFAULT, 'dispute', '2023-01-01', '2024-01-01'), (3, 'withdrawn', 'dispute', '2025-01-01', '2026-01-01');
SELECT number, title, status, records, nil_return_until FROM itsm_report.iso20000_record WHERE kind IN ('dispute') ORDER BY number;
INSERT INTO register_dispute VALUES (1, 'raised'), (2, 'closed');
SELECT number, title, status, records, open, nil_return_until, last_opened_at >= first_opened_at AS opened, last_changed_at IS NOT NULL AS changed FROM itsm_report.iso20000_record WHERE kind IN ('dispute') ORDER BY number;

-- Whose they are: by the process's name, or else by what its records belong to.
CREATE TABLE register_process (name text PRIMARY KEY, state text, owner text, belongs text);
SELECT itsm.attach('register_process', 'process', 'state', attributes => '{"owner": "owner", "record_process": "belongs"}', mode => 'off') > 0 AS attached;
INSERT INTO register_process VALUES ('supplier management', 'current', 'lars', 'dispute'), ('complaint', 'retired', 'carl', NULL);
SELECT kind, owner FROM itsm_report.iso20000_record WHERE kind IN ('dispute', 'complaint') ORDER BY number;
INSERT INTO register_process VALUES ('dispute', 'current', 'dora', NULL);
SELECT kind, owner FROM itsm_report.iso20000_record WHERE kind IN ('dispute', 'complaint') ORDER BY number;

-- Certificates: three years, surveillance every year, unless their row says otherwise.
CREATE TABLE register_certificate (no text PRIMARY KEY, stage text, standard text, body text, scope text, owner text, s1 date, s2 date, issued date, valid_to date, last date, next date);
SELECT itsm.attach('register_certificate', 'certificate', 'stage', attributes => '{"title": "standard", "body": "body", "scope": "scope", "owner": "owner", "stage_1_at": "s1", "stage_2_at": "s2",
	"issued_at": "issued", "valid_to": "valid_to", "surveillance_at": "last", "next_surveillance": "next"}', mode => 'off') > 0 AS attached;
INSERT INTO register_certificate VALUES
	('1', 'certified', 'ISO/IEC 20000-1', 'Body', 'All of it', 'amy', '2020-01-10', '2020-02-10', '2020-02-29', NULL, '2021-02-01', NULL),
	('2', 'certified', 'ISO/IEC 20000-1', 'Body', 'All of it', 'amy', NULL, NULL, '2920-03-01', '2923-02-01', NULL, '2920-09-01'),
	('3', 'stage_1', 'ISO/IEC 20000-1', 'Body', 'Some', NULL, '2999-01-10', NULL, NULL, NULL, NULL, NULL),
	('4', 'expired', 'ISO/IEC 20000-1', 'Body', 'Some', NULL, NULL, NULL, '2010-01-10', NULL, NULL, NULL);
SELECT key, state, body, scope, owner, stage_1_at::date AS s1, issued_at::date AS issued, valid_to::date AS until, surveillance_at::date AS last, next_surveillance::date AS next, surveillance_overdue AS due, expired
FROM itsm_report.certificate WHERE source = 'public.register_certificate' ORDER BY key;

-- Values of a table with row-level security.
ALTER TABLE register_document ENABLE ROW LEVEL SECURITY;
CREATE ROLE regress_register_reader;
GRANT USAGE ON SCHEMA itsm_report TO regress_register_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO regress_register_reader;
SET ROLE regress_register_reader;
SELECT number, kind, status, key, title, owner, approver, approved_at, next_review FROM itsm_report.iso20000_document WHERE source = 'public.register_document' AND key = '1';
SELECT count(body) FROM itsm_report.certificate WHERE source = 'public.register_certificate';
RESET ROLE;
SELECT itsm.grant_reader('regress_register_reader');
SET ROLE regress_register_reader;
SELECT number, kind, status, key, title, owner, approver, approved_at, next_review FROM itsm_report.iso20000_document WHERE source = 'public.register_document' AND key = '1';
RESET ROLE;
-- Findings and examples too.
SELECT itsm.revoke_reader('regress_register_reader');
SELECT itsm.define_control('register-test', '7.5.2', 'I', 'minor', 'Documents have an approver',
	'SELECT r.title, r.record, r.attributes ->> ''approver'' IS NOT NULL, ''no approver'' FROM itsm.compliance_record r WHERE r.source = ''public.register_document'' ORDER BY r.record', '{document}');
SELECT itsm.define_control('register-error', '7.5.2', 'I', 'minor', 'Documents have a number',
	'SELECT r.title, r.record, r.title::int > 0, ''x'' FROM itsm.compliance_record r WHERE r.source = ''public.register_document'' ORDER BY r.record', '{document}');
SELECT itsm.assess() > 0 AS assessed;
SET ROLE regress_register_reader;
SELECT status, failed, detail, example FROM itsm_report.iso20000_control WHERE control LIKE 'register-%' ORDER BY control;
SELECT status, failed, missing, example FROM itsm_report.iso20000_gap WHERE control LIKE 'register-%' ORDER BY control;
SELECT key, subject, problem FROM itsm_report.iso20000_finding WHERE control LIKE 'register-%' AND latest ORDER BY ordinal;
RESET ROLE;
ALTER TABLE register_document DISABLE ROW LEVEL SECURITY;
SET ROLE regress_register_reader;
SELECT status, failed, detail, example FROM itsm_report.iso20000_control WHERE control LIKE 'register-%' ORDER BY control;
SELECT status, failed, missing, example FROM itsm_report.iso20000_gap WHERE control LIKE 'register-%' ORDER BY control;
SELECT key, subject, problem FROM itsm_report.iso20000_finding WHERE control LIKE 'register-%' AND latest ORDER BY ordinal;
RESET ROLE;
DROP OWNED BY regress_register_reader;
DROP ROLE regress_register_reader;
SELECT itsm.drop_control('register-test'), itsm.drop_control('register-error');
SET client_min_messages = error;
DROP TABLE register_document, register_loose, register_complaint, register_dispute, register_nil, register_certificate, register_process;
