-- The canonical bytes of events do not depend on settings, and the chain's hashes can be computed without the extension.
SET search_path = pg_catalog;
SET client_min_messages = warning;
\pset null '~'

CREATE ROLE regress_itsm_events;
CREATE SCHEMA events AUTHORIZATION regress_itsm_events;
SELECT itsm.define_lifecycle('{"name": "events",
	"attributes": {"title": "text", "due": "timestamptz", "cost": "numeric"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["new", "done"]}],
	"delete": "allow"}');

-- What is remembered of a table: a line a record.
CREATE FUNCTION events.seen(relation regclass, OUT key text, OUT state text, OUT events text)
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

SET ROLE regress_itsm_events;

RESET ROLE;
-- What event.h and event_body.h say, in SQL.
CREATE FUNCTION events.text_bytes(t text) RETURNS bytea LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
	SELECT CASE WHEN t IS NULL THEN '\xffffffff'::bytea ELSE int4send(octet_length(convert_to(t, 'UTF8'))) || convert_to(t, 'UTF8') END
$$;
CREATE FUNCTION events.number_at(body bytea, place integer) RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
	SELECT ('x' || encode(substring(body FROM place FOR 4), 'hex'))::bit(32)::integer
$$;
CREATE FUNCTION events.items(body bytea, OUT number integer, OUT form integer, OUT value text, OUT commitment bytea) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
	place integer := 1;
	size integer;
BEGIN
	WHILE place <= length(body) LOOP
		number := events.number_at(body, place);
		form := get_byte(body, place + 3);
		value := NULL;
		IF form = 2 THEN
			commitment := substring(body FROM place + 5 FOR 32);
			place := place + 37;
		ELSE
			size := events.number_at(body, place + 21);
			IF form = 0 THEN
				value := convert_from(substring(body FROM place + 25 FOR size), 'UTF8');
			END IF;
			commitment := sha256(substring(body FROM place + 5 FOR 16) || int4send(number) || substring(body FROM place + 4 FOR 1) || substring(body FROM place + 25 FOR size));
			place := place + 25 + size;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;
CREATE FUNCTION events.hash(e itsm.event, previous bytea) RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
	SELECT sha256('itsm event 1'::bytea || '\x0a'::bytea || coalesce(previous, decode(repeat('00', 32), 'hex'))
		|| int8send(e.record) || int8send(e.version) || int8send(((extract(epoch FROM e.at) - 946684800) * 1000000)::bigint)
		|| int8send(e.xid::text::bigint) || int8send(e.system) || int4send(e.timeline) || int4send(e.command) || int4send(e.attachment) || int4send(e.lifecycle_version)
		|| events.text_bytes(e.kind) || events.text_bytes(e.tenant) || events.text_bytes(e.from_state) || events.text_bytes(e.to_state)
		|| events.text_bytes(e.session_role) || events.text_bytes(e.role) || events.text_bytes(e.actor) || events.text_bytes(e.application)
		|| coalesce((SELECT string_agg(i.commitment, ''::bytea ORDER BY i.ordinality) FROM events.items(e.body) WITH ORDINALITY i), ''::bytea))
$$;
-- Events of these tables that are not as they should be; and gaps, and heads that are not the last event.
CREATE VIEW events.broken AS
	SELECT o.relation_name, r.key, e.version, e.kind FROM itsm.source o JOIN itsm.record r ON r.source = o.id JOIN (
		SELECT x.*, events.hash(x, lag(x.hash) OVER w) AS computed, row_number() OVER w AS row FROM itsm.event x WINDOW w AS (PARTITION BY x.tenant, x.record ORDER BY x.version)) e
		ON e.tenant = r.tenant AND e.record = r.id
	WHERE o.relation_name LIKE 'events.%' AND (e.hash <> e.computed OR e.version <> e.row OR (e.version = r.version AND e.hash <> r.hash) OR e.version > r.version);

