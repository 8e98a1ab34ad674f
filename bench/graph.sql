-- A layered CMDB: :nodes CIs in ten layers, four relationships each, to the layer below.
-- Loaded by hand, past the functions: only reading is measured.
SET client_min_messages = warning;
CREATE EXTENSION itsm;
CREATE SCHEMA bench;
SELECT setseed(0.5);
CREATE TABLE bench.relation AS
SELECT row_number() OVER () AS id, a AS source, b AS target FROM (
	SELECT DISTINCT a, (a / layer + 1) * layer + floor(random() * least(layer, CASE WHEN random() < 0.5 THEN 200 ELSE layer END))::bigint AS b
	FROM (SELECT :nodes / 10 AS layer) l, generate_series(0, :nodes * 9 / 10 - 1) a, generate_series(1, 5) k
	WHERE k <= 4 OR a % 9 < 4) x WHERE b < :nodes;
INSERT INTO itsm.relationship (id, source, target, ended, started_at, xid, system, type, tenant)
	SELECT id, source, target, 0, now(), pg_current_xact_id(), (SELECT system_identifier FROM pg_control_system()), 'depends_on', '' FROM bench.relation;
-- what the recursive queries read: the same, with both indexes, and nothing else
CREATE INDEX ON bench.relation (source);
CREATE INDEX ON bench.relation (target);
VACUUM (ANALYZE, FREEZE) bench.relation;
VACUUM (ANALYZE, FREEZE) itsm.relationship;
CREATE FUNCTION bench.cte(ci bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
	WITH RECURSIVE c (id) AS (SELECT ci UNION SELECT r.source FROM c JOIN bench.relation r ON r.target = c.id) SELECT id FROM c WHERE id <> ci $$;
SELECT count(*) AS relationships, pg_size_pretty(pg_total_relation_size('bench.relation')) AS plain, pg_size_pretty(pg_total_relation_size('itsm.relationship')) AS ours FROM bench.relation;
