-- Relationships: what may be related, how often, without cycles; what records remember of it.
SET search_path = relationship, public;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET itsm.reason = '';
CREATE SCHEMA relationship;
\pset null '~'
\pset format unaligned

SELECT itsm.define_lifecycle('{"name": "r_asset", "attributes": {"title": "text", "ci_class": "text"}, "delete": "allow",
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "retired", "category": "closed", "final": true}],
	"transitions": [{"from": "live", "to": "retired"}]}');
CREATE TABLE item (id integer PRIMARY KEY, status text NOT NULL DEFAULT 'live', name text, kind text, customer text NOT NULL DEFAULT '');
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL);
SELECT itsm.attach('item', 'r_asset', 'status', attributes => '{"title": "name", "ci_class": "kind"}', tenant => 'customer', mode => 'enforce') > 0 AS attached;
SELECT itsm.attach('ticket', 'incident', 'status') > 0 AS attached;
SELECT itsm.define_class('r_ci', abstract => true);
SELECT itsm.define_class('r_server', 'r_ci');
SELECT itsm.define_class('r_app', 'r_ci');
INSERT INTO item (id, status, name, kind) VALUES (1, 'live', 'web', 'r_app'), (2, 'live', 'db', 'r_app'), (3, 'live', 'host a', 'r_server'), (4, 'live', 'host b', 'r_server'),
	(5, 'live', 'rack', 'r_ci'), (7, 'live', 'thing', NULL), (8, 'live', 'gone', 'r_server');
