-- The planner shall know at once what came with the extension: taken for a thousand rows each, small
-- tables make reports look so dear that they are compiled, which takes longer than running them.
ANALYZE itsm.lifecycle, itsm.relationship_type_version, itsm.state_vocabulary, itsm.clause, itsm.control_definition,
	itsm.required_document, itsm.required_record, itsm.model_part, itsm.model_link, itsm.model_attachment,
	itsm.model_relationship;
