-- How far history is sealed, by tenant.
SET search_path = pg_catalog;
SET client_min_messages = warning;
CREATE SCHEMA ledger_status;
-- seals all; whoever analyzes a table just now, say, holds that back for a moment
CREATE FUNCTION ledger_status.seal() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	FOR i IN 1 .. 300 LOOP
		PERFORM itsm.seal();
		IF NOT EXISTS (SELECT FROM itsm.unsealed()) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.1);
	END LOOP;
	RETURN false;
END $$;
SELECT itsm.define_lifecycle('{"name": "ledger_status", "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "final": true}], "transitions": [{"from": "new", "to": "done"}]}');
CREATE TABLE ledger_status.ticket (id integer PRIMARY KEY, status text, owner text, note text);
SELECT itsm.attach('ledger_status.ticket', 'ledger_status', 'status', tenant => 'owner', track => '{note}') AS attachment \gset
INSERT INTO ledger_status.ticket SELECT n, 'new', 'status ' || n % 2 FROM generate_series(1, 10) n;
CREATE VIEW ledger_status.now AS SELECT tenant, events, sealed, unsealed, oldest_unsealed_at IS NOT NULL AS oldest, lag < interval '1 hour' AS lag, last_sealed_at IS NOT NULL AS was_sealed
	FROM itsm_report.ledger_status WHERE tenant LIKE 'status %' ORDER BY tenant;
SELECT * FROM ledger_status.now;
SELECT ledger_status.seal() AS sealed;
SELECT * FROM ledger_status.now;
UPDATE ledger_status.ticket SET note = 'new' WHERE id < 4;
SELECT * FROM ledger_status.now;
-- a part of what is there
BEGIN;
SELECT ledger_status.seal() AS sealed;
-- our own transaction is not finished
UPDATE ledger_status.ticket SET note = 'newer' WHERE id = 2;
SELECT * FROM ledger_status.now;
ROLLBACK;
SELECT itsm.seal(1) > 0 AS sealed;
SELECT sum(unsealed) <= 3 AS some_left FROM ledger_status.now;
SELECT ledger_status.seal() AS sealed;
SELECT * FROM ledger_status.now;
SELECT count(*) AS tenants, bool_and(s.root = l ->> 'root') AS root, bool_and(s.last_digest_size = (d ->> 'size')::bigint) AS size, bool_and(s.last_digest_root = d ->> 'root') AS digest_root
FROM itsm.digest() d CROSS JOIN jsonb_array_elements(d -> 'logs') l JOIN itsm_report.ledger_status s ON s.tenant = l ->> 'tenant' WHERE s.tenant LIKE 'status %';
SELECT itsm.note_verification(itsm.digest()) >= 0 AS verified;
SELECT DISTINCT last_verified_at > now() - interval '1 hour' AS verified, last_verified_faults >= 0 AS faults FROM itsm_report.ledger_status;
-- for whom it is granted
CREATE ROLE regress_itsm_ledger;
GRANT USAGE ON SCHEMA itsm_report TO regress_itsm_ledger;
SET ROLE regress_itsm_ledger;
SELECT * FROM itsm_report.ledger_status;
SELECT * FROM itsm.unsealed();
SELECT itsm.seal();
SELECT itsm.digest();
SELECT * FROM itsm.verify(NULL);
SELECT itsm.evidence('pg_class', '1');
SELECT itsm.note_verification();
RESET ROLE;
GRANT SELECT ON itsm_report.ledger_status TO regress_itsm_ledger;
SET ROLE regress_itsm_ledger;
SELECT count(*) AS tenants FROM itsm_report.ledger_status WHERE tenant LIKE 'status %';
RESET ROLE;
SELECT itsm.detach('ledger_status.ticket');
DROP SCHEMA ledger_status CASCADE;
DROP OWNED BY regress_itsm_ledger;
DROP ROLE regress_itsm_ledger;
