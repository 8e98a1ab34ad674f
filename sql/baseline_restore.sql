-- Back to a baseline: what a change proposes, and what is left to people.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA baseline_restore;
SET search_path = baseline_restore, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
\pset null '~'
\set VERBOSITY terse
SELECT itsm.define_lifecycle('{"name": "restore_change", "process": "change", "attributes": {"planned_start": "timestamptz", "planned_end": "timestamptz", "cis": "text[]"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "scheduled", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "scheduled"}, {"from": "scheduled", "to": "closed"}],
	"rules": [{"name": "free", "to": "scheduled", "no_conflict": true}]}');
SELECT itsm.define_lifecycle('{"name": "restore_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"owner": "text", "size": "integer", "tags": "text[]", "warranty": "timestamptz"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "idle", "category": "waiting"}, {"name": "retired", "category": "closed", "final": true}],
	"transitions": [{"from": "live", "to": "idle"}, {"from": ["live", "idle"], "to": "retired"}]}');
CREATE TABLE change (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'new', s timestamptz, e timestamptz, cis text[]);
CREATE TABLE ci (site text, name text, status text NOT NULL DEFAULT 'live', keeper text, cpus int, racks int, tags text[], "until" timestamptz, note text, PRIMARY KEY (site, name));
SELECT itsm.attach('change', 'restore_change', 'status', mode => 'enforce', attributes => '{"planned_start": "s", "planned_end": "e", "cis": "cis"}', tenant => '''r''') > 0 AS attached;
SELECT itsm.attach('ci', 'restore_ci', 'status', mode => 'enforce', track => '{mapped,note,racks}', tenant => '''r''',
	attributes => '{"owner": "keeper", "size": "cpus + racks", "tags": "tags", "warranty": "until"}') > 0 AS attached;
INSERT INTO change VALUES (1, 'new', '2050-01-01', '2050-01-02', '{"(a,web)","(a,db)"}'), (2, 'new', NULL, NULL, NULL);
INSERT INTO ci VALUES ('a', 'web', 'live', 'ann', 2, 1, '{x,"y z"}', '2030-01-01', 'it''s'), ('a', 'db', 'live', 'bob', 4, 1, NULL, NULL, NULL), ('a', 'old', 'live', 'bob', 4, 1, NULL, NULL, NULL);
CREATE FUNCTION n(key text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id('baseline_restore.ci', key) $$;
SELECT itsm.relate(n('(a,web)'), 'depends_on', n('(a,db)')) > 0 AS related;
SELECT itsm.take_baseline('restore', tenant => 'r');
UPDATE ci SET keeper = NULL, cpus = 16, racks = 2, tags = '{}', "until" = NULL, note = 'other' WHERE name = 'web';
UPDATE ci SET status = 'idle', note = 'secret' WHERE name = 'db';
DELETE FROM ci WHERE name = 'old';
INSERT INTO ci VALUES ('a', 'new');
SELECT itsm.unrelate(id) IS NOT NULL AS ended FROM itsm.relationship WHERE source = n('(a,web)');
SELECT itsm.relate(n('(a,new)'), 'depends_on', n('(a,db)')) > 0 AS related;
SELECT item, attribute, value, proposal IS NOT NULL AS proposed, regexp_replace(message, '\d+', 'N') AS message FROM itsm.propose_baseline('change', '1', 'restore');
SELECT key, new_values FROM itsm.proposal WHERE relation = 'ci'::regclass ORDER BY id;
-- only some
SELECT item, attribute, value, proposal IS NOT NULL AS proposed, message FROM itsm.propose_baseline('change', '2', 'restore', ARRAY[n('(a,db)')]);
-- applied like anything that a change proposes; the lifecycle knows no way back from idle
SELECT target_key, done, message FROM itsm.apply_proposals('change', '1');
UPDATE change SET status = 'scheduled' WHERE id = 1;
SELECT itsm.baseline_covers_changes('restore', '{1}'), itsm.baseline_covers_changes('restore', '{1,2,3}'), itsm.baseline_covers_changes('nothing', '{}');
UPDATE change SET status = 'closed' WHERE id = 1;
SELECT target_key, done, message FROM itsm.apply_proposals('change', '1');
SELECT * FROM ci ORDER BY name;
SELECT key, kind, attribute, old_value, new_value FROM itsm.baseline_diff('restore') WHERE relationship IS NULL ORDER BY 1, 2, 3;
-- a booked item that the baseline does not hold
SELECT itsm.take_baseline('restore web', cis => ARRAY[n('(a,web)')], tenant => 'r');
UPDATE change SET s = '2051-01-01', e = '2051-01-02', cis = '{"(a,web)","(a,db)"}', status = 'scheduled' WHERE id = 2;
SELECT itsm.baseline_covers_changes('restore web', '{2}'), itsm.baseline_covers_changes('restore', '{2}'), itsm.baseline_covers_changes('restore web', '{1}');
-- what cannot be
SELECT * FROM itsm.propose_baseline('change', '9', 'restore');
SELECT * FROM itsm.propose_baseline('change', '1', 'nothing');
SELECT * FROM itsm.propose_baseline('change', '1', NULL);
SELECT * FROM itsm.propose_baseline('change', '1', 'restore', '{NULL,-1}');
CREATE ROLE regress_itsm_restorer;
GRANT USAGE ON SCHEMA baseline_restore TO regress_itsm_restorer;
GRANT SELECT ON change, ci TO regress_itsm_restorer;
GRANT EXECUTE ON FUNCTION itsm.propose_baseline(regclass, text, text, bigint[]) TO regress_itsm_restorer;
SET ROLE regress_itsm_restorer;
SELECT * FROM itsm.propose_baseline('change', '1', 'restore');
RESET ROLE;
REVOKE ALL ON FUNCTION itsm.propose_baseline(regclass, text, text, bigint[]) FROM regress_itsm_restorer;
SET client_min_messages = error;
DELETE FROM itsm.proposal WHERE relation = 'ci'::regclass;
DROP SCHEMA baseline_restore CASCADE;
DROP ROLE regress_itsm_restorer;
