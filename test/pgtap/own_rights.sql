-- What of the extension is whose: functions that everybody may call, tables that everybody may read, and
-- direct writes to each table by each kind of role.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();
CREATE ROLE rights_stranger;
CREATE ROLE rights_granted;
CREATE ROLE rights_steward;

-- Functions: input, output, operators and arithmetic of types aside, an explicit list.
CREATE VIEW callable AS SELECT p.oid, p.proname::text || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS function, p.proname
	FROM pg_proc p WHERE p.pronamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND has_function_privilege('rights_stranger', p.oid, 'EXECUTE');
SELECT set_eq($$SELECT DISTINCT proname::text FROM callable WHERE proname !~ '^(service_hours|record_number|priority)_'$$, ARRAY[
	'allowed_transitions', 'append_only', 'apply_proposals', 'approve', 'attach', 'audit_report', 'backfill',
	'baseline_covers', 'baseline_covers_changes', 'baseline_taken_at', 'book_changes', 'calendar_deadline',
	'calendar_preview', 'calendar_time', 'certify_ci', 'change_conflicts', 'change_template_valid', 'changed_names',
	'check_model_rights', 'check_model_schema', 'check_rows', 'class_attributes', 'class_is_a', 'combine_digests', 'combined_inclusion', 'conformance', 'count_clock', 'count_record',
	'create_model', 'create_view', 'detach', 'discover_lifecycle', 'distribute', 'drift', 'evaluate_controls', 'event_reason',
	'expectation_tally', 'follow_relationships', 'give_back_bookings', 'guard_command', 'guard_drop', 'held_back_since', 'history', 'import_events', 'int4',
	'interval_of_text', 'is_open', 'judge', 'judge_truncate', 'judged_version', 'leaf_hash',
	'lifecycle_definition', 'lifecycle_diagram', 'link_model_parts', 'lint_lifecycle', 'matrix_priority', 'matrix_risk',
	'leave_month', 'max', 'merkle_root', 'migrate', 'min', 'misfit', 'model_attributes', 'model_part_exists', 'model_parts', 'model_relationships',
	'months_between', 'next_close', 'next_free_slot', 'next_open', 'number', 'number_of_text', 'open_ranges',
	'percentiles', 'person_key', 'policy_detail', 'prefix', 'priority', 'propose_values', 'record_as_of', 'record_id', 'reject',
	'risk_of', 'rule_attributes', 'rule_counters', 'seen_tenants', 'sees_every_tenant', 'service_deadline', 'service_time', 'set_mode', 'source_table', 'state_map', 'table_policy', 'take_policy', 'time_of_text',
	'unpack_relationships', 'unsealed', 'verify_consistency', 'verify_inclusion', 'width'
	], 'what everybody may call');
SELECT set_eq($$SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND p.prosecdef AND has_function_privilege('rights_stranger', p.oid, 'EXECUTE')$$,
	ARRAY['baseline_taken_at', 'baseline_covers', 'baseline_covers_changes', 'change_template_valid'], 'of them, those that run with the rights of their owner: each asks for one thing by its name');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND (p.prosecdef OR p.prolang IN (SELECT oid FROM pg_language WHERE lanname IN ('sql', 'plpgsql')))
	AND (p.prosecdef AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path=pg_catalog, pg_temp%', false))$$, 'which pin their search_path');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'itsm'::regnamespace AND l.lanname NOT IN ('c', 'sql', 'plpgsql', 'internal')$$, 'no other language');

-- A stranger calls each of them, and each of those that are not theirs, with nulls: an answer or an error, never
-- a write. (With a null a strict function is not called at all.)
CREATE TABLE called (function text, outcome text);
DO $$
DECLARE
	f record;
	command text;
	outcome text;
BEGIN
	FOR f IN SELECT p.oid, p.oid::regprocedure::text AS function, p.prokind, format('itsm.%I(%s)', p.proname,
			(SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(t, n))) AS call
		FROM pg_proc p WHERE p.pronamespace = 'itsm'::regnamespace AND p.prokind IN ('f', 'p')
			AND NOT p.prorettype = ANY (ARRAY['trigger', 'event_trigger', 'internal']::regtype[]) AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[]::regtype[])
		ORDER BY 1
	LOOP
		command := CASE f.prokind WHEN 'p' THEN 'CALL ' ELSE 'SELECT ' END || f.call;
		outcome := 'answer';
		BEGIN
			SET LOCAL SESSION AUTHORIZATION rights_stranger;
			EXECUTE command;
			SET LOCAL SESSION AUTHORIZATION DEFAULT;
		EXCEPTION WHEN OTHERS THEN
			outcome := SQLSTATE;
		END;
		INSERT INTO public.called VALUES (f.function, outcome);
	END LOOP;
END $$;
SELECT is_empty($$SELECT c.function, c.outcome FROM called c JOIN pg_proc p ON p.oid = c.function::regprocedure
	WHERE NOT has_function_privilege('rights_stranger', p.oid, 'EXECUTE') AND NOT p.proisstrict AND p.provariadic = 0 AND c.outcome <> '42501'$$, 'what is not granted is refused');
