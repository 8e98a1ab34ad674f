-- Record numbers such as INC0012345, and drawing them.

CREATE TYPE itsm.record_number;

CREATE FUNCTION itsm.record_number_in(cstring) RETURNS itsm.record_number
AS 'MODULE_PATHNAME', 'itsm_record_number_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_out(itsm.record_number) RETURNS cstring
AS 'MODULE_PATHNAME', 'itsm_record_number_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_recv(internal) RETURNS itsm.record_number
AS 'MODULE_PATHNAME', 'itsm_record_number_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_send(itsm.record_number) RETURNS bytea
AS 'MODULE_PATHNAME', 'itsm_record_number_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE itsm.record_number (
	INPUT = itsm.record_number_in,
	OUTPUT = itsm.record_number_out,
	RECEIVE = itsm.record_number_recv,
	SEND = itsm.record_number_send,
	LIKE = pg_catalog.int8
);

COMMENT ON TYPE itsm.record_number IS
'Number of a record, such as INC0012345: one to seven capital letters, then digits; together at most sixteen, so that a prefix of three letters has up to thirteen digits. Leading zeros are kept. Eight bytes.
Ordered by prefix (as bytes), then number, then digits: INC9 < INC09 < INC10. What is no such number raises 22P02, what has too many letters or digits 22003.
The schema itsm has to be in search_path for its operators to be found. DROP EXTENSION … CASCADE drops columns of this type: ALTER TABLE … ALTER COLUMN … TYPE text first.';
COMMENT ON FUNCTION itsm.record_number_in(cstring) IS 'Input of record_number.';
COMMENT ON FUNCTION itsm.record_number_out(itsm.record_number) IS 'Output of record_number.';
COMMENT ON FUNCTION itsm.record_number_recv(internal) IS 'Binary input of record_number; raises 22P03 for what is none.';
COMMENT ON FUNCTION itsm.record_number_send(itsm.record_number) IS 'Binary output of record_number: its rank among all of them, eight bytes.';

