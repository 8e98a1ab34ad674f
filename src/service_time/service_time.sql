-- Service hours and service time.  What these functions know of time zones is a property of
-- the server, as for timezone(text, timestamptz): they are immutable in the same sense.

CREATE TYPE itsm.service_hours;

CREATE FUNCTION itsm.service_hours_in(cstring) RETURNS itsm.service_hours
AS 'MODULE_PATHNAME', 'itsm_service_hours_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION itsm.service_hours_out(itsm.service_hours) RETURNS cstring
AS 'MODULE_PATHNAME', 'itsm_service_hours_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION itsm.service_hours_recv(internal) RETURNS itsm.service_hours
AS 'MODULE_PATHNAME', 'itsm_service_hours_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION itsm.service_hours_send(itsm.service_hours) RETURNS bytea
AS 'MODULE_PATHNAME', 'itsm_service_hours_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE itsm.service_hours (
	INPUT = itsm.service_hours_in,
	OUTPUT = itsm.service_hours_out,
	RECEIVE = itsm.service_hours_recv,
	SEND = itsm.service_hours_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = main
);

COMMENT ON TYPE itsm.service_hours IS
'When a service is open: ''Mo-Fr 09:00-17:00; Sa 10:00-14:00; Dec 25-26 off; 2026 Apr 03 off @ Europe/Berlin''. A subset of the opening_hours language of OpenStreetMap with a time zone behind @ (UTC without).
Rules stand between semicolons; on the days that a rule names it replaces those before it. Days: Mo, Mo-Fr, Mo,We,Fr, Dec 25, Dec 25-26, Apr-Sep, 2026 Apr 03, 2026 Dec 24-2027 Jan 01, or dates and then days of the week, which must both fit. Times: 09:00-17:00, several with commas, 22:00-06:00 (past midnight, with the day on which it begins), off; 24/7.
A time of day is the first instant at which the zone''s clocks show it; one that they skip is read with the offset before the skip, and stays within its day. A day lasts from the first instant of its date to the first of the next.
The value is its canonical text, and so are equality and order.';
COMMENT ON FUNCTION itsm.service_hours_in(cstring) IS 'Reads service hours. Raises 22P02 for a wrong text and 22023 for an unknown time zone, with the place in DETAIL.';
COMMENT ON FUNCTION itsm.service_hours_out(itsm.service_hours) IS 'The canonical text.';
COMMENT ON FUNCTION itsm.service_hours_recv(internal) IS 'Reads the binary form, a byte 1 and the text, and checks it as the text form.';
COMMENT ON FUNCTION itsm.service_hours_send(itsm.service_hours) IS 'The binary form: a byte 1 and the canonical text.';

