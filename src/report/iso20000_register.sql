-- The registers that an auditor asks for: documents, records, certificates.

-- Texts of arrays are taken apart as they are: a lifecycle may call the attribute anything.
CREATE VIEW itsm_report.iso20000_document WITH (security_barrier = true) AS
	SELECT q.number,
		coalesce(q.kind, CASE WHEN NOT d.hidden THEN d.kind END) AS kind,
		q.title AS requirement,
		q.clause,
		q.section,
		q.same_as,
		q.control,
		q.number IS NOT NULL AS required,
		CASE WHEN d.record IS NULL AND EXISTS (
				SELECT FROM itsm.kept_as_records k
				WHERE k.number OPERATOR(pg_catalog.=) coalesce(q.same_as, q.number) AND k.kind OPERATOR(pg_catalog.=) q.kind) THEN 'kept as records'
			WHEN d.record IS NULL THEN 'missing'
			WHEN d.state OPERATOR(pg_catalog.=) 'approved' THEN 'approved'
			WHEN d.category OPERATOR(pg_catalog.<>) 'active' OR d.state OPERATOR(pg_catalog.=) 'in_review' THEN 'draft'
			WHEN q.section IS NOT NULL AND pg_catalog.strpos(d.sections, ',' OPERATOR(pg_catalog.||) q.section OPERATOR(pg_catalog.||) ',')
				OPERATOR(pg_catalog.=) 0 THEN 'section missing'
			WHEN d.next_review OPERATOR(pg_catalog.+) '1 day'::interval OPERATOR(pg_catalog.<=) pg_catalog.now() THEN 'review overdue'
			ELSE 'in force' END AS status,
		d.tenant,
		d.record,
		s.name AS source,
		d.key,
		CASE WHEN NOT d.hidden THEN d.title END AS title,
		CASE WHEN NOT d.hidden THEN d.document_version END AS document_version,
		d.state,
		CASE WHEN NOT d.hidden THEN d.owner END AS owner,
		CASE WHEN NOT d.hidden THEN d.approver END AS approver,
		CASE WHEN NOT d.hidden THEN d.approved_at END AS approved_at,
		CASE WHEN NOT d.hidden THEN d.effective_from END AS effective_from,
		CASE WHEN NOT d.hidden THEN d.next_review END AS next_review,
		CASE WHEN NOT d.hidden THEN d.retention_until END AS retention_until,
		d.opened_at,
		d.changed_at
	FROM itsm.required_document q
		FULL JOIN (
			SELECT p.tenant, p.record, p.source, p.key, p.state, p.category, p.title, p.opened_at, p.changed_at,
				p.source OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.id FROM itsm.hidden_source x)) AS hidden,
				(p.extra OPERATOR(pg_catalog.->>) 'kind') COLLATE pg_catalog."C" AS kind,
				p.extra OPERATOR(pg_catalog.->>) 'document_version' AS document_version,
				coalesce(p.extra OPERATOR(pg_catalog.->>) 'owner', p.assignee) AS owner,
				p.extra OPERATOR(pg_catalog.->>) 'approver' AS approver,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'approved_at') AS approved_at,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'effective_from') AS effective_from,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'next_review') AS next_review,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'retention_until') AS retention_until,
				',' OPERATOR(pg_catalog.||) pg_catalog.translate(coalesce(p.extra OPERATOR(pg_catalog.->>) 'sections', ''), '{}" ', '')
					OPERATOR(pg_catalog.||) ',' AS sections
			FROM itsm.seen_projection p
			WHERE p.process OPERATOR(pg_catalog.=) 'document' AND NOT p.deleted
				AND p.category OPERATOR(pg_catalog.=) ANY (ARRAY['new', 'active', 'waiting'])
		) d ON d.kind OPERATOR(pg_catalog.=) q.kind
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) d.source;
REVOKE ALL ON itsm_report.iso20000_document FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_document IS 'The register of documents: each that ISO/IEC 20000-1 asks for with the document that answers it, a row each where several do, a row of status missing where none does, or of status kept as records where records of their own say the same; and the documents beside them. Superseded, withdrawn and archived ones are left out.';
COMMENT ON COLUMN itsm_report.iso20000_document.number IS 'Number of what is asked for, D01 to D25; null: the organisation''s own.';
COMMENT ON COLUMN itsm_report.iso20000_document.kind IS 'Kind of document; of one that nothing asks for, shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.requirement IS 'What is asked for.';
COMMENT ON COLUMN itsm_report.iso20000_document.clause IS 'Clause that asks for it.';
COMMENT ON COLUMN itsm_report.iso20000_document.section IS 'It is this section of the document; null: a document.';
COMMENT ON COLUMN itsm_report.iso20000_document.same_as IS 'It is the same as the one of that number; null: none is.';
COMMENT ON COLUMN itsm_report.iso20000_document.control IS 'Control that tells of it.';
COMMENT ON COLUMN itsm_report.iso20000_document.required IS 'The standard asks for it.';
COMMENT ON COLUMN itsm_report.iso20000_document.status IS 'in force, review overdue, section missing, approved (not in force yet), draft (or in review), kept as records or missing.';
COMMENT ON COLUMN itsm_report.iso20000_document.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.iso20000_document.record IS 'Number of the document''s record; null: there is none.';
COMMENT ON COLUMN itsm_report.iso20000_document.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.iso20000_document.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.iso20000_document.title IS 'Title of the document. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.iso20000_document.document_version IS 'Mapped attribute document_version; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.state IS 'State.';
COMMENT ON COLUMN itsm_report.iso20000_document.owner IS 'Mapped attribute owner, else assignee; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.approver IS 'Mapped attribute approver; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.approved_at IS 'When it was approved; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.effective_from IS 'From when on it holds; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.next_review IS 'When it is due for review; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.retention_until IS 'Until when it is kept; shown like title.';
COMMENT ON COLUMN itsm_report.iso20000_document.opened_at IS 'When the record began.';
COMMENT ON COLUMN itsm_report.iso20000_document.changed_at IS 'When it last changed.';

