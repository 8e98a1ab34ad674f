-- Arguments that mean nothing are refused in words.
SET client_min_messages = warning;
SELECT itsm.import_holidays(NULL, NULL);
CALL itsm.export_history(NULL);
SELECT * FROM itsm.verify('[]');
SELECT itsm.seal(0);
SELECT * FROM itsm.record_history(-1);
SELECT itsm.define_sla('["name", "lifecycle", "metric"]');
SELECT itsm.follow_relationships();
SELECT itsm.append_only();
