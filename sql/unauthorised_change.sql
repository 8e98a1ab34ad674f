-- What happened without an authorised change, and who answers for it afterwards.
SET search_path = unauthorised_change, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset null '~'
\pset format unaligned
\set VERBOSITY terse
CREATE SCHEMA unauthorised_change;
CREATE ROLE regress_itsm_config;
CREATE ROLE regress_itsm_bi;
GRANT USAGE ON SCHEMA unauthorised_change TO regress_itsm_config;
SELECT itsm.define_lifecycle('{"name": "unauthorised_rfc", "process": "change",
	"attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]", "implementer": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "implement", "category": "active", "final": true}, {"name": "void", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": ["implement", "void"]}], "rules": [{"name": "free", "to": "implement", "no_conflict": true}]}');
SELECT itsm.define_lifecycle('{"name": "unauthorised_ci", "process": "configuration_item", "delete": "allow", "attributes": {"owner": "text", "version": "text"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "retired", "category": "closed", "final": true}], "transitions": [{"from": "live", "to": "retired"}],
	"rules": [{"name": "controlled", "authorised_change": true, "in": "live", "mode": "observe", "clause": "8.2.6"}]}');
CREATE TABLE ci (id text PRIMARY KEY, status text NOT NULL DEFAULT 'live', owner text, version text);
CREATE TABLE late (LIKE ci INCLUDING ALL);
CREATE TABLE rfc (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[], by text);
INSERT INTO ci (id) VALUES ('web'), ('db'), ('fax');
INSERT INTO late (id) VALUES ('old');
SELECT itsm.attach('ci', 'unauthorised_ci', 'status', mode => 'enforce', attributes => '{"owner": "owner", "version": "version"}') AS ci \gset
SELECT itsm.attach('late', 'unauthorised_ci', 'status', mode => 'enforce', timing => 'deferred', attributes => '{"owner": "owner", "version": "version"}') AS late \gset
SELECT itsm.attach('rfc', 'unauthorised_rfc', 'status', mode => 'enforce', attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis", "implementer": "by"}') > 0 AS attached;
CALL itsm.backfill(:ci);
CALL itsm.backfill(:late);
INSERT INTO rfc VALUES (1, 'new', NULL, NULL, '{web,old}', 'ann'), (2, 'new', NULL, NULL, '{db}', 'ann'), (3, 'new', NULL, NULL, '{web}', 'ann');
UPDATE rfc SET status = 'void' WHERE id = 3;
CREATE FUNCTION act(name text, command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM itsm.act_as(name);
	EXECUTE command;
	PERFORM itsm.act_as(NULL);
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	PERFORM itsm.act_as(NULL);
	RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, 'record \d+', 'record N');
END $$;
SELECT act('bob', 'UPDATE ci SET owner = ''x'', version = ''2'' WHERE id = ''web''');
SELECT act('bob', 'UPDATE ci SET status = ''retired'' WHERE id = ''fax''');
UPDATE ci SET version = '3' WHERE id = 'web';
SELECT act('bob', 'DELETE FROM ci WHERE id = ''db''');
BEGIN;
SELECT itsm.act_as('bob');
UPDATE late SET version = '2';
COMMIT;
INSERT INTO ci (id) VALUES ('new');
SELECT itsm.relate(itsm.record_id('ci', 'web'), 'depends_on', itsm.record_id('ci', 'new')) > 0 AS related;
\set shown 'source, ci, version, kind, from_state, to_state, changed, actor, message, authorised, authorised_by, change_key, reason'
SELECT :shown FROM itsm_report.unauthorised_change WHERE lifecycle = 'unauthorised_ci' ORDER BY source, ci COLLATE "C", version;

-- afterwards
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 2, 'rfc', '1', 'the disk was full')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'db', 2, 'rfc', '2', 'it was gone anyway')$$);
SELECT act('bob', $$SELECT itsm.authorise_afterwards('late', 'old', 3, 'rfc', '1', 'mine')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('late', 'old', 3, 'rfc', '1', 'his')$$);
SELECT :shown FROM itsm_report.unauthorised_change WHERE lifecycle = 'unauthorised_ci' AND authorised ORDER BY source, ci COLLATE "C", version;
SELECT version, kind, actor, changes - 'owner' - 'version' - 'status' ? 'authorised' AS authorised, reason FROM itsm.history('ci', 'web') WHERE kind = 'authorised';
SELECT kind, actor, changes #>> '{authorised,to,item_version}' AS item_version, reason FROM itsm.history('rfc', '1') WHERE kind = 'authorised';
-- what cannot be
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 2, 'rfc', '1', 'again')$$);
SELECT act('bob', $$SELECT itsm.authorise_afterwards('ci', 'fax', 2, 'rfc', '1', 'mine')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'fax', 2, 'rfc', '1', 'not named')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '3', 'given up')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'ci', 'web', 'no change')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 1, 'rfc', '1', 'no violation')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 99, 'rfc', '1', 'no event')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '9', 'no record')$$);
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '1', ' ')$$);
SELECT act(NULL, $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '1', 'who?')$$);
SET ROLE regress_itsm_config;
SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '1', 'x');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.authorise_afterwards(regclass, text, bigint, regclass, text, text), itsm.act_as(text) TO regress_itsm_config;
GRANT SELECT ON ci TO regress_itsm_config;
SET ROLE regress_itsm_config;
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '1', 'x')$$);
RESET ROLE;
GRANT SELECT ON rfc TO regress_itsm_config;
SET ROLE regress_itsm_config;
SELECT act('eve', $$SELECT itsm.authorise_afterwards('ci', 'web', 3, 'rfc', '1', 'x')$$);
RESET ROLE;
-- values of rows that not everybody sees
ALTER TABLE ci ENABLE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_bi;
GRANT SELECT ON itsm_report.unauthorised_change TO regress_itsm_bi;
SET ROLE regress_itsm_bi;
SELECT ci, version, kind, changed, actor, authorised, authorised_by, reason FROM itsm_report.unauthorised_change WHERE ci IN ('web', 'old') ORDER BY ci, version;
RESET ROLE;
SELECT object, detail FROM itsm.verify() WHERE NOT ok AND object ~ 'unauthorised_change';
SET client_min_messages = error;
DROP SCHEMA unauthorised_change CASCADE;
REVOKE ALL ON FUNCTION itsm.authorise_afterwards(regclass, text, bigint, regclass, text, text), itsm.act_as(text) FROM regress_itsm_config;
REVOKE ALL ON SCHEMA itsm_report FROM regress_itsm_bi;
REVOKE ALL ON itsm_report.unauthorised_change FROM regress_itsm_bi;
DROP ROLE regress_itsm_config, regress_itsm_bi;
