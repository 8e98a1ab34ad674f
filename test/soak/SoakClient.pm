# A client of the soak: the load model, said to a server that may go away at any moment.
#
# A statement that was taken away (cancelled, terminated, the server killed) leaves the model
# where its transaction began.  Where nobody knows whether a commit came through, the rows
# and the number of events are read: both must be those of after, or both those of before.
package SoakClient;

use strict;
use warnings;
use LoadModel;
use Time::HiRes qw(sleep time);
use Wire;
our @ISA = ('LoadModel');

# A statement was taken away: { doubt => whether it may have been committed }.
package SoakClient::Away { sub new { my ($class, %what) = @_; return bless {%what}, $class } }

# What may come of anything, while others cancel, terminate, and change tables.
my %away = map { $_ => 1 } qw(57014 40P01);

sub begin
{
	my ($class, %option) = @_;
	my $self = $class->SUPER::new(%option, role => "soak_$option{session}", deferred => 1, overrides => 1);
	@$self{qw(node until met prepared lost in_doubt came)} = ($option{node}, $option{until}, {}, 0, 0, 0, 0);
	@$self{qw(through inside status log)} = (0, 0, 'I', []);
	$self->connect;
	return $self;
}

# The server may be starting again just now.
sub connect
{
	my ($self) = @_;
	my $patience = time + 120;
	while (1)
	{
		my $wire = eval { Wire->connect($self->{node}, user => $self->{role}) };
		if ($wire)
		{
			$self->{wire} = $wire;
			last if eval { $wire->rows("SET client_min_messages = error; SET application_name = 'own'"); 1 };
		}
		die "the server did not come back: " . (ref $@ ? $@->{said} // '' : $@) . "\n" if time > $patience;
		sleep 0.1;
	}
}

sub ask
{
	my ($self, $sql) = @_;
	while (1)
	{
		my @rows = eval { $self->{wire}->rows($sql) };
		return @rows unless $@;
		die $@ unless ref $@ || $@ =~ / 57014 /;
		$self->connect if ref $@;
	}
}

# In place of the script: the statement is said at once.
sub say
{
	my ($self, $sql, @codes) = @_;
	push @{ $self->{refusals} }, $self->{culprits} if $codes[0] =~ /^IT/ && $self->{culprits};
	$self->{culprits} = undef;
	my $data;
	$sql =~ s/ \\g \/dev\/null\z//;
	($sql, $data) = ($1, $2) if $sql =~ /^(COPY [^\n]*);\n(.*)\\\.\z/s;
	my $name = "soak_$self->{session}_" . $self->{came};
	# of a transaction that failed nothing can be prepared
	my $prepares = $sql eq 'COMMIT' && $self->{status} eq 'T' && LoadModel::chance(0.1);
	push @{ $self->{log} }, $sql;
	shift @{ $self->{log} } if @{ $self->{log} } > 40;
	$self->{came}++;
	my $ends = $sql eq 'COMMIT' || !$self->{inside};
	$self->{inside} = $sql =~ /^BEGIN/ ? 1 : $sql =~ /^(COMMIT|ROLLBACK)$/ ? 0 : $self->{inside};
	my $code = $self->said($prepares ? "PREPARE TRANSACTION '$name'" : $sql, $data, \@codes, $ends);
	return unless $prepares && $code eq '00000';
	$self->{prepared}++;
	$self->said("COMMIT PREPARED '$name'", undef, ['00000'], 1, $name);
}

sub said
{
	my ($self, $sql, $data, $codes, $ends, $prepared) = @_;
	my $answer = eval { $self->{wire}->query($sql, $data) };
	if (!$answer)
	{
		die $@ unless ref $@;
		$self->{lost}++;
		die SoakClient::Away->new(lost => 1, doubt => $ends, prepared => $prepared, codes => $codes);
	}
	my $code = $answer->{code} // '00000';
	$self->{status} = $answer->{status};
	$self->{met}{$code}++;
	return $code if grep { $_ eq $code } @$codes;
	die SoakClient::Away->new(code => $code, prepared => $prepared) if $away{$code};
	die "session $self->{session}: expected @$codes, was $code " . ($answer->{message} // '') . "\n" . join '', map { "    $_\n" } @{ $self->{log} };
}

# What is there of this client: its rows, and how many events it wrote.
sub there
{
	my ($self) = @_;
	my $session = $self->{session};
	my @tables = LoadModel::tables(1);
	my $rows = join ' UNION ALL ', map { my $t = $_; "SELECT concat_ws(E'\\t', '$t->{name}', " . join(', ', map { "coalesce($_\::text, '~')" } @{ $t->{columns} })
		. ") FROM $t->{name} WHERE abs(id) BETWEEN ${session}00000 AND ${session}99999" } @tables;
	my @rows = sort $self->ask($rows);
	my ($events) = $self->ask("SELECT count(*) FROM itsm.event WHERE session_role = '$self->{role}' AND application = 'own'");
	return join "\n", @rows, "$events events";
}
sub model_there
{
	my ($self) = @_;
	my $events = 0;
	$events += @{ $_->{events} } foreach @{ $self->{records} };
	return join "\n", sort($self->row_lines), "$events events";
}

# After an interruption: the model goes back, unless what was in doubt came through.
sub resolve
{
	my ($self, $away) = @_;
	$self->{inside} = 0;
	if ($away->{lost}) { $self->connect }
	else { $self->ask('ROLLBACK') unless $away->{prepared} }
	if ($away->{prepared})
	{
		# decided by us: prepared is prepared
		my ($left) = $self->ask("SELECT count(*) FROM pg_prepared_xacts WHERE gid = '$away->{prepared}'");
		$self->ask("COMMIT PREPARED '$away->{prepared}'") if $left;
		return $self->end_transaction;
	}
	# one that was being prepared
	$self->ask("ROLLBACK PREPARED '$_'") foreach $away->{lost} ? $self->ask("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'soak\\_$self->{session}\\_%'") : ();
	return $self->end_transaction(0) unless $away->{doubt} && $away->{codes}[0] eq '00000' && $self->mark;
	$self->{in_doubt}++;
	my $there = $self->there;
	if ($there eq $self->model_there) { $self->{through}++; return $self->end_transaction }
	$self->end_transaction(0);
	my $before = $self->model_there;
	return if $there eq $before;
	die "session $self->{session}: neither as before nor as after\n" . join '', map { "    $_\n" } @{ $self->{log} }, '-- there', first_differences($there, $before);
}

sub first_differences
{
	my ($one, $two) = @_;
	my %count;
	$count{$_}++ foreach split /\n/, $one;
	$count{$_}-- foreach split /\n/, $two;
	my @lines = map { ($count{$_} > 0 ? 'there: ' : 'model: ') . $_ } grep { $count{$_} } sort keys %count;
	return @lines > 12 ? @lines[ 0 .. 11 ] : @lines;
}

# A statement outside the model, of which anything may come.
sub loosely
{
	my ($self, $sql) = @_;
	my $answer = eval { $self->{wire}->query($sql) };
	if (!$answer)
	{
		die $@ unless ref $@;
		$self->{lost}++;
		$self->{status} = 'I';
		$self->connect;
		return undef;
	}
	my $code = $answer->{code} // '00000';
	$self->{status} = $answer->{status};
	$self->{met}{$code}++;
	warn "$code $answer->{message}: $sql\n" if $code =~ /^IT05/ && !$self->{warned}++;
	die "session $self->{session}: $code $answer->{message}\n    $sql\n" if $code =~ /^(XX|0A|42601|58)/;
	return $code;
}

# A row of the table that is attached and detached again and again, and of the linked tables.
sub visit
{
	my ($self) = @_;
	my $id = 1 + int rand 60;
	my $other = 1 + int rand 60;
	my $status = LoadModel::pick(qw(new busy done closed));
	# a new connection has its own name again, so nothing more is said after a loss
	$self->ask("SET application_name = 'shared'");
	foreach my $sql (LoadModel::pick(
		[ "INSERT INTO visited VALUES ($id, 'new', 'text') ON CONFLICT (id) DO UPDATE SET status = '$status'" ],
		[ "UPDATE visited SET status = '$status' WHERE id = $id" ], [ "UPDATE visited SET title = title || '.' WHERE id BETWEEN $id AND $id + 3" ],
		[ "DELETE FROM visited WHERE id = $id" ], [ "UPDATE visited SET id = id + 1000 WHERE id = $id" ],
		[ "INSERT INTO gadget VALUES ($id, 'busy', 't', NULL) ON CONFLICT DO NOTHING" ], [ "UPDATE gadget SET host = $other WHERE id = $id" ],
		[ "INSERT INTO gadget_link VALUES ($id, $other) ON CONFLICT DO NOTHING" ], [ "DELETE FROM gadget_link WHERE a = $id" ],
		[ "DELETE FROM gadget WHERE id = $id" ],
		[ 'BEGIN', "INSERT INTO gadget_link VALUES ($id, $other) ON CONFLICT DO NOTHING", 'SAVEPOINT s', "UPDATE gadget SET host = NULL WHERE id = $other", 'ROLLBACK TO s', 'COMMIT' ]
	)->@*)
	{
		last unless $self->loosely($sql);
	}
	$self->loosely('ROLLBACK') if $self->{status} ne 'I';
	# a cancel of this would have events told of somebody else
	$self->ask("SET application_name = 'own'");
}

sub work
{
	my ($self) = @_;
	while (time < $self->{until})
	{
		my $what = rand;
		eval {
			if ($what < 0.42) { $self->autocommit }
			elsif ($what < 0.85) { $self->transaction }
			elsif ($what < 0.93) { $self->shared }
			else { $self->visit }
			1;
		} or do
		{
			my $away = $@;
			die $away unless ref $away && $away->isa('SoakClient::Away');
			$self->resolve($away);
			$self->ask("SET application_name = 'own'");
		};
	}
}

1;
