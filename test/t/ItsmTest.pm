# What several TAP tests need: a small service desk, writes to it, and the history's
# rules checked by plain SQL, independently of the library.
package ItsmTest;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw($service_desk $checks $make_old $verify fingerprint rss session);

our $service_desk = <<'END';
CREATE EXTENSION itsm;
SELECT itsm.define_lifecycle('{"name": "desk", "attributes": {"title": "text", "priority": "integer", "owner": "text"}, "states": [
	{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
	{"name": "resolved", "category": "resolved"}, {"name": "closed", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": "resolved"}, {"from": "resolved", "to": ["work", "closed"]}],
	"delete": "allow", "rules": [{"name": "plausible", "check": "new.priority between 1 and 5"}]}');
CREATE TABLE ticket (id bigint PRIMARY KEY, status text NOT NULL, title text, prio int, owner text) WITH (fillfactor = 80);
SELECT itsm.attach('ticket', 'desk', 'status', mode => 'enforce', track => '{*}',
	attributes => '{"title": "title", "priority": "prio", "owner": "coalesce(owner, ''nobody'')"}');
END

# What the extension's own check finds wrong.
our $verify = 'SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok';

# What a table's records have gone through, as far as it is not sealed, happened that much
# before this month: times are changed and the chains made anew.  Needs $checks.
our $make_old = <<'END';
CREATE FUNCTION checks.make_old(relation regclass, by interval) RETURNS bigint LANGUAGE plpgsql SET itsm.maintenance = on SET session_replication_role = replica SET client_min_messages = error AS $$
DECLARE
	e itsm.event;
	last bytea;
	was timestamptz;
	moved bigint := 0;
BEGIN
	FOR e IN SELECT x.* FROM itsm.event x JOIN itsm.record r ON r.id = x.record AND r.tenant = x.tenant JOIN itsm.source s ON s.id = r.source
			WHERE s.relation = make_old.relation ORDER BY x.record, x.version LOOP
		IF e.version = 1 THEN
			last := decode(repeat('00', 32), 'hex');
		END IF;
		IF NOT EXISTS (SELECT FROM itsm.seal_run u WHERE u.record = e.record AND u.version <= e.version AND e.version < u.version + u.events) THEN
			was := e.at;
			e.at := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - by + make_interval(mins => e.version::int);
			e.hash := checks.event_hash(e, last);
			UPDATE itsm.event x SET at = e.at, hash = e.hash WHERE x.record = e.record AND x.version = e.version;
			UPDATE itsm.violation v SET at = e.at WHERE v.record = e.record AND v.version = e.version;
			UPDATE itsm.record_state s SET entered_at = e.at WHERE s.record = e.record AND e.to_state IS DISTINCT FROM e.from_state;
			UPDATE itsm.record r SET at = e.at, hash = e.hash, opened_month = CASE opened_at WHEN was THEN date_trunc('month', e.at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' ELSE opened_month END,
				opened_at = CASE opened_at WHEN was THEN e.at ELSE opened_at END,
				first_response_at = CASE first_response_at WHEN was THEN e.at ELSE first_response_at END,
				resolved_at = CASE resolved_at WHEN was THEN e.at ELSE resolved_at END,
				closed_at = CASE closed_at WHEN was THEN e.at ELSE closed_at END,
				changed_at = CASE changed_at WHEN was THEN e.at ELSE changed_at END
				WHERE r.id = e.record;
			moved := moved + 1;
		END IF;
		last := e.hash;
	END LOOP;
	RETURN moved;
END $$;
END

# Functions that tell what is wrong; each is empty when all is well.
our $checks = <<'END';
CREATE SCHEMA checks;
CREATE FUNCTION checks.wire(value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value IS NULL THEN '\xffffffff' ELSE int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') END $$;
CREATE FUNCTION checks.number(bytes bytea, start int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT (get_byte(bytes, start)::bigint << 24) + (get_byte(bytes, start + 1) << 16) + (get_byte(bytes, start + 2) << 8) + get_byte(bytes, start + 3) $$;
CREATE FUNCTION checks.commitments(body bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	result bytea := '';
	start int := 0;
	size int;
BEGIN
	WHILE start < length(body) LOOP
		IF get_byte(body, start + 4) = 2 THEN
			result := result || substr(body, start + 6, 32);
			start := start + 37;
		ELSE
			size := checks.number(body, start + 21);
			result := result || sha256(substr(body, start + 6, 16) || substr(body, start + 1, 5) || substr(body, start + 26, size));
			start := start + 25 + size;
		END IF;
	END LOOP;
	RETURN result;
END $$;
CREATE FUNCTION checks.event_hash(e itsm.event, previous bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT sha256(convert_to(E'itsm event 1\n', 'UTF8') || previous
		|| int8send(e.record) || int8send(e.version) || timestamptz_send(e.at) || int8send(e.xid::text::bigint) || int8send(e.system)
		|| int4send(e.timeline) || int4send(e.command) || int4send(e.attachment) || int4send(e.lifecycle_version)
		|| checks.wire(e.kind) || checks.wire(e.tenant) || checks.wire(e.from_state) || checks.wire(e.to_state)
		|| checks.wire(e.session_role) || checks.wire(e.role) || checks.wire(e.actor) || checks.wire(e.application)
		|| checks.commitments(e.body)) $$;
CREATE FUNCTION checks.chain_faults() RETURNS SETOF text LANGUAGE sql AS $$
	WITH step AS (
		SELECT e AS event, e.record, e.version, e.hash,
			lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER w AS previous, row_number() OVER w AS position
		FROM itsm.event e WINDOW w AS (PARTITION BY tenant, record ORDER BY version)), last AS (
		SELECT DISTINCT ON (tenant, record) * FROM itsm.event ORDER BY tenant, record, version DESC)
	SELECT format('record %s: version %s at position %s', record, version, position) FROM step WHERE version <> position
	UNION ALL
	SELECT format('record %s: hash of version %s is wrong', record, version) FROM step WHERE hash <> checks.event_hash(event, previous)
	UNION ALL
	SELECT format('record %s: head %s, last event %s', coalesce(r.id, l.record), r.version, l.version)
	FROM itsm.record r FULL JOIN last l ON l.tenant = r.tenant AND l.record = r.id
	WHERE (r.version, r.hash) IS DISTINCT FROM (l.version, l.hash)
	UNION ALL
	SELECT format('record %s: violation without event', v.record) FROM itsm.violation v
	WHERE NOT EXISTS (SELECT FROM itsm.event e WHERE (e.tenant, e.record, e.version) = (v.tenant, v.record, v.version)) $$;
-- rows of "ticket" against their records
CREATE FUNCTION checks.row_faults() RETURNS SETOF text LANGUAGE sql AS $$
	WITH known AS (
		SELECT r.id, r.key, r.deleted, s.state, p.state AS projected, p.transitions, p.title, p.priority, p.deleted AS projected_deleted,
			coalesce(e.moves, 0) AS moves
		FROM itsm.record r
			LEFT JOIN (SELECT record, count(*) FILTER (WHERE kind = 'transition') AS moves FROM itsm.event GROUP BY 1) e ON e.record = r.id
			JOIN itsm.source o ON o.id = r.source AND o.relation = 'public.ticket'::regclass
			LEFT JOIN itsm.record_state s ON s.record = r.id LEFT JOIN itsm.projection p ON p.record = r.id)
	SELECT format('row %s (%s) against record %s (%s, %s)', t.id, t.status, k.key, k.state, k.projected)
	FROM public.ticket t FULL JOIN (SELECT * FROM known WHERE NOT deleted) k ON k.key = t.id::text
	WHERE (t.status, t.status, t.title, t.prio) IS DISTINCT FROM (k.state, k.projected, k.title, k.priority)
	UNION ALL
	SELECT format('record %s: %s transitions projected, %s events', key, transitions, moves) FROM known
	WHERE transitions <> moves AND NOT EXISTS (SELECT FROM itsm.event e WHERE e.record = known.id AND e.kind = 'deleted')
	UNION ALL
	SELECT format('record %s: deleted %s, projected %s', key, deleted, projected_deleted) FROM known WHERE deleted <> projected_deleted $$;
END

# A query: everything that a dump has to carry, as (name, rows, md5 of the ordered contents).
sub fingerprint
{
	return <<'END';
SELECT name, (xpath('/table/row/n/text()', x))[1], (xpath('/table/row/h/text()', x))[1]
FROM (
	SELECT c.oid::regclass::text AS name, query_to_xml(format('SELECT count(*) AS n, md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")) AS h FROM ONLY %s t%s',
			c.oid::regclass, CASE WHEN c.oid IN ('itsm.lifecycle'::regclass, 'itsm.relationship_type_version'::regclass, 'itsm.control_definition'::regclass) THEN ' WHERE NOT shipped' ELSE '' END), true, false, '') AS x
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'checks')
	UNION ALL
	SELECT c.oid::regclass::text, query_to_xml(format('SELECT last_value AS n, is_called AS h FROM %s', c.oid::regclass), true, false, '')
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname !~ '^pg_'
	UNION ALL
	SELECT 'shipped', query_to_xml('SELECT count(*) AS n, md5(string_agg(concat(name, version, definition), '','' ORDER BY name, version)) AS h FROM itsm.lifecycle WHERE shipped', true, false, '')
	UNION ALL
	SELECT 'triggers', query_to_xml('SELECT count(*) AS n, md5(string_agg(concat(tgrelid::regclass, tgname, tgenabled, tgtype, tgfoid::regprocedure), '','' ORDER BY tgrelid::regclass::text, tgname)) AS h FROM pg_trigger WHERE NOT tgisinternal OR tgparentid <> 0', true, false, '')
	UNION ALL
	SELECT 'partitions', query_to_xml('SELECT count(*) AS n, md5(string_agg(concat(inhrelid::regclass, pg_get_expr(relpartbound, c.oid)), '','' ORDER BY inhrelid::regclass::text)) AS h FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = ''r''', true, false, '')
	) AS tables
ORDER BY name COLLATE "C"
END
}

# A psql beside the test that runs one command: finish its handle, and read out and err.
sub session
{
	my ($node, $sql) = @_;
	my $session = { out => '', err => '' };
	require IPC::Run;
	$session->{handle} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-c', $sql ],
		'<', \undef, '>', \$session->{out}, '2>', \$session->{err});
	return $session;
}

# Private memory of a process in kilobytes; undef where it cannot be told.
sub rss
{
	my ($pid) = @_;
	open my $status, '<', "/proc/$pid/status" or return undef;
	my ($kilobytes) = map { /^RssAnon:\s+(\d+)/ } <$status>;
	return $kilobytes;
}

1;
