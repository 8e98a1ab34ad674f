#!/usr/bin/env perl
#
# A real application: Request Tracker, driven through its own Perl API with its tickets
# and assets attached.  What it reports, what its tables hold and what is remembered agree.
#
# It needs root, Debian's Request Tracker 5 and ITSM_REQUEST_TRACKER, the path of a script
# whose `setup` makes RT's database afresh in a cluster of its own (by default "rt" of
# PostgreSQL 15 on port 5601, database "rt5", superuser "postgres").  The extension is
# installed into that PostgreSQL.  In the end the cluster, RT's configuration for it and
# the extension are removed:
#
#   sudo ITSM_REQUEST_TRACKER=/path/to/request-tracker.sh prove test/t/070_request_tracker.pl

use strict;
use warnings;
use Cwd 'abs_path';
use FindBin;
use lib $FindBin::Bin;
use RequestTracker;
use Test::More;

my $script = $ENV{ITSM_REQUEST_TRACKER};
plan skip_all => 'ITSM_REQUEST_TRACKER does not name the script that sets Request Tracker up' unless $script && -x $script;
plan skip_all => 'it runs as root' if $> != 0;
plan skip_all => 'Request Tracker 5 is not installed' unless -e '/usr/share/request-tracker5/lib/RT.pm';

my $top = abs_path("$FindBin::Bin/../..");
my $pg_config = '/usr/lib/postgresql/15/bin/pg_config';
my $port = $ENV{PGPORT} // 5601;
my $cluster = $ENV{PGCLUSTER_NAME} // 'rt';
my $database = $ENV{RTDB} // 'rt5';
my $test_pid = $$;
my $db;

sub command
{
	my $output = qx{@_ 2>&1 </dev/null};
	die "@_: $output" if $?;
	return $output;
}

END
{
	if ($test_pid && $$ == $test_pid && $top)
	{
		my $status = $?;
		$RT::Handle->Disconnect if $RT::Handle;
		$db->disconnect if $db;
		qx{pg_dropcluster --stop 15 $cluster 2>&1};
		qx{make -s -C $top uninstall PG_CONFIG=$pg_config 2>&1};
		unlink '/etc/request-tracker5/RT_SiteConfig.d/99-itsm-test.pm';
		$? = $status;
	}
}