INSERT INTO item VALUES (6, 'live', 'theirs', 'r_server', 'other');
DELETE FROM item WHERE id = 8;
INSERT INTO ticket VALUES (1, 'new');
CREATE FUNCTION r(key integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT itsm.record_id('relationship.item', key::text) $$;
-- numbers of records and relationships stand in the messages: shown by their keys
CREATE FUNCTION told(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	k record;
BEGIN
	FOR k IN SELECT r.id, CASE WHEN r.source = 0 THEN 'a policy' ELSE o.relation::text || coalesce(r.key, '?') END AS name FROM itsm.record r LEFT JOIN itsm.source o ON o.id = r.source
		WHERE r.source = 0 OR o.relation IN ('item'::regclass, 'ticket'::regclass) ORDER BY r.id DESC LOOP
		t := regexp_replace(t, format('\mrecords? %s\M', k.id), k.name, 'g');
		t := regexp_replace(t, format('\mand %s belong', k.id), 'and ' || k.name || ' belong', 'g');
	END LOOP;
	RETURN regexp_replace(t, '(relationship |unrelate\()\d+|\d{4}-\d\d-\d\d [\d:.]+\+00', '\1#', 'g');
END $$;
CREATE FUNCTION try(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	d text;
	h text;
BEGIN
	EXECUTE 'SELECT ' || call;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	RETURN told(format('%s: %s | %s | %s', sqlstate, sqlerrm, d, CASE WHEN h !~ '^There are' THEN h END));
END $$;

SELECT itsm.define_relationship_type('r_on', 'r_bears', 'r_app', 'r_server', 'n:1', true, 'backward');
SELECT itsm.define_relationship_type('r_owns', 'r_owned_by', cardinality => '1:n', acyclic => true);
SELECT itsm.define_relationship_type('r_twin', 'r_twin', cardinality => '1:1');
SELECT itsm.define_relationship_type('r_any', 'r_any', 'r_ci', 'r_ci');

-- allowed: subclasses count
SELECT itsm.relate(r(1), 'r_on', r(3)) > 0 AS related;
SELECT itsm.relate(r(1), 'r_any', r(3)) > 0 AS related;
SELECT itsm.relate(itsm.record_id('ticket', '1'), 'affects', r(1)) > 0 AS related;
-- not allowed
SELECT try(call) FROM unnest(ARRAY[
	'itsm.relate(r(3), ''r_on'', r(1))', 'itsm.relate(r(1), ''r_on'', r(5))', 'itsm.relate(r(7), ''r_on'', r(4))', 'itsm.relate(r(1), ''r_any'', itsm.record_id(''ticket'', ''1''))',
	'itsm.relate(r(1), ''depends_on'', r(1))', 'itsm.relate(r(1), ''depends_on'', r(6))', 'itsm.relate(r(1), ''nothing'', r(2))',
	'itsm.relate(r(1), ''depends_on'', 0)', 'itsm.relate(r(1), ''depends_on'', (SELECT id FROM itsm.record WHERE source = 0 LIMIT 1))', 'itsm.relate(r(8), ''depends_on'', -5)',
	'itsm.relate(NULL, ''depends_on'', 1)', 'itsm.relate(1, NULL, 1)', 'itsm.relate(1, ''depends_on'', NULL)',
	'itsm.relate(r(1), ''depends_on'', r(2), ''infinity'')', 'itsm.relate(r(1), ''depends_on'', r(2), now() + interval ''1 day'')', 'itsm.relate(0, '''', 0)']) AS call;
-- how many
SELECT try(call) FROM unnest(ARRAY[
	'itsm.relate(r(1), ''r_on'', r(3))', 'itsm.relate(r(1), ''r_on'', r(4))', 'itsm.relate(r(2), ''r_on'', r(3))',
	'itsm.relate(r(1), ''r_owns'', r(2))', 'itsm.relate(r(1), ''r_owns'', r(3))', 'itsm.relate(r(4), ''r_owns'', r(3))',
	'itsm.relate(r(1), ''r_twin'', r(2))', 'itsm.relate(r(1), ''r_twin'', r(3))', 'itsm.relate(r(3), ''r_twin'', r(2))', 'itsm.relate(r(2), ''r_twin'', r(1))']) AS call;
-- cycles
SELECT try(call) FROM unnest(ARRAY[
	'itsm.relate(r(2), ''r_owns'', r(1))', 'itsm.relate(r(3), ''r_owns'', r(4))', 'itsm.relate(r(4), ''r_owns'', r(1))', 'itsm.relate(r(4), ''r_owns'', r(5))', 'itsm.relate(r(5), ''r_owns'', r(1))']) AS call;
SELECT source_key, type, inverse, target_key, source_class, target_class, source_process, target_process, holds, impact, ended_at FROM itsm_report.relationship
	WHERE source IN (SELECT r(id) FROM item) OR target IN (SELECT r(id) FROM item) ORDER BY relationship;

-- ended: it can be made again; what was stays
SELECT itsm.unrelate(id) FROM itsm.relationship WHERE type = 'r_on' AND source = r(1);
SELECT try('itsm.unrelate(' || id || ')') FROM itsm.relationship WHERE type = 'r_on' AND source = r(1);
SELECT try('itsm.unrelate(0)'), try('itsm.unrelate(NULL)');
SELECT itsm.relate(r(1), 'r_on', r(4)) > 0 AS related;
SELECT try(format('itsm.unrelate(%s, %L)', id, started_at - interval '1 second')) FROM itsm.relationship WHERE type = 'r_on' AND source = r(1) AND ended = 0;
SELECT try(format('itsm.unrelate(%s, %L)', id, '2000-01-01 00:00:00+00')) FROM itsm.relationship WHERE type = 'r_on' AND source = r(1) AND ended = 0;
SELECT try('itsm.unrelate(' || id || ', ''infinity'')') FROM itsm.relationship WHERE type = 'r_on' AND source = r(1) AND ended = 0;
BEGIN;
SELECT itsm.unrelate(id, started_at) FROM itsm.relationship WHERE type = 'r_on' AND source = r(1) AND ended = 0;
SELECT itsm.relate(r(1), 'r_on', r(3), '2020-02-20') > 0 AS related;
SAVEPOINT s;
SELECT itsm.unrelate(id, '2021-01-01') FROM itsm.relationship WHERE type = 'r_on' AND source = r(1) AND ended = 0;
SELECT itsm.relate(r(1), 'r_on', r(3)) > 0 AS related;
ROLLBACK TO s;
SELECT try('itsm.relate(r(1), ''r_on'', r(3))');
COMMIT;
SELECT target_key, holds, started_at = '2020-02-20' AS long_ago, ended_at - started_at < interval '1 hour' AS short FROM itsm_report.relationship WHERE type = 'r_on' AND source = r(1) ORDER BY relationship;
-- no row goes, not even by a superuser's hand unseen
SET client_min_messages = warning;
BEGIN;
DELETE FROM itsm.relationship;
ROLLBACK;

-- what the records remember
SET itsm.reason = 'drawn on the wall';
BEGIN;
SELECT itsm.act_as('ann');
SELECT itsm.relate(r(2), 'depends_on', r(7)) > 0 AS related;
COMMIT;
RESET itsm.reason;
SELECT kind, CASE actor WHEN session_user THEN 'superuser' ELSE actor END AS actor, from_state, to_state, reason, changes #>> '{relationship,to,type}' AS type, changes #>> '{relationship,to,end}' AS "end", changes #>> '{relationship,to,reads}' AS reads,
	told('record ' || (changes #>> '{relationship,to,record}')) AS other, changes -> 'relationship' -> 'from' AS before
	FROM itsm.history('item', '7');
SELECT kind, changes #>> '{relationship,to,reads}' AS reads, told('record ' || (changes #>> '{relationship,to,record}')) AS other FROM itsm.history('item', '1');
SELECT (itsm.record_as_of('item', '7', clock_timestamp())) - 'at' AS as_of;
SELECT count(*) FROM itsm_report.transition WHERE kind IN ('linked', 'unlinked');

-- a row goes: its relationships end, stay, or hold it
SELECT itsm.define_relationship_type('r_holds', 'r_held_by', on_retire => 'restrict');
SELECT itsm.define_relationship_type('r_stays', 'r_stays', on_retire => 'follow');
SELECT itsm.relate(r(7), 'r_stays', r(1)) > 0, itsm.relate(r(5), 'r_holds', r(7)) > 0;
DO $$ BEGIN DELETE FROM relationship.item WHERE id = 7; EXCEPTION WHEN OTHERS THEN RAISE WARNING '%: %', sqlstate, relationship.told(sqlerrm); END $$;
SELECT itsm.unrelate(id) FROM itsm.relationship WHERE type = 'r_holds';
DELETE FROM item WHERE id = 7;
SELECT type, holds FROM itsm_report.relationship WHERE 7::text IN (source_key, target_key) ORDER BY relationship;
SELECT e.version, e.kind FROM itsm.event e JOIN itsm.record r ON r.id = e.record JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'item'::regclass AND r.key = '7' ORDER BY 1;
INSERT INTO item VALUES (7, 'live', 'thing again', NULL);

-- types change: what holds must fit (which of the items with too many is named first is open)
SELECT itsm.define_relationship_type('r_turn', 'r_turn');
SELECT itsm.relate(r(1), 'r_turn', r(2)) > 0, itsm.relate(r(2), 'r_turn', r(3)) > 0, itsm.relate(r(3), 'r_turn', r(1)) > 0, itsm.relate(r(2), 'r_turn', r(4)) > 0;
SELECT regexp_replace(try(call), 'item[23] has several (.*), from item[23] to item[345]', 'one has several \1, between two') FROM unnest(ARRAY[
	'itsm.define_relationship_type(''r_turn'', ''r_turn'', acyclic => true)', 'itsm.define_relationship_type(''r_turn'', ''r_turn'', cardinality => ''n:1'')',
	'itsm.define_relationship_type(''r_turn'', ''r_turn'', cardinality => ''1:n'')', 'itsm.relate(r(3), ''r_turn'', r(2))', 'itsm.relate(r(3), ''r_turn'', r(5))',
	'itsm.define_relationship_type(''r_turn'', ''r_turn'', cardinality => ''1:1'')', 'itsm.define_relationship_type(''r_turn'', ''r_turn'')', 'itsm.relate(r(3), ''r_turn'', r(2))']) AS call;
SELECT itsm.unrelate(id) FROM itsm.relationship WHERE type = 'r_turn' AND source = r(3);
SELECT itsm.define_relationship_type('r_turn', 'r_turn', acyclic => true);
SELECT try('itsm.relate(r(3), ''r_turn'', r(1))');
SELECT max(version) FROM itsm.relationship_type WHERE name = 'r_turn';

-- rights
CREATE ROLE regress_itsm_relate;
GRANT USAGE ON SCHEMA relationship TO regress_itsm_relate;
SET ROLE regress_itsm_relate;
\set VERBOSITY terse
SELECT itsm.relate(1, 'depends_on', 2);
SELECT itsm.unrelate(1);
SELECT count(*) FROM itsm.relationship;
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.relate(bigint, text, bigint, timestamptz) TO regress_itsm_relate;
SELECT r(1) AS first, r(5) AS second \gset
SET ROLE regress_itsm_relate;
SELECT itsm.relate(:first, 'depends_on', :second) > 0 AS related;
RESET ROLE;
REVOKE ALL ON FUNCTION itsm.relate(bigint, text, bigint, timestamptz) FROM regress_itsm_relate;
REVOKE USAGE ON SCHEMA relationship FROM regress_itsm_relate;
DROP ROLE regress_itsm_relate;

SELECT * FROM itsm.verify() WHERE NOT ok AND object ~ '(relationship\.|policy)';
CALL itsm.export_history('relationship_export');
SELECT (SELECT count(*) FROM relationship_export.relationship) = (SELECT count(*) FROM itsm.relationship) AS relationships;
DROP SCHEMA relationship_export CASCADE;
SELECT itsm.detach('item');
SELECT itsm.detach('ticket');
DROP SCHEMA relationship CASCADE;
