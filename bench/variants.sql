-- What is compared.  The peers are written by us in the manner that their makers publish.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = bench, public;

CALL bench.make('none', 'no trigger');
CALL bench.make('empty', 'empty trigger in C, AFTER ROW');
CALL bench.make('itsm', 'itsm: judging');
CALL bench.make('itsm_rules', 'itsm: judging, five rules over six attributes');
CALL bench.make('itsm_history', 'itsm: judging and history');
CALL bench.make('lookup', 'PL/pgSQL, look-up in a transitions table');
CALL bench.make('hardcoded', 'PL/pgSQL, CASE state machine');
CALL bench.make('fsm', 'django-pgtrigger''s FSM form');
CALL bench.make('audit', 'PL/pgSQL, CASE state machine and jsonb audit row');
SELECT format('CALL bench.fill(%L, %s)', name, :rows) FROM bench.variant ORDER BY position \gexec

CREATE TABLE bench.transition (
	from_status text,
	to_status text,
	PRIMARY KEY (from_status, to_status)
);
INSERT INTO bench.transition VALUES
	('new', 'in_progress'), ('new', 'cancelled'), ('in_progress', 'on_hold'), ('in_progress', 'resolved'), ('in_progress', 'cancelled'),
	('on_hold', 'in_progress'), ('on_hold', 'cancelled'), ('resolved', 'in_progress'), ('resolved', 'closed');

CREATE TRIGGER empty AFTER UPDATE ON bench.empty FOR EACH ROW EXECUTE FUNCTION bench.empty();

-- the transitions as rows
CREATE FUNCTION bench.check_lookup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status IS DISTINCT FROM OLD.status AND NOT EXISTS (
		SELECT 1 FROM bench.transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status)
	THEN
		RAISE EXCEPTION 'invalid transition from % to %', OLD.status, NEW.status;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER check_status BEFORE UPDATE ON bench.lookup FOR EACH ROW EXECUTE FUNCTION bench.check_lookup();

-- the transitions as code
CREATE FUNCTION bench.check_hardcoded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status IS DISTINCT FROM OLD.status AND NOT (
		CASE OLD.status
			WHEN 'new' THEN NEW.status IN ('in_progress', 'cancelled')
			WHEN 'in_progress' THEN NEW.status IN ('on_hold', 'resolved', 'cancelled')
			WHEN 'on_hold' THEN NEW.status IN ('in_progress', 'cancelled')
			WHEN 'resolved' THEN NEW.status IN ('in_progress', 'closed')
			ELSE false
		END)
	THEN
		RAISE EXCEPTION 'invalid transition from % to %', OLD.status, NEW.status;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER check_status BEFORE UPDATE ON bench.hardcoded FOR EACH ROW EXECUTE FUNCTION bench.check_hardcoded();

-- django-pgtrigger's FSM, without the function that lets a session ignore triggers
CREATE FUNCTION bench.check_fsm() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	_is_valid_transition boolean;
BEGIN
	SELECT CONCAT(OLD."status", ':', NEW."status") = ANY('{new:in_progress,new:cancelled,in_progress:on_hold,in_progress:resolved,in_progress:cancelled,on_hold:in_progress,on_hold:cancelled,resolved:in_progress,resolved:closed}'::text[])
		INTO _is_valid_transition;
	IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN
		RAISE EXCEPTION 'Invalid transition of field "status" from "%" to "%" on table %', OLD."status", NEW."status", TG_TABLE_NAME;
	ELSE
		RETURN NEW;
	END IF;
END $$;
CREATE TRIGGER check_status BEFORE UPDATE ON bench.fsm FOR EACH ROW EXECUTE FUNCTION bench.check_fsm();

-- the transitions as code, and a row of history
CREATE TABLE bench.audit_log (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	table_name text,
	action text,
	old_row jsonb,
	new_row jsonb,
	changed_by text,
	changed_at timestamptz DEFAULT clock_timestamp()
) WITH (autovacuum_enabled = off);
CREATE FUNCTION bench.write_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO bench.audit_log (table_name, action, old_row, new_row, changed_by)
	VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW), session_user);
	RETURN NULL;
END $$;
CREATE TRIGGER check_status BEFORE UPDATE ON bench.audit FOR EACH ROW EXECUTE FUNCTION bench.check_hardcoded();
CREATE TRIGGER write_audit AFTER UPDATE ON bench.audit FOR EACH ROW EXECUTE FUNCTION bench.write_audit();

SELECT itsm.define_lifecycle('{
	"name": "bench",
	"states": [{"name": "new", "category": "new", "initial": true},
		{"name": "in_progress", "category": "active"},
		{"name": "on_hold", "category": "waiting"},
		{"name": "resolved", "category": "resolved"},
		{"name": "closed", "category": "closed", "final": true},
		{"name": "cancelled", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": ["in_progress", "cancelled"]},
		{"from": "in_progress", "to": ["on_hold", "resolved", "cancelled"]},
		{"from": "on_hold", "to": ["in_progress", "cancelled"]},
		{"from": "resolved", "to": ["in_progress", "closed"]}]}') AS defined \gset
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('bench') || '{
	"name": "bench_rules",
	"attributes": {"title": "text", "requester": "text", "assignee": "text", "priority": "integer", "impact": "integer", "service": "text"},
	"rules": [{"name": "recorded", "requires": ["title", "requester"]},
		{"name": "assigned", "to": ["in_progress", "on_hold"], "requires": "assignee"},
		{"name": "plausible_priority", "check": "new.priority between 1 and 5"},
		{"name": "plausible_impact", "check": "new.impact between 1 and 3 or new.service is null"},
		{"name": "same_requester", "check": "old.requester is not distinct from new.requester"}]}') AS defined \gset
SELECT itsm.attach('bench.itsm', 'bench', 'status', mode => 'enforce') AS attachment \gset
SELECT itsm.attach('bench.itsm_rules', 'bench_rules', 'status', mode => 'enforce', attributes =>
	'{"title": "title", "requester": "requester", "assignee": "assignee", "priority": "priority", "impact": "impact", "service": "service"}') AS attachment \gset
SELECT itsm.attach('bench.itsm_history', 'bench', 'status', mode => 'enforce') AS attachment \gset
CALL itsm.backfill(:attachment);
