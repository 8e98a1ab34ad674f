-- Months gathered, so that reports read a row a month and not one a change.

CREATE FUNCTION itsm.roll_up(anew boolean DEFAULT false) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_roll_up' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.roll_up(boolean) IS
'Gathers what has changed in the months of itsm_report.incident_monthly and sla_monthly, and returns how many changes it gathered. The views say the same before and after, only faster: run it daily, by a scheduler such as pg_cron. Writers and readers do not wait for it. anew: counts all months again out of records and clocks, after a superuser has changed these by hand (itsm.verify() tells).';
REVOKE ALL ON FUNCTION itsm.roll_up(boolean) FROM PUBLIC;
