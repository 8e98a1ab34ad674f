-- The whole history is verified by parts, which can be cut short and shared.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA verify_parts;
SELECT itsm.define_lifecycle('{"name": "verify_parts", "attributes": {"title": "text"}, "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
CREATE TABLE verify_parts.ticket (id integer PRIMARY KEY, status text, title text);
SELECT itsm.attach('verify_parts.ticket', 'verify_parts', 'status', attributes => '{"title": "title"}') > 0 AS attached;
INSERT INTO verify_parts.ticket SELECT n, 'new', 'ticket ' || n FROM generate_series(1, 200) n;
UPDATE verify_parts.ticket SET status = 'done' WHERE id % 2 = 0;
SELECT itsm.seal() > 0 AS sealed;
-- errors
CALL itsm.verify_in_parts(0);
CALL itsm.verify_in_parts(4, '{}');
CALL itsm.verify_in_parts(4, NULL, '{verify_parts.ticket}');
CREATE ROLE regress_itsm_verify_parts;
SET ROLE regress_itsm_verify_parts;
CALL itsm.verify_in_parts(4);
RESET ROLE;
SELECT count(*) AS runs FROM itsm_report.verification;

CALL itsm.verify_in_parts(4);
SELECT verification, parts, parts_finished, percent_finished, with_digest, archives, finished_at > started_at AS finished FROM itsm_report.verification;
SELECT count(*) AS parts, count(faults) AS told FROM itsm.verification_part;
SELECT DISTINCT scope, ok FROM itsm.verification_result WHERE scope IN ('chain', 'row') AND object = 'verify_parts.ticket' ORDER BY 1;
SELECT sum(substring(detail, '(\d+) events')::int) AS events FROM itsm.verification_result WHERE scope = 'chain' AND object = 'verify_parts.ticket' AND ok;
-- the same as in one
SELECT scope, object FROM itsm.verify() WHERE NOT ok EXCEPT SELECT scope, object FROM itsm.verification_result WHERE NOT ok;
-- a fault in each of two parts; a finished run is not gone on with
SET session_replication_role = replica;
SET itsm.maintenance = on;
UPDATE itsm.event SET actor = 'nobody' WHERE record = itsm.record_id('verify_parts.ticket', '2') AND version = 1;
UPDATE itsm.event SET actor = 'nobody' WHERE record = itsm.record_id('verify_parts.ticket', '199') AND version = 1;
RESET itsm.maintenance;
RESET session_replication_role;
CALL itsm.verify_in_parts(4);
SELECT regexp_replace(v.object, '\d+', 'N') AS object, v.detail FROM itsm.verification_result v WHERE verification = 2 AND NOT v.ok AND v.object LIKE '%verify_parts.%' ORDER BY regexp_replace(v.object, '\d+', 'N') COLLATE "C";
SELECT (itsm.policy_detail(body)::jsonb ->> 'parts') AS parts, (itsm.policy_detail(body)::jsonb ->> 'faults')::bigint = (SELECT faults FROM itsm.verification WHERE verification = 2) AS faults FROM itsm.event WHERE kind = 'verified' ORDER BY record, version DESC LIMIT 1;
SELECT last_verified_faults = (SELECT faults FROM itsm.verification WHERE verification = 2) AS told FROM itsm_report.ledger_status WHERE tenant = '';
-- cut short: what was finished stays
SELECT itsm.digest() AS digest \gset
CALL itsm.verify_in_parts(3, :'digest');
UPDATE itsm.verification SET finished_at = NULL WHERE verification = 3;
UPDATE itsm.verification_part SET finished_at = NULL WHERE verification = 3 AND part = 2;
DELETE FROM itsm.verification_result WHERE verification = 3 AND part = 2;
SELECT parts_finished, finished_at IS NULL AS open FROM itsm_report.verification WHERE verification = 3;
CREATE TABLE verify_parts.finished AS SELECT part, finished_at FROM itsm.verification_part WHERE verification = 3;
CALL itsm.verify_in_parts(7, :'digest');
SELECT part, p.finished_at = f.finished_at AS stayed FROM itsm.verification_part p JOIN verify_parts.finished f USING (part) WHERE verification = 3 ORDER BY part;
SELECT scope, ok FROM itsm.verification_result WHERE verification = 3 AND scope = 'digest';
SELECT parts_finished, with_digest FROM itsm_report.verification WHERE verification = 3;
-- anew, and within a transaction block
UPDATE itsm.verification SET finished_at = NULL WHERE verification = 2;
BEGIN;
CALL itsm.verify_in_parts(2, anew => true);
SELECT max(verification), count(*) FROM itsm_report.verification WHERE finished_at IS NOT NULL;
ROLLBACK;
-- a part looks at the leaves of its own records only, and finds that the event of one of them is missing
BEGIN;
SELECT itsm.record_id('verify_parts.ticket', '100') AS first, itsm.record_id('verify_parts.ticket', '101') AS next, itsm.record_id('verify_parts.ticket', '110') AS last \gset
SET LOCAL session_replication_role = replica;
SET LOCAL itsm.maintenance = on;
DELETE FROM itsm.event WHERE record = :first AND version = 2;
SELECT s.seq_scan AS scans FROM pg_stat_xact_user_tables s WHERE s.relid = 'itsm.seal_run'::regclass \gset
SELECT regexp_replace(v.object, 'record \d+', 'record N') AS object, regexp_replace(v.detail, 'leaf \d+', 'leaf N') AS detail FROM itsm.verify(NULL, NULL, :first, :last) v WHERE NOT v.ok AND v.scope = 'seal';
SELECT v.object, v.detail FROM itsm.verify(NULL, NULL, :next, :last) v WHERE NOT v.ok AND v.scope = 'seal';
SELECT s.seq_scan - :scans AS scans FROM pg_stat_xact_user_tables s WHERE s.relid = 'itsm.seal_run'::regclass;
ROLLBACK;

DELETE FROM itsm.verification_result;
DELETE FROM itsm.verification_part;
DELETE FROM itsm.verification;
SET session_replication_role = replica;
SET itsm.maintenance = on;
UPDATE itsm.event SET actor = NULL WHERE record IN (itsm.record_id('verify_parts.ticket', '2'), itsm.record_id('verify_parts.ticket', '199')) AND version = 1;
RESET itsm.maintenance;
RESET session_replication_role;
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok AND object LIKE '%verify_parts.%';
SELECT itsm.detach('verify_parts.ticket');
DROP SCHEMA verify_parts CASCADE;
DROP ROLE regress_itsm_verify_parts;
