-- Reconciliation: which configuration items a source's items are, and whose word counts.
SET search_path = pg_catalog;
SET client_min_messages = notice;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
\pset null '~'
\set VERBOSITY terse

CREATE SCHEMA cmdb_app;
CREATE TABLE cmdb_app.server (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL DEFAULT 'live', kind text NOT NULL,
	serial text, name varchar(20), owner text, cpus integer, ip text[], os text
);
SELECT itsm.define_lifecycle('{"name": "reconciled_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"title": "text", "class": "text", "serial": "text", "owner": "text", "cpus": "integer", "ip": "text[]", "os": "text", "label": "text"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "gone", "category": "closed", "final": true}],
	"transitions": [{"from": "live", "to": "gone"}],
	"rules": [{"name": "few_cpus", "check": "new.cpus is null or new.cpus < 1000"}]}');
SELECT itsm.define_class('machine', abstract => true);
SELECT itsm.define_class('box', 'machine', required => '{serial}');
SELECT itsm.define_class('web_box', 'box');
SELECT itsm.define_class('switch_box', 'machine');
SELECT itsm.attach('cmdb_app.server', 'reconciled_ci', 'status', mode => 'enforce', attributes => '{"title": "name", "class": "kind", "serial": "serial",
	"owner": "owner", "cpus": "cpus", "ip": "ip", "os": "os", "label": "upper(name)"}') > 0 AS attached;
INSERT INTO cmdb_app.server (kind, serial, name, owner) VALUES
	('box', 'S1', 'one', 'ann'), ('web_box', 'S2', 'two', 'ann'), ('switch_box', 'S3', 'three', 'bob'), ('box', NULL, 'four', NULL),
	('box', 'S5', 'five', NULL), ('box', 'S5', 'five too', NULL);
CREATE VIEW cmdb_app.item AS
	SELECT i.source, i.class, r.key, i.outcome, i.review_at, i.attributes, i.findings IS NOT NULL AS left_to_do
	FROM itsm.source_item i LEFT JOIN itsm.record r ON r.id = i.record
	WHERE i.tenant = '';

-- what has to be said first
SELECT * FROM itsm.reconcile('scan', 'nothing', '[]');
SELECT * FROM itsm.reconcile('scan', 'machine', '[]');
SELECT * FROM itsm.reconcile('scan', 'box', '[]');
SELECT * FROM itsm.define_identification_rule('nothing', 1, '{serial}');
SELECT * FROM itsm.define_identification_rule('machine', 0, '{serial}');
SELECT * FROM itsm.define_identification_rule('machine', 1, '{}');
SELECT * FROM itsm.define_identification_rule('machine', 1, '{serial,NULL}');
SELECT * FROM itsm.define_identification_rule('machine', 1, NULL);
SELECT itsm.define_identification_rule('machine', 1, '{serial}');
SELECT itsm.define_identification_rule('machine', 2, '{title,title}');
SELECT class, position, attributes FROM itsm.identification_rule WHERE class = 'machine' ORDER BY 1, 2;
-- rows from before have been indexed
SELECT r.key, count(*) FROM itsm.ci_identity i JOIN itsm.record r ON r.id = i.record WHERE r.tenant = '' GROUP BY 1 ORDER BY 1;
SELECT * FROM itsm.reconcile('scan', 'box', '{"serial": "S1"}');
SELECT * FROM itsm.reconcile(' ', 'box', '[]');
SELECT * FROM itsm.reconcile('scan', NULL, '[]');
SELECT * FROM itsm.reconcile('scan', 'box', '[]', dry_run => true, apply => true);
SELECT * FROM itsm.reconcile('scan', 'box', '[]', relation => 'cmdb_app.server');
SELECT * FROM itsm.reconcile('scan', 'box', '[]', seen_at => 'infinity');
SELECT * FROM itsm.reconcile('scan', 'box', '[]', apply => true, relation => 'itsm.record');

