-- Priorities, and the matrices that priority and risk come from.

CREATE TYPE itsm.priority;

CREATE FUNCTION itsm.priority_in(cstring) RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_priority_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.priority_out(itsm.priority) RETURNS cstring
AS 'MODULE_PATHNAME', 'itsm_priority_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.priority_recv(internal) RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_priority_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.priority_send(itsm.priority) RETURNS bytea
AS 'MODULE_PATHNAME', 'itsm_priority_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE itsm.priority (
	INPUT = itsm.priority_in,
	OUTPUT = itsm.priority_out,
	RECEIVE = itsm.priority_recv,
	SEND = itsm.priority_send,
	INTERNALLENGTH = 1,
	PASSEDBYVALUE,
	ALIGNMENT = char
);

COMMENT ON TYPE itsm.priority IS
'Priority P1 (the most urgent) to P5; the input 1 to 5 is the same. One byte.
Ordered by number: P1 < P5, so that ORDER BY brings the most urgent first and min() finds it. What is no such text raises 22P02, another number 22003.
The schema itsm has to be in search_path for its operators to be found. DROP EXTENSION … CASCADE drops columns of this type: ALTER TABLE … ALTER COLUMN … TYPE text first.';
COMMENT ON FUNCTION itsm.priority_in(cstring) IS 'Input of priority.';
COMMENT ON FUNCTION itsm.priority_out(itsm.priority) IS 'Output of priority.';
COMMENT ON FUNCTION itsm.priority_recv(internal) IS 'Binary input of priority; raises 22P03 for what is none.';
COMMENT ON FUNCTION itsm.priority_send(itsm.priority) IS 'Binary output of priority: its number, one byte.';

