-- Keys of types whose operators are not those of pg_catalog, as an extension brings them, or that have none.
SET client_min_messages = warning;
SET search_path = key_types, pg_catalog;
CREATE SCHEMA key_types;
CREATE SCHEMA key_types_odd;
\set VERBOSITY default
SELECT itsm.define_lifecycle('{"name": "key_types", "attributes": {"title": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
-- the type and its functions in one schema, its operators in another
CREATE TYPE code;
CREATE FUNCTION code_in(cstring) RETURNS code LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION code_out(code) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE code (INPUT = code_in, OUTPUT = code_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4);
CREATE FUNCTION code_eq(code, code) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION code_lt(code, code) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION code_le(code, code) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4le';
CREATE FUNCTION code_gt(code, code) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION code_ge(code, code) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
CREATE FUNCTION code_cmp(code, code) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE OPERATOR key_types_odd.= (FUNCTION = code_eq, LEFTARG = code, RIGHTARG = code, COMMUTATOR = OPERATOR(key_types_odd.=));
CREATE OPERATOR key_types_odd.< (FUNCTION = code_lt, LEFTARG = code, RIGHTARG = code);
CREATE OPERATOR key_types_odd.<= (FUNCTION = code_le, LEFTARG = code, RIGHTARG = code);
CREATE OPERATOR key_types_odd.> (FUNCTION = code_gt, LEFTARG = code, RIGHTARG = code);
CREATE OPERATOR key_types_odd.>= (FUNCTION = code_ge, LEFTARG = code, RIGHTARG = code);
CREATE OPERATOR CLASS key_types_odd.code_ops FOR TYPE code USING btree AS OPERATOR 1 key_types_odd.<, OPERATOR 2 key_types_odd.<=, OPERATOR 3 key_types_odd.=,
	OPERATOR 4 key_types_odd.>=, OPERATOR 5 key_types_odd.>, FUNCTION 1 code_cmp(code, code);

-- without an order of its own nothing can go through the rows
CREATE TABLE unordered (id code NOT NULL, status text);
CREATE UNIQUE INDEX ON unordered (id key_types_odd.code_ops);
SELECT itsm.attach('unordered', 'key_types', 'status', key => '{id}');

CREATE OPERATOR CLASS key_types_odd.code_default DEFAULT FOR TYPE code USING btree AS OPERATOR 1 key_types_odd.<, OPERATOR 2 key_types_odd.<=, OPERATOR 3 key_types_odd.=,
	OPERATOR 4 key_types_odd.>=, OPERATOR 5 key_types_odd.>, FUNCTION 1 code_cmp(code, code);
CREATE DOMAIN coded AS code;
CREATE TABLE one (id code PRIMARY KEY, status text);
CREATE TABLE first (id code, part integer, status text, PRIMARY KEY (id, part));
CREATE TABLE last (part integer, name text, id coded, status text, PRIMARY KEY (part, name, id));
CREATE TABLE plain (part integer, name text, id bigint, status text, PRIMARY KEY (part, name, id));
INSERT INTO one SELECT n::text::code, 'new' FROM generate_series(1, 7) n;
INSERT INTO first SELECT (n / 3)::text::code, n % 3, 'new' FROM generate_series(1, 7) n;
INSERT INTO last SELECT n / 4, 'n' || n / 2, n::text::code, 'new' FROM generate_series(1, 7) n;
INSERT INTO plain SELECT n / 4, 'n' || n / 2, n, 'new' FROM generate_series(1, 7) n;
SELECT itsm.attach('one', 'key_types', 'status', mode => 'enforce') AS one \gset
SELECT itsm.attach('first', 'key_types', 'status', mode => 'enforce') AS first \gset
SELECT itsm.attach('last', 'key_types', 'status', mode => 'enforce') AS last \gset
SELECT itsm.attach('plain', 'key_types', 'status', mode => 'enforce') AS plain \gset
-- in batches, each of which goes on behind the last key; every row once
CALL itsm.backfill(:one, 2);
CALL itsm.backfill(:first, 2);
CALL itsm.backfill(:last, 2);
CALL itsm.backfill(:plain, 2);
SELECT finished, rows, records FROM itsm.backfill_progress WHERE attachment IN (:one, :first, :last, :plain) ORDER BY attachment;
SELECT a.relation_name, count(*) AS records, count(DISTINCT r.key) AS keys, min(r.key COLLATE "C") AS least, max(r.key COLLATE "C") AS greatest, bool_and(r.version = 1) AS once
	FROM itsm.attachment a JOIN itsm.record r ON r.attachment = a.id WHERE a.id IN (:one, :first, :last, :plain) GROUP BY 1 ORDER BY a.relation_name COLLATE "C";
-- a row is found by its key, and moves
UPDATE first SET status = 'done' WHERE id::text = '2' AND part = 1;
SELECT to_state, allowed FROM itsm.allowed_transitions('one', '7');
SELECT itsm.record_id('first', '(2,1)') > 0 AS first, itsm.record_id('last', '(1,n2,4)') > 0 AS last, itsm.record_id('one', '8') AS none;
SELECT itsm.record_id('one', 'x');
SELECT itsm.create_view(:one, 'key_types.seen');
SELECT id, itsm_state FROM seen ORDER BY id::text;
SELECT itsm.create_view(:first, 'key_types.seen_too');
SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok AND object ~ 'key_types';

SELECT itsm.detach(t::regclass) FROM unnest('{one,first,last,plain}'::text[]) t;
DROP SCHEMA key_types, key_types_odd CASCADE;