-- a dry run writes nothing
CREATE FUNCTION cmdb_app.reconcile(source text, class text, items jsonb, dry_run boolean DEFAULT false, apply boolean DEFAULT false, relation regclass DEFAULT NULL, seen_at timestamptz DEFAULT NULL)
RETURNS TABLE (item integer, action text, key text, attribute text, current_value text, value text, value_source text, detail text) LANGUAGE sql AS $$
	SELECT o.item, o.action, r.key, o.attribute, o.current_value, o.value, o.value_source, regexp_replace(o.detail, 'record [0-9]+|at 2.*\+00', 'record N')
	FROM itsm.reconcile($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY o LEFT JOIN itsm.record r ON r.id = o.record ORDER BY o.ordinality $$;
\set items '[{"serial": "S1", "title": "one", "owner": "ann", "cpus": 4}, {"serial": "S2", "os": "linux"}, {"serial": "S3"}, {"title": "four", "serial": "S4"}, {"serial": "S9", "title": "nine"}, {"serial": "S5"}, {"owner": "carl", "serial": " ", "title": null}, 7, [], {"serial": "S1"}, {"title": "one", "serial": "S7"}, {"serial": "S9", "cpus": "many"}]'
SELECT * FROM cmdb_app.reconcile('scan', 'box', :'items', dry_run => true);
SELECT count(*) FROM itsm.source_item WHERE tenant = '';
-- the same, kept
SELECT * FROM cmdb_app.reconcile('scan', 'box', :'items');
SELECT * FROM cmdb_app.item ORDER BY attributes::text COLLATE "C";
-- what has nothing to do is passed over; what has is told again
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1", "title": "one", "owner": "ann", "cpus": 4}, {"serial": "S2"}, {"serial": "S2", "title": "two"}]');
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S2"}]');

-- applied by the caller's own writes; what does not pass is refused, and leaves the others alone
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1", "title": "one", "owner": "ann", "cpus": 4, "ip": ["10.0.0.1", "10.0.0.2"], "label": "ONE!"},
	{"serial": "S2", "cpus": 5000}, {"serial": "S4", "title": "four", "cpus": "many"}, {"serial": "S9", "title": "nine"}, {"serial": "S10", "title": "a name that is too long for it"}]', apply => true, relation => 'cmdb_app.server');
SELECT id, status, kind, serial, name, owner, cpus, ip FROM cmdb_app.server ORDER BY id;
SELECT kind, changes, reason FROM itsm.history('cmdb_app.server', '1') ORDER BY version;
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S4", "title": "four"}, {"serial": "S9", "title": "nine"}]', apply => true);

-- precedence: two sources as high as each other, then one above the other
SELECT * FROM cmdb_app.reconcile('list', 'box', '[{"serial": "S1", "owner": "zoe", "os": "bsd"}]');
SELECT * FROM itsm.define_source_precedence('nothing', '{a}');
SELECT * FROM itsm.define_source_precedence('box', '{a,a}');
SELECT * FROM itsm.define_source_precedence('box', '{a,NULL}');
SELECT * FROM itsm.define_source_precedence('box', '{a,b,c}', stale_after => '{1 day,2 days}');
SELECT * FROM itsm.define_source_precedence('box', '{a}', stale_after => '{-1 day}');
SELECT * FROM itsm.define_source_precedence('box', '{a}', attribute => ' ');
SELECT itsm.define_source_precedence('machine', '{scan,list}');
SELECT itsm.define_source_precedence('box', '{list,scan}', attribute => 'owner', stale_after => '{1 day,NULL}');
SELECT class, attribute, position, source, stale_after FROM itsm.source_precedence ORDER BY 1, 2, 3;
SELECT * FROM cmdb_app.reconcile('list', 'box', '[{"serial": "S1", "owner": "zoe", "os": "bsd"}]', apply => true);
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1", "title": "one", "owner": "ann", "os": "linux"}]', apply => true);
-- the lower one is passed over while the higher one is fresh, and counts once it is stale
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1", "title": "one", "owner": "ann", "os": "linux"}]', apply => true);
UPDATE itsm.source_item SET seen_at = seen_at - interval '2 days', review_at = review_at - interval '2 days';
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1", "title": "one", "owner": "ann", "os": "linux"}]', apply => true);
SELECT owner, os FROM cmdb_app.server WHERE id = 1;
-- and gives way when the higher one is heard of again
SELECT * FROM cmdb_app.reconcile('list', 'box', '[{"serial": "S1", "owner": "zoe", "os": "bsd"}]', apply => true);
SELECT owner, os FROM cmdb_app.server WHERE id = 1;
-- what is older than what is known does not count
SELECT * FROM cmdb_app.reconcile('list', 'box', '[{"serial": "S1", "owner": "old"}]', seen_at => '2020-01-01');
-- what comes late is no fresher for that: when it came, a lower source had been heard of long after it
INSERT INTO cmdb_app.server (kind, serial, owner) VALUES ('box', 'S8', 'sue');
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S8", "owner": "sue"}]', apply => true);
SELECT * FROM cmdb_app.reconcile('list', 'box', '[{"serial": "S8", "owner": "tom"}]', apply => true, seen_at => now() - interval '2 days');
SELECT * FROM cmdb_app.reconcile('list', 'box', '[{"serial": "S8", "owner": "tom"}]', apply => true);
-- all that is said is kept
SELECT v.source, attribute, value FROM itsm.source_value v JOIN itsm.record r ON r.id = v.record WHERE r.key = '1' ORDER BY 1, 2;