CREATE FUNCTION itsm.priority_eq(itsm.priority, itsm.priority) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_priority_eq' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_ne(itsm.priority, itsm.priority) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_priority_ne' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_lt(itsm.priority, itsm.priority) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_priority_lt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_le(itsm.priority, itsm.priority) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_priority_le' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_gt(itsm.priority, itsm.priority) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_priority_gt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_ge(itsm.priority, itsm.priority) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_priority_ge' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_cmp(itsm.priority, itsm.priority) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_priority_cmp' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_priority_sortsupport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.priority_hash(itsm.priority) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_priority_hash' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_hash_extended(itsm.priority, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_priority_hash_extended' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_smaller(itsm.priority, itsm.priority) RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_priority_smaller' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.priority_larger(itsm.priority, itsm.priority) RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_priority_larger' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE OPERATOR itsm.= (
	FUNCTION = itsm.priority_eq, LEFTARG = itsm.priority, RIGHTARG = itsm.priority,
	COMMUTATOR = OPERATOR(itsm.=), NEGATOR = OPERATOR(itsm.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR itsm.<> (
	FUNCTION = itsm.priority_ne, LEFTARG = itsm.priority, RIGHTARG = itsm.priority,
	COMMUTATOR = OPERATOR(itsm.<>), NEGATOR = OPERATOR(itsm.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR itsm.< (
	FUNCTION = itsm.priority_lt, LEFTARG = itsm.priority, RIGHTARG = itsm.priority,
	COMMUTATOR = OPERATOR(itsm.>), NEGATOR = OPERATOR(itsm.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR itsm.<= (
	FUNCTION = itsm.priority_le, LEFTARG = itsm.priority, RIGHTARG = itsm.priority,
	COMMUTATOR = OPERATOR(itsm.>=), NEGATOR = OPERATOR(itsm.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR itsm.> (
	FUNCTION = itsm.priority_gt, LEFTARG = itsm.priority, RIGHTARG = itsm.priority,
	COMMUTATOR = OPERATOR(itsm.<), NEGATOR = OPERATOR(itsm.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR itsm.>= (
	FUNCTION = itsm.priority_ge, LEFTARG = itsm.priority, RIGHTARG = itsm.priority,
	COMMUTATOR = OPERATOR(itsm.<=), NEGATOR = OPERATOR(itsm.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);

CREATE OPERATOR CLASS itsm.priority_ops DEFAULT FOR TYPE itsm.priority USING btree AS
	OPERATOR 1 itsm.<, OPERATOR 2 itsm.<=, OPERATOR 3 itsm.=, OPERATOR 4 itsm.>=, OPERATOR 5 itsm.>,
	FUNCTION 1 itsm.priority_cmp(itsm.priority, itsm.priority),
	FUNCTION 2 itsm.priority_sortsupport(internal),
	FUNCTION 4 pg_catalog.btequalimage(oid);

CREATE OPERATOR CLASS itsm.priority_ops DEFAULT FOR TYPE itsm.priority USING hash AS
	OPERATOR 1 itsm.=,
	FUNCTION 1 itsm.priority_hash(itsm.priority),
	FUNCTION 2 itsm.priority_hash_extended(itsm.priority, bigint);

CREATE AGGREGATE itsm.min(itsm.priority) (SFUNC = itsm.priority_smaller, STYPE = itsm.priority, COMBINEFUNC = itsm.priority_smaller, SORTOP = OPERATOR(itsm.<), PARALLEL = SAFE);
CREATE AGGREGATE itsm.max(itsm.priority) (SFUNC = itsm.priority_larger, STYPE = itsm.priority, COMBINEFUNC = itsm.priority_larger, SORTOP = OPERATOR(itsm.>), PARALLEL = SAFE);

COMMENT ON FUNCTION itsm.priority_eq(itsm.priority, itsm.priority) IS 'Implements = of priority.';
COMMENT ON FUNCTION itsm.priority_ne(itsm.priority, itsm.priority) IS 'Implements <> of priority.';
COMMENT ON FUNCTION itsm.priority_lt(itsm.priority, itsm.priority) IS 'Implements < of priority.';
COMMENT ON FUNCTION itsm.priority_le(itsm.priority, itsm.priority) IS 'Implements <= of priority.';
COMMENT ON FUNCTION itsm.priority_gt(itsm.priority, itsm.priority) IS 'Implements > of priority.';
COMMENT ON FUNCTION itsm.priority_ge(itsm.priority, itsm.priority) IS 'Implements >= of priority.';
COMMENT ON FUNCTION itsm.priority_cmp(itsm.priority, itsm.priority) IS 'Compares two priorities: less than, equal to or greater than zero.';
COMMENT ON FUNCTION itsm.priority_sortsupport(internal) IS 'Sorts priorities.';
COMMENT ON FUNCTION itsm.priority_hash(itsm.priority) IS 'Hash of a priority.';
COMMENT ON FUNCTION itsm.priority_hash_extended(itsm.priority, bigint) IS 'Hash of a priority, with a seed.';
COMMENT ON FUNCTION itsm.priority_smaller(itsm.priority, itsm.priority) IS 'The more urgent of two priorities.';
COMMENT ON FUNCTION itsm.priority_larger(itsm.priority, itsm.priority) IS 'The less urgent of two priorities.';
COMMENT ON OPERATOR itsm.= (itsm.priority, itsm.priority) IS 'equal';
COMMENT ON OPERATOR itsm.<> (itsm.priority, itsm.priority) IS 'not equal';
COMMENT ON OPERATOR itsm.< (itsm.priority, itsm.priority) IS 'less';
COMMENT ON OPERATOR itsm.<= (itsm.priority, itsm.priority) IS 'less or equal';
COMMENT ON OPERATOR itsm.> (itsm.priority, itsm.priority) IS 'greater';
COMMENT ON OPERATOR itsm.>= (itsm.priority, itsm.priority) IS 'greater or equal';
COMMENT ON OPERATOR CLASS itsm.priority_ops USING btree IS 'Order of priorities.';
COMMENT ON OPERATOR FAMILY itsm.priority_ops USING btree IS 'Order of priorities.';
COMMENT ON OPERATOR CLASS itsm.priority_ops USING hash IS 'Hashes of priorities.';
COMMENT ON OPERATOR FAMILY itsm.priority_ops USING hash IS 'Hashes of priorities.';
COMMENT ON AGGREGATE itsm.min(itsm.priority) IS 'The most urgent priority.';
COMMENT ON AGGREGATE itsm.max(itsm.priority) IS 'The least urgent priority.';

CREATE FUNCTION itsm.priority(number integer) RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_priority_from_integer' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.int4(priority itsm.priority) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_priority_to_integer' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.priority(integer) IS 'The cast of 1 to 5; raises 22003 for another number.';
COMMENT ON FUNCTION itsm.int4(itsm.priority) IS 'The cast to integer: 1 to 5.';

CREATE CAST (integer AS itsm.priority) WITH FUNCTION itsm.priority(integer) AS ASSIGNMENT;
CREATE CAST (itsm.priority AS integer) WITH FUNCTION itsm.int4(itsm.priority) AS ASSIGNMENT;
CREATE CAST (itsm.priority AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (itsm.priority AS varchar) WITH INOUT AS ASSIGNMENT;
CREATE CAST (text AS itsm.priority) WITH INOUT AS ASSIGNMENT;
CREATE CAST (varchar AS itsm.priority) WITH INOUT AS ASSIGNMENT;

CREATE TABLE itsm.priority_matrix (
	matrix text COLLATE "C" NOT NULL,
	impact integer NOT NULL,
	urgency integer NOT NULL,
	priority itsm.priority NOT NULL,
	shipped boolean NOT NULL,
	PRIMARY KEY (matrix, impact, urgency, shipped)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.priority_matrix', 'WHERE NOT shipped');

COMMENT ON TABLE itsm.priority_matrix IS 'Which priority impact and urgency give. Where a matrix has cells that are not shipped, these alone hold. Written by itsm.set_priority_matrix.';
COMMENT ON COLUMN itsm.priority_matrix.matrix IS 'Name of the matrix; default is used when none is named.';
COMMENT ON COLUMN itsm.priority_matrix.impact IS 'Impact; 1 is the greatest.';
COMMENT ON COLUMN itsm.priority_matrix.urgency IS 'Urgency; 1 is the greatest.';
COMMENT ON COLUMN itsm.priority_matrix.priority IS 'What they give.';
COMMENT ON COLUMN itsm.priority_matrix.shipped IS 'Came with the extension, so that a dump leaves it out.';

CREATE TABLE itsm.risk_matrix (
	matrix text COLLATE "C" NOT NULL,
	impact integer NOT NULL,
	probability integer NOT NULL,
	risk text COLLATE "C" NOT NULL,
	shipped boolean NOT NULL,
	PRIMARY KEY (matrix, impact, probability, shipped)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.risk_matrix', 'WHERE NOT shipped');

COMMENT ON TABLE itsm.risk_matrix IS 'Which risk impact and probability give. Where a matrix has cells that are not shipped, these alone hold. Written by itsm.set_risk_matrix.';
COMMENT ON COLUMN itsm.risk_matrix.matrix IS 'Name of the matrix; default is used when none is named.';
COMMENT ON COLUMN itsm.risk_matrix.impact IS 'Impact; 1 is the greatest.';
COMMENT ON COLUMN itsm.risk_matrix.probability IS 'Probability; 1 is the greatest.';
COMMENT ON COLUMN itsm.risk_matrix.risk IS 'What they give: low, medium, high or very_high.';
COMMENT ON COLUMN itsm.risk_matrix.shipped IS 'Came with the extension, so that a dump leaves it out.';

-- What the functions show to everybody anyway.
GRANT SELECT ON itsm.priority_matrix, itsm.risk_matrix TO PUBLIC;

CREATE FUNCTION itsm.priority_of(impact integer, urgency integer, matrix text DEFAULT 'default') RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_priority_of'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.priority_of(integer, integer, text) IS
'The priority that a matrix gives. The shipped one, default, has impact and urgency 1 (greatest) to 3: 1 and 1 give P1, 3 and 3 give P5.
Null when an argument is null. Raises 22023 for what the matrix does not have, so that a number out of range does not pass as no priority, and 42704 for a matrix that does not exist.';

CREATE FUNCTION itsm.risk_of(impact integer, probability integer, matrix text DEFAULT 'default') RETURNS text
AS 'MODULE_PATHNAME', 'itsm_risk_of'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.risk_of(integer, integer, text) IS
'The risk that a matrix gives: low, medium, high or very_high. The shipped one, default, has impact and probability 1 (greatest) to 3.
Null when an argument is null. Raises 22023 for what the matrix does not have, 42704 for a matrix that does not exist.';

CREATE FUNCTION itsm.matrix_priority(impact integer, urgency integer, matrix text DEFAULT 'default') RETURNS itsm.priority
AS 'MODULE_PATHNAME', 'itsm_matrix_priority'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.matrix_priority(integer, integer, text) IS
'As itsm.priority_of, for checks of lifecycles: null for what the matrix does not have.';

CREATE FUNCTION itsm.matrix_risk(impact integer, probability integer, matrix text DEFAULT 'default') RETURNS text
AS 'MODULE_PATHNAME', 'itsm_matrix_risk'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.matrix_risk(integer, integer, text) IS
'As itsm.risk_of, for checks of lifecycles: null for what the matrix does not have.';

CREATE FUNCTION itsm.set_priority_matrix(matrix text, priorities itsm.priority[]) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_priority_matrix'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.set_priority_matrix(text, itsm.priority[]) IS
'Makes or replaces a matrix as a whole: a row for each impact from 1, in it an element for each urgency from 1, such as {{P1,P2},{P2,P3}}. One of a shipped name takes that one''s place; null takes the own one away again. It holds from the next statement of every session. An event of policies keeps it.';

CREATE FUNCTION itsm.set_risk_matrix(matrix text, risks text[]) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_set_risk_matrix'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.set_risk_matrix(text, text[]) IS
'Makes or replaces a matrix as a whole: a row for each impact from 1, in it low, medium, high or very_high for each probability from 1. One of a shipped name takes that one''s place; null takes the own one away again. It holds from the next statement of every session. An event of policies keeps it.';

REVOKE ALL ON FUNCTION itsm.set_priority_matrix(text, itsm.priority[]), itsm.set_risk_matrix(text, text[]) FROM PUBLIC;

SELECT itsm.set_priority_matrix('default', '{{P1,P2,P3},{P2,P3,P4},{P3,P4,P5}}');
SELECT itsm.set_risk_matrix('default', '{{very_high,high,medium},{high,medium,low},{medium,low,low}}');