command($script, 'setup');
command('make', '-s', '-C', $top, 'install', "PG_CONFIG=$pg_config");
unshift @INC, '/usr/share/request-tracker5/lib', '/usr/local/share/request-tracker5/lib';
require DBI;
require RT;
RT::LoadConfig();
RT->Config->Set(LogToSTDERR => 'emergency');
RT::Init();
$db = DBI->connect("dbi:Pg:dbname=$database;host=localhost;port=$port", 'postgres', '', { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
$db->do('SET client_min_messages = error');
$db->do('CREATE EXTENSION itsm');

sub column { my ($sql, @values) = @_; return @{ $db->selectcol_arrayref($sql, undef, @values) } }
sub value { return (column(@_))[0] }
sub rows { my ($sql, @values) = @_; return map { join ' ', map { $_ // '~' } @$_ } @{ $db->selectall_arrayref($sql, undef, @values) } }

is(join(' ', $RT::Handle->dbh->selectrow_array(q{SELECT session_user, rolsuper, has_schema_privilege('itsm', 'CREATE') FROM pg_roles WHERE rolname = session_user})), 'rtuser 0 0', 'RT has rights on its own tables only');
my %table = ('RT::Ticket' => 'tickets', 'RT::Asset' => 'assets');
my $root = RT::CurrentUser->new('root');

sub ticket
{
	my ($subject, %more) = @_;
	my $ticket = RT::Ticket->new($root);
	my ($id, undef, $message) = $ticket->Create(Queue => 'General', Subject => $subject, Requestor => 'bob@example.com', %more);
	return ($id ? $ticket : undef, $message);
}
sub asset
{
	my ($name) = @_;
	my $asset = RT::Asset->new($root);
	my ($id, $message) = $asset->Create(Catalog => 1, Name => $name);
	return ($id ? $asset : undef, $message);
}

# What there is of an object: its row, the moves in RT's journal, the events.
sub row { my ($object) = @_; return value("SELECT status FROM $table{ ref $object } WHERE id = ?", $object->id) }
sub journal
{
	my ($object) = @_;
	return rows(q{SELECT oldvalue || '>' || newvalue FROM transactions WHERE objecttype = ? AND objectid = ? AND (type, field) IN (('Status', 'Status'), ('Set', 'Status')) ORDER BY id}, ref $object, $object->id);
}
sub history
{
	my ($object, $kinds) = @_;
	return rows("SELECT from_state || '>' || to_state FROM itsm.history(?, ?) WHERE kind = 'transition'", $table{ ref $object }, $object->id);
}
sub events { my ($object) = @_; return value('SELECT count(*) FROM itsm.history(?, ?)', $table{ ref $object }, $object->id) }

# ---- before the extension: tickets and assets with a past ----

my @old;
foreach my $number (1 .. 12)
{
	my ($ticket) = ticket("ticket from before $number", Owner => $number % 3 ? 'root' : 'Nobody', Priority => $number % 7);
	push @old, $ticket;
	foreach my $status ((qw(open stalled open resolved open rejected))[ 0 .. $number % 7 - 1 ])
	{
		my ($ok, $message) = $ticket->SetStatus($status);
		$ok or diag("before: $message");
	}
}
my ($old_asset) = asset('from before');
$old_asset->SetStatus($_) foreach qw(allocated in-use);

$db->do(q{CREATE VIEW status_log AS
	SELECT t.id::text AS key, x.created AT TIME ZONE 'UTC' AS at, x.state, u.name AS actor, t.type
	FROM tickets t JOIN (
		SELECT id, objectid, created, creator, newvalue AS state FROM transactions WHERE objecttype = 'RT::Ticket' AND type = 'Status' AND field = 'Status'
		UNION ALL
		SELECT c.id, c.objectid, c.created, c.creator, coalesce((SELECT s.oldvalue FROM transactions s WHERE s.objecttype = 'RT::Ticket' AND s.objectid = c.objectid AND s.type = 'Status' ORDER BY s.id LIMIT 1),
			(SELECT status FROM tickets WHERE id = c.objectid))
		FROM transactions c WHERE c.objecttype = 'RT::Ticket' AND c.type = 'Create') x ON x.objectid = t.id JOIN users u ON u.id = x.creator
	ORDER BY x.id});

my ($discovered) = value(q{SELECT itsm.discover_lifecycle('found', 'SELECT key, at, state FROM status_log')});
my @known = sort(column(q{SELECT DISTINCT state FROM status_log}));
is_deeply([ sort(column('SELECT s->>\'name\' FROM jsonb_array_elements(?::jsonb->\'states\') s', $discovered)) ], \@known, 'discover_lifecycle: the states of RT\'s journal');
$db->do('SELECT itsm.define_lifecycle(?::jsonb)', undef, $discovered);
is_deeply([ rows(q{SELECT key, to_state, verdict FROM itsm.conformance('found', 'SELECT key, at, state FROM status_log') WHERE verdict <> 'ok'}) ], [], 'and RT\'s journal conforms to it');
my ($from_states) = value(q{SELECT string_agg(DISTINCT oldvalue || '>' || newvalue, ' ' ORDER BY oldvalue || '>' || newvalue) FROM transactions WHERE type = 'Status' AND objecttype = 'RT::Ticket'});
is(value(q{SELECT string_agg(f || '>' || (t->>'to'), ' ' ORDER BY f || '>' || (t->>'to')) FROM jsonb_array_elements(?::jsonb->'transitions') t, jsonb_array_elements_text(CASE jsonb_typeof(t->'from') WHEN 'array' THEN t->'from' ELSE jsonb_build_array(t->'from') END) f}, $discovered),
	$from_states, 'its transitions are those that happened');

# ---- attaching ----

# The standard lifecycle of incidents and what RT knows of it; who acts is who RT says changed the ticket last.
$db->do(q{CREATE FUNCTION rt_person(id integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT u.name FROM public.users u WHERE u.id = $1 AND u.name <> 'Nobody' $$});
$db->do(q{SELECT itsm.define_lifecycle(jsonb_set(jsonb_set(itsm.lifecycle_definition('incident'), '{name}', '"rt_incident"'), '{attributes,actor}', '"text"'))});
$db->do(q{SELECT itsm.define_lifecycle('{"name": "rt_asset", "process": "configuration_item", "attributes": {"name": "text", "actor": "text"},
	"states": [{"name": "in_stock", "category": "new", "initial": true}, {"name": "in_build", "category": "active"}, {"name": "live", "category": "active"},
		{"name": "retired", "category": "closed", "final": true}, {"name": "stolen", "category": "cancelled", "final": true}, {"name": "removed", "category": "cancelled", "final": true}],
	"transitions": [{"from": "in_stock", "to": ["in_build", "removed"]}, {"from": "in_build", "to": ["in_stock", "live"]}, {"from": "live", "to": ["in_build", "retired", "stolen"]}],
	"rules": [{"name": "named", "requires": "name"}]}')});
my %state = (ticket => { new => 'new', open => 'in_progress', stalled => 'on_hold', resolved => 'resolved', rejected => 'cancelled', deleted => 'cancelled' },
	asset => { new => 'in_stock', allocated => 'in_build', 'in-use' => 'live', recycled => 'retired', stolen => 'stolen', deleted => 'removed' });
sub map_json { my ($map) = @_; return '{' . join(', ', map { qq("$_": "$map->{$_}") } sort keys %$map) . '}' }

sub attach
{
	my ($timing) = @_;
	my $tickets = value(q{SELECT itsm.attach('tickets', 'rt_incident', 'status', ?::jsonb, filter => 'type = ''ticket''', timing => ?, track => '{queue}', attributes => '{
		"number": "id", "title": "subject", "requester": "public.rt_person(creator)", "assignee": "public.rt_person(owner)", "priority": "nullif(priority, 0)",
		"merged_into": "CASE WHEN effectiveid NOT IN (0, id) THEN effectiveid END", "actor": "public.rt_person(lastupdatedby)"}')}, map_json($state{ticket}), $timing);
	my $assets = value(q{SELECT itsm.attach('assets', 'rt_asset', 'status', ?::jsonb, timing => ?, attributes => '{"name": "name", "actor": "public.rt_person(lastupdatedby)"}')}, map_json($state{asset}), $timing);
	# RT has no place for a reason where our setting could get it from
	$db->do('SELECT itsm.set_mode(?, \'off\', rule) FROM unnest(ARRAY[\'reopen_reason\', \'cancel_reason\']) rule', undef, $tickets);
	return ($tickets, $assets);
}
my ($tickets, $assets) = attach('immediate');
$db->do('CALL itsm.backfill(?)', undef, $_) foreach $tickets, $assets;
is_deeply([ rows(q{SELECT t.id, p.state FROM tickets t LEFT JOIN itsm_report.incident p ON p.key = t.id::text WHERE p.key IS NULL OR p.title IS DISTINCT FROM t.subject}) ], [], 'backfill: a record for each ticket');
is(value('SELECT count(*) FROM itsm_report.incident'), value('SELECT count(*) FROM tickets'), 'and not more');

is(value('SELECT itsm.import_events(?, \'SELECT key, at, state, actor FROM status_log\')', $tickets), value('SELECT count(*) FROM status_log'), 'import_events: RT\'s whole journal');
foreach my $ticket (@old)
{
	my @moves = map { join '>', map { $state{ticket}{$_} } split />/ } journal($ticket);
	my @states = column('SELECT to_state FROM itsm.history(\'tickets\', ?) WHERE kind = \'imported\' ORDER BY at, version', $ticket->id);
	my @imported = map { "$states[ $_ - 1 ]>$states[$_]" } 1 .. $#states;
	is_deeply(\@imported, \@moves, 'ticket ' . $ticket->id . ': the imported events are RT\'s moves') or diag("@imported\n@moves");
}
is_deeply([ rows(q{SELECT p.key, p.transitions FROM itsm_report.incident p WHERE p.transitions <> (SELECT count(*) FROM transactions x WHERE x.objecttype = 'RT::Ticket' AND x.objectid = p.key::int AND x.type = 'Status')}) ], [], 'and they are counted');

# ---- driving RT ----

my %definition;
foreach my $name (qw(rt_incident rt_asset))
{
	$definition{$name}{$_} = 1 foreach column(q{SELECT f || '>' || s FROM jsonb_array_elements(itsm.lifecycle_definition(?)->'transitions') t,
		jsonb_array_elements_text(CASE jsonb_typeof(t->'from') WHEN 'array' THEN t->'from' ELSE jsonb_build_array(t->'from') END) f,
		jsonb_array_elements_text(CASE jsonb_typeof(t->'to') WHEN 'array' THEN t->'to' ELSE jsonb_build_array(t->'to') END) s}, $name);
}

# Does ours allow a move; for tickets with what RT holds of the attributes that the rules read.
sub ours_allows
{
	my ($object, $from, $to) = @_;
	my $is_ticket = ref $object eq 'RT::Ticket';
	my ($one, $two) = map { $state{ $is_ticket ? 'ticket' : 'asset' }{$_} } $from, $to;
	return 1 if $one eq $two;
	return 0 unless $definition{ $is_ticket ? 'rt_incident' : 'rt_asset' }{"$one>$two"};
	return 1 unless $is_ticket;
	return 0 if $two eq 'in_progress' && $object->Owner == RT->Nobody->id;
	return 0 if $one eq 'new' && $two eq 'in_progress' && !($object->Priority >= 1 && $object->Priority <= 5);
	return 1;
}

sub refusal_code
{
	my ($object, $from, $to) = @_;
	my ($lifecycle, $type) = ref $object eq 'RT::Ticket' ? ('rt_incident', 'ticket') : ('rt_asset', 'asset');
	return 'IT001' unless $definition{$lifecycle}{"$state{$type}{$from}>$state{$type}{$to}"};
	return 'IT004';
}

my (%count, @refused);
# One move through RT in a mode; everything is compared.
sub try_move
{
	my ($object, $to, $mode) = @_;
	my $from = $object->Status;
	my $name = sprintf '%s %d %s>%s', ref $object, $object->id, $from, $to;
	my $theirs = $object->LifecycleObj->IsTransition($from => $to) && $from ne $to;
	my $ours = ours_allows($object, $from, $to);
	my %allowed = map { @$_ } @{ $db->selectall_arrayref('SELECT status_value, allowed FROM itsm.allowed_transitions(?, ?)', undef, $table{ ref $object }, $object->id) };
	my @before = (row($object), events($object), scalar journal($object));
	my $violations = value('SELECT count(*) FROM itsm_report.violation WHERE key = ? AND attachment = ?', $object->id, ref $object eq 'RT::Ticket' ? $tickets : $assets);
	my ($ok, $message) = $object->SetStatus($to);
	my $expected = $theirs && ($mode eq 'observe' || $ours);
	my @faults;
	push @faults, "RT says " . ($ok ? 'ok' : 'NO') . ": $message" unless !$ok == !$expected;
	my $again = (ref $object)->new($root);
	$again->Load($object->id);
	my $now = $expected ? $to : $from;
	push @faults, "status of the object " . $object->Status . ", loaded again " . $again->Status . ", in the row " . row($object)
		if grep { $_ ne $now } $object->Status, $again->Status, row($object);
	my @history = history($object);
	my $type = ref $object eq 'RT::Ticket' ? 'ticket' : 'asset';
	if ($expected)
	{
		my $move = join '>', map { $state{$type}{$_} } $from, $to;
		push @faults, "journal: " . (journal($object))[-1] unless (journal($object))[-1] eq "$from>$to";
		push @faults, "history: " . ($history[-1] // 'none') if $state{$type}{$from} ne $state{$type}{$to} && ($history[-1] // '') ne $move;
		my $flawed = value('SELECT count(*) FROM itsm_report.violation WHERE key = ? AND attachment = ?', $object->id, $type eq 'ticket' ? $tickets : $assets) > $violations;
		push @faults, 'violations' unless !$flawed == !!$ours;
	}
	else
	{
		push @refused, join ' ', $type eq 'ticket' ? 'rt_incident' : 'rt_asset', $object->id, refusal_code($object, $from, $to), map { $state{$type}{$_} } $from, $to if $theirs;
		push @faults, 'the journal has a move that never was' if scalar journal($object) != $before[2];
		# RT has set other columns before, each for itself
		my @new = (column('SELECT kind FROM itsm.history(?, ?)', $table{ ref $object }, $object->id))[ $before[1] .. 1000 ];
		push @faults, 'history: ' . join(', ', grep { defined } @new) if grep { defined && $_ ne 'updated' } @new;
	}
	if ($from ne $to && $state{$type}{$from} ne $state{$type}{$to})
	{
		my $told = $allowed{$to} ? 1 : 0;
		push @faults, "allowed_transitions says $told" if $told != $ours;
	}
	$count{ $mode . ($ok ? ' ok' : $theirs ? ' refused' : ' not in RT') }++;
	push @faults, 'RT does not go on: ' . $message unless $type eq 'ticket' ? (($ok, $message) = $object->Comment(Content => "tried $to"))[0] : (($ok, $message) = $object->SetDescription("tried $to " . rand))[0];
	return map { "$name: $_" } @faults;
}

# Random moves of several objects, with edits between; returns what differed.
sub drive
{
	my ($mode, $moves) = @_;
	my @objects = ((map { (ticket("driven $_", Owner => $_ % 2 ? 'root' : 'Nobody', Priority => $_ % 3))[0] } 1 .. 6), (map { (asset("driven $mode $_"))[0] } 1 .. 4));
	my @faults;
	push @faults, 'creation failed' if grep { !$_ } @objects;
	@objects = grep { $_ } @objects;
	foreach (1 .. $moves)
	{
		my $object = $objects[ rand @objects ];
		if (ref $object eq 'RT::Ticket' && rand() < 0.3)
		{
			$object->SetOwner(rand() < 0.7 ? 'root' : 'Nobody', 'Force') if $object->Status =~ /new|stalled/;
			$object->SetPriority(1 + int rand 5) if $object->Status =~ /new|open|stalled/;
		}
		my @to = $object->LifecycleObj->Valid;
		# mostly where both allow it, so that something happens
		my @good = grep { ours_allows($object, $object->Status, $_) && $object->LifecycleObj->IsTransition($object->Status, $_) } @to;
		push @faults, try_move($object, @good && rand() < 0.5 ? $good[ rand @good ] : $to[ rand @to ], $mode);
	}
	return @faults;
}

sub agrees
{
	my ($what) = @_;
	is_deeply([ rows(q{SELECT t.id, t.status, p.state FROM tickets t FULL JOIN itsm_report.incident p ON p.key = t.id::text
		WHERE p.state IS DISTINCT FROM (?::jsonb->>t.status) OR p.title IS DISTINCT FROM t.subject OR p.assignee IS DISTINCT FROM rt_person(t.owner) OR p.priority IS DISTINCT FROM nullif(t.priority, 0)}, map_json($state{ticket})) ],
		[], "$what: itsm_report.incident is RT's tickets");
	is_deeply([ rows('SELECT attachment, problem FROM itsm_report.attachment_health WHERE NOT trigger_ok OR NOT status_column_ok') ], [], "$what: attachments are healthy");
	return unless value(q{SELECT count(*) FROM pg_proc WHERE proname = 'verify' AND pronamespace = 'itsm'::regnamespace});
	is_deeply([ rows('SELECT scope, object, detail FROM itsm.verify() WHERE NOT ok') ], [], "$what: verify finds nothing wrong");
}

srand($ENV{ITSM_LOAD_SEED} // 1);
my @faults = drive('observe', 80);
is_deeply(\@faults, [], 'observe: RT, its tables and the history agree on 80 moves') or diag(join "\n", @faults);
agrees('observe');

$db->do('SELECT itsm.set_mode(?, \'enforce\')', undef, $_) foreach $tickets, $assets;
@faults = drive('enforce', 120);
is_deeply(\@faults, [], 'enforce: on 120 moves') or diag(join "\n", @faults);
agrees('enforce');

# Who acted: the user of RT, not its role in the database.
my ($t) = ticket('who did it', Owner => 'root', Priority => 3);
is(value('SELECT actor FROM itsm.history(\'tickets\', ?) WHERE kind = \'created\'', $t->id), 'root', 'the actor of a creation');
{
	my $system = RT::Ticket->new(RT->SystemUser);
	$system->Load($t->id);
	my ($ok, $message) = $system->SetStatus('open');
	ok($ok, 'RT_System opens it') or diag($message);
	is(value('SELECT actor FROM itsm.history(\'tickets\', ?) WHERE kind = \'transition\' ORDER BY version DESC LIMIT 1', $t->id), 'RT_System', 'the actor is who RT says');
}

# Comments, links, correspondence: no events of ours, and nothing in the way.
$t = (ticket('with company', Owner => 'root', Priority => 2))[0];
my $before = events($t);
my ($a) = asset('linked');
ok(($t->Comment(Content => 'a comment'))[0] && ($t->AddLink(Type => 'RefersTo', Target => $a->URI))[0] && ($t->AddLink(Type => 'DependsOn', Target => $old[0]->id))[0] && ($t->AddWatcher(Type => 'Cc', Email => 'carol@example.com'))[0], 'comment, links and a watcher');
is(events($t), $before, 'they are no events of the ticket');
# RT opens a new ticket when it is answered
my ($ok, $message) = $t->Correspond(Content => 'an answer');
ok($ok, 'correspondence') or diag($message);
$t->Load($t->id);
is($state{ticket}{ $t->Status }, value('SELECT state FROM itsm_report.incident WHERE key = ?', $t->id), 'where RT\'s own scrip moved it is known: ' . $t->Status);

# A scrip's move that is refused: RT's answer stays, the ticket too.
$t = (ticket('nobody takes it', Owner => 'Nobody', Priority => 2))[0];
($ok, $message) = $t->Correspond(Content => 'an answer');
ok($ok, 'correspondence, while its scrip may not open the ticket') or diag($message);
my $loaded = RT::Ticket->new($root);
$loaded->Load($t->id);
is($loaded->Status, 'new', 'the ticket has not moved');
is_deeply([ history($t) ], [], 'nor has its history');

# Merging: RT leaves the status as it is; the record tells the other's number.
my ($one, $two) = map { (ticket("merge $_", Owner => 'root', Priority => 1))[0] } 1, 2;
$one->SetStatus('open');
my $merged = $one->id;
($ok, $message) = $one->MergeInto($two->id);
ok($ok, 'merged') or diag($message);
is_deeply([ rows('SELECT t.status, p.state, p.extra->>\'merged_into\' FROM tickets t JOIN itsm.projection p ON p.key = t.id::text AND p.process = \'incident\' WHERE t.id = ?', $merged) ],
	[ 'open in_progress ' . $two->id ], 'the merged ticket names the other');
is((column('SELECT changes->\'merged_into\'->>\'to\' FROM itsm.history(\'tickets\', ?) WHERE changes ? \'merged_into\'' =~ s/changes \? /changes \\? /r, $merged))[0], $two->id, 'and so does its history');

# Several edits in one transaction of RT.
$t = (ticket('several edits', Owner => 'root', Priority => 4))[0];
$RT::Handle->BeginTransaction;
my @said = map { ($_->())[0] ? 'ok' : 'NO' } sub { $t->SetSubject('edited') }, sub { $t->SetStatus('stalled') }, sub { $t->SetPriority(2) };
is("@said", 'ok NO NO', 'immediate: from the refusal on RT hears NO');
$RT::Handle->Rollback;
$loaded->Load($t->id);
is_deeply([ $loaded->Subject, $loaded->Status, $loaded->Priority, row($t), scalar history($t) ], [ 'several edits', 'new', 4, 'new', 0 ], 'and nothing is left of it');
$RT::Handle->BeginTransaction;
$loaded->SetSubject('edited');
@said = map { ($_->())[0] ? 'ok' : 'NO' } sub { $loaded->SetStatus('open') }, sub { $loaded->SetPriority(2) };
$RT::Handle->Commit;
is_deeply([ @said, row($loaded), history($loaded) ], [ 'ok', 'ok', 'open', 'new>in_progress' ], 'a legal one goes through');

# Deletion: RT only marks; a real one is refused.
$t = (ticket('to be deleted', Owner => 'root', Priority => 1))[0];
ok(($t->SetStatus('deleted'))[0], 'deleted, as RT means it');
is_deeply([ history($t) ], ['new>cancelled'], 'it is a move');
eval { $db->do('DELETE FROM tickets WHERE id = ?', undef, $t->id) };
is($@ ? $db->state : 'deleted', 'IT010', 'the row itself may not be deleted');

agrees('after all that');

# ---- refused attempts ----
SKIP:
{
	skip 'no itsm_report.refusal', 1 unless value(q{SELECT to_regclass('itsm_report.refusal') IS NOT NULL});
	# RT's session writes them with its next change of an attached table
	ticket('carries the refusals');
	my %refused;
	$refused{$_}++ foreach rows('SELECT lifecycle, key, code, from_state, to_state FROM itsm_report.refusal WHERE application <> \'070_request_tracker.pl\' OR application IS NULL');
	my @lost = grep { !$refused{$_} || !$refused{$_}-- } @refused;
	is_deeply(\@lost, [], 'every move that RT was refused is found (' . @refused . ')');
}

# ---- deferred ----
SKIP:
{
	eval { $db->do(q{SELECT itsm.detach('tickets')}); $db->do(q{SELECT itsm.detach('assets')}); ($tickets, $assets) = attach('deferred'); 1 }
		or skip 'timing deferred is not there', 1;
	$db->do('SELECT itsm.set_mode(?, \'enforce\')', undef, $_) foreach $tickets, $assets;
	@faults = drive('deferred', 120);
	is_deeply(\@faults, [], 'deferred: on 120 moves') or diag(join "\n", @faults);
	agrees('deferred');
	$t = (ticket('several edits', Owner => 'root', Priority => 4))[0];
	my @then = (events($t), scalar journal($t));
	$RT::Handle->BeginTransaction;
	@said = map { ($_->())[0] ? 'ok' : 'NO' } sub { $t->SetSubject('edited') }, sub { $t->SetStatus('stalled') }, sub { $t->SetPriority(2) };
	my $committed = eval { $RT::Handle->Commit };
	is("@said " . ($committed ? 'committed' : 'refused'), 'ok ok ok refused', 'deferred: the end of the transaction is refused');
	# RT empties its cache of objects with every request
	DBIx::SearchBuilder::Record::Cachable->FlushCache;
	$loaded->Load($t->id);
	is_deeply([ $loaded->Subject, $loaded->Status, $loaded->Priority, row($t), events($t), scalar journal($t) ], [ 'several edits', 'new', 4, 'new', @then ], 'and with it every edit');
	ok(($loaded->SetStatus('open'))[0], 'RT goes on');

	# Who acted out of RT's journal, which RT writes after the row: known at the end of the transaction.
	$db->do(q{SELECT itsm.detach('tickets')});
	$db->do(q{CREATE FUNCTION rt_journal(id integer) RETURNS text LANGUAGE sql STABLE AS $$
		SELECT u.name FROM public.transactions x JOIN public.users u ON u.id = x.creator WHERE x.objecttype = 'RT::Ticket' AND x.objectid = $1 AND x.type = 'Status' ORDER BY x.id DESC LIMIT 1 $$});
	$db->do(q{SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('rt_incident'), '{name}', '"rt_journal"') || jsonb_build_object('rules',
		'[{"name": "not_own", "from": "in_progress", "to": "resolved", "separate": ["requester"]}]'::jsonb))});
	value(q{SELECT itsm.attach('tickets', 'rt_journal', 'status', ?::jsonb, filter => 'type = ''ticket''', timing => 'deferred', mode => 'enforce',
		attributes => '{"title": "subject", "requester": "public.rt_person(creator)", "actor": "public.rt_journal(id)"}')}, map_json($state{ticket}));
	$t = (ticket('four eyes'))[0];
	my $other = RT::Ticket->new(RT->SystemUser);
	$other->Load($t->id);
	my @outcome;
	foreach my $move ([ $t, 'open' ], [ $t, 'resolved' ], [ $other, 'resolved' ])
	{
		$RT::Handle->BeginTransaction;
		my ($said) = $move->[0]->SetStatus($move->[1]);
		push @outcome, ($said ? 'ok' : 'NO') . (eval { $RT::Handle->Commit } ? ' committed' : ' refused');
		DBIx::SearchBuilder::Record::Cachable->FlushCache;
		$_->Load($t->id) foreach $t, $other;
	}
	is_deeply(\@outcome, [ 'ok committed', 'ok refused', 'ok committed' ], 'the journal tells who resolves it: not who asked for it');
	is(value('SELECT count(*) FROM itsm_report.refusal WHERE key = ? AND code = \'IT007\' AND actor = \'root\'', $t->id), 1, 'and that is found among the refusals');
	note 'actors in the history: ' . join ', ', rows('SELECT kind, actor FROM itsm.history(\'tickets\', ?)', $t->id);
}

RequestTracker::test_controls($db, $root);

note join ', ', map { "$_: $count{$_}" } sort keys %count;
done_testing();
