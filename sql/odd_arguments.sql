-- Arguments that mean nothing are refused in words.
SET client_min_messages = warning;
SELECT itsm.import_holidays(NULL, NULL);
CALL itsm.export_history(NULL);
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
