-- What docs/ledger.md takes for granted: a ticket of today, and one that ended long ago.
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, caller text, witness text);
SELECT itsm.define_lifecycle('{"name": "ticket", "process": "incident", "attributes": {"requester": "text", "witness": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "closed"}]}');
SELECT itsm.attach('ticket', 'ticket', 'status', attributes => '{"requester": "caller", "witness": "witness"}');
INSERT INTO ticket VALUES (1, 'new', 'Ann Example', 'ann@example.org'), (2, 'new', 'bob', NULL);
UPDATE ticket SET status = 'closed' WHERE id = 1;
SELECT checks.make_old('ticket', '26 months');
INSERT INTO ticket VALUES (17, 'new', 'Ann Example', 'ann@example.org');
SELECT itsm.seal();
SELECT itsm.digest() AS digest, tree_size AS first FROM itsm.sealed_leaf(itsm.record_id('ticket', '17'), 1) \gset
UPDATE ticket SET witness = 'carl' WHERE id = 17;
SELECT itsm.seal();
SELECT itsm.record_id('ticket', '17') AS record, 1 AS version, '' AS tenant \gset
