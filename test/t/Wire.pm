# A client of the protocol itself: it says what a driver says, byte by byte, so that a test
# can pipeline, fetch a portal in pieces, and know what came before a connection was lost.
package Wire;

use strict;
use warnings;
use IO::Socket::UNIX;

# A lost connection is an exception of this class; "said" is what the server said last, if it did.
package Wire::Lost { sub new { my ($class, $said) = @_; return bless { said => $said }, $class } }

sub connect
{
	my ($class, $node, %option) = @_;
	my $socket = IO::Socket::UNIX->new($node->host . '/.s.PGSQL.' . $node->port) or die Wire::Lost->new($!);
	my $self = bless { socket => $socket, buffer => '' }, $class;
	my %setting = (user => $option{user} // 'postgres', database => $option{database} // 'postgres', client_encoding => 'UTF8');
	$self->send_raw(pack('N', 196608) . join('', map { "$_\0$setting{$_}\0" } sort keys %setting) . "\0", 1);
	my $answer = $self->answer;
	die Wire::Lost->new("$answer->{code} $answer->{message}") if $answer->{code};
	return $self;
}

sub pid { return $_[0]{pid} }

sub send_raw
{
	my ($self, $bytes, $sized) = @_;
	$bytes = pack('N', 4 + length $bytes) . $bytes if $sized;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes)
	{
		my $sent = syswrite $self->{socket}, $bytes;
		die Wire::Lost->new($self->{said}) unless defined $sent;
		substr $bytes, 0, $sent, '';
	}
}

# Messages: a letter, a length, a body.
sub say { my ($self, @messages) = @_; return $self->send_raw(join '', map { $_->[0] . pack('N', 4 + length $_->[1]) . $_->[1] } @messages) }
sub parse { return [ P => "$_[0]\0$_[1]\0" . pack('n', 0) ] }
sub bind
{
	my ($portal, $statement, @values) = @_;
	return [ B => "$portal\0$statement\0" . pack('nn', 0, scalar @values) . join('', map { defined $_ ? pack('N', length $_) . $_ : pack('N', 0xffffffff) } @values) . pack('n', 0) ];
}
sub execute { return [ E => "$_[0]\0" . pack('N', $_[1] // 0) ] }
sub sync { return [ S => '' ] }
sub flush { return [ H => '' ] }

sub message
{
	my ($self) = @_;
	while (1)
	{
		if (length $self->{buffer} >= 5)
		{
			my ($kind, $length) = unpack 'aN', $self->{buffer};
			if (length $self->{buffer} > $length)
			{
				my $body = substr $self->{buffer}, 5, $length - 4;
				substr $self->{buffer}, 0, $length + 1, '';
				return ($kind, $body);
			}
		}
		my $got = sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer};
		die Wire::Lost->new($self->{said}) unless $got;
	}
}

# What the server says until it is ready again (or has said "last"): the first error's code and
# message, rows, the commands that ended, and notices.
sub answer
{
	my ($self, %option) = @_;
	my %answer = (rows => [], ended => [], notices => []);
	$self->{said} = undef;
	while (1)
	{
		my ($kind, $body) = $self->message;
		if ($kind eq 'E' || $kind eq 'N')
		{
			my %field = map { substr($_, 0, 1) => substr $_, 1 } split /\0/, $body;
			if ($kind eq 'N') { push @{ $answer{notices} }, "$field{C} $field{M}"; next }
			$answer{code} //= $field{C};
			$answer{message} //= $field{M};
			$self->{said} = "$field{C} $field{M}";
		}
		elsif ($kind eq 'D')
		{
			my ($count, @row) = unpack 'n', $body;
			my $at = 2;
			for (1 .. $count)
			{
				my $length = unpack 'N', substr $body, $at, 4;
				$at += 4;
				if ($length == 0xffffffff) { push @row, undef; next }
				push @row, substr $body, $at, $length;
				$at += $length;
			}
			push @{ $answer{rows} }, \@row;
		}
		elsif ($kind eq 'C') { push @{ $answer{ended} }, substr $body, 0, -1 }
		elsif ($kind eq 's') { push @{ $answer{ended} }, 'suspended' }
		elsif ($kind eq 'K') { ($self->{pid}) = unpack 'N', $body }
		elsif ($kind eq 'G')
		{
			my $data = delete $self->{copy};
			$self->say(defined $data ? ([ d => $data ], [ c => '' ]) : [ f => "no data\0" ]);
		}
		$answer{status} = $body if $kind eq 'Z';
		return \%answer if $kind eq 'Z' || $option{last} && $kind eq $option{last};
	}
}

# A simple query; "copy" is what a COPY FROM stdin in it is to read.
sub query
{
	my ($self, $sql, $copy) = @_;
	$self->{copy} = $copy;
	$self->say([ Q => "$sql\0" ]);
	return $self->answer;
}

sub rows
{
	my ($self, $sql) = @_;
	my $answer = $self->query($sql);
	die "$sql: $answer->{code} $answer->{message}\n" if $answer->{code};
	return map { join "\t", map { $_ // '' } @$_ } @{ $answer->{rows} };
}

sub close
{
	my ($self) = @_;
	eval { $self->say([ X => '' ]) };
	return CORE::close $self->{socket};
}

1;