SELECT is_empty($$SELECT c.function, c.outcome FROM called c WHERE c.outcome ~ '^XX'$$, 'no call ends in an internal error');
SELECT is((SELECT count(*) FROM itsm.event), 0::bigint, 'none of them wrote anything');

-- Tables.
CREATE VIEW ours AS SELECT c.oid, c.relname::text AS name, c.relkind FROM pg_class c WHERE c.relnamespace = 'itsm'::regnamespace AND c.relkind IN ('r', 'p');
SELECT set_eq($$SELECT name FROM ours WHERE has_table_privilege('rights_stranger', oid, 'SELECT')$$, ARRAY['calendar', 'calendar_hours', 'ci_class', 'clause', 'lifecycle',
	'model_attachment', 'model_link', 'model_part', 'model_relationship', 'priority_matrix', 'relationship_type_version', 'required_document', 'required_record', 'risk_matrix', 'state_vocabulary'], 'what everybody may read');
SELECT set_eq($$SELECT c.relname::text FROM pg_class c WHERE c.relnamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND c.relkind IN ('v', 'm') AND has_table_privilege('rights_stranger', c.oid, 'SELECT')$$,
	ARRAY['relationship_type'], 'and which views');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'itsm'::regnamespace AND c.relkind = 'S' AND (has_sequence_privilege('rights_stranger', c.oid, 'USAGE') OR has_sequence_privilege('rights_stranger', c.oid, 'UPDATE') OR has_sequence_privilege('rights_stranger', c.oid, 'SELECT'))$$, 'no sequence');

-- Each table, each kind of write, by a stranger, by a role that was granted all writes, by the owner of the tables.
GRANT USAGE ON SCHEMA itsm TO rights_granted, rights_steward;
SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON itsm.%I TO rights_granted', name) FROM ours \gexec
SELECT format('ALTER TABLE itsm.%I OWNER TO rights_steward', name) FROM ours \gexec
CREATE TABLE written (role text, name text, command text, outcome text);
DO $$
DECLARE
	t record;
	become text;
	command text;
	outcome text;
BEGIN
	FOR t IN SELECT r.role, o.oid, o.name FROM unnest(ARRAY['stranger', 'granted', 'steward']) r(role), public.ours o ORDER BY 1, 3 LOOP
		become := 'SET LOCAL SESSION AUTHORIZATION rights_' || t.role;
		FOREACH command IN ARRAY ARRAY['INSERT INTO itsm.%1$I SELECT * FROM itsm.%1$I LIMIT 0', 'UPDATE itsm.%1$I SET %2$I = %2$I', 'DELETE FROM itsm.%1$I', 'TRUNCATE itsm.%1$I'] LOOP
			outcome := 'done';
			command := format(command, t.name, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND a.attgenerated = '' AND a.attidentity = '' ORDER BY a.attnum LIMIT 1));
			BEGIN
				EXECUTE become;
				EXECUTE command;
				RAISE SQLSTATE 'ZZ999';
			EXCEPTION
				WHEN SQLSTATE 'ZZ999' THEN NULL;
				WHEN OTHERS THEN
					outcome := SQLSTATE;
			END;
			INSERT INTO public.written VALUES (t.role, t.name, split_part(command, ' ', 1), outcome);
		END LOOP;
	END LOOP;
END $$;
SELECT is_empty($$SELECT * FROM written WHERE role = 'stranger' AND outcome <> '42501'$$, 'a stranger writes no table at all');
SELECT set_eq($$SELECT name FROM written WHERE role = 'granted' AND command = 'UPDATE' AND outcome = 'IT040'$$, $$SELECT name FROM written WHERE role = 'steward' AND command = 'UPDATE' AND outcome = 'IT040'$$, 'owner or granted: history is guarded against both');
SELECT set_eq($$SELECT DISTINCT name FROM written WHERE role = 'granted' AND outcome = 'IT040'$$, ARRAY['approval', 'archive', 'archive_table', 'archived', 'assessment', 'assessment_finding', 'assessment_result',
	'baseline', 'baseline_part', 'event', 'lifecycle', 'override', 'record', 'relationship', 'relationship_type_version', 'seal', 'seal_head', 'seal_run', 'seal_tile', 'source_attribute', 'violation'], 'tables that refuse to be rewritten');
SELECT is_empty($$SELECT * FROM written WHERE role = 'granted' AND outcome NOT IN ('done', 'IT040')$$, 'nothing else comes of it');

SELECT * FROM finish();
DO $$ BEGIN EXECUTE (SELECT string_agg(format('ALTER TABLE itsm.%I OWNER TO %I', name, current_user), ';') FROM public.ours); END $$;
DROP OWNED BY rights_stranger, rights_granted, rights_steward;
DROP ROLE rights_stranger, rights_granted, rights_steward;