CREATE VIEW itsm_report.iso20000_record WITH (security_barrier = true) AS
	SELECT q.number,
		q.kind,
		q.title,
		q.clause,
		q.control,
		q.process,
		CASE WHEN coalesce(r.records, 0) OPERATOR(pg_catalog.>) 0 THEN 'kept'
			WHEN n.until IS NOT NULL THEN 'nil return'
			WHEN EXISTS (SELECT FROM itsm.attached_attribute a WHERE a.process OPERATOR(pg_catalog.=) q.process) THEN 'none'
			ELSE 'not attached' END AS status,
		coalesce(r.records, 0) AS records,
		coalesce(r.open, 0) AS open,
		r.first_opened_at,
		r.last_opened_at,
		r.last_changed_at,
		n.until AS nil_return_until,
		CASE WHEN NOT o.hidden THEN o.owner END AS owner
	FROM itsm.required_record q
		LEFT JOIN LATERAL (
			SELECT pg_catalog.count(*) AS records,
				pg_catalog.count(*) FILTER (WHERE p.category OPERATOR(pg_catalog.=) ANY (ARRAY['new', 'active', 'waiting'])) AS open,
				pg_catalog.min(p.opened_at) AS first_opened_at,
				pg_catalog.max(p.opened_at) AS last_opened_at,
				pg_catalog.max(p.changed_at) AS last_changed_at
			FROM itsm.seen_projection p
			WHERE p.process OPERATOR(pg_catalog.=) q.process AND NOT p.deleted
				AND (q.attribute IS NULL OR (p.extra OPERATOR(pg_catalog.->>) q.attribute) OPERATOR(pg_catalog.=) q.value)
		) r ON true
		LEFT JOIN LATERAL (
			SELECT pg_catalog.max(itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'period_end')) AS until
			FROM itsm.seen_projection p
			WHERE p.process OPERATOR(pg_catalog.=) 'nil_return' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.<>) 'cancelled'
				AND (p.extra OPERATOR(pg_catalog.->>) 'kind') OPERATOR(pg_catalog.=) q.kind
		) n ON true
		LEFT JOIN LATERAL (
			SELECT p.extra OPERATOR(pg_catalog.->>) 'owner' AS owner,
				p.source OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.id FROM itsm.hidden_source x)) AS hidden
			FROM itsm.seen_projection p
			WHERE p.process OPERATOR(pg_catalog.=) 'process' AND NOT p.deleted AND p.category OPERATOR(pg_catalog.=) 'active'
				AND (p.key OPERATOR(pg_catalog.=) q.process OR (p.extra OPERATOR(pg_catalog.->>) 'record_process') OPERATOR(pg_catalog.=) q.process)
			ORDER BY p.key OPERATOR(pg_catalog.=) q.process DESC, p.record
			LIMIT 1
		) o ON true;
