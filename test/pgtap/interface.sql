-- The interface: every function and table that programs call, with the names and types
-- of its arguments, its defaults, what it returns, how volatile it is and who may call it.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_catalog;
BEGIN;
SELECT no_plan();

-- signature, result, volatility, whether everybody may call it
CREATE TEMP TABLE promised (name text, arguments text, result text, volatility text, everybody boolean);
INSERT INTO promised VALUES
	('define_lifecycle', 'definition jsonb', 'void', 'v', false),
	('lifecycle_definition', 'name text, version integer DEFAULT NULL::integer', 'jsonb', 's', true),
	('lint_lifecycle', 'name text, OUT severity text, OUT problem text', 'SETOF record', 's', true),
	('lint_lifecycle', 'definition jsonb, OUT severity text, OUT problem text', 'SETOF record', 's', true),
	('lifecycle_diagram', 'name text, format text DEFAULT ''mermaid''::text', 'text', 's', true),
	('state_map', 'tool text, lifecycle text', 'jsonb', 's', true),
	('discover_lifecycle', 'name text, log text, min_share numeric DEFAULT 0.01', 'jsonb', 's', true),
	('conformance', 'lifecycle text, log text, states jsonb DEFAULT NULL::jsonb, OUT key text, OUT at timestamp with time zone, OUT from_state text, OUT to_state text, OUT verdict text, OUT rule text', 'SETOF record', 's', true),
	('attach', 'relation regclass, lifecycle text, status name, states jsonb DEFAULT NULL::jsonb, attributes jsonb DEFAULT ''{}''::jsonb, filter text DEFAULT NULL::text, mode text DEFAULT ''observe''::text, timing text DEFAULT ''immediate''::text, track text[] DEFAULT ''{mapped}''::text[], tenant text DEFAULT NULL::text, key name[] DEFAULT NULL::name[], notify boolean DEFAULT false', 'integer', 'v', NULL),
	('detach', 'relation regclass, attachment integer DEFAULT NULL::integer', 'void', 'v', NULL),
	('set_mode', 'attachment integer, mode text, rule text DEFAULT NULL::text', 'void', 'v', NULL),
	('distribute', 'relation regclass, "column" text', 'integer', 'v', true),
	('table_policy', 'relation regclass', 'jsonb', 's', true),
	('take_policy', 'relation regclass, policy jsonb', 'boolean', 'v', true),
	('check_rows', 'attachment integer', 'TABLE(key text, rule text, message text)', 's', NULL),
	('backfill', 'IN attachment integer, IN batch_rows integer DEFAULT 10000, IN rows_per_second integer DEFAULT NULL::integer', NULL, 'v', NULL),
	('import_events', 'attachment integer, log text', 'bigint', 'v', NULL),
	('allowed_transitions', 'relation regclass, key text', 'TABLE(to_state text, status_value text, label text, allowed boolean, unmet jsonb)', 's', NULL),
	('record_id', 'relation regclass, key text', 'bigint', 's', NULL),
	('record_as_of', 'relation regclass, key text, at timestamp with time zone', 'jsonb', 's', NULL),
	('history', 'relation regclass, key text', 'TABLE(version bigint, at timestamp with time zone, kind text, actor text, from_state text, to_state text, changes jsonb, reason text)', 's', NULL),
	('act_as', 'actor text', 'void', 'v', false),
	('verify', '', 'TABLE(scope text, object text, ok boolean, detail text)', 's', false),
	('drift', 'attachment integer', 'bigint', 's', true),
	('misfit', 'attachment integer', 'text', 's', true),
	('override', 'relation regclass, key text, rule text, reason text', 'void', 'v', false),
	('define_change_window', 'name text, kind text, starts_at timestamp with time zone DEFAULT NULL::timestamp with time zone, ends_at timestamp with time zone DEFAULT NULL::timestamp with time zone, services text[] DEFAULT NULL::text[], ci_classes text[] DEFAULT NULL::text[], cis text[] DEFAULT NULL::text[], tenant text DEFAULT NULL::text, hours itsm.service_hours DEFAULT NULL::itsm.service_hours', 'void', 'v', false),
	('drop_change_window', 'name text', 'void', 'v', false),
	('book_changes', 'attachment integer', 'bigint', 'v', NULL),
	('change_conflicts', 'relation regclass, key text', 'TABLE(other text, kind text, ci text, during tstzrange)', 's', NULL),
	('take_baseline', 'name text, cis bigint[] DEFAULT NULL::bigint[], class text DEFAULT NULL::text, service text DEFAULT NULL::text, note text DEFAULT NULL::text, tenant text DEFAULT ''''::text', 'bigint', 'v', false),
	('baseline_diff', 'a text, b text DEFAULT NULL::text', 'TABLE(record bigint, key text, kind text, attribute text, old_value text, new_value text, relationship bigint)', 's', false),
	('propose_baseline', 'relation regclass, key text, baseline text, cis bigint[] DEFAULT NULL::bigint[]', 'TABLE(record bigint, item text, attribute text, value text, proposal bigint, message text)', 'v', false),
	('authorise_afterwards', 'relation regclass, key text, version bigint, change_relation regclass, change_key text, reason text', 'void', 'v', false),
	('next_free_slot', 'relation regclass, key text, duration interval, horizon interval DEFAULT ''90 days''::interval', 'tstzrange', 's', NULL),
	('define_clause', 'clause text, title text, parent text DEFAULT NULL::text, framework text DEFAULT ''iso20000''::text, documented text DEFAULT NULL::text, information text DEFAULT NULL::text', 'void', 'v', false),
	('define_control', 'id text, clause text, kind text, grade text, title text, query text, needs text[] DEFAULT ''{}''::text[], parameter text DEFAULT NULL::text, remedy text DEFAULT NULL::text, framework text DEFAULT ''iso20000''::text', 'void', 'v', false),
	('drop_control', 'id text', 'void', 'v', false),
	('set_parameter', 'control text, value text', 'void', 'v', false),
	('exclude_control', 'control text, reason text', 'void', 'v', false),
	('include_control', 'control text', 'void', 'v', false),
	('assign_gap', 'control text, owner text, due date DEFAULT NULL::date', 'void', 'v', false),
	('raise_action', 'control text, relation regclass, owner text DEFAULT NULL::text, due date DEFAULT NULL::date, attributes jsonb DEFAULT ''{}''::jsonb', 'text', 'v', false),
	('control_findings', 'control text', 'TABLE(subject text, record bigint, version bigint, tenant text, key text, problem text)', 's', false),
	('assess', 'note text DEFAULT NULL::text, as_of timestamp with time zone DEFAULT NULL::timestamp with time zone', 'bigint', 'v', false),
	('assessment_digest', 'assessment bigint', 'text', 's', false),
	('audit_report', 'starts_at timestamp with time zone, ends_at timestamp with time zone', 'text', 's', true),
	('judge', '', 'trigger', 'v', true),
	('judge_truncate', '', 'trigger', 'v', true),
	('policies_changed', '', 'void', 'v', false),
	('make_partitions', '', 'integer', 'v', false),
	('next_number', 'prefix text', 'itsm.record_number', 'v', false),
	('define_number', 'prefix text, width integer DEFAULT NULL::integer, start bigint DEFAULT NULL::bigint', 'void', 'v', false),
	('prefix', 'number itsm.record_number', 'text', 'i', true),
	('number', 'number itsm.record_number', 'bigint', 'i', true),
	('width', 'number itsm.record_number', 'integer', 'i', true),
	('priority_of', 'impact integer, urgency integer, matrix text DEFAULT ''default''::text', 'itsm.priority', 's', true),
	('risk_of', 'impact integer, probability integer, matrix text DEFAULT ''default''::text', 'text', 's', true),
	('set_priority_matrix', 'matrix text, priorities itsm.priority[]', 'void', 'v', false),
	('set_risk_matrix', 'matrix text, risks text[]', 'void', 'v', false),
	('grant_actor', 'role name', 'void', 'v', false),
	('revoke_actor', 'role name', 'void', 'v', false),
	('grant_reader', 'role name', 'void', 'v', false),
	('revoke_reader', 'role name', 'void', 'v', false),
	('define_service_credit', 'definition jsonb, rewrite_past boolean DEFAULT false', 'void', 'v', false),
	('separate_tenants', 'separated boolean', 'void', 'v', false),
	('grant_tenant', 'role name, tenant text', 'void', 'v', false),
	('revoke_tenant', 'role name, tenant text', 'void', 'v', false),
	('sees_every_tenant', '', 'boolean', 's', true),
	('seen_tenants', '', 'text[]', 's', true),
	('caller_sees_tenant', 'tenant text', 'boolean', 's', false),
	('service_time', 'hours itsm.service_hours, started_at timestamp with time zone, ended_at timestamp with time zone', 'interval', 'i', true),
	('service_deadline', 'hours itsm.service_hours, start timestamp with time zone, target interval', 'timestamp with time zone', 'i', true),
	('is_open', 'hours itsm.service_hours, at timestamp with time zone', 'boolean', 'i', true),
	('next_open', 'hours itsm.service_hours, at timestamp with time zone', 'timestamp with time zone', 'i', true),
	('next_close', 'hours itsm.service_hours, at timestamp with time zone', 'timestamp with time zone', 'i', true),
	('open_ranges', 'hours itsm.service_hours, during tstzrange', 'tstzmultirange', 'i', true),
	('define_calendar', 'name text, hours itsm.service_hours, valid_from timestamp with time zone DEFAULT NULL::timestamp with time zone, rewrite_past boolean DEFAULT false', 'void', 'v', false),
	('import_holidays', 'calendar text, query text, valid_from timestamp with time zone DEFAULT NULL::timestamp with time zone, rewrite_past boolean DEFAULT false', 'integer', 'v', false),
	('calendar_time', 'calendar text, started_at timestamp with time zone, ended_at timestamp with time zone', 'interval', 's', true),
	('calendar_deadline', 'calendar text, start timestamp with time zone, target interval', 'timestamp with time zone', 's', true),
	('calendar_preview', 'calendar text, days integer DEFAULT 14, first_day date DEFAULT NULL::date', 'TABLE(day date, weekday text, hours text, open interval)', 's', true);

SELECT is(
	(SELECT concat_ws(' / ', pg_get_function_result(f.oid), f.provolatile)
		FROM pg_proc f WHERE f.pronamespace = 'itsm'::regnamespace AND f.proname = p.name AND pg_get_function_arguments(f.oid) = p.arguments),
	concat_ws(' / ', p.result, p.volatility), format('itsm.%s(%s)', p.name, p.arguments))
FROM promised p;

-- rights: what is not for everybody is for nobody; the functions that ask for the owner of
-- a table ask themselves, so that they may be called by everybody
CREATE ROLE pgtap_nobody;
SELECT is(has_function_privilege('pgtap_nobody', f.oid, 'EXECUTE'), p.everybody, format('who may call itsm.%s', p.name))
FROM promised p JOIN pg_proc f ON f.pronamespace = 'itsm'::regnamespace AND f.proname = p.name AND pg_get_function_arguments(f.oid) = p.arguments
WHERE p.everybody IS NOT NULL;
SELECT is(string_agg(f.oid::regprocedure::text, ', '), NULL, 'every trigger function may be called by everybody')
FROM pg_proc f WHERE f.pronamespace = 'itsm'::regnamespace AND f.prorettype = 'trigger'::regtype AND NOT has_function_privilege('pgtap_nobody', f.oid, 'EXECUTE');
SELECT is(string_agg(f.oid::regprocedure::text, ', '), NULL, 'every function that has its owner''s rights pins search_path')
FROM pg_proc f WHERE f.pronamespace = 'itsm'::regnamespace AND f.prosecdef AND NOT EXISTS (SELECT FROM unnest(f.proconfig) c WHERE c LIKE 'search_path=%');
SELECT is(string_agg(f.oid::regprocedure::text, ', '), NULL, 'every function has a comment')
FROM pg_proc f WHERE f.pronamespace = 'itsm'::regnamespace AND obj_description(f.oid, 'pg_proc') IS NULL;

-- tables and views: columns that queries rely on
CREATE TEMP TABLE promised_column (relation text, columns text[]);
INSERT INTO promised_column VALUES
	('itsm.lifecycle', '{name,version,definition}'),
	('itsm.state_vocabulary', '{tool,lifecycle,value,state,note}'),
	('itsm.source', '{id,relation,relation_name,key}'),
	('itsm.attachment', '{id,source,relation,lifecycle,mode,timing,status,states,attributes,filter,tenant,track,attached_at,attached_by,detached_at}'),
	('itsm.record', '{id,at,version,source,attachment,deleted,hash,tenant,key}'),
	('itsm.record_state', '{record,entered_at,lifecycle_version,tenant,lifecycle,state,category}'),
	('itsm.projection', '{record,opened_at,first_response_at,resolved_at,closed_at,transitions,reopened,reassigned,priority,state,category,key,title,requester,assignee,service,ci,extra}'),
	('itsm.event', '{record,version,at,xid,system,timeline,command,attachment,lifecycle_version,kind,tenant,from_state,to_state,session_role,role,actor,application,body,hash}'),
	('itsm.violation', '{record,version,at,code,rule,kind,attribute,message,clause}'),
	('itsm.override', '{record,version,at,attachment,tenant,rule,reason,actor,role,session_role,used}'),
	('itsm.refusal', '{at,attachment,source,tenant,key,code,rules,from_state,to_state,session_role,role,actor,application,reason,lost}'),
	('itsm.number_range', '{prefix,width,last}'), ('itsm.priority_matrix', '{matrix,impact,urgency,priority,shipped}'),
	('itsm.risk_matrix', '{matrix,impact,probability,risk,shipped}'),
	('itsm_report.override', '{key,rule,reason,actor,role,session_role,at,used}'), ('itsm_report.refusal', '{key,code,rules,from_state,to_state,session_role,role,actor,at,lost}'),
	('itsm_report.incident', '{}'), ('itsm_report.transition', '{}'), ('itsm_report.time_in_state', '{}'),
	('itsm_report.incident_monthly', '{}'), ('itsm_report.violation', '{}'), ('itsm_report.attachment_health', '{}');
SELECT ok(to_regclass(relation) IS NOT NULL, relation || ' is there') FROM promised_column;
SELECT is(string_agg(name, ', '), NULL, relation || ' has its columns')
FROM promised_column LEFT JOIN LATERAL (SELECT name FROM unnest(columns) name
	WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(relation) AND attname = name AND attnum > 0 AND NOT attisdropped)) missing ON true
GROUP BY relation;
SELECT is(string_agg(format('%s.%s', c.oid::regclass, a.attname), ', '), NULL, 'every table, view and column has a comment')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped
WHERE c.relnamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
	AND col_description(c.oid, a.attnum) IS NULL;

-- nothing is writable, and no history readable, for everybody
SELECT is(string_agg(c.oid::regclass::text, ', '), NULL, 'nobody else may write')
FROM pg_class c WHERE c.relnamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace)
	AND (c.relkind IN ('r', 'p', 'v') AND has_table_privilege('pgtap_nobody', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
		OR c.relkind = 'S' AND has_sequence_privilege('pgtap_nobody', c.oid, 'UPDATE, USAGE'));
SELECT is(string_agg(c.relname, ', '), NULL, 'nobody else may read history')
FROM pg_class c WHERE c.relnamespace = 'itsm'::regnamespace AND c.relname ~ '^(event|record|projection|violation|override|refusal|attachment|person)' AND c.relkind IN ('r', 'p', 'v')
	AND has_table_privilege('pgtap_nobody', c.oid, 'SELECT');
SELECT ok(NOT has_schema_privilege('pgtap_nobody', 'itsm_report', 'USAGE'), 'itsm_report is for those who are granted it');
SELECT ok(NOT has_schema_privilege('pgtap_nobody', 'itsm', 'CREATE'), 'nobody makes objects in itsm');
SELECT is(string_agg(c.relname, ', '), NULL, 'views for reports stand behind a security barrier')
FROM pg_class c WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind = 'v' AND NOT 'security_barrier=true' = ANY (c.reloptions);
SELECT is(string_agg(c.relname, ', '), NULL, 'views for reports have plain types only')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'itsm_report'::regnamespace AND c.relkind = 'v'
	AND a.atttypid NOT IN ('text'::regtype, 'numeric'::regtype, 'timestamptz'::regtype, 'boolean'::regtype, 'interval'::regtype, 'bigint'::regtype);
SELECT is(count(*), 0::bigint, 'no foreign keys among our tables')
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'itsm'::regnamespace;
SELECT is(string_agg(c.relname, ', '), NULL, 'every table and sequence with data is dumped')
FROM pg_class c WHERE c.relnamespace = 'itsm'::regnamespace AND c.relkind IN ('r', 'p', 'S')
	AND NOT c.oid = ANY ((SELECT extconfig FROM pg_extension WHERE extname = 'itsm')::oid[])
	AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e');

SELECT * FROM finish();
ROLLBACK;
