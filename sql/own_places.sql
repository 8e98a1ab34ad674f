-- A head remembers where its state row is.  That is a hint: wrong ones, as
-- after VACUUM FULL or a restore, do no harm, and the next event puts them right.
SET client_min_messages = warning;
CREATE SCHEMA own_places;
SET search_path = own_places, public;

SELECT itsm.define_lifecycle('{"name": "placed", "attributes": {"title": "text"},
	"states": [{"name": "open", "category": "new", "initial": true}, {"name": "done", "category": "closed"}],
	"transitions": [{"from": "open", "to": "done"}, {"from": "done", "to": "open"}]}');
CREATE TABLE first (id integer PRIMARY KEY, status text NOT NULL, title text);
SELECT itsm.attach('first', 'placed', 'status', attributes => '{"title": "title"}', mode => 'enforce') > 0 AS attached;
INSERT INTO first SELECT n, 'open', 'title ' || n FROM generate_series(1, 600) n;
CREATE VIEW heads AS SELECT r.* FROM itsm.record r JOIN itsm.source s ON s.id = r.source WHERE s.relation = 'first'::regclass;
CREATE VIEW places AS SELECT count(*) AS heads, count(*) FILTER (WHERE h.state_place = s.ctid) AS state_rows
	FROM heads h JOIN itsm.record_state s ON s.record = h.id AND s.tenant = h.tenant;
CREATE FUNCTION turn(low integer, high integer) RETURNS void LANGUAGE sql AS $$
	UPDATE own_places.first SET status = CASE status WHEN 'open' THEN 'done' ELSE 'open' END, title = title || '.' WHERE id BETWEEN low AND high
$$;
CREATE VIEW whole AS SELECT count(*) AS rows, count(*) FILTER (WHERE p.title = f.title AND p.state = f.status AND s.state = f.status) AS right
	FROM first f JOIN heads h ON h.key = f.id::text JOIN itsm.record_state s ON s.record = h.id AND s.tenant = h.tenant
	JOIN itsm.projection p ON p.record = h.id AND p.tenant = h.tenant;

-- none yet; an event later they are known; a rewrite puts the rows elsewhere
SELECT * FROM places;
SELECT turn(1, 600);
SELECT count(*) AS heads, count(state_place) AS state_places FROM heads;
ALTER TABLE itsm.record_state SET (fillfactor = 100);
VACUUM FULL itsm.record_state;
ALTER TABLE itsm.record_state SET (fillfactor = 50);
SELECT state_rows < 600 AS some_are_wrong FROM places;
CREATE TEMPORARY TABLE after_rewrite AS SELECT h.id, s.ctid AS state_row
	FROM heads h JOIN itsm.record_state s ON s.record = h.id AND s.tenant = h.tenant;
SELECT turn(1, 600);
SELECT count(*) AS heads, count(*) FILTER (WHERE h.state_place = a.state_row) AS state_rows
	FROM heads h JOIN after_rewrite a USING (id);
SELECT * FROM whole;

-- places of others, places that are no row's, places behind the end
SET itsm.maintenance = on;
UPDATE itsm.record r SET state_place = o.state_place
	FROM generate_series(1, 200) n JOIN heads h ON h.key = n::text JOIN heads o ON o.key = (601 - n)::text WHERE r.id = h.id AND r.tenant = h.tenant;
UPDATE itsm.record r SET state_place = '(0,250)'
	FROM generate_series(201, 300) n JOIN heads h ON h.key = n::text WHERE r.id = h.id AND r.tenant = h.tenant;
UPDATE itsm.record r SET state_place = '(4000000000,1)'
	FROM generate_series(301, 400) n JOIN heads h ON h.key = n::text WHERE r.id = h.id AND r.tenant = h.tenant;
RESET itsm.maintenance;
SELECT turn(1, 600);
SELECT * FROM whole;
SELECT turn(7, 7), turn(250, 250), turn(307, 307);
SELECT * FROM whole;

-- rows asked for in no order, without a hint, some of them twice
SET itsm.maintenance = on;
UPDATE itsm.record r SET state_place = NULL FROM heads h WHERE r.id = h.id AND r.tenant = h.tenant;
RESET itsm.maintenance;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
UPDATE first SET status = CASE status WHEN 'open' THEN 'done' ELSE 'open' END, title = 'in no order ' || f.n
	FROM (SELECT n FROM generate_series(1, 600) n ORDER BY pg_catalog.md5(n::text) COLLATE "C") f WHERE f.n = id;
DO $$ BEGIN
	FOR i IN 1 .. 600 LOOP
		PERFORM own_places.turn(1 + i * 7 % 600, 1 + i * 7 % 600);
	END LOOP;
END $$;
RESET enable_hashjoin;
RESET enable_mergejoin;
SELECT * FROM whole;
SELECT min(version), max(version) FROM heads;
SELECT count(*) AS faults FROM itsm.verify() WHERE NOT ok AND object LIKE '%own_places%';

SELECT itsm.detach('first');
DROP SCHEMA own_places CASCADE;