REVOKE ALL ON itsm_report.iso20000_record FROM PUBLIC;

COMMENT ON VIEW itsm_report.iso20000_record IS 'The register of records: a row for each kind of record that ISO/IEC 20000-1 asks for, with how many there are. Where none had to be kept, a nil return says so.';
COMMENT ON COLUMN itsm_report.iso20000_record.number IS 'Number of what is asked for, R01 to R18.';
COMMENT ON COLUMN itsm_report.iso20000_record.kind IS 'Short name.';
COMMENT ON COLUMN itsm_report.iso20000_record.title IS 'What they are.';
COMMENT ON COLUMN itsm_report.iso20000_record.clause IS 'Clause that asks for them.';
COMMENT ON COLUMN itsm_report.iso20000_record.control IS 'Control that tells of them.';
COMMENT ON COLUMN itsm_report.iso20000_record.process IS 'Process that such records belong to.';
COMMENT ON COLUMN itsm_report.iso20000_record.status IS 'kept, nil return, none (a table is attached, but holds none) or not attached.';
COMMENT ON COLUMN itsm_report.iso20000_record.records IS 'How many there are.';
COMMENT ON COLUMN itsm_report.iso20000_record.open IS 'Of these, those in category new, active or waiting.';
COMMENT ON COLUMN itsm_report.iso20000_record.first_opened_at IS 'When the first began.';
COMMENT ON COLUMN itsm_report.iso20000_record.last_opened_at IS 'When the last began.';
COMMENT ON COLUMN itsm_report.iso20000_record.last_changed_at IS 'When one of them last changed.';
COMMENT ON COLUMN itsm_report.iso20000_record.nil_return_until IS 'End of the last period for which it was stated that there was none.';
COMMENT ON COLUMN itsm_report.iso20000_record.owner IS 'Owner of the process, where a record of process "process" has its name as key, or names it as what its records belong to (record_process). Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';