SET ROLE regress_itsm_events;
CREATE TYPE events.mood AS ENUM ('sad', 'happy');
CREATE TYPE events.pair AS (day date, amount double precision);
CREATE DOMAIN events.price AS numeric(8, 2);
CREATE TABLE events.ticket (id integer PRIMARY KEY, status text, title text, due timestamptz, cost numeric,
	a_bool boolean, b_char char(6), c_date date, d_ts timestamp, e_tz timestamptz, f_time time, g_timetz timetz, h_interval interval, i_float4 real, j_float8 double precision,
	k_bytea bytea, l_money money, m_json json, n_jsonb jsonb, o_array timestamptz[], p_pair events.pair, q_range tstzrange, r_mood events.mood, s_price events.price,
	t_xml xml, u_uuid uuid, v_inet inet, w_point point, x_regclass regclass, y_tsvector tsvector, z_bit bit varying);
SELECT itsm.attach('events.ticket', 'events', 'status', attributes => '{"title": "title", "due": "due", "cost": "cost * 2"}', mode => 'enforce', track => '{*}') > 0;

-- the same row under settings that have nothing in common
CREATE FUNCTION events.write(id integer) RETURNS void LANGUAGE sql SET search_path = pg_catalog AS $$
	INSERT INTO events.ticket VALUES (id, 'new', 'Üble Sache 進行中', '2024-06-30 12:00:00+00', 12.50, true, 'ab', '2024-02-29', '2024-02-29 13:14:15.6789', '0044-03-15 00:00:00+00 BC',
		'04:05:06.7', '04:05:06.789+05:30', make_interval(1, -2, 0, 3, -4, 5, 6.5), 0.1::real, 1.0::double precision / 3, '\xdeadbeef', 12.34::numeric::money, '{"b" :1}', '{"b" :1}',
		ARRAY['2024-06-30 12:00:00+00', 'infinity']::timestamptz[], ROW('2024-02-29', 0.1::double precision)::events.pair, tstzrange('2024-06-30 12:00:00+00', NULL), 'happy', 9.5,
		'<a/>'::xml, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1', point(0.1, 1e20), 'events.ticket', 'b:2 a:1', B'101')
$$;
SELECT events.write(1);
SET datestyle = 'SQL, DMY'; SET timezone = 'America/St_Johns'; SET intervalstyle = sql_standard; SET extra_float_digits = -15; SET bytea_output = escape;
SET xmlbinary = hex; SET quote_all_identifiers = on;
SELECT events.write(2);
SET datestyle = 'German'; SET timezone = '<+03>-3'; SET intervalstyle = postgres_verbose; SET extra_float_digits = 3; SET search_path = events, pg_catalog;
SELECT events.write(3);
UPDATE events.ticket SET c_date = '-infinity', d_ts = 'infinity', e_tz = 'infinity', j_float8 = 'NaN', i_float4 = '-0', h_interval = '0', title = NULL, due = 'infinity', cost = 'NaN', status = 'work' WHERE id = 3;
RESET ALL;
SET ROLE regress_itsm_events;
SET search_path = pg_catalog;
SET client_min_messages = warning;
SET datestyle = 'ISO'; SET timezone = 'UTC';
RESET ROLE;
CREATE VIEW events.told AS
	SELECT r.key, e.version, e.kind, i.number, coalesce(a.name, i.number::text) AS name, i.form, i.value FROM itsm.source o JOIN itsm.record r ON r.source = o.id
		JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id CROSS JOIN LATERAL events.items(e.body) i
		LEFT JOIN itsm.source_attribute a ON a.source = o.id AND a.number = i.number
	WHERE o.relation = 'events.ticket'::regclass;
SELECT name, value FROM events.told WHERE key = '1' ORDER BY name COLLATE "C", number;
SELECT name, form, value FROM events.told WHERE key = '3' AND version = 2 ORDER BY name COLLATE "C";
SELECT name, key, value FROM events.told t WHERE version = 1 AND NOT EXISTS (SELECT FROM events.told o WHERE o.version = 1 AND o.key = '1' AND o.name = t.name AND o.value = t.value) ORDER BY 1, 2;
SELECT count(*) FROM events.told WHERE version = 1;
SELECT * FROM events.broken;
SET ROLE regress_itsm_events;

-- every kind of event: refused, observed, keys, tenants, deletion, reasons, claims, odd application names
CREATE TABLE events.any (id integer PRIMARY KEY, customer text, status text, title text, due timestamptz, cost numeric);
SELECT itsm.attach('events.any', 'events', 'status', '{"new": "new", "W": "work", "done": "done"}', '{"title": "title", "due": "due", "cost": "cost"}', tenant => 'customer', track => '{mapped}') > 0;
SET application_name = 'Ünï ☃';
SET itsm.reason = 'because: "進行中"';
INSERT INTO events.any VALUES (1, 'c1', 'new', repeat('x', 5000)), (2, 'c2', 'W', ''), (3, NULL, NULL, NULL);
RESET itsm.reason;
SET application_name = '';
UPDATE events.any SET status = 'W', title = NULL, cost = 1e100 WHERE id = 1;
UPDATE events.any SET id = 10 WHERE id = 1;
UPDATE events.any SET customer = 'c9' WHERE id = 2;
UPDATE events.any SET status = 'bogus' WHERE id = 10;
DELETE FROM events.any WHERE id = 10;
INSERT INTO events.any VALUES (10, 'c1', 'new', 'again');
UPDATE events.any SET due = '4713-01-01 00:00:00+00 BC' WHERE id = 10;
RESET application_name;
SELECT itsm.detach('events.any');
RESET ROLE;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO regress_itsm_events;
SET ROLE regress_itsm_events;
SELECT itsm.attach('events.any', 'events', 'status', '{"new": "new", "W": "work", "done": "done"}', tenant => 'customer', filter => 'id < 100') > 0;
BEGIN;
SELECT itsm.act_as('Ann Ön');
UPDATE events.any SET status = 'W' WHERE id = 10;
UPDATE events.any SET id = 110 WHERE id = 10;
UPDATE events.any SET id = 10 WHERE id = 110;
COMMIT;
RESET ROLE;
SELECT r.tenant, r.key, e.version, e.kind, e.from_state, e.to_state, e.actor, e.application IN ('Ünï ☃') AS odd, count(i.number), count(*) FILTER (WHERE i.number = -3) AS told
	FROM itsm.source o JOIN itsm.record r ON r.source = o.id JOIN itsm.event e ON e.tenant = r.tenant AND e.record = r.id LEFT JOIN LATERAL events.items(e.body) i ON true
	WHERE o.relation = 'events.any'::regclass GROUP BY r.tenant, r.id, r.key, e.version, e.kind, e.from_state, e.to_state, e.actor, e.application ORDER BY r.tenant, r.id, e.version;
SELECT * FROM events.broken;
-- what the extension's own readers say is the same
SELECT h.version, h.kind, h.reason FROM itsm.history('events.any', '3') h;
-- salts are drawn anew for each value, and never the same
SELECT count(DISTINCT substring(e.body FROM 6 FOR 16)) = count(*) AS different FROM itsm.event e WHERE length(e.body) > 0;
-- a changed byte is found
BEGIN;
SET itsm.maintenance = on;
UPDATE itsm.event e SET body = set_byte(e.body, length(e.body) - 1, get_byte(e.body, length(e.body) - 1) # 1) FROM itsm.record r JOIN itsm.source o ON o.id = r.source
	WHERE r.id = e.record AND r.tenant = e.tenant AND o.relation = 'events.ticket'::regclass AND r.key = '3' AND e.version = 1;
UPDATE itsm.event e SET actor = 'x' FROM itsm.record r JOIN itsm.source o ON o.id = r.source
	WHERE r.id = e.record AND r.tenant = e.tenant AND o.relation = 'events.ticket'::regclass AND r.key = '2' AND e.version = 1;
SELECT * FROM events.broken ORDER BY 1, 2, 3;
ROLLBACK;
REVOKE ALL ON FUNCTION itsm.act_as(text) FROM regress_itsm_events;

RESET ROLE;
SET itsm.maintenance = on;
DROP SCHEMA events CASCADE;
DROP ROLE regress_itsm_events;
