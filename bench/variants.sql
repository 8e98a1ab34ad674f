-- What is compared.  The peers are written by us in the manner that their makers publish.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = bench, public;

CALL bench.make('none', 'no trigger');
CALL bench.make('empty', 'empty trigger in C, AFTER ROW');
CALL bench.make('itsm', 'itsm: judging');
CALL bench.make('itsm_rules', 'itsm: judging, five rules over six attributes');
CALL bench.make('itsm_history', 'itsm: judging and history, six attributes mapped');
CALL bench.make('lookup', 'PL/pgSQL, look-up in a transitions table');
CALL bench.make('hardcoded', 'PL/pgSQL, CASE state machine');
CALL bench.make('fsm', 'django-pgtrigger''s FSM form');
CALL bench.make('audit', 'PL/pgSQL, CASE state machine and jsonb audit row');
CALL bench.make('generic', 'generic audit trigger of the supa_audit kind');
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

-- any table's rows as versions under a uuid made of the table and the key, in five indexes
CREATE TYPE bench.operation AS ENUM ('INSERT', 'UPDATE', 'DELETE');
CREATE TABLE bench.record_version (
	id bigserial PRIMARY KEY,
	record_id uuid,
	old_record_id uuid,
	op bench.operation NOT NULL,
	ts timestamptz NOT NULL DEFAULT now(),
	table_oid oid NOT NULL,
	table_schema name NOT NULL,
	table_name name NOT NULL,
	record jsonb,
	old_record jsonb
) WITH (autovacuum_enabled = off);
CREATE INDEX ON bench.record_version (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX ON bench.record_version (old_record_id) WHERE old_record_id IS NOT NULL;
CREATE INDEX ON bench.record_version USING brin (ts);
CREATE INDEX ON bench.record_version (table_oid);
CREATE FUNCTION bench.key_columns(relation oid) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
	SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}')
	FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
	WHERE i.indrelid = relation AND i.indisprimary
$$;
-- a hash as a uuid; uuid_generate_v5 would need another extension
CREATE FUNCTION bench.record_uuid(relation oid, columns text[], version jsonb) RETURNS uuid LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN version IS NULL THEN NULL
		WHEN columns = '{}' THEN gen_random_uuid()
		ELSE (SELECT md5((jsonb_build_array(relation) || jsonb_agg(version ->> c))::text)::uuid FROM unnest(columns) AS u(c))
	END
$$;
CREATE FUNCTION bench.write_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	key_columns text[] := bench.key_columns(TG_RELID);
	new_version jsonb := to_jsonb(NEW);
	new_id uuid := bench.record_uuid(TG_RELID, key_columns, new_version);
	old_version jsonb := to_jsonb(OLD);
	old_id uuid := bench.record_uuid(TG_RELID, key_columns, old_version);
BEGIN
	INSERT INTO bench.record_version (record_id, old_record_id, op, table_oid, table_schema, table_name, record, old_record)
	SELECT new_id, old_id, TG_OP::bench.operation, TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME, new_version, old_version;
	RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER write_version AFTER INSERT OR UPDATE OR DELETE ON bench.generic FOR EACH ROW EXECUTE FUNCTION bench.write_version();

\ir lifecycle.sql
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
	:mapped) AS attachment \gset
SELECT itsm.attach('bench.itsm_history', 'bench_mapped', 'status', mode => 'enforce', attributes =>
	:mapped) AS attachment \gset
SELECT bench.cpu() AS cpu, extract(epoch FROM clock_timestamp()) AS wall \gset
CALL itsm.backfill(:attachment);
INSERT INTO bench.result VALUES (1, 'itsm_history', 'backfill', (bench.cpu() - :cpu) / :rows, (extract(epoch FROM clock_timestamp()) - :wall) * 1e6 / :rows, 0, 0);

-- five moves of tickets whose rows are gone
SELECT bench.cpu() AS cpu, extract(epoch FROM clock_timestamp()) AS wall \gset
SELECT itsm.import_events(:attachment, format($log$
	SELECT (1000000000 + k)::text, date_trunc('month', now()) + n * interval '1 second', (ARRAY['new', 'in_progress', 'on_hold', 'in_progress', 'resolved'])[n]
	FROM generate_series(1, %s) AS k, generate_series(1, 5) AS n ORDER BY k, n $log$, :rows / 5)) AS imported \gset
INSERT INTO bench.result VALUES (1, 'itsm_history', 'import', (bench.cpu() - :cpu) / :imported, (extract(epoch FROM clock_timestamp()) - :wall) * 1e6 / :imported, 0, 0);

-- Bytes of a row of the history that a variant has written, and of its index entries.
CREATE FUNCTION bench.history_bytes(variant text, OUT heap numeric, OUT indexes numeric) LANGUAGE sql AS $$
	SELECT sum(pg_table_size(c.oid)) / max(n), sum(pg_indexes_size(c.oid)) / max(n)
	FROM pg_class c, (SELECT CASE variant WHEN 'itsm_history' THEN (SELECT count(*) FROM itsm.event)
		WHEN 'audit' THEN (SELECT count(*) FROM bench.audit_log) ELSE (SELECT count(*) FROM bench.record_version) END) AS written (n)
	WHERE CASE variant WHEN 'itsm_history' THEN c.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'itsm.event'::regclass)
		WHEN 'audit' THEN c.oid = 'bench.audit_log'::regclass
		WHEN 'generic' THEN c.oid = 'bench.record_version'::regclass END
$$;
