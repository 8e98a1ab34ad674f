-- What attributes that name other records say, so that those records can be asked about it.

CREATE TABLE itsm.reference (
	record bigint NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	attribute text COLLATE "C" NOT NULL,
	process text COLLATE "C" NOT NULL,
	target text COLLATE "C" NOT NULL,
	PRIMARY KEY (record, tenant, attribute, target)
) USING heap;
CREATE INDEX reference_target_idx ON itsm.reference (target, attribute, process, tenant);
SELECT pg_catalog.pg_extension_config_dump('itsm.reference', '');

COMMENT ON TABLE itsm.reference IS 'The records that a record names in attributes which its lifecycle lists under "references". Kept with its events; it follows from them.';
COMMENT ON COLUMN itsm.reference.record IS 'The record that names another one.';
COMMENT ON COLUMN itsm.reference.tenant IS 'Tenant of both.';
COMMENT ON COLUMN itsm.reference.attribute IS 'Canonical attribute that names it.';
COMMENT ON COLUMN itsm.reference.process IS 'Process of the record that is named.';
COMMENT ON COLUMN itsm.reference.target IS 'Key of the record that is named, whether there is one or not.';
