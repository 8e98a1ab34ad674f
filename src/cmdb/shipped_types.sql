-- Relationship types that come with the extension.  Each reads from the source to the
-- target; where a failure goes is said apart from that.

SELECT itsm.define_relationship_type('depends_on', 'required_by', impact => 'backward', description => 'The source does not work without the target.');
SELECT itsm.define_relationship_type('uses', 'used_by', impact => 'backward', description => 'The source makes use of the target.');
SELECT itsm.define_relationship_type('runs_on', 'runs', acyclic => true, impact => 'backward', description => 'The source, software, runs on the target.');
SELECT itsm.define_relationship_type('hosted_on', 'hosts', cardinality => 'n:1', acyclic => true, impact => 'backward', description => 'The source stands, at any one time, on one target: a virtual machine on its host.');
SELECT itsm.define_relationship_type('located_in', 'contains', cardinality => 'n:1', acyclic => true, impact => 'backward', description => 'The source is in one place: a server in its rack, a rack in its room.');
SELECT itsm.define_relationship_type('powered_by', 'powers', impact => 'backward', description => 'The target feeds the source.');
SELECT itsm.define_relationship_type('part_of', 'consists_of', acyclic => true, impact => 'forward', description => 'The source is a part of the target, which does not work without it.');
SELECT itsm.define_relationship_type('member_of', 'has_member', acyclic => true, impact => 'forward', description => 'The source is one of those that make up the target: a node of a cluster.');
SELECT itsm.define_relationship_type('supports', 'supported_by', impact => 'forward', description => 'The source keeps the target, a service, going.');
SELECT itsm.define_relationship_type('connects_to', 'connected_by', impact => 'both', description => 'The two are connected; which of them is the source means nothing.');
SELECT itsm.define_relationship_type('affects', 'affected_by', impact => 'forward', description => 'The source, an incident, a problem or a change, affects the target.');
SELECT itsm.define_relationship_type('caused_by', 'causes', description => 'The source, an incident, was caused by the target, a change or a problem.');
SELECT itsm.define_relationship_type('implements', 'implemented_by', description => 'The source, a change or a release, brings about the target.');
SELECT itsm.define_relationship_type('resolves', 'resolved_by', description => 'The source, a change, removes the target, a problem or an incident.');
SELECT itsm.define_relationship_type('documents', 'documented_by', description => 'The source, a document, describes the target.');
SELECT itsm.define_relationship_type('monitors', 'monitored_by', description => 'The source watches the target.');
SELECT itsm.define_relationship_type('manages', 'managed_by', description => 'The source is in charge of the target.');
SELECT itsm.define_relationship_type('backs_up', 'backed_up_by', description => 'The source keeps copies of the target.');
SELECT itsm.define_relationship_type('replaces', 'replaced_by', acyclic => true, description => 'The source came in the place of the target.');
SELECT itsm.define_relationship_type('relates_to', 'relates_to', description => 'The two have to do with each other.');
