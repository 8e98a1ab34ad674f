-- What controls read of records, wherever these live.

CREATE VIEW itsm.compliance_record AS
	SELECT p.tenant,
		p.record,
		s.relation_name AS source,
		p.key,
		p.process,
		p.lifecycle,
		p.state,
		p.category,
		p.priority,
		p.impact,
		p.urgency,
		p.title,
		p.requester,
		p.assignee,
		p.assignment_group,
		p.service,
		p.ci,
		p.classification,
		p.hold_reason,
		p.resolution_code,
		p.resolution,
		p.extra AS attributes,
		p.opened_at,
		p.first_response_at,
		p.resolved_at,
		p.closed_at,
		p.changed_at,
		p.transitions,
		p.reopened,
		p.reassigned
	FROM itsm.projection p
		LEFT JOIN itsm.source s ON s.id OPERATOR(pg_catalog.=) p.source
	WHERE NOT p.deleted;
REVOKE ALL ON itsm.compliance_record FROM PUBLIC;

COMMENT ON VIEW itsm.compliance_record IS 'Records that are not deleted, for the queries of controls: canonical attributes in typed columns, all other mapped ones in attributes.';
COMMENT ON COLUMN itsm.compliance_record.tenant IS 'Tenant; empty when the attachment names none.';
COMMENT ON COLUMN itsm.compliance_record.record IS 'Number of the record.';
COMMENT ON COLUMN itsm.compliance_record.source IS 'Table that it is a row of, qualified.';
COMMENT ON COLUMN itsm.compliance_record.key IS 'Key of the row.';
COMMENT ON COLUMN itsm.compliance_record.process IS 'Process of the lifecycle.';
COMMENT ON COLUMN itsm.compliance_record.lifecycle IS 'Lifecycle.';
COMMENT ON COLUMN itsm.compliance_record.state IS 'State; null when the status value maps to none.';
COMMENT ON COLUMN itsm.compliance_record.category IS 'Category of the state.';
COMMENT ON COLUMN itsm.compliance_record.priority IS 'Canonical attribute priority.';
COMMENT ON COLUMN itsm.compliance_record.impact IS 'Canonical attribute impact.';
COMMENT ON COLUMN itsm.compliance_record.urgency IS 'Canonical attribute urgency.';
COMMENT ON COLUMN itsm.compliance_record.title IS 'Canonical attribute title.';
COMMENT ON COLUMN itsm.compliance_record.requester IS 'Canonical attribute requester.';
COMMENT ON COLUMN itsm.compliance_record.assignee IS 'Canonical attribute assignee.';
COMMENT ON COLUMN itsm.compliance_record.assignment_group IS 'Canonical attribute assignment_group.';
COMMENT ON COLUMN itsm.compliance_record.service IS 'Canonical attribute service.';
COMMENT ON COLUMN itsm.compliance_record.ci IS 'Canonical attribute ci.';
COMMENT ON COLUMN itsm.compliance_record.classification IS 'Canonical attribute category.';
COMMENT ON COLUMN itsm.compliance_record.hold_reason IS 'Canonical attribute hold_reason.';
COMMENT ON COLUMN itsm.compliance_record.resolution_code IS 'Canonical attribute resolution_code.';
COMMENT ON COLUMN itsm.compliance_record.resolution IS 'Canonical attribute resolution.';
COMMENT ON COLUMN itsm.compliance_record.attributes IS 'All other mapped attributes, as text by canonical name; null when there are none.';
COMMENT ON COLUMN itsm.compliance_record.opened_at IS 'When it began.';
COMMENT ON COLUMN itsm.compliance_record.first_response_at IS 'When it first left the category new.';
COMMENT ON COLUMN itsm.compliance_record.resolved_at IS 'When it was last resolved; null again after a reopening.';
COMMENT ON COLUMN itsm.compliance_record.closed_at IS 'When it was last closed or cancelled; null again after a reopening.';
COMMENT ON COLUMN itsm.compliance_record.changed_at IS 'Time of the last event that changed what is shown here.';
COMMENT ON COLUMN itsm.compliance_record.transitions IS 'Moves so far.';
COMMENT ON COLUMN itsm.compliance_record.reopened IS 'Moves back from resolved, closed or cancelled to a category before.';
COMMENT ON COLUMN itsm.compliance_record.reassigned IS 'Changes of the assignment group, or of the assignee where no group is mapped.';

CREATE VIEW itsm.attached_attribute AS
	SELECT DISTINCT (
			SELECT coalesce(l.definition OPERATOR(pg_catalog.->>) 'process', l.name)
			FROM itsm.lifecycle l
			WHERE l.name OPERATOR(pg_catalog.=) a.lifecycle
			ORDER BY l.shipped, l.version DESC
			LIMIT 1) COLLATE pg_catalog."C" AS process,
		k.name COLLATE pg_catalog."C" AS attribute
	FROM itsm.attachment a
		CROSS JOIN LATERAL (SELECT '' UNION ALL SELECT pg_catalog.jsonb_object_keys(a.attributes)) AS k(name)
	WHERE a.detached_at IS NULL;
REVOKE ALL ON itsm.attached_attribute FROM PUBLIC;

COMMENT ON VIEW itsm.attached_attribute IS 'Processes that tables are attached for, and the attributes that some attachment of them maps.';
COMMENT ON COLUMN itsm.attached_attribute.process IS 'The process.';
COMMENT ON COLUMN itsm.attached_attribute.attribute IS 'The attribute; empty: the process itself.';