CREATE FUNCTION itsm.record_number_eq(itsm.record_number, itsm.record_number) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_record_number_eq' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_ne(itsm.record_number, itsm.record_number) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_record_number_ne' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_lt(itsm.record_number, itsm.record_number) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_record_number_lt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_le(itsm.record_number, itsm.record_number) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_record_number_le' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_gt(itsm.record_number, itsm.record_number) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_record_number_gt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_ge(itsm.record_number, itsm.record_number) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_record_number_ge' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_cmp(itsm.record_number, itsm.record_number) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_record_number_cmp' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_record_number_sortsupport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_hash(itsm.record_number) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_record_number_hash' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_hash_extended(itsm.record_number, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_record_number_hash_extended' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_smaller(itsm.record_number, itsm.record_number) RETURNS itsm.record_number
AS 'MODULE_PATHNAME', 'itsm_record_number_smaller' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.record_number_larger(itsm.record_number, itsm.record_number) RETURNS itsm.record_number
AS 'MODULE_PATHNAME', 'itsm_record_number_larger' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE OPERATOR itsm.= (
	FUNCTION = itsm.record_number_eq, LEFTARG = itsm.record_number, RIGHTARG = itsm.record_number,
	COMMUTATOR = OPERATOR(itsm.=), NEGATOR = OPERATOR(itsm.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR itsm.<> (
	FUNCTION = itsm.record_number_ne, LEFTARG = itsm.record_number, RIGHTARG = itsm.record_number,
	COMMUTATOR = OPERATOR(itsm.<>), NEGATOR = OPERATOR(itsm.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR itsm.< (
	FUNCTION = itsm.record_number_lt, LEFTARG = itsm.record_number, RIGHTARG = itsm.record_number,
	COMMUTATOR = OPERATOR(itsm.>), NEGATOR = OPERATOR(itsm.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR itsm.<= (
	FUNCTION = itsm.record_number_le, LEFTARG = itsm.record_number, RIGHTARG = itsm.record_number,
	COMMUTATOR = OPERATOR(itsm.>=), NEGATOR = OPERATOR(itsm.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR itsm.> (
	FUNCTION = itsm.record_number_gt, LEFTARG = itsm.record_number, RIGHTARG = itsm.record_number,
	COMMUTATOR = OPERATOR(itsm.<), NEGATOR = OPERATOR(itsm.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR itsm.>= (
	FUNCTION = itsm.record_number_ge, LEFTARG = itsm.record_number, RIGHTARG = itsm.record_number,
	COMMUTATOR = OPERATOR(itsm.<=), NEGATOR = OPERATOR(itsm.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);

CREATE OPERATOR CLASS itsm.record_number_ops DEFAULT FOR TYPE itsm.record_number USING btree AS
	OPERATOR 1 itsm.<, OPERATOR 2 itsm.<=, OPERATOR 3 itsm.=, OPERATOR 4 itsm.>=, OPERATOR 5 itsm.>,
	FUNCTION 1 itsm.record_number_cmp(itsm.record_number, itsm.record_number),
	FUNCTION 2 itsm.record_number_sortsupport(internal),
	FUNCTION 4 pg_catalog.btequalimage(oid);

CREATE OPERATOR CLASS itsm.record_number_ops DEFAULT FOR TYPE itsm.record_number USING hash AS
	OPERATOR 1 itsm.=,
	FUNCTION 1 itsm.record_number_hash(itsm.record_number),
	FUNCTION 2 itsm.record_number_hash_extended(itsm.record_number, bigint);

CREATE AGGREGATE itsm.min(itsm.record_number) (SFUNC = itsm.record_number_smaller, STYPE = itsm.record_number, COMBINEFUNC = itsm.record_number_smaller, SORTOP = OPERATOR(itsm.<), PARALLEL = SAFE);
CREATE AGGREGATE itsm.max(itsm.record_number) (SFUNC = itsm.record_number_larger, STYPE = itsm.record_number, COMBINEFUNC = itsm.record_number_larger, SORTOP = OPERATOR(itsm.>), PARALLEL = SAFE);

COMMENT ON FUNCTION itsm.record_number_eq(itsm.record_number, itsm.record_number) IS 'Implements = of record_number.';
COMMENT ON FUNCTION itsm.record_number_ne(itsm.record_number, itsm.record_number) IS 'Implements <> of record_number.';
COMMENT ON FUNCTION itsm.record_number_lt(itsm.record_number, itsm.record_number) IS 'Implements < of record_number.';
COMMENT ON FUNCTION itsm.record_number_le(itsm.record_number, itsm.record_number) IS 'Implements <= of record_number.';
COMMENT ON FUNCTION itsm.record_number_gt(itsm.record_number, itsm.record_number) IS 'Implements > of record_number.';
COMMENT ON FUNCTION itsm.record_number_ge(itsm.record_number, itsm.record_number) IS 'Implements >= of record_number.';
COMMENT ON FUNCTION itsm.record_number_cmp(itsm.record_number, itsm.record_number) IS 'Compares two record numbers: less than, equal to or greater than zero.';
COMMENT ON FUNCTION itsm.record_number_sortsupport(internal) IS 'Sorts record numbers.';
COMMENT ON FUNCTION itsm.record_number_hash(itsm.record_number) IS 'Hash of a record number.';
COMMENT ON FUNCTION itsm.record_number_hash_extended(itsm.record_number, bigint) IS 'Hash of a record number, with a seed.';
COMMENT ON FUNCTION itsm.record_number_smaller(itsm.record_number, itsm.record_number) IS 'The smaller of two record numbers.';
COMMENT ON FUNCTION itsm.record_number_larger(itsm.record_number, itsm.record_number) IS 'The larger of two record numbers.';
COMMENT ON OPERATOR itsm.= (itsm.record_number, itsm.record_number) IS 'equal';
COMMENT ON OPERATOR itsm.<> (itsm.record_number, itsm.record_number) IS 'not equal';
COMMENT ON OPERATOR itsm.< (itsm.record_number, itsm.record_number) IS 'less';
COMMENT ON OPERATOR itsm.<= (itsm.record_number, itsm.record_number) IS 'less or equal';
COMMENT ON OPERATOR itsm.> (itsm.record_number, itsm.record_number) IS 'greater';
COMMENT ON OPERATOR itsm.>= (itsm.record_number, itsm.record_number) IS 'greater or equal';
COMMENT ON OPERATOR CLASS itsm.record_number_ops USING btree IS 'Order of record numbers.';
COMMENT ON OPERATOR FAMILY itsm.record_number_ops USING btree IS 'Order of record numbers.';
COMMENT ON OPERATOR CLASS itsm.record_number_ops USING hash IS 'Hashes of record numbers.';
COMMENT ON OPERATOR FAMILY itsm.record_number_ops USING hash IS 'Hashes of record numbers.';
COMMENT ON AGGREGATE itsm.min(itsm.record_number) IS 'The smallest record number.';
COMMENT ON AGGREGATE itsm.max(itsm.record_number) IS 'The largest record number.';

CREATE FUNCTION itsm.prefix(number itsm.record_number) RETURNS text
AS 'MODULE_PATHNAME', 'itsm_record_number_prefix' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.number(number itsm.record_number) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_record_number_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION itsm.width(number itsm.record_number) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_record_number_width' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.prefix(itsm.record_number) IS 'Its letters: INC of INC0012345.';
COMMENT ON FUNCTION itsm.number(itsm.record_number) IS 'Its number: 12345 of INC0012345. Also the cast to bigint.';
COMMENT ON FUNCTION itsm.width(itsm.record_number) IS 'How many digits it has, leading zeros counted: 7 of INC0012345.';

CREATE CAST (itsm.record_number AS bigint) WITH FUNCTION itsm.number(itsm.record_number);
CREATE CAST (itsm.record_number AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (itsm.record_number AS varchar) WITH INOUT AS ASSIGNMENT;
-- drivers bind strings as one of these
CREATE CAST (text AS itsm.record_number) WITH INOUT AS ASSIGNMENT;
CREATE CAST (varchar AS itsm.record_number) WITH INOUT AS ASSIGNMENT;

-- What a draw overwrites stands first.
CREATE TABLE itsm.number_range (
	last bigint NOT NULL,
	width integer NOT NULL,
	prefix text COLLATE "C" NOT NULL,
	PRIMARY KEY (prefix)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.number_range', '');

COMMENT ON TABLE itsm.number_range IS 'Where each prefix of record numbers has arrived. Written by itsm.next_number, outside of transactions, and itsm.define_number. Whoever changes it by hand must lock the row (SELECT … FOR UPDATE) first, or numbers are drawn twice.';
COMMENT ON COLUMN itsm.number_range.last IS 'The number drawn last; one less than the first when none has been.';
COMMENT ON COLUMN itsm.number_range.width IS 'Digits that numbers have at least.';
COMMENT ON COLUMN itsm.number_range.prefix IS 'The letters in front.';

CREATE FUNCTION itsm.next_number(prefix text) RETURNS itsm.record_number
AS 'MODULE_PATHNAME', 'itsm_next_number'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.next_number(text) IS
'Draws the next number of a prefix, for example as the default of a column. No number is drawn twice; one is lost only to a rollback, not to a crash. Sessions that draw at once do not wait for each other.
The first draw of a prefix that itsm.define_number has not defined makes its range, with seven digits from 1, in the transaction that draws: others wait for its end. Raises 2200H when the prefix leaves no room for more digits.
Granted to nobody: GRANT EXECUTE to the roles that applications write with.';

CREATE FUNCTION itsm.define_number(prefix text, width integer DEFAULT NULL, start bigint DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_number'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION itsm.define_number(text, integer, bigint) IS
'Says how many digits numbers of a prefix have at least, and which one comes next. What is null stays as it is, or is seven digits and 1 of a new range. Never goes back to what has been drawn: 22023. An event of policies keeps it.';

REVOKE ALL ON FUNCTION itsm.next_number(text), itsm.define_number(text, integer, bigint) FROM PUBLIC;