CREATE FUNCTION itsm.service_hours_eq(itsm.service_hours, itsm.service_hours) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_service_hours_eq' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_ne(itsm.service_hours, itsm.service_hours) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_service_hours_ne' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_lt(itsm.service_hours, itsm.service_hours) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_service_hours_lt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_le(itsm.service_hours, itsm.service_hours) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_service_hours_le' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_gt(itsm.service_hours, itsm.service_hours) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_service_hours_gt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_ge(itsm.service_hours, itsm.service_hours) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_service_hours_ge' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_cmp(itsm.service_hours, itsm.service_hours) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_service_hours_cmp' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_hash(itsm.service_hours) RETURNS integer
AS 'MODULE_PATHNAME', 'itsm_service_hours_hash' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION itsm.service_hours_hash_extended(itsm.service_hours, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_service_hours_hash_extended' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

COMMENT ON FUNCTION itsm.service_hours_eq(itsm.service_hours, itsm.service_hours) IS 'Is the canonical text the same? Behind =.';
COMMENT ON FUNCTION itsm.service_hours_ne(itsm.service_hours, itsm.service_hours) IS 'Does the canonical text differ? Behind <>.';
COMMENT ON FUNCTION itsm.service_hours_lt(itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes. Behind <.';
COMMENT ON FUNCTION itsm.service_hours_le(itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes. Behind <=.';
COMMENT ON FUNCTION itsm.service_hours_gt(itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes. Behind >.';
COMMENT ON FUNCTION itsm.service_hours_ge(itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes. Behind >=.';
COMMENT ON FUNCTION itsm.service_hours_cmp(itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes: less than, equal to or greater than 0. For indexes.';
COMMENT ON FUNCTION itsm.service_hours_hash(itsm.service_hours) IS 'Hash of the canonical text.';
COMMENT ON FUNCTION itsm.service_hours_hash_extended(itsm.service_hours, bigint) IS 'Hash of the canonical text, with a seed.';

CREATE OPERATOR itsm.= (
	LEFTARG = itsm.service_hours, RIGHTARG = itsm.service_hours, FUNCTION = itsm.service_hours_eq,
	COMMUTATOR = OPERATOR(itsm.=), NEGATOR = OPERATOR(itsm.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR itsm.<> (
	LEFTARG = itsm.service_hours, RIGHTARG = itsm.service_hours, FUNCTION = itsm.service_hours_ne,
	COMMUTATOR = OPERATOR(itsm.<>), NEGATOR = OPERATOR(itsm.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR itsm.< (
	LEFTARG = itsm.service_hours, RIGHTARG = itsm.service_hours, FUNCTION = itsm.service_hours_lt,
	COMMUTATOR = OPERATOR(itsm.>), NEGATOR = OPERATOR(itsm.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR itsm.<= (
	LEFTARG = itsm.service_hours, RIGHTARG = itsm.service_hours, FUNCTION = itsm.service_hours_le,
	COMMUTATOR = OPERATOR(itsm.>=), NEGATOR = OPERATOR(itsm.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR itsm.> (
	LEFTARG = itsm.service_hours, RIGHTARG = itsm.service_hours, FUNCTION = itsm.service_hours_gt,
	COMMUTATOR = OPERATOR(itsm.<), NEGATOR = OPERATOR(itsm.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR itsm.>= (
	LEFTARG = itsm.service_hours, RIGHTARG = itsm.service_hours, FUNCTION = itsm.service_hours_ge,
	COMMUTATOR = OPERATOR(itsm.<=), NEGATOR = OPERATOR(itsm.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR itsm.= (itsm.service_hours, itsm.service_hours) IS 'The canonical text is the same.';
COMMENT ON OPERATOR itsm.<> (itsm.service_hours, itsm.service_hours) IS 'The canonical text differs.';
COMMENT ON OPERATOR itsm.< (itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes.';
COMMENT ON OPERATOR itsm.<= (itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes.';
COMMENT ON OPERATOR itsm.> (itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes.';
COMMENT ON OPERATOR itsm.>= (itsm.service_hours, itsm.service_hours) IS 'Order of the canonical texts by their bytes.';

CREATE OPERATOR FAMILY itsm.service_hours_ops USING btree;
CREATE OPERATOR CLASS itsm.service_hours_ops DEFAULT FOR TYPE itsm.service_hours USING btree FAMILY itsm.service_hours_ops AS
	OPERATOR 1 itsm.<, OPERATOR 2 itsm.<=, OPERATOR 3 itsm.=, OPERATOR 4 itsm.>=, OPERATOR 5 itsm.>,
	FUNCTION 1 itsm.service_hours_cmp(itsm.service_hours, itsm.service_hours);
CREATE OPERATOR FAMILY itsm.service_hours_ops USING hash;
CREATE OPERATOR CLASS itsm.service_hours_ops DEFAULT FOR TYPE itsm.service_hours USING hash FAMILY itsm.service_hours_ops AS
	OPERATOR 1 itsm.=,
	FUNCTION 1 itsm.service_hours_hash(itsm.service_hours),
	FUNCTION 2 itsm.service_hours_hash_extended(itsm.service_hours, bigint);

COMMENT ON OPERATOR FAMILY itsm.service_hours_ops USING btree IS 'Order of service hours by their canonical text.';
COMMENT ON OPERATOR CLASS itsm.service_hours_ops USING btree IS 'Order of service hours by their canonical text.';
COMMENT ON OPERATOR FAMILY itsm.service_hours_ops USING hash IS 'Hashes of service hours.';
COMMENT ON OPERATOR CLASS itsm.service_hours_ops USING hash IS 'Hashes of service hours.';

CREATE FUNCTION itsm.service_time(hours itsm.service_hours, started_at timestamptz, ended_at timestamptz) RETURNS interval
AS 'MODULE_PATHNAME', 'itsm_service_time'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.service_time(itsm.service_hours, timestamptz, timestamptz) IS
'How long it was open between two times, to the microsecond, in hours (no days). Real time: a whole day of 25 hours counts 25. Negative when the ends are swapped. Raises 22008 for an infinite end.';

CREATE FUNCTION itsm.service_time(hours itsm.service_hours, during tstzmultirange) RETURNS interval
AS 'MODULE_PATHNAME', 'itsm_service_time_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.service_time(itsm.service_hours, tstzmultirange) IS
'How long it was open in all ranges together, which have finite ends (22023 without, 22008 for infinity).';

CREATE FUNCTION itsm.service_deadline(hours itsm.service_hours, start timestamptz, target interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'itsm_service_deadline'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.service_deadline(itsm.service_hours, timestamptz, interval) IS
'The first instant by which it was open for target since start, so that itsm.service_time(hours, start, deadline) = target. A day of target is 24 open hours; months and years raise 22023.
A target of 0: start when it is open, else the next opening. Less than 0: the last instant from which on it was open for so long until start.
Raises 22008 for an infinite start, and when the deadline is never reached because the hours are not open for so long.';

CREATE FUNCTION itsm.is_open(hours itsm.service_hours, at timestamptz) RETURNS boolean
AS 'MODULE_PATHNAME', 'itsm_is_open'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.is_open(itsm.service_hours, timestamptz) IS
'Is it open at that time? It is when it opens, and no longer when it closes. Raises 22008 for infinity.';

CREATE FUNCTION itsm.next_open(hours itsm.service_hours, at timestamptz) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'itsm_next_open'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.next_open(itsm.service_hours, timestamptz) IS
'The first instant after at at which it changes from closed to open; infinity when it never does again. Raises 22008 for infinity. (The first instant at which it is open, at itself if it is, is itsm.service_deadline(hours, at, ''0'').)';

CREATE FUNCTION itsm.next_close(hours itsm.service_hours, at timestamptz) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'itsm_next_close'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION itsm.next_close(itsm.service_hours, timestamptz) IS
'The first instant after at at which it changes from open to closed; infinity when it never does again. Raises 22008 for infinity.';

CREATE FUNCTION itsm.open_ranges(hours itsm.service_hours, during tstzrange) RETURNS tstzmultirange
AS 'MODULE_PATHNAME', 'itsm_open_ranges'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION itsm.open_ranges(itsm.service_hours, tstzrange) IS
'When it is open within a range, which has two finite ends (22023 without, 22008 for infinity).';
