-- Bookings: which configuration items a change occupies, and when.

CREATE SEQUENCE itsm.booked_ci_number_seq AS bigint;
SELECT pg_catalog.pg_extension_config_dump('itsm.booked_ci_number_seq', '');

CREATE TABLE itsm.booked_ci (
	number bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	ci text COLLATE "C" NOT NULL,
	PRIMARY KEY (ci, tenant)
) USING heap;
CREATE UNIQUE INDEX booked_ci_number_idx ON itsm.booked_ci (number);
SELECT pg_catalog.pg_extension_config_dump('itsm.booked_ci', '');

COMMENT ON TABLE itsm.booked_ci IS 'Numbers of the configuration items that changes have booked: their places in itsm.change_booking. Rows are only added.';
COMMENT ON COLUMN itsm.booked_ci.number IS 'Number of the configuration item.';
COMMENT ON COLUMN itsm.booked_ci.tenant IS 'Tenant that it belongs to.';
COMMENT ON COLUMN itsm.booked_ci.ci IS 'Its name, as changes have it.';

-- An exclusion constraint over core types only: a configuration item is the range of its number.
CREATE TABLE itsm.change_booking (
	record bigint NOT NULL,
	attachment integer NOT NULL,
	enforced boolean NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	place int8range NOT NULL,
	during tstzrange NOT NULL,
	PRIMARY KEY (record, tenant, place),
	CONSTRAINT change_booking_held EXCLUDE USING gist (place WITH OPERATOR(pg_catalog.&&), during WITH OPERATOR(pg_catalog.&&)) WHERE (enforced)
) USING heap;
CREATE INDEX change_booking_tolerated_idx ON itsm.change_booking USING gist (place, during) WHERE NOT enforced;
SELECT pg_catalog.pg_extension_config_dump('itsm.change_booking', '');

COMMENT ON TABLE itsm.change_booking IS 'The configuration items that changes occupy: a row for each of a record, as long as the record is in a state of its no_conflict rule. No two rows that are enforced overlap.';
COMMENT ON COLUMN itsm.change_booking.record IS 'The record.';
COMMENT ON COLUMN itsm.change_booking.attachment IS 'The attachment that governs it.';
COMMENT ON COLUMN itsm.change_booking.enforced IS 'It keeps others off. False where the rule is only observed, an exception was made, or the verdict is still to come.';
COMMENT ON COLUMN itsm.change_booking.tenant IS 'Tenant of the record.';
COMMENT ON COLUMN itsm.change_booking.place IS 'The configuration item: the range that holds its number in itsm.booked_ci.';
COMMENT ON COLUMN itsm.change_booking.during IS 'When, the end excluded.';

-- An attachment that ends gives its bookings back: nobody would keep them up any more.
CREATE FUNCTION itsm.give_back_bookings() RETURNS trigger
AS 'MODULE_PATHNAME', 'itsm_give_back_bookings' LANGUAGE C;
COMMENT ON FUNCTION itsm.give_back_bookings() IS 'The trigger of itsm.attachment that deletes the bookings of an attachment that is detached.';
CREATE TRIGGER itsm_give_back_bookings AFTER UPDATE OF detached_at ON itsm.attachment FOR EACH ROW
	WHEN (OLD.detached_at IS NULL AND NEW.detached_at IS NOT NULL) EXECUTE FUNCTION itsm.give_back_bookings();
ALTER TABLE itsm.attachment ENABLE ALWAYS TRIGGER itsm_give_back_bookings;

CREATE FUNCTION itsm.book_changes(attachment integer) RETURNS bigint
AS 'MODULE_PATHNAME', 'itsm_book_changes' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.book_changes(integer) IS 'Makes the bookings of an attachment those of its rows as they are now, and returns how many rows are in a state in which they are booked. Events keep bookings up: this is for what happened without them, in maintenance, or by a migration to a version of the lifecycle that books other states. A booking that is in another''s way keeps nobody off. Writers of the table wait until the end of the transaction. Only the owner of the table may call it.';

CREATE FUNCTION itsm.change_conflicts(relation regclass, key text)
RETURNS TABLE (other text, kind text, ci text, during tstzrange)
AS 'MODULE_PATHNAME', 'itsm_change_conflicts' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.change_conflicts(regclass, text) IS 'What stands against a change as it is planned now, whatever state it is in: other changes that have booked a configuration item of it at that time (kind change), freezes (freeze), maintenance windows that it is not inside of (maintenance, with the time outside them), and what relationships lead to: changes that have booked an item that depends on one of its own, or that one of its own depends on (dependent_change), and freezes of a configuration item or service that depends on one of its own (dependent_freeze). Nobody is held off by these two: they are for people to weigh. Of a change whose row the caller may not see, other is null and during is cut to the own plan; ci is null where it is a dependent item whose row the caller may not see. Needs SELECT on the table, and sight of the row under row-level security.';

CREATE FUNCTION itsm.next_free_slot(relation regclass, key text, duration interval, horizon interval DEFAULT '90 days')
RETURNS tstzrange
AS 'MODULE_PATHNAME', 'itsm_next_free_slot' LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION itsm.next_free_slot(regclass, text, interval, interval) IS 'The earliest time of that length, neither before now nor before the change is planned to start, at which nothing stands against it: no other booking of its configuration items, no freeze in scope, inside the maintenance windows in scope. Null when there is none within the horizon. Raises IT012 for a change that names no configuration item. Needs the rights of itsm.change_conflicts.';
