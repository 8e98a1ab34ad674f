# A model of attached tables outside the database: rows, verdicts, records and events.
#
# It makes up writes for one session, knows what must come of each (a list of possible
# SQLSTATEs, mostly of one), and in the end what must be remembered of every row.  Nothing
# is asked of the database meanwhile: the session's rows are its own.
package LoadModel;

use strict;
use warnings;

# ---- lifecycles and tables ----

my %category = (new => 'new', open => 'active', busy => 'active', wait => 'waiting', done => 'resolved',
	closed => 'closed', void => 'cancelled');
my %over = map { $_ => 1 } qw(resolved closed cancelled);

my %lifecycle = (
	load => {
		states => [qw(new open wait done closed void)], initial => [qw(new open)], final => [qw(closed void)],
		moves => [ [ 'new', 'open' ], [ 'new', 'void' ], [ 'open', 'wait' ], [ 'wait', 'open' ], [ 'open', 'done' ],
			[ 'wait', 'done' ], [ 'done', 'open' ], [ 'done', 'closed' ], [ 'wait', 'void' ], [ 'open', 'void' ] ],
		delete => 'final',
		rules => [
			{ name => 'titled', json => '"requires": "title"', judge => requires('title') },
			{ name => 'coded', json => '"to": "done", "requires": "resolution_code"', judge => requires('code', 'done') },
			{ name => 'plausible', json => '"check": "new.priority between 1 and 5"', judge => \&plausible },
			{ name => 'reopened', json => '"from": "done", "to": "open", "reason": true',
				judge => sub { my ($j) = @_; moves($j, 'done', 'open') && $j->{reason} eq '' ? 'IT014' : () } },
			{ name => 'four_eyes', json => '"from": "done", "to": "closed", "separate": ["assignee"]', judge => \&four_eyes },
			{ name => 'kept', json => '"in": ["closed"], "frozen": ["resolution_code", "priority"]', judge => \&frozen },
			{ name => 'boss', json => '"to": "void", "role": "load_boss"',
				judge => sub { my ($j) = @_; moves($j, undef, 'void') && ($j->{actor} // '') !~ /^load_(boss|deputy)$/ ? 'IT006' : () } },
			{ name => 'hushed', json => '"to": "wait", "check": "new.resolution_code is null", "mode": "observe"', observed => 1,
				judge => sub { my ($j) = @_; moves($j, undef, 'wait') && defined $j->{new}{code} ? 'IT005' : () } } ] },
	load_b => {
		states => [qw(new busy done closed)], initial => [qw(new busy)], final => [qw(closed)],
		moves => [ [ 'new', 'busy' ], [ 'busy', 'done' ], [ 'done', 'busy' ], [ 'done', 'closed' ], [ 'busy', 'new' ] ],
		delete => 'allow',
		rules => [ { name => 'titled', json => '"requires": "title"', judge => requires('title') } ] });
foreach my $l (values %lifecycle)
{
	$l->{known} = { map { $_ => 1 } @{ $l->{states} } };
	$l->{is_initial} = { map { $_ => 1 } @{ $l->{initial} } };
	$l->{is_final} = { map { $_ => 1 } @{ $l->{final} } };
	$l->{allowed} = { map { ("$_->[0]>$_->[1]" => 1) } @{ $l->{moves} } };
}

sub moves
{
	my ($j, $from, $to) = @_;
	return $j->{moving} && (!defined $to || defined $j->{to} && $j->{to} eq $to)
		&& (!defined $from || !$j->{creating} && defined $j->{from} && $j->{from} eq $from);
}

sub missing { my ($value) = @_; return !defined $value || $value !~ /\S/ }

# What was missing before may stay so until the row moves or comes under another lifecycle.
sub requires
{
	my ($column, $to) = @_;
	return sub {
		my ($j) = @_;
		my $moves = moves($j, undef, $to) || $j->{creating} && !defined $to;
		my $stays = !$j->{creating} && !$j->{moving} && (!defined $to || defined $j->{to} && $j->{to} eq $to);
		return missing($j->{new}{$column}) && ($moves || $stays && !missing($j->{old}{$column})) ? 'IT004' : ();
	};
}

sub plausible
{
	my ($j) = @_;
	my $good = sub { my ($row) = @_; $row && defined $row->{prio} && $row->{prio} >= 1 && $row->{prio} <= 5 };
	return () if $good->($j->{new}) || !$j->{moving} && !$j->{creating} && !$good->($j->{old});
	return 'IT005';
}

sub four_eyes
{
	my ($j) = @_;
	return () unless moves($j, 'done', 'closed');
	return 'IT007' unless defined $j->{actor};
	return (grep { $_ && ($_->{owner} // 'nobody') eq $j->{actor} } $j->{new}, $j->{old}) ? 'IT007' : ();
}

sub frozen
{
	my ($j) = @_;
	return () if $j->{creating} || ($j->{from} // '') ne 'closed';
	return map { same($j->{old}{$_}, $j->{written}{$_}) ? () : 'IT009' } qw(code prio);
}

my @common = qw(id status title prio owner code note memo);
my %letters = (N => 'new', O => 'open', P => 'open', W => 'wait', D => 'done', C => 'closed', V => 'void');

# Attachments: which rows, which lifecycle, the map of status values, tracked columns.
my @tables = (
	{ name => 'ticket', columns => [ @common, 'kind' ], attachments => [
		{ lifecycle => 'load', values => \%letters, track => ['note'], where => 'a' },
		{ lifecycle => 'load_b', track => [qw(owner note memo kind)], all => 1, where => 'b' } ] },
	{ name => 'watched', columns => [@common], attachments => [ { lifecycle => 'load', track => ['note'], mode => 'observe' } ] },
	{ name => 'parted', columns => [ @common, 'region' ], attachments => [ { lifecycle => 'load', track => [ 'note' ] } ] },
	{ name => 'swap', columns => [ @common, 'uid' ], attachments => [ { lifecycle => 'load', track => ['note'] } ] },
	{ name => 'late', columns => [@common], echo => 'late', attachments => [ { lifecycle => 'load', track => ['note'] } ] },
	{ name => 'early', columns => [@common], echo => 'early', attachments => [ { lifecycle => 'load', track => ['note'] } ] },
	{ name => 'echo_log', columns => [@common], inner => 1, attachments => [ { lifecycle => 'load_b', track => ['note'] } ] },
	{ name => 'parent', columns => [@common], attachments => [ { lifecycle => 'load_b', track => ['note'] } ] },
	{ name => 'child', columns => [ @common, 'parent' ], attachments => [ { lifecycle => 'load', track => [ 'note', 'parent' ] } ] },
	{ name => 'tenanted', columns => [ @common, 'tenant' ], attachments => [ { lifecycle => 'load', track => ['note'] } ] },
	{ name => 'slow', columns => [@common], deferred => 1, attachments => [ { lifecycle => 'load', track => ['note'] } ] });
my %table = map { $_->{name} => $_ } @tables;
foreach my $t (@tables)
{
	foreach my $a (@{ $t->{attachments} })
	{
		$a->{mode} //= 'enforce';
		$a->{law} = $lifecycle{ $a->{lifecycle} };
	}
}

sub key_of
{
	my ($t, $row) = @_;
	return $t->{name} eq 'parted' ? "($row->{id},$row->{region})" : "$row->{id}";
}

# What names the record of a row: its key, within its tenant.
sub ident
{
	my ($t, $row) = @_;
	return ($t->{name} eq 'tenanted' ? ($row->{tenant} // '') . '|' : '') . key_of($t, $row);
}

# The statements that make it all; "deferred": whether attachments may be deferred.
sub schema
{
	my ($deferred) = @_;
	my $sql = "CREATE EXTENSION IF NOT EXISTS itsm;\nCREATE ROLE load_boss;\nCREATE ROLE load_deputy IN ROLE load_boss;\n";
	foreach my $name (sort keys %lifecycle)
	{
		my $l = $lifecycle{$name};
		my $states = join ', ', map { sprintf '{"name": "%s", "category": "%s", "initial": %s, "final": %s}', $_, $category{$_},
			$l->{is_initial}{$_} ? 'true' : 'false', $l->{is_final}{$_} ? 'true' : 'false' } @{ $l->{states} };
		my $moves = join ', ', map { sprintf '{"from": "%s", "to": "%s"}', @$_ } @{ $l->{moves} };
		my $rules = join ', ', map { sprintf '{"name": "%s", %s}', $_->{name}, $_->{json} } @{ $l->{rules} };
		$sql .= qq(SELECT itsm.define_lifecycle('{"name": "$name", "delete": "$l->{delete}", "attributes": {"title": "text",
			"priority": "integer", "assignee": "text", "resolution_code": "text", "urgent": "boolean"},
			"states": [$states], "transitions": [$moves], "rules": [$rules]}');\n);
	}
	foreach my $t (@tables)
	{
		next if $t->{deferred} && !$deferred;
		my %type = (id => 'int', prio => 'int', parent => 'int REFERENCES parent ON UPDATE CASCADE ON DELETE CASCADE', uid => 'int UNIQUE');
		my $columns = join ', ', map { "$_ " . ($type{$_} // 'text') } @{ $t->{columns} };
		my $key = $t->{name} eq 'parted' ? 'PRIMARY KEY (id, region)' : 'PRIMARY KEY (id)' . ($t->{name} eq 'swap' ? ' DEFERRABLE' : '');
		$sql .= "CREATE TABLE $t->{name} ($columns, $key)" . ($t->{name} eq 'parted' ? ' PARTITION BY LIST (region)' : ' WITH (fillfactor = 70)') . ";\n";
		if ($t->{name} eq 'parted')
		{
			# a leaf with its columns in another order, one dropped
			$sql .= "CREATE TABLE parted_n PARTITION OF parted FOR VALUES IN ('n');
				CREATE TABLE parted_s (region text NOT NULL, gone int, " . join(', ', map { "$_ " . ($type{$_} // 'text') } reverse @common) . ");
				ALTER TABLE parted_s DROP COLUMN gone; ALTER TABLE parted_s ALTER id SET NOT NULL;
				ALTER TABLE parted ATTACH PARTITION parted_s FOR VALUES IN ('s');
				CREATE TABLE parted_far PARTITION OF parted FOR VALUES IN ('e', 'w') PARTITION BY LIST (region);
				CREATE TABLE parted_e PARTITION OF parted_far FOR VALUES IN ('e'); CREATE TABLE parted_w PARTITION OF parted_far FOR VALUES IN ('w');\n";
		}
		foreach my $a (@{ $t->{attachments} })
		{
			my $states = !$a->{values} ? 'NULL' : "'{" . join(', ', map { qq("$_": "$a->{values}{$_}") } sort keys %{ $a->{values} }) . "}'";
			my $filter = $a->{where} ? "'kind = ''$a->{where}'''" : 'NULL';
			my $track = $a->{all} ? '*' : join ',', @{ $a->{track} };
			$sql .= "SELECT itsm.attach('$t->{name}', '$a->{lifecycle}', 'status', states => $states, filter => $filter, mode => '$a->{mode}',
				track => '{$track}', tenant => " . ($t->{name} eq 'tenanted' ? "'tenant'" : 'NULL') . ", timing => '" . ($t->{deferred} ? 'deferred' : 'immediate') . qq~', attributes => '{"title": "title", "priority": "prio",
				"assignee": "coalesce(owner, ''nobody'')", "resolution_code": "code", "urgent": "prio > 3"}');\n~;
		}
	}
	# Triggers of the users' own that write the same row again, and an attached row elsewhere.
	foreach my $t (grep { $_->{echo} } @tables)
	{
		my $name = $t->{echo} eq 'late' ? 'zz_echo' : 'aa_echo';
		my $sign = $t->{echo} eq 'late' ? '' : '-';
		$sql .= "CREATE FUNCTION echo_$t->{name}() RETURNS trigger LANGUAGE plpgsql AS \$\$
			BEGIN
				UPDATE $t->{name} SET note = coalesce(note, '') || '+', status = CASE WHEN code = 'auto' THEN 'done' ELSE status END WHERE id = new.id;
				INSERT INTO echo_log (id, status, title) VALUES (${sign}new.id, 'new', 'echo') ON CONFLICT (id) DO UPDATE SET note = coalesce(echo_log.note, '') || '+';
				RETURN NULL;
			END \$\$;
			CREATE TRIGGER ${name}_insert AFTER INSERT ON $t->{name} FOR EACH ROW WHEN (new.status = 'open') EXECUTE FUNCTION echo_$t->{name}();
			CREATE TRIGGER ${name}_update AFTER UPDATE ON $t->{name} FOR EACH ROW
				WHEN (new.status = 'open' AND old.status IS DISTINCT FROM 'open') EXECUTE FUNCTION echo_$t->{name}();\n";
	}
	return $sql;
}

# ---- the model's memory, with a way back ----

sub new
{
	my ($class, %option) = @_;
	my $self = bless {
		session => $option{session}, role => $option{role}, pool => $option{pool} // 100, script => $option{script},
		deferred => $option{deferred}, overrides => $option{overrides},
		undo => [], records => [], context => { reason => '' }, pending => [], statement => 0,
		rows => { map { $_->{name} => {} } @tables },		# by key
		keys => { map { $_->{name} => {} } @tables },		# records by key
		expected => [], refusals => [], uid => 0, done => 0, tally => {} }, $class;
	return $self;
}

sub set
{
	my ($self, $hash, $key, $value) = @_;
	my ($had, $old) = (exists $hash->{$key}, $hash->{$key});
	push @{ $self->{undo} }, sub { if ($had) { $hash->{$key} = $old } else { delete $hash->{$key} } };
	$hash->{$key} = $value;
}
sub drop
{
	my ($self, $hash, $key) = @_;
	return unless exists $hash->{$key};
	my $old = delete $hash->{$key};
	push @{ $self->{undo} }, sub { $hash->{$key} = $old };
}
sub mark { my ($self) = @_; return scalar @{ $self->{undo} } }
sub undo_to
{
	my ($self, $mark) = @_;
	while (@{ $self->{undo} } > $mark) { (pop @{ $self->{undo} })->() }
}

sub same { my ($a, $b) = @_; return defined $a ? defined $b && $a eq $b : !defined $b }

sub json_text
{
	my ($value) = @_;
	return 'null' unless defined $value;
	$value =~ s/([\\"])/\\$1/g;
	return "\"$value\"";
}

# Attributes and tracked columns of a row: name => JSON.
sub values_of
{
	my ($t, $attachment, $row) = @_;
	my %values = (
		title => json_text($row->{title}), priority => $row->{prio} // 'null', assignee => json_text($row->{owner} // 'nobody'),
		resolution_code => json_text($row->{code}),
		urgent => !defined $row->{prio} ? 'null' : $row->{prio} > 3 ? 'true' : 'false');
	$values{$_} = $_ eq 'parent' ? $row->{$_} // 'null' : json_text($row->{$_}) foreach @{ $attachment->{track} };
	return \%values;
}

sub governing
{
	my ($t, $row) = @_;
	return undef unless $row;
	my ($attachment) = grep { !$_->{where} || ($row->{kind} // '') eq $_->{where} } @{ $t->{attachments} };
	return $attachment;
}

sub state_of
{
	my ($attachment, $row) = @_;
	my $status = $row->{status};
	return undef unless defined $status;
	return $attachment->{values}{$status} if $attachment->{values};
	return $attachment->{law}{known}{$status} ? $status : undef;
}

# ---- verdicts ----

# What is to be judged of a write: states, whether it moves or begins, who and why.
sub situation
{
	my ($self, $t, $old, $new, $before, $after) = @_;
	my $j = { t => $t, old => $old, new => $new, written => $new, row => $before ? $old : $new, attachment => $after // $before,
		record => $before ? $old->{record} : $self->{keys}{ $t->{name} }{ ident($t, $new) },
		actor => $self->{context}{actor}, reason => $self->{context}{reason}, moving => 1 };
	if (!$after)
	{
		@$j{qw(moving from leaving)} = (0, state_of($before, $old), defined $new);
		return $j;
	}
	$j->{to} = state_of($after, $new);
	if ($before && $before == $after)
	{
		$j->{from} = $j->{from_name} = state_of($before, $old);
		$j->{moving} = !same($j->{from}, $j->{to}) || !defined $j->{to} && !same($old->{status}, $new->{status});
		return $j;
	}
	# entering: from another attachment, back from outside, or anew
	my $from = $before ? state_of($before, $old) : $old && $j->{record} && !$j->{record}{deleted} ? $j->{record}{state} : undef;
	@$j{qw(creating old from_name)} = (1, undef, $from);
	$j->{from} = $from if defined $from && $after->{law}{known}{$from};
	$j->{moving} = !same($j->{from}, $j->{to}) || !defined $j->{to} if $before || defined $from;
	return $j;
}

# (codes that refuse, [code, rule] that are observed)
sub decide
{
	my ($self, $j) = @_;
	my ($attachment, $law) = ($j->{attachment}, $j->{attachment}{law});
	my @unmet;
	return ([], []) if $j->{leaving};
	if (!$j->{written})
	{
		push @unmet, [ 'IT010', 'delete' ] if $law->{delete} eq 'final' && !(defined $j->{from} && $law->{is_final}{ $j->{from} });
	}
	elsif ($j->{moving})
	{
		my $begins = $j->{creating} && !defined $j->{from_name};
		push @unmet, !defined $j->{to} ? [ 'IT002', 'status' ]
			: $begins ? $law->{is_initial}{ $j->{to} } ? () : [ 'IT003', 'initial' ]
			: defined $j->{from} && $law->{allowed}{"$j->{from}>$j->{to}"} ? () : [ 'IT001', 'transition' ];
	}
	push @unmet, map { my $rule = $_; map { [ $_, $rule->{name}, $rule->{observed} ] } $rule->{judge}->($j) } @{ $law->{rules} } if $j->{written};
	my @observed = grep { $attachment->{mode} eq 'observe' || $_->[2] } @unmet;
	my @refused = grep { $attachment->{mode} ne 'observe' && !$_->[2] } @unmet;
	foreach my $override (@{ $self->{context}{overrides} // [] })
	{
		next unless $j->{record} && $override->{record} == $j->{record};
		push @observed, grep { $_->[1] eq $override->{rule} } @refused;
		@refused = grep { $_->[1] ne $override->{rule} } @refused;
	}
	my %seen;
	my ($code) = sort map { $_->[0] } @refused;
	# what is to be told of a refusal
	$self->{culprit} = join "\t", $j->{t}{name}, key_of($j->{t}, $j->{row}), $code, join(', ', grep { !$seen{$_}++ } map { $_->[1] } @refused),
		$j->{from_name} // $j->{from} // '~', $j->{to} // '~', $j->{actor} // '~', $j->{reason} eq '' ? '~' : $j->{reason} if @refused;
	return ([ map { $_->[0] } @refused ], \@observed);
}

sub judge
{
	my ($self, @write) = @_;
	return $self->decide($self->situation(@write));
}

# Before a transaction commits: the verdicts that were put off, each by its own states and
# old row and by the new row as it stands now.  The codes that may come, or none.
sub judge_pending
{
	my ($self) = @_;
	my (%codes, $statement);
	foreach my $j (@{ $self->{pending} })
	{
		last if %codes && (!$j->{unordered} || $j->{statement} != $statement);
		my $row = $j->{written};
		$row = $row->{replaced} while $row && $row->{replaced};
		$j->{new} = $row && !$row->{gone} ? $row : $j->{written};
		my ($refused, $observed) = $self->decide($j);
		if (@$refused)
		{
			$codes{ $self->refused(@$refused) } = 1;
			$statement = $j->{statement};
		}
		next if %codes || !@$observed;
		my $record = $j->{record};
		local $self->{context} = { %{ $self->{context} }, actor => $j->{actor} };
		$self->note($record, 'judged', { judged => $j->{version} }, $observed, $j->{reason});
	}
	return sort keys %codes;
}

# ---- what is remembered ----

sub begin_record
{
	my ($self, $t, $key) = @_;
	my $record = { table => $t->{name}, events => [], values => {}, deleted => 0, transitions => 0, reopened => 0, reassigned => 0, reached => {} };
	push @{ $self->{records} }, $record;
	push @{ $self->{undo} }, sub { pop @{ $self->{records} } };
	$self->set_key($t, $record, $key);
	return $record;
}

sub set_key
{
	my ($self, $t, $record, $key) = @_;
	my $keys = $self->{keys}{ $t->{name} };
	$self->drop($keys, $record->{key}) if defined $record->{key} && ($keys->{ $record->{key} } // 0) == $record;
	$self->set($record, 'key', $key);
	$self->set($keys, $key, $record) if defined $key;
}

# The values that an event carries: those that differ from the old row's, and those that it does not
# know; of these a null only where the record goes on.
sub body
{
	my ($t, $from, $goes_on, $after, $new, $before, $old) = @_;
	my %body;
	my $values = values_of($t, $after, $new);
	my $was = $old ? values_of($t, $before, $old) : {};
	foreach my $name (keys %$values)
	{
		$body{$name} = $values->{$name} if exists $was->{$name} ? $values->{$name} ne $was->{$name} : $goes_on || $values->{$name} ne 'null';
	}
	# an event that goes to another state tells the status by that, where the status is its name
	my $to = state_of($after, $new);
	$body{status} = json_text($new->{status})
		unless defined $to && !same($from, $to) ? same($new->{status}, $to) : $old && same($old->{status}, $new->{status});
	return \%body;
}

sub event
{
	my ($self, $record, $kind, $from, $to, $body, $observed, $reason) = @_;
	$reason //= $self->{context}{reason};
	my %values = $kind eq 'created' ? () : %{ $record->{values} };
	my @changes;
	foreach my $name (sort { length $a <=> length $b || $a cmp $b } keys %{ $body // {} })
	{
		push @changes, sprintf '"%s": {"to": %s, "from": %s}', $name, $body->{$name}, $values{$name} // 'null';
		$values{$name} = $body->{$name};
	}
	$values{status} = json_text($to) if !($body && exists $body->{status}) && defined $to && !same($from, $to);
	$self->set($record, 'values', \%values);
	push @{ $record->{events} }, join "\t", $kind, $self->{context}{actor} // $self->{role}, $from // '~', $to // '~', '{' . join(', ', @changes) . '}',
		$reason eq '' ? '~' : $reason, join(',', map { "$_->[0]:$_->[1]" } @{ $observed // [] }) || '~';
	push @{ $self->{undo} }, sub { pop @{ $record->{events} } };
}

# An event that changes nothing of the row.
sub note
{
	my ($self, $record, $kind, $body, $observed, $reason) = @_;
	my $values = $record->{values};
	$self->event($record, $kind, $record->{state}, $record->{state}, $body, $observed, $reason);
	$self->set($record, 'values', $values);
}

# State, milestones and counts after a move (anew: a row begins) to a state.
sub enter
{
	my ($self, $record, $from, $to, $anew) = @_;
	my $version = @{ $record->{events} };
	my ($was, $is) = map { defined $_ ? $category{$_} : '' } $from, $to;
	my %reached = $anew ? (opened => $version) : %{ $record->{reached} };
	my $reopens = $over{$was} && $is =~ /^(new|active|waiting)$/;
	delete @reached{qw(resolved closed)} if $reopens;
	$reached{first} //= $version if $is ne '' && $is !~ /^(new|cancelled)$/;
	delete $reached{closed} if $is eq 'resolved';
	$reached{resolved} = $version if $is eq 'resolved' && ($was ne 'resolved' || !$reached{resolved}) || $is eq 'closed' && !$reached{resolved};
	$reached{closed} = $version if $is =~ /^(closed|cancelled)$/ && ($was ne $is || !$reached{closed});
	$self->set($record, 'reached', \%reached);
	$self->set($record, 'entered', $version) unless !$anew && defined $from && same($from, $to);
	$self->set($record, 'state', $to);
	$self->set($record, 'transitions', $anew ? 0 : $record->{transitions} + !(defined $from && same($from, $to)));
	$self->set($record, 'reopened', $anew ? 0 : $record->{reopened} + ($reopens ? 1 : 0));
	$self->set($record, 'reassigned', 0) if $anew;
}

sub project
{
	my ($self, $record, $new) = @_;
	$self->set($record, 'projected', join "\t", map { $_ // '~' } @$new{qw(title prio)}, $new->{owner} // 'nobody', $new->{code},
		defined $new->{prio} ? '{"urgent": "' . ($new->{prio} > 3 ? 't' : 'f') . '"}' : undef);
}

sub remember
{
	my ($self, $t, $old, $new, $before, $after, $observed) = @_;
	my $key = $new ? ident($t, $new) : undef;
	if (!$before)
	{
		my $record = $self->{keys}{ $t->{name} }{$key};
		my $anew = !$record || $record->{deleted} || !$old;
		$record //= $self->begin_record($t, $key);
		my $from = $anew ? undef : $record->{state};
		$self->event($record, $anew ? 'created' : 'moved', $from, state_of($after, $new), body($t, $from, !$anew, $after, $new), $observed);
		$self->set($record, 'deleted', 0);
		$self->set($record, 'governed', 1);
		$self->enter($record, $from, state_of($after, $new), $anew);
		$self->project($record, $new);
		$new->{record} = $record;
		return;
	}
	my $record = $old->{record};
	my $from = state_of($before, $old);
	if (!$after)
	{
		$self->event($record, $new ? 'moved' : 'deleted', $from, undef, undef, $observed);
		if ($new) { $self->set($record, 'governed', 0) }
		else { $self->set($record, 'deleted', 1) }
		return;
	}
	$new->{record} = $record;
	my $other = $key ne ident($t, $old) ? $self->{keys}{ $t->{name} }{$key} : undef;
	my $moves_out = $t->{name} eq 'tenanted' && !same($old->{tenant}, $new->{tenant});
	if ($moves_out)
	{
		# it ends in the one tenant, and begins in the other with an unknown past
		$self->event($record, 'moved', $from, undef);
		$self->set_key($t, $record, undef);
		$self->set($record, 'deleted', 1);
	}
	if ($other)
	{
		$self->event($other, 'key_changed', undef, undef);
		$self->set_key($t, $other, undef);
	}
	if ($moves_out)
	{
		$record = $new->{record} = $self->begin_record($t, $key);
		$self->event($record, 'moved', $from, state_of($after, $new), body($t, $from, 0, $after, $new), $observed);
		$self->set($record, $_->[0], $_->[1]) foreach [ governed => 1 ], [ entered => 1 ], [ state => state_of($after, $new) ];
		$self->project($record, $new);
		return;
	}
	if ($key ne ident($t, $old))
	{
		$self->event($record, 'key_changed', $from, $from);
		$self->set_key($t, $record, $key);
	}
	my $to = state_of($after, $new);
	my $body = body($t, $from, 1, $after, $new, $before, $old);
	my $passes = $before != $after;
	my $moving = defined $from || defined $to ? !same($from, $to) : !same($old->{status}, $new->{status});
	return unless %$body || $moving || $passes || @$observed;
	$self->event($record, $passes ? 'moved' : $moving ? 'transition' : 'updated', $from, $to, $body, $observed);
	$self->set($record, 'reassigned', $record->{reassigned} + 1)
		if $before->{lifecycle} eq $after->{lifecycle} && ($old->{owner} // 'nobody') ne ($new->{owner} // 'nobody');
	$self->enter($record, $from, $to) if $moving || $passes;
	$self->project($record, $new);
}

# ---- writes ----

# The columns whose change has a row judged.
my %unwatched = map { $_ => 1 } qw(memo uid);
sub watched_changed
{
	my ($t, $old, $new) = @_;
	my $all = grep { $_->{all} } @{ $t->{attachments} };
	return scalar grep { ($all || !$unwatched{$_}) && !same($old->{$_}, $new->{$_}) } @{ $t->{columns} };
}

sub refused
{
	my ($self, @codes) = @_;
	push @{ $self->{culprits} }, $self->{culprit};
	return (sort @codes)[0];
}

# One row written: undef, or the SQLSTATE that it meets with.
sub write_row
{
	my ($self, $t, $old, $new) = @_;
	my $rows = $self->{rows}{ $t->{name} };
	if ($new && !$new->{copied}) { $new = { %$new, copied => 1 } }
	delete @$new{qw(record replaced gone)} if $new;
	my $store = sub {
		$self->drop($rows, key_of($t, $old)) if $old && ($rows->{ key_of($t, $old) } // 0) == $old;
		$self->set($rows, key_of($t, $new), $new) if $new;
		$self->set($old, $new ? ('replaced', $new) : ('gone', 1)) if $old;
	};
	my ($before, $after) = (governing($t, $old), governing($t, $new));
	if ($t->{name} eq 'child' && $new && defined $new->{parent} && !$self->{rows}{parent}{ $new->{parent} }) { return '23503' }
	if ($t->{name} eq 'parent' && $old && (!$new || $new->{id} != $old->{id}))
	{
		$store->();
		my @codes = map { $self->write_row($table{child}, $_, $new ? { %$_, copied => 0, parent => $new->{id} } : undef) // () }
			grep { defined $_->{parent} && $_->{parent} == $old->{id} } values %{ $self->{rows}{child} };
		return $codes[0] if @codes;
	}
	my $echoes = $t->{echo} && $new && ($new->{status} // '') eq 'open' && (!$old || ($old->{status} // '') ne 'open');
	my $inner = { %$new, copied => 0, note => ($new->{note} // '') . '+', status => ($new->{code} // '') eq 'auto' ? 'done' : $new->{status} } if $echoes;
	my $changed = !$old || !$new || watched_changed($t, $old, $new);
	my $judged = $changed && ($before || $after);
	my $situation = $self->situation($t, $old, $new, $before, $after) if $judged;
	my ($refused, $observed) = $judged && !$t->{deferred} ? $self->decide($situation) : ([], []);
	if ($echoes && $t->{echo} eq 'early')
	{
		my ($inner_refused) = $self->judge($t, $new, $inner, $after, $after);
		return $self->refused(@$inner_refused) if @$inner_refused;
		# to be told of a refusal of this one
		($refused, $observed) = $self->decide($situation) if $judged;
	}
	return $self->refused(@$refused) if @$refused;
	$store->();
	if ($judged) { $self->remember($t, $old, $new, $before, $after, $observed) }
	elsif ($new && $old) { $new->{record} = $old->{record} }
	if ($judged && $t->{deferred})
	{
		$situation->{record} = ($new // $old)->{record};
		@$situation{qw(version statement unordered)} = (scalar @{ $situation->{record}{events} }, $self->{statement}, $self->{unordered});
		push @{ $self->{pending} }, $situation;
		push @{ $self->{undo} }, sub { pop @{ $self->{pending} } };
	}
	if ($echoes)
	{
		my $code = $self->write_row($t, $new, $inner);
		return $code if $code;
		# judged before what came before it
		if ($t->{echo} eq 'early' && $old)
		{
			my $events = $new->{record}{events};
			@$events[ -2, -1 ] = @$events[ -1, -2 ];
			push @{ $self->{undo} }, sub { @$events[ -2, -1 ] = @$events[ -1, -2 ] };
		}
		my $id = $t->{echo} eq 'late' ? $new->{id} : -$new->{id};
		my $log = $self->{rows}{echo_log}{$id};
		$code = $self->write_row($table{echo_log}, $log, $log ? { %$log, copied => 0, note => ($log->{note} // '') . '+' }
			: { map({ ($_ => undef) } @common), id => $id, status => 'new', title => 'echo' });
		return $code if $code;
	}
	return undef;
}

# A statement: the rows in the order of their writing, or in an order that nobody knows
# (then any of their codes may come).  All codes that may come; '00000' for success.
sub write_rows
{
	my ($self, $t, $pairs, $unordered) = @_;
	my $mark = $self->mark;
	my %codes;
	$self->{culprits} = [];
	$self->{statement}++;
	$self->{unordered} = $unordered;
	foreach my $pair (@$pairs)
	{
		my ($old, $new) = @$pair;
		my $holder = $new && $self->{rows}{ $t->{name} }{ key_of($t, $new) };
		# met while rows are written, and all else comes after them; but a deferrable key is checked by a trigger
		if ($holder && !($old && $holder == $old) && $t->{name} ne 'swap')
		{
			return ('23505');
		}
	}
	foreach my $pair (@$pairs)
	{
		my ($old, $new) = @$pair;
		my $holder = $new && $self->{rows}{ $t->{name} }{ key_of($t, $new) };
		my $code = $holder && !($old && $holder == $old) ? '23505' : $self->write_row($t, $old, $new);
		$codes{$code} = 1 if $code;
		last if $code && !$unordered;
	}
	return ('00000') unless %codes;
	$self->undo_to($mark);
	return sort keys %codes;
}

# ---- making up writes ----

sub pick { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

sub literal
{
	my ($value) = @_;
	return 'NULL' unless defined $value;
	return $value if $value =~ /^-?\d+$/;
	$value =~ s/'/''/g;
	return "'$value'";
}
sub tuple { my ($t, $row) = @_; return '(' . join(', ', map { literal($row->{$_}) } @{ $t->{columns} }) . ')' }
sub copy_line
{
	my ($t, $row) = @_;
	return join "\t", map { my $v = $row->{$_}; defined $v ? $v =~ s/\\/\\\\/gr : '\N' } @{ $t->{columns} };
}

sub random_id { my ($self) = @_; return $self->{session} * 100_000 + 1 + int rand $self->{pool} }
sub random_row
{
	my ($self, $t) = @_;
	my $rows = $self->{rows}{ $t->{name} };
	for (1 .. 6)
	{
		my $id = $self->random_id;
		foreach my $key ($t->{name} eq 'parted' ? map { "($id,$_)" } qw(n s e w) : $id)
		{
			return $rows->{$key} if $rows->{$key};
		}
	}
	return undef;
}

my @texts = ('x', 'text', "it's", 'a "b" \c', "\xc3\xbc\xe2\x82\xac", '', '  ', undef, 'x', 'some longer text of a title');
sub random_values
{
	my ($self, $t) = @_;
	return (title => pick(@texts), prio => pick(1 .. 5, 1 .. 5, 0, 7, undef), owner => pick(qw(ann bob cid), undef, 'nobody'),
		code => pick('fixed', 'auto', '', undef, 'none', undef), note => pick(@texts), memo => pick(@texts));
}
sub value_for
{
	my ($attachment, $state) = @_;
	return $state unless $attachment && $attachment->{values} && defined $state;
	return pick(grep { $attachment->{values}{$_} eq $state } sort keys %{ $attachment->{values} }) // $state;
}

# A row to insert, legal mostly.
sub fresh_row
{
	my ($self, $t) = @_;
	my %row = (id => $self->random_id, $self->random_values($t));
	$row{kind} = pick('a', 'a', 'b', 'b', 'c', undef) if $t->{name} eq 'ticket';
	$row{region} = pick(qw(n s e w)) if $t->{name} eq 'parted';
	$row{tenant} = pick('acme', 'bolt', undef) if $t->{name} eq 'tenanted';
	$row{uid} = $self->{session} * 1_000_000 + ++$self->{uid} if $t->{name} eq 'swap';
	if ($t->{name} eq 'child')
	{
		my $parent = chance(0.8) ? $self->random_row($table{parent}) : undef;
		$row{parent} = $parent ? $parent->{id} : chance(0.03) ? $self->random_id : undef;
	}
	my $attachment = governing($t, \%row) // $t->{attachments}[0];
	$row{status} = value_for($attachment, pick(@{ $attachment->{law}{initial} }));
	if (chance(0.85)) { $row{title} = 'good' if missing($row{title}); $row{prio} = pick(1 .. 5) }
	else { $row{status} = pick('done', 'closed', 'D', 'open', 'zzz', undef, '', 'New') }
	return \%row;
}

# What a row is to become, along the lifecycle mostly.
sub moved_row
{
	my ($self, $t, $row) = @_;
	my %new = (%$row, copied => 0);
	my $attachment = governing($t, $row) // $t->{attachments}[0];
	my $state = state_of($attachment, $row) // 'new';
	my @ways = map { $_->[1] } grep { $_->[0] eq $state } @{ $attachment->{law}{moves} };
	if (chance(0.75) && @ways)
	{
		my $to = pick(@ways);
		$new{status} = value_for($attachment, $to);
		if (chance(0.8))
		{
			$new{code} = pick('fixed', 'auto') if $to eq 'done' && missing($new{code});
			$new{title} = 'good' if missing($new{title});
			$new{prio} = 3 unless plausible({ new => \%new, old => undef, moving => 1 }) eq '' ;
		}
	}
	else { $new{status} = pick(@{ $attachment->{law}{states} }, qw(N O D C), 'zzz', undef) }
	return \%new;
}
sub edited_row
{
	my ($self, $t, $row) = @_;
	my %new = (%$row, copied => 0);
	my %values = $self->random_values($t);
	my @columns = grep { chance(0.3) } sort keys %values;
	@new{@columns} = @values{@columns};
	$new{parent} = (map { $_ ? $_->{id} : undef } $self->random_row($table{parent}))[0] if $t->{name} eq 'child' && chance(0.1);
	return \%new;
}
# Key, kind or region changed, with a move perhaps.
sub rekeyed_row
{
	my ($self, $t, $row) = @_;
	my %new = (%{ chance(0.4) ? $self->moved_row($t, $row) : $row }, copied => 0);
	if ($t->{name} eq 'ticket' && chance(0.6))
	{
		$new{kind} = pick('a', 'b', 'c', undef);
		my $to = governing($t, \%new);
		my $from = governing($t, $row);
		my $state = $from ? state_of($from, $row) : undef;
		$new{status} = value_for($to, $state // pick(qw(new busy done open))) if $to && chance(0.7);
		return \%new if chance(0.7);
	}
	if ($t->{name} eq 'parted' && chance(0.7))
	{
		$new{region} = pick(qw(n s e w));
		return \%new if chance(0.7);
	}
	if ($t->{name} eq 'tenanted' && chance(0.7))
	{
		$new{tenant} = pick('acme', 'bolt', undef);
		return \%new if chance(0.7);
	}
	$new{id} = $self->random_id;
	# a change of key beneath a trigger that comes first begins a record of its own meanwhile
	$new{status} = $row->{status} if ($t->{echo} // '') eq 'early';
	return \%new;
}

sub assignments
{
	my ($t, $old, $new) = @_;
	my @changed = grep { !same($old->{$_}, $new->{$_}) } sort @{ $t->{columns} };
	@changed = ('status') unless @changed;
	return join ', ', map { "$_ = " . literal($new->{$_}) } @changed;
}
sub row_is { my ($t, $row) = @_; return $t->{name} eq 'parted' && chance(0.5) ? "id = $row->{id} AND region = " . literal($row->{region}) : "id = $row->{id}" }
# A leaf partition is written to straight, now and then.
sub target
{
	my ($t, $row, $changed) = @_;
	return $t->{name} unless $t->{name} eq 'parted' && chance(0.3) && (!$changed || $changed->{region} eq $row->{region});
	return "parted_$row->{region}";
}

# (SQL, codes that may come)
sub make_write
{
	my ($self) = @_;
	my @choice = grep { !$_->{inner} && ($self->{deferred} || !$_->{deferred}) } @tables;
	my $t = pick(@choice, $table{ticket}, $table{ticket}, $table{parted});
	my $name = $t->{name};
	my $kind = rand;
	my $columns = join ', ', @{ $t->{columns} };

	if ($kind < 0.14)
	{
		my $row = $self->fresh_row($t);
		my $leaf = target($t, $row);
		return ("INSERT INTO $leaf ($columns) VALUES " . tuple($t, $row), $self->write_rows($t, [ [ undef, $row ] ]));
	}
	if ($kind < 0.20)
	{
		my @rows = map { $self->fresh_row($t) } 1 .. 1 + int rand 4;
		my %seen;
		@rows = grep { !$seen{ key_of($t, $_) }++ } @rows;
		my $copies = chance(0.5);
		# COPY stores the rows of a partitioned table partition by partition
		my @codes = $self->write_rows($t, [ map { [ undef, $_ ] } @rows ], $copies && $name eq 'parted');
		return (!$copies ? "INSERT INTO $name ($columns) VALUES " . join(', ', map { tuple($t, $_) } @rows)
			: "COPY $name ($columns) FROM stdin;\n" . join('', map { copy_line($t, $_) . "\n" } @rows) . '\.', @codes);
	}
	if ($kind < 0.27 && $name ne 'swap')
	{
		my $fresh = $self->fresh_row($t);
		my $old = $self->{rows}{$name}{ key_of($t, $fresh) };
		my $new = $old ? { %$old, copied => 0, status => $fresh->{status}, prio => $fresh->{prio} } : $fresh;
		my @codes = $self->write_rows($t, [ [ $old, $new ] ]);
		my $conflict = $name eq 'parted' ? 'id, region' : 'id';
		return (chance(0.5) ? "INSERT INTO $name ($columns) VALUES " . tuple($t, $fresh) . " ON CONFLICT ($conflict) DO UPDATE SET status = excluded.status, prio = excluded.prio"
			: "MERGE INTO $name t USING (VALUES (" . literal($fresh->{id}) . ", " . literal($fresh->{status}) . '::text, ' . literal($fresh->{prio}) . '::int)) v (id, status, prio) ON t.id = v.id'
				. ($name eq 'parted' ? ' AND t.region = ' . literal($fresh->{region}) : '')
				. " WHEN MATCHED THEN UPDATE SET status = v.status, prio = v.prio WHEN NOT MATCHED THEN INSERT ($columns) VALUES " . tuple($t, $fresh), @codes);
	}
	if ($kind < 0.32)
	{
		# several rows at once: FROM a list, or one new value for all; MERGE that deletes
		my %rows = map { $_ ? (key_of($t, $_) => $_) : () } map { $self->random_row($t) } 1 .. 3;
		my @rows = map { $rows{$_} } sort keys %rows;
		return ('SELECT 1 WHERE false', '00000') unless @rows;
		if ($kind < 0.30)
		{
			my @new = map { $self->moved_row($t, $_) } @rows;
			my @codes = $self->write_rows($t, [ map { [ $rows[$_], { %{ $rows[$_] }, copied => 0, status => $new[$_]{status}, code => $new[$_]{code} } ] } 0 .. $#rows ], 1);
			my $region = $name eq 'parted' ? ' AND t.region = v.region' : '';
			my $list = join ', ', map { '(' . join(', ', $new[$_]{id}, literal($new[$_]{status}) . '::text', literal($new[$_]{code}) . '::text', literal($rows[$_]{region}) . '::text') . ')' } 0 .. $#rows;
			return ("UPDATE $name t SET status = v.status, code = v.code FROM (VALUES $list) v (id, status, code, region) WHERE t.id = v.id$region", @codes);
		}
		my $only = $name eq 'parted' ? '(id, region) IN (' . join(', ', map { "($_->{id}, '$_->{region}')" } @rows) . ')' : 'id IN (' . join(', ', map { $_->{id} } @rows) . ')';
		if (chance(0.5))
		{
			my @codes = $self->write_rows($t, [ map { [ $_, undef ] } @rows ], 1);
			return ("DELETE FROM $name WHERE $only", @codes);
		}
		my $status = $self->moved_row($t, $rows[0])->{status};
		my @codes = $self->write_rows($t, [ map { [ $_, { %$_, copied => 0, status => $status } ] } @rows ], 1);
		return ("UPDATE $name SET status = " . literal($status) . " WHERE $only", @codes);
	}
	my $row = $self->random_row($t);
	return ("UPDATE $name SET status = 'zzz' WHERE id = " . ($self->{session} * 100_000 + 99_999), '00000') unless $row;
	if ($kind < 0.40)
	{
		my $sql = 'DELETE FROM ' . target($t, $row) . ' WHERE ' . ($name eq 'parted' ? "id = $row->{id} AND region = '$row->{region}'" : "id = $row->{id}");
		return ($sql, $self->write_rows($t, [ [ $row, undef ] ]));
	}
	my $new = $kind < 0.52 ? $self->rekeyed_row($t, $row) : $kind < 0.70 ? $self->edited_row($t, $row) : $self->moved_row($t, $row);
	my $sql = 'UPDATE ' . target($t, $row, $new) . ' SET ' . assignments($t, $row, $new) . ' WHERE '
		. ($name eq 'parted' ? "id = $row->{id} AND region = '$row->{region}'" : "id = $row->{id}");
	return ($sql, $self->write_rows($t, [ [ $row, $new ] ]));
}

# ---- the script of a session ----

# A statement begins at the line that is kept with its number: psql tells errors by line.
sub say
{
	my ($self, $sql, @codes) = @_;
	push @{ $self->{expected} }, [ $self->{line}, @codes ];
	# of several rows any may be the one that is refused
	push @{ $self->{refusals} }, $self->{culprits} if $codes[0] =~ /^IT/ && $self->{culprits};
	$self->{culprits} = undef;
	$sql .= $sql =~ /\\\.\z|\\g / ? "\n" : ";\n";
	$self->{line} += $sql =~ tr/\n//;
	print { $self->{script} } $sql;
}

# A transaction's end takes back the settings and, rolled back, everything.
sub end_transaction
{
	my ($self, $mark) = @_;
	$self->undo_to($mark) if defined $mark;
	$self->{undo} = [];
	$self->{context} = { reason => '', overrides => [] };
	$self->{pending} = [];
}

sub autocommit
{
	my ($self) = @_;
	my ($sql, @codes) = $self->make_write;
	# a deferred verdict comes at the end of the statement's own transaction
	my @late = $self->judge_pending;
	if (@late)
	{
		@codes = @late;
		$self->undo_to(0);
	}
	$self->say($sql, @codes);
	$self->end_transaction;
	$self->{done}++;
}

# An exception from a rule, for a row that there is.
sub override
{
	my ($self) = @_;
	my $t = pick(grep { !$_->{inner} && ($self->{deferred} || !$_->{deferred}) } @tables);
	my $row = $self->random_row($t) or return;
	my $attachment = governing($t, $row) or return;
	my $record = $row->{record};
	my $rule = pick(qw(transition transition status delete), map { $_->{name} } @{ $attachment->{law}{rules} });
	$self->say("SELECT itsm.override('$t->{name}', " . "'" . key_of($t, $row) . "', '$rule', 'an exception') \\g /dev/null", '00000');
	$self->note($record, 'overridden', { rule => json_text($rule) }, undef, 'an exception');
	$self->set($self->{context}, 'overrides', [ { record => $record, rule => $rule }, @{ $self->{context}{overrides} // [] } ]);
}

# Swapped keys, checked at the end: in a known order.
sub swap_keys
{
	my ($self) = @_;
	my $t = $table{swap};
	my ($one, $two) = ($self->random_row($t), $self->random_row($t));
	return unless $one && $two && $one != $two;
	$self->say('SET CONSTRAINTS ALL DEFERRED', '00000');
	my ($a, $b) = ($one->{id}, $two->{id});
	foreach my $change ([ $one, $b ], [ $two, $a ])
	{
		my ($row, $id) = @$change;
		my $code = $self->write_row($t, $row, { %$row, copied => 0, id => $id });
		die "a swap of keys was refused: $code" if $code;
		$self->say("UPDATE swap SET id = $id WHERE uid = $row->{uid}", '00000');
		$self->{done}++;
	}
	$self->say('SET CONSTRAINTS ALL IMMEDIATE', '00000');
}

sub transaction
{
	my ($self) = @_;
	my @savepoints;
	$self->say('BEGIN' . (chance(0.15) ? ' ISOLATION LEVEL REPEATABLE READ' : ''), '00000');
	for (1 .. 2 + int rand 9)
	{
		my $what = rand;
		if ($what < 0.12)
		{
			push @savepoints, [ 's' . @savepoints, $self->mark ];
			$self->say("SAVEPOINT $savepoints[-1][0]", '00000');
		}
		elsif ($what < 0.17 && @savepoints)
		{
			my $depth = int rand @savepoints;
			my $release = chance(0.5);
			$self->say(($release ? 'RELEASE ' : 'ROLLBACK TO ') . $savepoints[$depth][0], '00000');
			$self->undo_to($savepoints[$depth][1]) unless $release;
			splice @savepoints, $release ? $depth : $depth + 1;
		}
		elsif ($what < 0.22)
		{
			my $reason = pick('because', "it's so", '');
			$self->set($self->{context}, 'reason', $reason);
			$self->say('SET LOCAL itsm.reason = ' . literal($reason), '00000');
		}
		elsif ($what < 0.30)
		{
			my $actor = pick(qw(ann bob eve load_boss load_deputy), undef);
			$self->set($self->{context}, 'actor', $actor);
			$self->say('SELECT itsm.act_as(' . literal($actor) . ') \g /dev/null', '00000');
		}
		elsif ($what < 0.34) { $self->swap_keys }
		elsif ($what < 0.39 && $self->{overrides}) { $self->override }
		else
		{
			my ($sql, @codes) = $self->make_write;
			$self->say($sql, @codes);
			$self->{done}++;
			next if $codes[0] eq '00000';
			if (@savepoints && chance(0.85))
			{
				$self->say("ROLLBACK TO $savepoints[-1][0]", '00000');
				$self->undo_to($savepoints[-1][1]);
				next;
			}
			$self->say('UPDATE ticket SET note = NULL WHERE false', '25P02') if chance(0.3);
			$self->say(chance(0.5) ? 'COMMIT' : 'ROLLBACK', '00000');
			return $self->end_transaction(0);
		}
	}
	if (chance(0.25))
	{
		$self->say('ROLLBACK', '00000');
		return $self->end_transaction(0);
	}
	$self->{culprits} = [];
	my @late = $self->judge_pending;
	$self->say('COMMIT', @late ? @late : '00000');
	$self->end_transaction(@late ? 0 : undef);
}

# Writes to rows that all sessions write: anything of this may come.  Their events carry a name of their own.
sub shared
{
	my ($self) = @_;
	my $t = pick(@table{qw(ticket watched parted swap late early)});
	my @fine = qw(00000 IT001 IT002 IT003 IT004 IT005 IT006 IT007 IT009 IT010 IT014 23505);
	my $id = sub { 1 + int rand 12 };
	my $region = pick(qw(n s));
	my $row = $self->fresh_row($t);
	$row->{id} = $id->();
	$row->{region} = $region if $row->{region};
	$self->say("SET application_name = 'shared'", '00000');
	for (1 .. 1 + int rand 3)
	{
		my $where = "id = " . $id->();
		my $attachment = pick(@{ $t->{attachments} });
		my $status = literal(value_for($attachment, pick(@{ $attachment->{law}{states} })));
		my $what = rand;
		if ($what < 0.2) { $self->say("INSERT INTO $t->{name} (" . join(', ', @{ $t->{columns} }) . ') VALUES ' . tuple($t, $row), @fine) }
		elsif ($what < 0.35 && $t->{name} ne 'swap')
		{
			$self->say("INSERT INTO $t->{name} (" . join(', ', @{ $t->{columns} }) . ') VALUES ' . tuple($t, $row)
				. ($t->{name} eq 'parted' ? ' ON CONFLICT (id, region)' : ' ON CONFLICT (id)') . " DO UPDATE SET status = $status, code = 'fixed'", @fine);
		}
		elsif ($what < 0.45) { $self->say("DELETE FROM $t->{name} WHERE $where", @fine, $t->{name} eq 'parted' ? '40001' : ()) }
		# one waits for the other's key, and the other for the one's row
		elsif ($what < 0.5) { $self->say("UPDATE $t->{name} SET id = " . $id->() . " WHERE $where", @fine, '40P01', $t->{name} eq 'parted' ? '40001' : ()) }
		# a row that has gone to another partition meanwhile
		elsif ($what < 0.55 && $t->{name} eq 'parted') { $self->say("UPDATE parted SET region = '" . pick(qw(n s e)) . "' WHERE $where", @fine, '40001', '40P01') }
		elsif ($what < 0.6 && $t->{name} eq 'ticket') { $self->say("UPDATE ticket SET kind = '" . pick(qw(a b c)) . "', status = $status WHERE $where", @fine) }
		elsif ($what < 0.75) { $self->say("UPDATE $t->{name} SET title = " . literal(pick(@texts)) . ", prio = " . pick(0 .. 6) . " WHERE $where", @fine, $t->{name} eq 'parted' ? ('40001', '40P01') : ()) }
		else { $self->say("UPDATE $t->{name} SET status = $status, code = 'fixed' WHERE $where", @fine, $t->{name} eq 'parted' ? ('40001', '40P01') : ()) }
		$self->{done}++;
	}
	$self->say("SET application_name = 'own'", '00000');
}

sub make_script
{
	my ($self, $operations) = @_;
	$self->{line} = 1;
	$self->say('SET client_min_messages = error', '00000');
	$self->say("SET application_name = 'own'", '00000');
	while ($self->{done} < $operations)
	{
		my $what = rand;
		if ($what < 0.45) { $self->autocommit }
		elsif ($what < 0.9) { $self->transaction }
		else { $self->shared }
	}
}

# ---- what must be there in the end ----

sub row_lines
{
	my ($self) = @_;
	return map {
		my $t = $_;
		map { my $row = $_; join "\t", $t->{name}, map { $_ // '~' } @$row{ @{ $t->{columns} } } } values %{ $self->{rows}{ $t->{name} } }
	} grep { $self->{deferred} || !$_->{deferred} } @tables;
}

# Per record: its name, its head, and a line an event.
sub record_lines
{
	my ($self) = @_;
	my %lines;
	foreach my $record (@{ $self->{records} })
	{
		my $unordered = $record->{table} eq 'early';
		my $head = join "\t", scalar @{ $record->{events} }, $record->{deleted} ? 't' : 'f', $record->{governed} ? 't' : 'f', $record->{state} // '~',
			@$record{qw(transitions reopened reassigned)}, $record->{projected},
			$unordered ? () : map { defined $_ ? $_ : '~' } $record->{entered}, @{ $record->{reached} }{qw(opened first resolved closed)};
		push @{ $lines{"$record->{table} " . ($record->{key} // '~')} }, [ $head, @{ $record->{events} } ];
	}
	return \%lines;
}

sub tables { return grep { !$_->{deferred} || $_[0] } @tables }

1;
