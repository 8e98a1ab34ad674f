-- What falls due by itself.

CREATE FUNCTION itsm.run_due(now timestamptz DEFAULT NULL, most integer DEFAULT 1000,
	OUT relation regclass, OUT key text, OUT from_state text, OUT to_state text, OUT done boolean, OUT message text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_run_due' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.run_due(timestamptz, integer) IS
'Makes the transitions that a lifecycle says to make "after" a time in a state, as far as they are due by now (null: the time it is), at most as many as "most" says; call it again for the rest. A row for each: done, or what refused it. Each is an UPDATE of the attached table with the caller''s rights, judged like any other; one that is refused leaves the others alone. For a scheduler such as pg_cron.';
REVOKE ALL ON FUNCTION itsm.run_due(timestamptz, integer) FROM PUBLIC;
