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
SELECT itsm.follow_relationships();
SELECT itsm.append_only();
SELECT * FROM itsm.allowed_transitions(0, '1');
SELECT * FROM itsm.change_conflicts(0, '1');
SELECT itsm.next_free_slot(0, '1', '1 hour');
SELECT count(*) FROM itsm.months_between('-infinity', '2025-01-01');
SELECT count(*) FROM itsm.months_between('2025-01-01', 'infinity');
SELECT count(*) FROM itsm.months_between('2025-01-01 UTC', '2025-02-01 00:00:01 UTC');
