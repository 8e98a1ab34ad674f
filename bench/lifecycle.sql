-- The lifecycle of the measured tables, without attributes and with six; :mapped maps them.

SELECT itsm.define_lifecycle('{
	"name": "bench",
	"states": [{"name": "new", "category": "new", "initial": true},
		{"name": "in_progress", "category": "active"},
		{"name": "on_hold", "category": "waiting"},
		{"name": "resolved", "category": "resolved"},
		{"name": "closed", "category": "closed", "final": true},
		{"name": "cancelled", "category": "cancelled", "final": true}],
	"transitions": [{"from": "new", "to": ["in_progress", "cancelled"]},
		{"from": "in_progress", "to": ["on_hold", "resolved", "cancelled"]},
		{"from": "on_hold", "to": ["in_progress", "cancelled"]},
		{"from": "resolved", "to": ["in_progress", "closed"]}]}') AS defined \gset
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('bench') || '{
	"name": "bench_mapped",
	"attributes": {"title": "text", "requester": "text", "assignee": "text", "priority": "integer", "impact": "integer", "service": "text"}}') AS defined \gset
\set mapped '''{"title": "title", "requester": "requester", "assignee": "assignee", "priority": "priority", "impact": "impact", "service": "service"}'''
