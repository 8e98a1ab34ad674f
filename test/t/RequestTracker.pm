# What 070_request_tracker.pl ends with: a live RT attached from a clean slate, tickets of one queue as
# incidents and of another as service requests, assets as configuration items.  Views and
# controls are compared with plain SQL over RT's own tables.
package RequestTracker;

use strict;
use warnings;
use Test::More;

my ($db, $root);

sub value { my ($sql, @values) = @_; return ($db->selectrow_array($sql, undef, @values))[0] }
sub rows { my ($sql, @values) = @_; return [ map { join ' ', map { $_ // '~' } @$_ } @{ $db->selectall_arrayref($sql, undef, @values) } ] }
sub same { my ($ours, $theirs, $name) = @_; my $expected = rows($theirs); cmp_ok(scalar @$expected, '>', 0, "$name: there is something to compare"); is_deeply(rows($ours), $expected, $name) }

# ---- through RT's own interface ----

sub move { my ($object, @states) = @_; foreach my $state (@states) { my ($ok, $said) = $object->SetStatus($state); $ok or diag("$state: $said") } }

sub make_tickets
{
	my ($queue, $count, @walks) = @_;
	foreach my $number (1 .. $count)
	{
		my $ticket = RT::Ticket->new($root);
		my ($id, undef, $said) = $ticket->Create(Queue => $queue, Subject => "live $queue $number", Requestor => 'bob@example.com', Owner => $number % 4 ? 'root' : 'Nobody',
			InitialPriority => $number % 5, FinalPriority => $number % 7 ? 2 : 0);
		$id or diag($said);
		move($ticket, @{ $walks[ $number % @walks ] });
	}
}

sub make_assets
{
	foreach my $number (1 .. 9)
	{
		my $asset = RT::Asset->new($root);
		my ($id, $said) = $asset->Create(Catalog => 1, Name => "live asset $number", $number % 4 ? (Owner => 'root') : ());
		$id or diag($said);
		move($asset, (qw(allocated in-use))[ 0 .. $number % 3 - 1 ]);
	}
}

# RT's past is made one of days: all that happened to a ticket lies some hours apart.
my $age = q{
	WITH step AS (SELECT id, objectid, row_number() OVER (PARTITION BY objectid ORDER BY id) AS number FROM transactions WHERE objecttype = 'RT::Ticket')
	UPDATE transactions t SET created = date_trunc('second', now() AT TIME ZONE 'UTC') - interval '20 days' + t.objectid * interval '11 minutes' + s.number * (1 + t.objectid % 5) * interval '37 minutes'
	FROM step s WHERE s.id = t.id;
	UPDATE tickets SET created = (SELECT min(created) FROM transactions WHERE objecttype = 'RT::Ticket' AND objectid = tickets.id AND type = 'Create')};

# What RT's journal says of a ticket: its creation and its moves, in our states.
my $journal = q{
	CREATE VIEW rt_state AS
	SELECT * FROM (VALUES ('General', 'new', 'new', 'new'), ('General', 'open', 'in_progress', 'active'), ('General', 'stalled', 'on_hold', 'waiting'), ('General', 'resolved', 'resolved', 'resolved'),
		('General', 'rejected', 'cancelled', 'cancelled'), ('General', 'deleted', 'cancelled', 'cancelled'),
		('Requests', 'new', 'new', 'new'), ('Requests', 'open', 'in_fulfilment', 'active'), ('Requests', 'stalled', 'on_hold', 'waiting'), ('Requests', 'resolved', 'fulfilled', 'resolved'),
		('Requests', 'rejected', 'rejected', 'cancelled'), ('Requests', 'deleted', 'cancelled', 'cancelled')) AS v(queue, status, state, category);
	CREATE VIEW rt_log AS
	SELECT t.id, q.name AS queue, x.id AS step, x.created AT TIME ZONE 'UTC' AS at, s.state, s.category, u.name AS actor, lag(s.state) OVER w AS from_state, lag(s.category) OVER w AS from_category
	FROM tickets t JOIN queues q ON q.id = t.queue JOIN transactions x ON x.objecttype = 'RT::Ticket' AND x.objectid = t.id AND (x.type = 'Create' OR x.type = 'Status' AND x.field = 'Status')
		JOIN users u ON u.id = x.creator
		JOIN rt_state s ON s.queue = q.name AND s.status = CASE x.type WHEN 'Status' THEN x.newvalue
			ELSE coalesce((SELECT y.oldvalue FROM transactions y WHERE y.objecttype = 'RT::Ticket' AND y.objectid = t.id AND y.type = 'Status' ORDER BY y.id LIMIT 1), t.status) END
	WHERE t.type = 'ticket' WINDOW w AS (PARTITION BY t.id ORDER BY x.id);
	CREATE VIEW rt_ticket AS
	SELECT t.*, q.name AS queue_name, s.state, s.category,
		(SELECT min(l.at) FROM rt_log l WHERE l.id = t.id) AS opened_at,
		CASE WHEN s.category = 'resolved' THEN (SELECT max(l.at) FROM rt_log l WHERE l.id = t.id AND l.category = 'resolved' AND l.from_category <> 'resolved') END AS resolved_at,
		(SELECT count(*) FROM rt_log l WHERE l.id = t.id AND l.from_category IN ('resolved', 'cancelled') AND l.category IN ('new', 'active', 'waiting')) AS reopened,
		public.rt_person(t.owner) AS assignee
	FROM tickets t JOIN queues q ON q.id = t.queue JOIN rt_state s ON s.queue = q.name AND s.status = t.status WHERE t.type = 'ticket'};

sub attach_live
{
	my $lifecycle = q{itsm.define_lifecycle(itsm.lifecycle_definition(?) || jsonb_build_object('name', ?::text, 'attributes', itsm.lifecycle_definition(?) -> 'attributes' || '{"actor": "text"}'))};
	$db->do("SELECT $lifecycle", undef, 'incident', 'live_incident', 'incident');
	$db->do("SELECT $lifecycle", undef, 'service_request', 'live_request', 'service_request');
	$db->do(q{SELECT itsm.define_lifecycle('{"name": "live_item", "process": "configuration_item", "attributes": {"title": "text", "class": "text", "owner": "text"},
		"states": [{"name": "in_stock", "category": "new", "initial": true}, {"name": "in_build", "category": "active"}, {"name": "live", "category": "active"}, {"name": "gone", "category": "closed", "final": true}],
		"transitions": [{"from": "in_stock", "to": ["in_build", "gone"]}, {"from": "in_build", "to": ["in_stock", "live"]}, {"from": "live", "to": ["in_build", "gone"]}]}')});
	$db->do(q{CREATE OR REPLACE FUNCTION rt_asset_owner(id integer) RETURNS text LANGUAGE sql STABLE AS $$
		SELECT public.rt_person(m.memberid) FROM public.groups g JOIN public.groupmembers m ON m.groupid = g.id WHERE g.domain = 'RT::Asset-Role' AND g.name = 'Owner' AND g.instance = $1 LIMIT 1 $$});
	my @attached;
	foreach my $queue (qw(General Requests))
	{
		my $id = value('SELECT id FROM queues WHERE name = ?', $queue);
		push @attached, value(q{SELECT itsm.attach('tickets', ?, 'status', (SELECT jsonb_object_agg(status, state) FROM rt_state WHERE queue = ?), filter => ?, attributes => '{"number": "id", "title": "subject",
			"requester": "public.rt_person(creator)", "assignee": "public.rt_person(owner)", "priority": "nullif(priority, 0)", "impact": "nullif(initialpriority, 0)", "urgency": "nullif(finalpriority, 0)",
			"category": "queue", "actor": "public.rt_person(lastupdatedby)"}')}, $queue eq 'General' ? 'live_incident' : 'live_request', $queue, "type = 'ticket' AND queue = $id");
	}
	push @attached, value(q{SELECT itsm.attach('assets', 'live_item', 'status', '{"new": "in_stock", "allocated": "in_build", "in-use": "live", "recycled": "gone", "stolen": "gone", "deleted": "gone"}',
		attributes => '{"title": "name", "class": "catalog", "owner": "public.rt_asset_owner(id)"}')});
	$db->do('CALL itsm.backfill(?)', undef, $_) foreach @attached;
	is(value(q{SELECT itsm.import_events(?, 'SELECT id::text, at, state, actor FROM public.rt_log WHERE queue = ''General'' ORDER BY id, step')}, $attached[0])
		+ value(q{SELECT itsm.import_events(?, 'SELECT id::text, at, state, actor FROM public.rt_log WHERE queue = ''Requests'' ORDER BY id, step')}, $attached[1]),
		value('SELECT count(*) FROM rt_log WHERE from_state IS DISTINCT FROM state'), 'two queues, two processes: the whole journal is imported, but for moves within a state of ours');
	return @attached;
}

sub compare_views
{
	foreach my $pair ([ 'incident', 'General' ], [ 'service_request', 'Requests' ])
	{
		my ($view, $queue) = @$pair;
		same("SELECT key, state, title, assignee, priority, opened_at, resolved_at, reopened FROM itsm_report.$view WHERE NOT deleted ORDER BY key::int",
			"SELECT id, state, subject, assignee, nullif(priority, 0), opened_at, resolved_at, reopened FROM rt_ticket WHERE queue_name = '$queue' ORDER BY id", "itsm_report.$view is the queue $queue");
	}
	same(q{SELECT key, at, from_state, to_state, actor FROM itsm_report.transition WHERE process IN ('incident', 'service_request') AND kind = 'imported' AND from_state IS NOT NULL ORDER BY key::int, at, version},
		q{SELECT id, at, from_state, state, actor FROM rt_log WHERE from_state <> state ORDER BY id, at, step}, 'itsm_report.transition is RT\'s journal');
	same(q{SELECT key, title, state FROM itsm_report.configuration_item ORDER BY key::int},
		q{SELECT id, name, CASE status WHEN 'new' THEN 'in_stock' WHEN 'allocated' THEN 'in_build' WHEN 'in-use' THEN 'live' ELSE 'gone' END FROM assets ORDER BY id}, 'itsm_report.configuration_item is RT\'s assets');
}

# Service is around the clock, and nothing pauses it, so that plain SQL is plain.
sub compare_agreements
{
	$db->do(q{SELECT itsm.define_sla('{"name": "solved", "lifecycle": "live_incident", "metric": "resolution", "hours": "24/7", "start": ["new", "active", "waiting"], "stop": "resolved", "cancel": "cancelled",
		"pause": [], "target": "6 hours", "valid_from": "2000-01-01"}')});
	$db->do('SELECT count(*) FROM itsm.recompute_clocks(write => true)');
	$db->do(q{CREATE VIEW rt_clock AS
		SELECT t.id, coalesce((SELECT min(l.at) FROM rt_log l WHERE l.id = t.id AND l.category = 'resolved'), CASE WHEN t.category <> 'resolved' THEN now() END) - t.opened_at > interval '6 hours' AS late,
			EXISTS (SELECT FROM rt_log l WHERE l.id = t.id AND l.category = 'resolved') AS ended
		FROM rt_ticket t WHERE t.queue_name = 'General' AND t.reopened = 0 AND NOT EXISTS (SELECT FROM rt_log l WHERE l.id = t.id AND l.category = 'cancelled')});
	same(q{SELECT key FROM itsm_report.sla_clock c WHERE breached AND key IN (SELECT id::text FROM rt_clock) ORDER BY key::int}, 'SELECT id FROM rt_clock WHERE late ORDER BY id', 'itsm_report.sla_clock: what missed its target by RT\'s journal');
	same(q{SELECT sum(met), sum(breached) FROM itsm_report.sla_monthly}, q{SELECT count(*) FILTER (WHERE NOT breached), count(*) FILTER (WHERE breached) FROM itsm_report.sla_clock WHERE stage = 'completed'},
		'itsm_report.sla_monthly adds them up');
}

sub failing { my ($control) = @_; return "SELECT key FROM itsm_report.iso20000_finding WHERE latest AND control = '$control' ORDER BY key::int" }

sub compare_controls
{
	$db->do(q{SELECT itsm.set_parameter('8.6.1-6', '1')});
	value(q{SELECT itsm.assess('Request Tracker, live')});
	my $year = "opened_at > now() - interval '12 months'";
	same(failing('8.6.1-1'), qq{SELECT id FROM rt_ticket WHERE queue_name = 'General' AND category <> 'cancelled' AND $year AND
		(subject = '' OR priority = 0 OR initialpriority = 0 OR finalpriority = 0 OR category <> 'new' AND assignee IS NULL) ORDER BY id}, '8.6.1-1: tickets that are not classified, or nobody\'s');
	same(failing('8.6.1-4'), q{SELECT id FROM rt_clock WHERE late ORDER BY id}, '8.6.1-4: tickets that missed the target') if !value(q{SELECT count(*) FROM rt_ticket WHERE reopened > 0 AND queue_name = 'General' AND id::text IN (SELECT key FROM itsm_report.sla_clock WHERE breached)});
	same(failing('8.6.1-5'), qq{SELECT id FROM rt_ticket WHERE queue_name = 'General' AND category = 'resolved' AND $year ORDER BY id}, '8.6.1-5: RT keeps no resolution');
	same(failing('8.6.1-6'), qq{SELECT id FROM rt_ticket WHERE queue_name = 'General' AND reopened > 1 AND $year ORDER BY id}, '8.6.1-6: tickets that were opened again more than once');
	same(failing('8.6.2-1'), qq{SELECT id FROM rt_ticket WHERE queue_name = 'Requests' AND category <> 'cancelled' AND $year AND (priority = 0 OR category = 'resolved') ORDER BY id}, '8.6.2-1: requests without a priority, or resolved without an outcome');
	same(failing('8.2.6-1'), q{SELECT id FROM assets WHERE status IN ('allocated', 'in-use') ORDER BY id}, '8.2.6-1: assets in use lead to no service');
	same(q{SELECT key FROM itsm_report.iso20000_finding WHERE latest AND control = '8.2.6-1' AND problem LIKE '%owner%' ORDER BY key::int},
		q{SELECT id FROM assets WHERE status IN ('allocated', 'in-use') AND rt_asset_owner(id) IS NULL ORDER BY id}, 'and some of them are nobody\'s');
	same(q{SELECT control, status, checked, failed FROM itsm_report.iso20000_control WHERE clause IN ('8.6.1', '8.6.2', '8.2.6') ORDER BY control},
		q{SELECT control, status, checked, failed FROM itsm_report.iso20000_result WHERE clause IN ('8.6.1', '8.6.2', '8.2.6') ORDER BY control}, 'asked now, controls answer as the assessment has kept it');

	# what RT has no table for
	my $needs = q{SELECT c.id FROM itsm.control c WHERE NOT c.needs <@ '{incident,service_request,configuration_item}'::text[] AND split_part(c.needs[1], '.', 1) <> ALL ('{incident,service_request,configuration_item}'::text[])};
	cmp_ok(value("SELECT count(*) FROM ($needs) n"), '>', 100, 'most controls ask for what RT has not');
	is_deeply(rows("SELECT control, status, detail FROM itsm_report.iso20000_result WHERE control IN ($needs) AND (status <> 'no evidence' OR detail NOT LIKE 'nothing is attached for %')"), [], 'they say that nothing is attached for it, and never conform');
	is_deeply(rows(q{SELECT control, detail FROM itsm_report.iso20000_result WHERE status = 'error'}), [], 'no control fails to answer');
	is_deeply(rows('SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok'), [], 'verify finds nothing wrong');
}

# RT goes on, and the views with it.
sub go_on
{
	my $ticket = RT::Ticket->new($root);
	my ($id) = $ticket->Create(Queue => 'General', Subject => 'afterwards', Owner => 'root', InitialPriority => 2, FinalPriority => 2);
	move($ticket, 'open', 'resolved');
	is_deeply(rows('SELECT state, assignee FROM itsm_report.incident WHERE key = ?', $id), ['resolved root'], 'a ticket of now is in the views at once');
	my ($ok, $said) = $ticket->SetQueue('Requests');
	ok($ok, 'it is moved to another queue') or diag($said);
	is_deeply(rows('SELECT process, state FROM itsm_report.record WHERE source = ? AND key = ?', 'public.tickets', $id), ['service_request fulfilled'], 'and is of the other process now');
	ok(($ticket->Comment(Content => 'still here'))[0], 'RT goes on');
}

sub test_controls
{
	($db, $root) = @_;
	$db->do('DROP EXTENSION itsm CASCADE');
	my $queue = RT::Queue->new($root);
	my ($ok, $said) = $queue->Create(Name => 'Requests');
	ok($ok, 'RT goes on without the extension') or diag($said);
	make_tickets('General', 27, [], [qw(open rejected open rejected deleted)], [qw(rejected open resolved)], ['open'], [qw(open resolved)], [qw(open stalled open resolved)], [qw(open resolved open resolved open resolved)], ['rejected'], ['stalled']);
	make_tickets('Requests', 10, [], [qw(open resolved)], ['open'], ['rejected']);
	make_assets();
	foreach my $statement (split /;/, $age) { $db->do($statement) }
	$db->do($_) foreach split /;/, $journal;
	$db->do('CREATE EXTENSION itsm');
	$db->do("SET timezone = 'UTC'");
	attach_live();
	compare_views();
	compare_agreements();
	compare_controls();
	go_on();
}

1;
