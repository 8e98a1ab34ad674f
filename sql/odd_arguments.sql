-- Arguments that mean nothing are refused in words.
SET client_min_messages = warning;
SELECT itsm.import_holidays(NULL, NULL);
CALL itsm.export_history(NULL);
CALL itsm.export_history('');
CALL itsm.export_history('itsm');
CALL itsm.export_history('pg_catalog');
SELECT * FROM itsm.verify('[]');
SELECT itsm.seal(0);
SELECT * FROM itsm.record_history(-1);
SELECT itsm.define_sla('["name", "lifecycle", "metric"]');
-- what would do something is not passed over in silence
SELECT itsm.define_sla(NULL);
SELECT itsm.end_sla(NULL);
SELECT itsm.sync_relationships(NULL);
SELECT itsm.detach_relationships(NULL);
SELECT itsm.unrelate(NULL);
SELECT itsm.authorise_afterwards('pg_class', '1', NULL, 'pg_class', '1', 'it was urgent');
SELECT itsm.propose_values('pg_class', '1', 'pg_class', '1', NULL);
SELECT * FROM itsm.apply_proposals('pg_class', NULL);
-- nothing differs in what is not there
SELECT * FROM itsm.recompute_clocks(attachment => -1);
SELECT * FROM itsm.recompute_clocks(record => -1);
SELECT itsm.follow_relationships();
SELECT itsm.append_only();
-- times of a month, which only the extension's own views and a DBA gather
SET intervalstyle = 'postgres';
SELECT itsm.duration_percentiles('{1 hour,2 hours}', '{0,0.25,1}') AS told, itsm.duration_percentiles('{}', '{0.5}') AS none, itsm.duration_percentiles('{1 hour}', '{}') AS nothing;
SELECT itsm.duration_percentiles('{1 hour}', '{0.5,NULL}');
SELECT itsm.duration_percentiles('{1 hour}', '{1.1}');
SELECT itsm.duration_percentiles('{1 hour}', '{-0.1}');
SELECT itsm.duration_percentiles('{1 hour}', '{NaN}');
SELECT itsm.duration_percentiles('{{1 hour,2 hours},{1 hour,2 hours}}', '{0.5}');
SELECT itsm.duration_percentiles('{1 hour,NULL}', '{0.5}');
SELECT itsm.percentiles('{2}'::double precision[], NULL, '{1 hour}', 1, '1 hour');
SELECT itsm.durations('{{1 hour}}'::interval[], 1, NULL);
SELECT itsm.durations(NULL, -2147483648, '1 hour') AS none_taken;
-- tables that are gone, schemas without a name, times without end
SELECT itsm.allowed_transitions(0, '1');
SELECT itsm.allowed_transitions(4000000000::oid, '1');
SELECT itsm.change_conflicts(4000000000::oid, '1');
SELECT itsm.next_free_slot(4000000000::oid, '1', '1 hour');
SELECT itsm.history(4000000000::oid, '1');
CALL itsm.export_history('');
SET default_transaction_isolation = 'read committed';
SELECT itsm.archive('2001-01-01', '');
SELECT count(*) FROM itsm.months_between('-infinity', 'infinity');
SELECT count(*) FROM itsm.months_between('2026-01-15', 'infinity');
SELECT count(*) FROM itsm.months_between('2026-01-15 00:00+00', '2026-03-01 00:00+00');
SELECT itsm.plan_meeting(NULL, '2050-01-01');
SELECT itsm.plan_meeting(' ', '2050-01-01');
SELECT itsm.plan_meeting('board', NULL);
SELECT itsm.plan_meeting('board', 'infinity');
-- what does something needs all that it is given
DO $$
DECLARE
	called text;
BEGIN
	FOREACH called IN ARRAY ARRAY['sync_relationships(NULL)', 'detach_relationships(NULL)', 'approve_change_template(NULL)', 'withdraw_change_template(NULL)',
		'propose_values(''pg_class'', ''1'', NULL, ''1'', ''{}'')', 'apply_proposals(''pg_class'', NULL)', 'drop_change_window(NULL)', 'book_changes(NULL)',
		'authorise_afterwards(''pg_class'', ''1'', 1, ''pg_class'', ''1'', NULL)', 'drop_control(NULL)', 'include_control(NULL)', 'create_view(1, NULL)', 'create_view(NULL, NULL)'] LOOP
		BEGIN
			EXECUTE 'SELECT itsm.' || called;
			RAISE WARNING '% is not refused', called;
		EXCEPTION WHEN null_value_not_allowed THEN
			RAISE WARNING '%: %', called, sqlerrm;
		END;
	END LOOP;
END $$;
