-- What is owed where agreed service is not delivered: service credits and penalties, by contract.

CREATE TABLE itsm.credit_schedule (
	tenant text COLLATE "C" NOT NULL,
	contract text COLLATE "C" NOT NULL,
	valid_from timestamptz NOT NULL,
	party text,
	fee numeric,
	currency text COLLATE "C",
	cap numeric,
	definition jsonb NOT NULL,
	defined_at timestamptz NOT NULL,
	defined_by name NOT NULL,
	PRIMARY KEY (tenant, contract, valid_from)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('itsm.credit_schedule', '');

COMMENT ON TABLE itsm.credit_schedule IS 'Schedules of service credits and penalties of contracts, by the month from which they hold. Written by itsm.define_service_credit.';
COMMENT ON COLUMN itsm.credit_schedule.tenant IS 'Tenant whose results count.';
COMMENT ON COLUMN itsm.credit_schedule.contract IS 'The contract or agreement: its number, or what else it is called by.';
COMMENT ON COLUMN itsm.credit_schedule.valid_from IS 'Start of the month (UTC) from which it holds, until the next one of the contract.';
COMMENT ON COLUMN itsm.credit_schedule.party IS 'The customer or supplier; null: not said.';
COMMENT ON COLUMN itsm.credit_schedule.fee IS 'What a month of the service costs; null where nothing is owed any more.';
COMMENT ON COLUMN itsm.credit_schedule.currency IS 'Currency of the fee and of penalties, a code of three letters (ISO 4217).';
COMMENT ON COLUMN itsm.credit_schedule.cap IS 'Percent of the fee that is owed for a month at most; null: no limit.';
COMMENT ON COLUMN itsm.credit_schedule.definition IS 'Definition as given, with its measures and their steps.';
COMMENT ON COLUMN itsm.credit_schedule.defined_at IS 'When it was defined.';
COMMENT ON COLUMN itsm.credit_schedule.defined_by IS 'Role that defined it.';

CREATE FUNCTION itsm.define_service_credit(definition jsonb, rewrite_past boolean DEFAULT false) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_define_service_credit' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION itsm.define_service_credit(jsonb, boolean) IS
'Says what is owed in a contract where agreed service is not delivered, after checking the definition whole. Members: contract; measures; with measures fee (of a month) and currency (three letters); and if need be tenant, party, cap (percent of the fee that is owed for a month at most), valid_from (a month, as in 2026-01; else the current one). A measure has agreement (the name of an SLA, whose clocks that stopped in the month count) or service (its availability of the month), or both (the clocks of that service only); steps, an array of objects with below and credit: of the steps above the attainment, in percent, the lowest one counts, and its credit is a percentage of the fee; penalty, an amount for each breach; at_least, the number of clocks from which on steps count. Without measures (an empty array) nothing is owed from then on.
A schedule holds for whole months, until the next one of the contract. What is defined first for a contract may begin in the past; after that, months that are over raise 22023 unless rewrite_past. The same month replaces. It is an event of the policy "service credit <contract>". Raises IT050 with every fault in DETAIL. itsm_report.service_credit shows what follows.';
REVOKE ALL ON FUNCTION itsm.define_service_credit(jsonb, boolean) FROM PUBLIC;