-- somebody changed the row by hand: that is found though the source says the same
UPDATE cmdb_app.server SET os = 'dos' WHERE id = 1;
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1", "title": "one", "owner": "ann", "os": "linux"}]');
-- an item stays what it was when its identity goes, and not when it changes
UPDATE cmdb_app.server SET serial = NULL, name = 'uno', os = 'linux' WHERE id = 1;
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1"}]');
UPDATE cmdb_app.server SET serial = 'S99' WHERE id = 1;
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1"}]');
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1"}]');
SELECT source, outcome, key FROM cmdb_app.item WHERE key = '1' ORDER BY source;
-- a record that is gone
DELETE FROM cmdb_app.server WHERE id = 1;
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "S1"}]');
SELECT count(*) FROM itsm.ci_identity i JOIN itsm.record r ON r.id = i.record WHERE r.deleted;
-- another class, another place in the tree: other rules
SELECT * FROM cmdb_app.reconcile('scan', 'switch_box', '[{"serial": "S3"}, {"serial": "S2"}]');
SELECT itsm.define_class('switch_box');
SELECT count(*) FROM itsm.ci_identity i JOIN itsm.record r ON r.id = i.record WHERE r.key = '3';
SELECT * FROM itsm.reconcile('scan', 'switch_box', '[]');
SELECT itsm.define_class('switch_box', 'machine');
SELECT count(*) FROM itsm.ci_identity i JOIN itsm.record r ON r.id = i.record WHERE r.key = '3';

-- what is erased is erased here, too
SELECT itsm.redact('cmdb_app.server', '2', '{serial}', 'asked for') > 0 AS erased;
SELECT count(*) AS by_title FROM itsm.ci_identity i JOIN itsm.record r ON r.id = i.record WHERE r.key = '2';
SELECT attributes FROM cmdb_app.item WHERE key = '2';
SELECT itsm.forget_source_items('list', now()), itsm.forget_source_items('list', now());

