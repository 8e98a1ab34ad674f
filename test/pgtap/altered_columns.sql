-- Columns altered between two writes of one client statement: judged as they are then.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();

SELECT itsm.define_lifecycle('{"name": "altered", "attributes": {"title": "text"}, "delete": "allow",
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "closed"}]}');
CREATE TABLE ticket (id int PRIMARY KEY, status text, title text, n int, amount bigint);
SELECT itsm.attach('ticket', 'altered', 'status', mode => 'enforce', attributes => '{"title": "title || n"}', track => '{*}');
INSERT INTO ticket VALUES (1, 'new', 'a', 1, 1);
CREATE TYPE status AS ENUM ('new', 'work', 'closed');

SELECT lives_ok($$DO $do$ BEGIN
	UPDATE ticket SET title = 'b';
	ALTER TABLE ticket ALTER COLUMN n TYPE text USING n::text, ALTER COLUMN amount TYPE text;
	UPDATE ticket SET title = 'c', n = 'text', amount = 'text';
END $do$; $$, 'a tracked column of another type');
SELECT throws_ok($$DO $do$ BEGIN
	UPDATE ticket SET title = 'd';
	ALTER TABLE ticket ALTER COLUMN status TYPE status USING status::status;
	UPDATE ticket SET status = 'closed';
END $do$; $$, 'IT001', 'transition from "new" to "closed" is not in lifecycle "altered"', 'the status of another type: judged');
SELECT lives_ok($$DO $do$ BEGIN
	UPDATE ticket SET title = 'd';
	ALTER TABLE ticket ALTER COLUMN status TYPE status USING status::status;
	UPDATE ticket SET status = 'work';
END $do$; $$, 'the status of another type');
SELECT lives_ok($$DO $do$ BEGIN
	UPDATE ticket SET title = 'e';
	ALTER TABLE ticket ADD COLUMN added text DEFAULT 'x', DROP COLUMN amount;
	UPDATE ticket SET added = 'y', title = 'f';
	ALTER TABLE ticket RENAME COLUMN added TO renamed;
	UPDATE ticket SET renamed = 'z';
END $do$; $$, 'columns added, dropped and renamed');
SELECT throws_ok($$DO $do$ BEGIN
	UPDATE ticket SET title = 'g';
	ALTER TABLE ticket DROP COLUMN title;
	UPDATE ticket SET n = 'x';
END $do$; $$, 'IT052', NULL, 'a mapped column is not dropped while enforcing');
SELECT is((SELECT string_agg(h.changes::text, ' ' ORDER BY version) FROM itsm.history('ticket', '1') h WHERE version = 3),
	'{"n": {"to": "text", "from": null}, "title": {"to": "ctext", "from": "b1"}, "amount": {"to": "text", "from": null}, "column title": {"to": "c", "from": "b"}}', 'history tells the values of both types');
SELECT is((SELECT s.state FROM itsm.record_state s WHERE record = itsm.record_id('ticket', '1')), 'work', 'the state is the row''s');

SELECT * FROM finish();
ROLLBACK;
