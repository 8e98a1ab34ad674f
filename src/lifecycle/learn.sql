-- Learning from the past.  Both functions run the log query with the caller's own rights.

CREATE FUNCTION itsm.discover_lifecycle(name text, log text, min_share numeric DEFAULT 0.01)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'itsm_discover_lifecycle'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000;

COMMENT ON FUNCTION itsm.discover_lifecycle(text, text, numeric) IS
'Proposes a lifecycle definition, ready to review and then to define, from a log: a query giving (key text, at timestamptz, state text).
Entries are taken per key in order of at, ties as the query returns them; a state that repeats is no move.
A state is initial when at least min_share of the keys start in it, and final when keys stay in it and fewer than one visit in twenty is left again.
A transition is kept when it makes at least min_share of the moves that leave its state (in a final state, staying counts like a move), or when its state would have no way to an end without it. What no initial state reaches is left out. "description" says how much of the log is covered; categories are guessed from the states'' names.
The query runs with the caller''s rights and may not write.';

REVOKE ALL ON FUNCTION itsm.discover_lifecycle(text, text, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.discover_lifecycle(text, text, numeric) TO PUBLIC;

CREATE FUNCTION itsm.conformance(lifecycle text, log text, states jsonb DEFAULT NULL,
	OUT key text, OUT at timestamptz, OUT from_state text, OUT to_state text, OUT verdict text, OUT rule text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_conformance'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100000;

COMMENT ON FUNCTION itsm.conformance(text, text, jsonb) IS
'Judges a log under a lifecycle: a query giving (key text, at timestamptz, state text), taken per key in order of at, ties as the query returns them. One row per entry: verdict is ok or the SQLSTATE that the write would have raised, rule the rule that it would have named.
states maps status values of the log to states ({"app value": "state"}); null: they are the states'' names. An unmapped value appears as it is.
Judged are states (IT002), initial states (IT003), transitions (IT001) and, by the log''s times, enforced rules of kind within (IT005). Rules of other kinds look at attributes and actors, which a log does not have: they are not judged.
The query runs with the caller''s rights and may not write.';

REVOKE ALL ON FUNCTION itsm.conformance(text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.conformance(text, text, jsonb) TO PUBLIC;