-- in batches
CREATE TABLE cmdb_app.found (id integer PRIMARY KEY, item jsonb);
INSERT INTO cmdb_app.found SELECT i, jsonb_build_object('serial', 'B' || i, 'title', 'b ' || i) FROM generate_series(1, 25) i;
INSERT INTO cmdb_app.found VALUES (26, NULL), (27, '{"cpus": 3}');
CALL itsm.reconcile_batches('bulk', 'box', 'cmdb_app.found', 10, apply => true, relation => 'cmdb_app.server');
UPDATE itsm.reconciliation_progress SET finished = false, last_key = '12', items = 12, created = 12, unresolved = 0;
CALL itsm.reconcile_batches('bulk', 'box', 'cmdb_app.found', 10);
CALL itsm.reconcile_batches('bulk', 'box', 'cmdb_app.found', 100);
SELECT source, class, relation, last_key, items, unchanged, matched, new, created, unresolved, finished FROM itsm.reconciliation_progress;
CALL itsm.reconcile_batches('bulk', 'box', 'cmdb_app.found', 0);
CALL itsm.reconcile_batches('bulk', 'box', 'cmdb_app.found', item => 'nothing');
CALL itsm.reconcile_batches('bulk', 'box', 'itsm.record');
SELECT action, attribute, count(*) FROM itsm_report.reconciliation_finding WHERE tenant = '' GROUP BY 1, 2 ORDER BY 1, 2;
-- each says which item it is about
SELECT action, item FROM itsm_report.reconciliation_finding WHERE tenant = '' AND action IN ('new', 'unidentified') ORDER BY item COLLATE "C" LIMIT 3;

-- no code of a table's owner runs with the rights of who reconciles, but by the write that is asked for
CREATE FUNCTION cmdb_app.spy(value text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'spy is %', current_user; RETURN true; END $$;
CREATE DOMAIN cmdb_app.watched AS text CHECK (cmdb_app.spy(VALUE));
CREATE DOMAIN cmdb_app.number AS integer CHECK (cmdb_app.spy(VALUE::text));
CREATE TYPE cmdb_app.size AS ENUM ('small', 'large');
CREATE TABLE cmdb_app.typed (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live', serial char(5), name cmdb_app.watched, cpus cmdb_app.number, size cmdb_app.size, weight smallint, made date);
SELECT itsm.define_lifecycle('{"name": "typed_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"title": "cmdb_app.watched", "class": "text", "serial": "text", "cpus": "cmdb_app.number", "size": "cmdb_app.size", "weight": "integer", "made": "date"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
SELECT itsm.attach('cmdb_app.typed', 'typed_ci', 'status', mode => 'enforce', attributes => '{"title": "name", "class": "''box''", "serial": "serial", "cpus": "cpus", "size": "size", "weight": "weight", "made": "made"}') > 0;
SET client_min_messages = warning;
INSERT INTO cmdb_app.typed VALUES (1, 'live', 'X1', 'one', 2, 'small', 10, '2024-02-01');
SET client_min_messages = notice;
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "X1", "title": "one", "cpus": 2, "size": "small", "weight": "010", "made": "1 Feb 2024"}]');
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "X1", "title": "uno", "cpus": 3, "size": "huge", "weight": 11, "made": "yesterday or so"}]');
SELECT * FROM cmdb_app.reconcile('scan', 'box', '[{"serial": "X1", "size": "large", "weight": 11, "made": "2024-03-01"}]', apply => true);
SELECT size, weight, made FROM cmdb_app.typed;

-- by the caller's rights, and not for everybody
CREATE ROLE regress_itsm_scanner;
SET ROLE regress_itsm_scanner;
SELECT * FROM itsm.reconcile('scan', 'box', '[]');
CALL itsm.reconcile_batches('bulk', 'box', 'cmdb_app.found');
SELECT itsm.define_identification_rule('box', 1, '{serial}');
SELECT itsm.define_source_precedence('box', '{scan}');
SELECT * FROM itsm.source_item;
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.reconcile(text, text, jsonb, boolean, boolean, regclass, timestamptz, text) TO regress_itsm_scanner;
SET ROLE regress_itsm_scanner;
SELECT action, attribute, detail FROM itsm.reconcile('scan', 'box', '[{"serial": "B1", "cpus": 2}]', apply => true);
RESET ROLE;
REVOKE ALL ON FUNCTION itsm.reconcile(text, text, jsonb, boolean, boolean, regclass, timestamptz, text) FROM regress_itsm_scanner;
DROP ROLE regress_itsm_scanner;
SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ 'cmdb_app|class ';
SELECT itsm.detach(t::regclass) FROM unnest('{cmdb_app.server,cmdb_app.typed}'::text[]) t;
DROP SCHEMA cmdb_app CASCADE;
