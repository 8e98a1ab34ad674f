-- Values that a change proposes for configuration items.
SET client_min_messages = warning;
SET search_path = public;
CREATE SCHEMA proposal;
SET search_path = proposal, public;
\set VERBOSITY terse
SELECT itsm.define_lifecycle('{"name": "proposal_change", "attributes": {},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "review", "category": "resolved"}, {"name": "cancelled", "category": "cancelled", "final": true}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": ["review", "cancelled"]}, {"from": "review", "to": "closed"}]}');
SELECT itsm.define_lifecycle('{"name": "proposal_ci", "attributes": {"memory": "integer"},
	"states": [{"name": "live", "category": "active", "initial": true}, {"name": "retired", "category": "closed", "final": true}],
	"transitions": [{"from": "live", "to": "retired"}], "rules": [{"name": "plausible", "check": "new.memory between 1 and 1024"}]}');
CREATE TABLE change (id integer PRIMARY KEY, status text NOT NULL);
CREATE TABLE ci (site text, name text, status text NOT NULL, "Memory" smallint, tags text[], note varchar(10), PRIMARY KEY (site, name));
SELECT itsm.attach('change', 'proposal_change', 'status', mode => 'enforce') > 0 AS attached;
SELECT itsm.attach('ci', 'proposal_ci', 'status', mode => 'enforce', attributes => '{"memory": "\"Memory\""}') > 0 AS attached;
INSERT INTO change VALUES (1, 'new'), (2, 'new');
INSERT INTO ci VALUES ('a', 'web 1', 'live', 8), ('a', 'web 2', 'live', 8), ('a', 'web 3', 'live', 8);

SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 1")', '{"Memory": 16, "tags": "{x,y}", "note": "it''s"}') > 0 AS proposed;
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 2")', '{"Memory": 4096}') > 0 AS proposed;
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 3")', '{"note": null, "status": "retired"}') > 0 AS proposed;
SELECT itsm.propose_values('change', '2', 'ci', '(a,"web 1")', '{"Memory": 1}') > 0 AS proposed;
-- what cannot be proposed
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 1")', '{"name": "other"}');
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 1")', '{"color": "red"}');
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 1")', '{}');
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 9")', '{"note": "x"}');
SELECT itsm.propose_values('change', '9', 'ci', '(a,"web 1")', '{"note": "x"}');
SELECT itsm.propose_values('change', '1', 'pg_class', '1', '{"relname": "x"}');
CREATE ROLE proposal_user;
GRANT USAGE ON SCHEMA proposal TO proposal_user;
GRANT SELECT ON change, ci TO proposal_user;
GRANT UPDATE (note) ON ci TO proposal_user;
SET ROLE proposal_user;
SELECT itsm.propose_values('change', '1', 'ci', '(a,"web 1")', '{"status": "retired"}');
SELECT itsm.propose_values('change', '2', 'ci', '(a,"web 2")', '{"note": "seen"}') > 0 AS proposed;
RESET ROLE;

-- not before it is done
SELECT * FROM itsm.apply_proposals('change', '1');
UPDATE change SET status = 'review' WHERE id = 1;
SELECT target, target_key, done, message FROM itsm.apply_proposals('change', '1');
SELECT * FROM ci ORDER BY name;
-- once; what was refused is tried again
UPDATE ci SET note = 'later' WHERE name = 'web 1';
SELECT target_key, done, message FROM itsm.apply_proposals('change', '1');
SELECT reason FROM itsm.history('ci', '(a,"web 1")') WHERE reason IS NOT NULL;
UPDATE change SET status = 'cancelled' WHERE id = 2;
SELECT * FROM itsm.apply_proposals('change', '2');
SELECT relation_name, key, new_values, applied_at IS NOT NULL AS applied FROM itsm.proposal ORDER BY id;
-- what is proposed for a column that goes, for a table that goes, and across tenants
CREATE TABLE part (id integer PRIMARY KEY, status text NOT NULL, note text, customer text);
SELECT itsm.attach('part', 'proposal_ci', 'status', tenant => 'customer') > 0 AS attached;
CREATE TABLE lost (id integer PRIMARY KEY, status text NOT NULL, note text);
SELECT itsm.attach('lost', 'proposal_ci', 'status') > 0 AS attached;
INSERT INTO part VALUES (1, 'live', 'a', NULL), (2, 'live', 'a', 'theirs');
INSERT INTO lost VALUES (1, 'live', 'a');
INSERT INTO change VALUES (3, 'new');
SELECT itsm.propose_values('change', '3', 'part', '1', '{"note": "b"}') > 0 AS proposed;
SELECT itsm.propose_values('change', '3', 'lost', '1', '{"note": "b"}') > 0 AS proposed;
SELECT itsm.propose_values('change', '3', 'part', '2', '{"note": "b"}');
SELECT itsm.propose_values('change', '3', 'part', '1', '[1]');
SELECT itsm.propose_values('change', '3', 'part', '1', '"note"');
ALTER TABLE part DROP COLUMN note;
SET client_min_messages = error;
DROP TABLE lost;
UPDATE change SET status = 'review' WHERE id = 3;
SELECT target = 'part'::regclass AS part, target_key, done, message FROM itsm.apply_proposals('change', '3') ORDER BY 1;
SELECT * FROM part ORDER BY id;
DROP SCHEMA proposal CASCADE;
DROP ROLE proposal_user;
