-- Meetings of those who approve, and what awaits them.

CREATE FUNCTION itsm.awaiting_approval(role text DEFAULT NULL,
	OUT relation regclass, OUT key text, OUT process text, OUT state text, OUT since timestamptz, OUT asked_role text,
	OUT rule text, OUT approvals bigint, OUT rejections bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'itsm_awaiting_approval' LANGUAGE C STABLE;
COMMENT ON FUNCTION itsm.awaiting_approval(text) IS
'Records in a state in which a rule asks for votes of a role (null: of any), longest waiting first, with the votes of that role since the record came into the state. Whether a vote counts still depends on the row: itsm.allowed_transitions tells. It shows records of every attached table; grant EXECUTE to those who may see them.';
REVOKE ALL ON FUNCTION itsm.awaiting_approval(text) FROM PUBLIC;

CREATE SEQUENCE itsm.cab_meeting_id_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.cab_meeting_id_seq', '');

CREATE TABLE itsm.cab_meeting (
	id bigint NOT NULL DEFAULT pg_catalog.nextval('itsm.cab_meeting_id_seq'),
	role text COLLATE "C" NOT NULL,
	held_at timestamptz NOT NULL,
	chair text,
	minutes text,
	closed_at timestamptz,
	PRIMARY KEY (id)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.cab_meeting', '');

CREATE TABLE itsm.cab_item (
	meeting bigint NOT NULL,
	position integer NOT NULL,
	relation_name text NOT NULL,
	key text COLLATE "C" NOT NULL,
	process text COLLATE "C",
	state text COLLATE "C",
	since timestamptz,
	rule text COLLATE "C",
	approvals bigint NOT NULL,
	rejections bigint NOT NULL,
	PRIMARY KEY (meeting, position)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.cab_item', '');

COMMENT ON TABLE itsm.cab_meeting IS 'Meetings of those who approve: of the change advisory board, or of any other role.';
COMMENT ON COLUMN itsm.cab_meeting.id IS 'Number of the meeting.';
COMMENT ON COLUMN itsm.cab_meeting.role IS 'Organisational role that meets, as rules of kind approvals name it.';
COMMENT ON COLUMN itsm.cab_meeting.held_at IS 'When.';
COMMENT ON COLUMN itsm.cab_meeting.chair IS 'Who chairs it.';
COMMENT ON COLUMN itsm.cab_meeting.minutes IS 'What was said; null until it is closed.';
COMMENT ON COLUMN itsm.cab_meeting.closed_at IS 'When it was closed, and its agenda kept; null: it is still to come.';
COMMENT ON TABLE itsm.cab_item IS 'Agendas of meetings that are closed, as they stood at the end.';
COMMENT ON COLUMN itsm.cab_item.meeting IS 'The meeting.';
COMMENT ON COLUMN itsm.cab_item.position IS 'Position on the agenda, from 1.';
COMMENT ON COLUMN itsm.cab_item.relation_name IS 'Table of the record.';
COMMENT ON COLUMN itsm.cab_item.key IS 'Its key.';
COMMENT ON COLUMN itsm.cab_item.process IS 'Its process.';
COMMENT ON COLUMN itsm.cab_item.state IS 'State that it was in.';
COMMENT ON COLUMN itsm.cab_item.since IS 'Since when.';
COMMENT ON COLUMN itsm.cab_item.rule IS 'Rule that asks for the votes.';
COMMENT ON COLUMN itsm.cab_item.approvals IS 'Approvals by then.';
COMMENT ON COLUMN itsm.cab_item.rejections IS 'Rejections by then.';

CREATE FUNCTION itsm.plan_meeting(role text, held_at timestamptz, chair text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	planned bigint;
BEGIN
	IF $1 IS NULL OR btrim($1) = '' OR $2 IS NULL THEN
		RAISE 'a meeting needs a role and a time' USING ERRCODE = '22004', HINT = 'The role is one that rules of kind approvals ask for votes.';
	END IF;
	IF NOT isfinite($2) THEN
		RAISE 'a meeting cannot be held at %', $2 USING ERRCODE = '22023';
	END IF;
	INSERT INTO itsm.cab_meeting (role, held_at, chair) VALUES ($1, $2, $3) RETURNING id INTO planned;
	RETURN planned;
END
$$;
COMMENT ON FUNCTION itsm.plan_meeting(text, timestamptz, text) IS 'Plans a meeting of a role; returns its number.';

CREATE FUNCTION itsm.meeting_agenda(meeting bigint)
RETURNS TABLE ("position" integer, relation_name text, key text, process text, state text, since timestamptz, rule text, approvals bigint, rejections bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT i.position, i.relation_name, i.key, i.process, i.state, i.since, i.rule, i.approvals, i.rejections
	FROM itsm.cab_item i JOIN itsm.cab_meeting m ON m.id OPERATOR(pg_catalog.=) i.meeting
	WHERE m.id OPERATOR(pg_catalog.=) $1 AND m.closed_at IS NOT NULL AND itsm.caller_sees_tenant('*')
	UNION ALL
	SELECT pg_catalog.row_number() OVER (ORDER BY a.since, a.relation, a.key)::integer, a.relation::text, a.key, a.process, a.state, a.since,
		a.rule, a.approvals, a.rejections
	FROM itsm.cab_meeting m, itsm.awaiting_approval(m.role) a
	WHERE m.id OPERATOR(pg_catalog.=) $1 AND m.closed_at IS NULL AND itsm.caller_sees_tenant('*')
	ORDER BY 1
$$;
COMMENT ON FUNCTION itsm.meeting_agenda(bigint) IS 'What awaits the role that meets: drawn anew until the meeting is closed, then as it stood. A meeting is about records of every tenant: who is not shown all of them sees nothing.';

CREATE FUNCTION itsm.close_meeting(meeting bigint, minutes text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	told itsm.cab_meeting;
BEGIN
	-- of two who close it at the same time the second finds it closed
	SELECT * INTO told FROM itsm.cab_meeting m WHERE m.id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE 'there is no meeting %', $1 USING ERRCODE = 'P0002', HINT = 'itsm.plan_meeting returns the number of each; itsm.cab_meeting lists them.';
	END IF;
	IF told.closed_at IS NULL THEN
		INSERT INTO itsm.cab_item (meeting, position, relation_name, key, process, state, since, rule, approvals, rejections)
		SELECT $1, row_number() OVER (ORDER BY a.since, a.relation, a.key)::integer, a.relation::text, a.key, a.process, a.state, a.since,
			a.rule, a.approvals, a.rejections
		FROM itsm.awaiting_approval(told.role) a;
		UPDATE itsm.cab_meeting m SET minutes = $2, closed_at = clock_timestamp() WHERE m.id = $1;
	END IF;
	RETURN (SELECT count(*)::integer FROM itsm.cab_item i WHERE i.meeting = $1);
END
$$;
COMMENT ON FUNCTION itsm.close_meeting(bigint, text) IS 'Closes a meeting with its minutes and keeps the agenda as it stands; returns the number of its items. One that is closed stays as it is.';
REVOKE ALL ON FUNCTION itsm.plan_meeting(text, timestamptz, text), itsm.meeting_agenda(bigint), itsm.close_meeting(bigint, text) FROM PUBLIC;