CREATE VIEW itsm_report.certificate WITH (security_barrier = true) AS
	SELECT c.tenant,
		c.record,
		s.name AS source,
		c.key,
		c.state,
		c.category,
		CASE WHEN NOT c.hidden THEN c.title END AS title,
		CASE WHEN NOT c.hidden THEN c.body END AS body,
		CASE WHEN NOT c.hidden THEN c.scope END AS scope,
		CASE WHEN NOT c.hidden THEN c.owner END AS owner,
		CASE WHEN NOT c.hidden THEN c.stage_1_at END AS stage_1_at,
		CASE WHEN NOT c.hidden THEN c.stage_2_at END AS stage_2_at,
		CASE WHEN NOT c.hidden THEN c.issued_at END AS issued_at,
		CASE WHEN NOT c.hidden THEN c.valid_to END AS valid_to,
		CASE WHEN NOT c.hidden THEN c.surveillance_at END AS surveillance_at,
		CASE WHEN NOT c.hidden THEN c.next_surveillance END AS next_surveillance,
		c.state OPERATOR(pg_catalog.=) 'certified' AND coalesce(c.next_surveillance OPERATOR(pg_catalog.+) '1 day'::interval OPERATOR(pg_catalog.<=) pg_catalog.now(), false) AS surveillance_overdue,
		c.state OPERATOR(pg_catalog.=) ANY (ARRAY['certified', 'suspended']) AND coalesce(c.valid_to OPERATOR(pg_catalog.+) '1 day'::interval OPERATOR(pg_catalog.<=) pg_catalog.now(), false) AS expired,
		c.changed_at
	FROM (
			SELECT p.tenant, p.record, p.source, p.key, p.state, p.category, p.title, p.changed_at,
				p.source OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.id FROM itsm.hidden_source x)) AS hidden,
				p.extra OPERATOR(pg_catalog.->>) 'body' AS body,
				p.extra OPERATOR(pg_catalog.->>) 'scope' AS scope,
				coalesce(p.extra OPERATOR(pg_catalog.->>) 'owner', p.assignee) AS owner,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'stage_1_at') AS stage_1_at,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'stage_2_at') AS stage_2_at,
				i.issued_at,
				coalesce(itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'valid_to'),
					pg_catalog.timezone('UTC', pg_catalog.timezone('UTC', i.issued_at) OPERATOR(pg_catalog.+) '3 years'::interval OPERATOR(pg_catalog.-) '1 day'::interval)) AS valid_to,
				itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'surveillance_at') AS surveillance_at,
				coalesce(itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'next_surveillance'),
					pg_catalog.timezone('UTC', pg_catalog.timezone('UTC', coalesce(itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'surveillance_at'), i.issued_at))
						OPERATOR(pg_catalog.+) '1 year'::interval)) AS next_surveillance
			FROM itsm.seen_projection p
				CROSS JOIN LATERAL (SELECT itsm.time_of_text(p.extra OPERATOR(pg_catalog.->>) 'issued_at') AS issued_at) i
			WHERE p.process OPERATOR(pg_catalog.=) 'certificate' AND NOT p.deleted
		) c
		LEFT JOIN itsm.source_name s ON s.id OPERATOR(pg_catalog.=) c.source;
REVOKE ALL ON itsm_report.certificate FROM PUBLIC;

COMMENT ON VIEW itsm_report.certificate IS 'Certificates of the management system, from the first stage of the audit to their end. A certificate ends three years after it was issued, and surveillance is due every year, where its row does not say otherwise.';
COMMENT ON COLUMN itsm_report.certificate.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm_report.certificate.record IS 'Number of the record; unique within the tenant.';
COMMENT ON COLUMN itsm_report.certificate.source IS 'Table that it is a row of: schema and name, without quotes.';
COMMENT ON COLUMN itsm_report.certificate.key IS 'Key of the row.';
COMMENT ON COLUMN itsm_report.certificate.state IS 'Stage: planned, stage_1, stage_2, certified, suspended, expired, withdrawn or refused.';
COMMENT ON COLUMN itsm_report.certificate.category IS 'Category of the state.';
COMMENT ON COLUMN itsm_report.certificate.title IS 'Standard that it is for. Of a table with row-level security, null for all but the roles named by itsm.grant_reader.';
COMMENT ON COLUMN itsm_report.certificate.body IS 'Certification body; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.scope IS 'Scope; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.owner IS 'Who manages the certification; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.stage_1_at IS 'When stage 1 of the audit was held; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.stage_2_at IS 'When stage 2 was held; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.issued_at IS 'First day; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.valid_to IS 'Last day; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.surveillance_at IS 'When surveillance was last held; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.next_surveillance IS 'When it is due next; shown like title.';
COMMENT ON COLUMN itsm_report.certificate.surveillance_overdue IS 'It is certified, and that day is over.';
COMMENT ON COLUMN itsm_report.certificate.expired IS 'It is certified or suspended, and its last day is over.';
COMMENT ON COLUMN itsm_report.certificate.changed_at IS 'When it last changed.';
