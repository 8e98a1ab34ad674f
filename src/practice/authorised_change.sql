-- Configuration control: what happened without an authorised change, and who answers for it.

CREATE FUNCTION itsm.authorise_afterwards(relation regclass, key text, version bigint, change_relation regclass, change_key text, reason text) RETURNS void
AS 'MODULE_PATHNAME', 'itsm_authorise_afterwards' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION itsm.authorise_afterwards(regclass, text, bigint, regclass, text, text) IS
'Ties what happened to a configuration item (relation, key) with the event of that version, an unauthorised change of itsm_report.unauthorised_change, to a change that names the item, with a reason. Both records get an event of kind authorised; the violation stays. Raises IT007 when who acts is unknown or did it himself, IT013 when the change was rejected, cancelled or deleted, IT014 without a reason, IT030 when the change does not name the item, 55000 when it has been authorised already. Grant EXECUTE to those who may authorise; they need SELECT on both tables.';
REVOKE ALL ON FUNCTION itsm.authorise_afterwards(regclass, text, bigint, regclass, text, text) FROM PUBLIC;
