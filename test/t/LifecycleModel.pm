# What must come of a write to a table under a standard lifecycle, told outside the
# database from the lifecycle's definition alone: states and transitions, every kind of
# rule that the standard lifecycles use, and their expressions, which are read here by a
# small parser of their own.  Rules that ask for approvals are not among them.
package LifecycleModel;

use strict;
use warnings;
use List::Util qw(any first max min uniq);

my $infinity = 9**9**9;
my %code = (status => 'IT002', initial => 'IT003', transition => 'IT001', requires => 'IT004', check => 'IT005', within => 'IT005',
	separate => 'IT007', frozen => 'IT009', delete => 'IT010', window => 'IT011', not_frozen => 'IT011', no_conflict => 'IT012',
	related => 'IT013', reason => 'IT014', acyclic => 'IT022');
my @risks = ([qw(very_high high medium)], [qw(high medium low)], [qw(medium low low)]);

# definitions: name => definition; role: whom a check calls the actor when nobody is known;
# windows: [{kind, start, end, cis, services}], templates: {name => valid}, baselines: {name => day}, now
sub new
{
	my ($class, %self) = @_;
	my $self = bless { rows => {}, by_key => {}, named => {}, %self }, $class;
	foreach my $definition (values %{ $self->{definitions} })
	{
		my %m = (types => $definition->{attributes}, references => $definition->{references} // {}, process => $definition->{process});
		$m{category}{ $_->{name} } = $_->{category} for @{ $definition->{states} };
		$m{initial} = { map { $_->{initial} ? ($_->{name} => 1) : () } @{ $definition->{states} } };
		foreach my $t (@{ $definition->{transitions} })
		{
			foreach my $from (names($t->{from})) { $m{moves}{$from}{$_} = 1 for names($t->{to}) }
		}
		$m{rules} = [ map { $self->_compile($_, \%m) } grep { ($_->{mode} // 'enforce') eq 'enforce' && !$_->{approvals} } @{ $definition->{rules} } ];
		$self->{lifecycles}{ $definition->{name} } = \%m;
	}
	return $self;
}

sub names { my ($value) = @_; return !defined $value ? () : ref $value eq 'ARRAY' ? @$value : ($value) }
sub set { return { map { $_ => 1 } names($_[0]) } }
sub blank { return !defined $_[0] || $_[0] =~ /^\s*$/ }

sub _compile
{
	my ($self, $rule, $m) = @_;
	my %r = (name => $rule->{name}, rule => $rule);
	$r{$_} = exists $rule->{$_} ? set($rule->{$_}) : undef for qw(from to);
	foreach my $expression (grep { exists $rule->{$_} } qw(check when))
	{
		$r{$expression} = parse($rule->{$expression}, $m->{types});
		$r{"${expression}_old"} = $rule->{$expression} =~ /\bold\./;
		push @{ $r{reads} }, $rule->{$expression} =~ /\bnew\.(\w+)/g;
	}
	push @{ $r{reads} }, map { names($rule->{$_}) } grep { exists $rule->{$_} } qw(requires acyclic);
	push @{ $r{reads} }, $rule->{related}{by} if $rule->{related} && !$rule->{related}{of};
	my @plan = grep { exists $m->{types}{$_} } qw(planned_start planned_end cis ci);
	push @plan, 'service' if $rule->{not_frozen} && exists $m->{types}{service};
	if ($rule->{no_conflict} || $rule->{not_frozen})
	{
		$r{plan} = \@plan;
		$r{counts} = set($rule->{in} // $rule->{to});
		# a reference to records is no list of configuration items, but the kind takes it by its name
		push @{ $r{reads} }, @plan;
	}
	push @{ $r{reads} }, qw(planned_start planned_end) if $rule->{window};
	return \%r;
}

# Values.  Undef is null; times and intervals are numbers, truth is 1 or 0, arrays are lists.
sub value
{
	my ($type, $text) = @_;
	return undef unless defined $text;
	return $type eq 'boolean' ? ($text eq 'true' ? 1 : 0)
		: $type =~ /^(?:integer|numeric)$/ ? 0 + $text
		: $type eq 'interval' ? ($text =~ /^(-?)(\d+):(\d+):/ ? ($1 ? -1 : 1) * ($2 * 60 + $3) : die "interval $text")
		: $type eq 'text[]' ? [ elements($text) ]
		: $type eq 'text' ? $text
		: $text =~ /^(-?)infinity$/ ? ($1 ? -$infinity : $infinity)
		: $text =~ /^(\d+)-(\d+)-(\d+)/ ? $1 * 10000 + $2 * 100 + $3
		: die "$type $text";
}
sub elements { my ($text) = @_; return map { s/^"(.*)"$/$1/r } split /,/, $text =~ s/^\{(.*)\}$/$1/r }

# Expressions: a closure that takes {new, old, actor, model} and gives a value.
sub parse
{
	my ($text, $types) = @_;
	my @tokens = $text =~ /('(?:[^']|'')*'|\d+|::\w+|(?:itsm\.|new\.|old\.)?\w+|<>|<=|>=|[-+*<>=(),])/g;
	my $parser = { tokens => \@tokens, types => $types };
	my $result = _or($parser);
	die "left over in \"$text\": @tokens\n" if @tokens;
	return $result;
}
sub _peek { return lc($_[0]{tokens}[0] // '') }
sub _take { my ($p, @wanted) = @_; return undef unless any { _peek($p) eq $_ } @wanted; return lc shift @{ $p->{tokens} } }
sub _need { my ($p, $wanted) = @_; _take($p, $wanted) // die "$wanted expected, not @{ $p->{tokens} }\n"; return }

sub _or
{
	my ($p) = @_;
	my @parts = (_and($p));
	push @parts, _and($p) while _take($p, 'or');
	return $parts[0] if @parts == 1;
	return sub { my $null; foreach my $part (@parts) { my $v = $part->(@_); return 1 if $v; $null ||= !defined $v } return $null ? undef : 0 };
}

sub _and
{
	my ($p) = @_;
	my @parts = (_not($p));
	push @parts, _not($p) while _take($p, 'and');
	return $parts[0] if @parts == 1;
	return sub { my $null; foreach my $part (@parts) { my $v = $part->(@_); return 0 if defined $v && !$v; $null ||= !defined $v } return $null ? undef : 1 };
}

sub _not
{
	my ($p) = @_;
	return _comparison($p) unless _take($p, 'not');
	my $part = _not($p);
	return sub { my $v = $part->(@_); return defined $v ? ($v ? 0 : 1) : undef };
}

sub _order { my ($a, $b) = @_; return $a =~ /^-?(\d+|inf)/i && $b =~ /^-?(\d+|inf)/i ? $a <=> $b : $a cmp $b }
my %compares = ('=' => sub { $_[0] == 0 }, '<>' => sub { $_[0] != 0 }, '<' => sub { $_[0] < 0 }, '<=' => sub { $_[0] <= 0 },
	'>' => sub { $_[0] > 0 }, '>=' => sub { $_[0] >= 0 });

sub _comparison
{
	my ($p) = @_;
	my $left = _value($p);
	for (;;)
	{
		my $one = $left;
		if (my $operator = _take($p, keys %compares))
		{
			my ($other, $holds) = (_value($p), $compares{$operator});
			$left = sub { my ($a, $b) = ($one->(@_), $other->(@_)); return defined $a && defined $b ? ($holds->(_order($a, $b)) ? 1 : 0) : undef };
		}
		elsif (_take($p, 'is'))
		{
			my $not = _take($p, 'not') ? 1 : 0;
			my $what = _take($p, 'null', 'true', 'false', 'distinct') // die "after is: @{ $p->{tokens} }\n";
			if ($what eq 'distinct')
			{
				_need($p, 'from');
				my $other = _value($p);
				$left = sub { my ($a, $b) = ($one->(@_), $other->(@_));
					my $distinct = defined $a && defined $b ? _order($a, $b) != 0 : defined $a || defined $b;
					return ($distinct xor $not) ? 1 : 0 };
			}
			else
			{
				$left = sub { my $v = $one->(@_);
					my $is = $what eq 'null' ? !defined $v : defined $v && ($what eq 'true' ? $v : !$v);
					return ($is xor $not) ? 1 : 0 };
			}
		}
		elsif (_peek($p) =~ /^(in|between)$/ || (_peek($p) eq 'not' && lc($p->{tokens}[1]) eq 'in'))
		{
			my $not = _take($p, 'not') ? 1 : 0;
			my @others;
			if (_take($p, 'between'))
			{
				my $low = _value($p);
				_need($p, 'and');
				my $high = _value($p);
				$left = sub { my $v = $one->(@_); return defined $v ? ($v >= $low->(@_) && $v <= $high->(@_) ? 1 : 0) : undef };
				next;
			}
			_need($p, 'in');
			_need($p, '(');
			do { push @others, _value($p) } while _take($p, ',');
			_need($p, ')');
			$left = sub { my @given = @_; my $v = $one->(@given); return undef unless defined $v;
				return ((any { _order($v, $_->(@given)) == 0 } @others) xor $not) ? 1 : 0 };
		}
		else { return $left }
	}
}

my %functions = (
	coalesce => sub { my ($e, @v) = @_; return first { defined } @v },
	isfinite => sub { my ($e, $v) = @_; return defined $v ? (abs($v) < $infinity ? 1 : 0) : undef },
	cardinality => sub { my ($e, $v) = @_; return defined $v ? scalar @$v : undef },
	now => sub { return $_[0]{model}{now} },
	'itsm.change_template_valid' => sub { my ($e, $v) = @_; return $e->{model}{templates}{ $v // '' } ? 1 : 0 },
	'itsm.baseline_taken_at' => sub { my ($e, $v) = @_; return $e->{model}{baselines}{ $v // '' } },
	'itsm.baseline_covers' => sub { my ($e, $baseline, @cis) = @_; return $e->{model}->covers($baseline, @cis) },
	'itsm.baseline_covers_changes' => sub { my ($e, $baseline, $changes) = @_; my $model = $e->{model};
		return $model->covers($baseline, map { @{ $_->{cis} } } map { $model->{booked}{$_} // () } grep { $model->process_of($_) eq 'change' } @{ $changes // [] }) },
	'itsm.matrix_priority' => sub { my ($e, $impact, $urgency) = @_; return _cell($impact, $urgency) ? $impact + $urgency - 1 : undef },
	'itsm.matrix_risk' => sub { my ($e, $impact, $probability) = @_; return _cell($impact, $probability) ? $risks[$impact - 1][$probability - 1] : undef },
);
sub _cell { return !any { !defined $_ || $_ < 1 || $_ > 3 } @_ }

sub _value
{
	my ($p) = @_;
	my $token = shift @{ $p->{tokens} } // die "an expression ends early\n";
	my $result;
	if ($token eq '(') { $result = _or($p); _need($p, ')') }
	elsif ($token =~ /^'(.*)'$/s) { my $v = $1 =~ s/''/'/gr; $result = sub { $v } }
	elsif ($token =~ /^\d+$/) { $result = sub { 0 + $token } }
	elsif (lc $token eq 'interval') { shift @{ $p->{tokens} }; $result = sub { 0 } }	# '0' alone is used
	elsif ($token =~ /^(new|old)\.(\w+)$/)
	{
		my ($row, $name) = ($1, $2);
		my $type = $p->{types}{$name} // die "attribute $name\n";
		$result = sub { value($type, $_[0]{$row}{$name}) };
	}
	elsif (lc $token eq 'actor') { $result = sub { $_[0]{actor} } }
	elsif (lc $token =~ /^(true|false)$/) { my $v = lc $token eq 'true' ? 1 : 0; $result = sub { $v } }
	elsif (lc $token eq 'null') { $result = sub { undef } }
	elsif (lc $token eq 'current_date') { $result = sub { $_[0]{model}{now} } }
	elsif (my $function = $functions{ lc $token })
	{
		my @arguments;
		_need($p, '(');
		unless (_take($p, ')'))
		{
			do { push @arguments, _or($p) } while _take($p, ',');
			_need($p, ')');
		}
		$result = sub { my @given = @_; return $function->($given[0], map { scalar $_->(@given) } @arguments) };
	}
	else { die "unknown: $token\n" }
	shift @{ $p->{tokens} } while _peek($p) =~ /^::/;
	return $result;
}

# What is known of rows.  A row: {lifecycle, id, state, values, movers: [[from, to, actor]]}.
sub remember
{
	my ($self, $row) = @_;
	my $old = $self->{rows}{ $row->{id} };
	foreach my $kept (grep { defined } $old)
	{
		my $m = $self->{lifecycles}{ $kept->{lifecycle} };
		foreach my $attribute (keys %{ $m->{references} })
		{
			delete $self->{named}{$attribute}{$_}{ $kept->{id} } for $self->keys_of($kept->{lifecycle}, $attribute, $kept->{values});
		}
	}
	$self->{rows}{ $row->{id} } = $row;
	foreach my $attribute (keys %{ $self->{lifecycles}{ $row->{lifecycle} }{references} })
	{
		$self->{named}{$attribute}{$_}{ $row->{id} } = 1 for $self->keys_of($row->{lifecycle}, $attribute, $row->{values});
	}
	my $booked = $self->_booking_rule($row->{lifecycle}, $row->{state});
	if ($booked) { $self->{booked}{ $row->{id} } = $self->_plan($booked, $row->{values}) }
	else { delete $self->{booked}{ $row->{id} } }
	return;
}

sub keys_of
{
	my ($self, $lifecycle, $attribute, $values) = @_;
	my $text = $values->{$attribute};
	return () unless defined $text;
	my @keys = $self->{lifecycles}{$lifecycle}{types}{$attribute} eq 'text[]' ? elements($text) : ($text);
	return uniq grep { !blank($_) && $_ ne 'NULL' } @keys;
}

# The row with that key in a process; in its own process it is one of the same table.
sub target
{
	my ($self, $lifecycle, $process, $key) = @_;
	my $row = $self->{rows}{$key} // return undef;
	my $other = $self->{lifecycles}{ $row->{lifecycle} };
	return undef if $other->{process} ne $process;
	return undef if $process eq $self->{lifecycles}{$lifecycle}{process} && $row->{lifecycle} ne $lifecycle;
	return $row;
}

sub _is_in { my ($self, $row, $in) = @_; return $in->{ $row->{state} } || $in->{ $self->{lifecycles}{ $row->{lifecycle} }{category}{ $row->{state} } } }

# Whether a row's attributes are among what a rule asks them to say.
sub _says
{
	my ($row, $with) = @_;
	return !grep { my $value = $row->{values}{$_}; !defined $value || !set($with->{$_})->{$value} } keys %$with;
}

sub _related
{
	my ($self, $w, $rule) = @_;
	my $data = $rule->{rule}{related};
	my $m = $w->{m};
	my (@others, $missing);
	if ($data->{of})
	{
		foreach my $id (keys %{ $self->{named}{ $data->{by} }{ $w->{id} } // {} })
		{
			my $row = $self->{rows}{$id};
			my $other = $self->{lifecycles}{ $row->{lifecycle} };
			push @others, $row if $other->{process} eq $data->{of} && ($other->{references}{ $data->{by} } // '') eq $m->{process}
				&& ($data->{of} ne $m->{process} || $row->{lifecycle} eq $w->{lifecycle});
		}
	}
	else
	{
		foreach my $key ($self->keys_of($w->{lifecycle}, $data->{by}, $w->{new}))
		{
			my $row = $self->target($w->{lifecycle}, $m->{references}{ $data->{by} }, $key);
			if ($row) { push @others, $row } else { $missing++ }
		}
	}
	@others = grep { $_->{id} ne $w->{id} } @others;
	my $in = set($data->{in});
	my $fit = grep { $self->_is_in($_, $in) && _says($_, $data->{with} // {}) } @others;
	my $need = $data->{need} // 'all';
	return $need eq 'all' ? $fit == @others + ($missing // 0) : $need eq 'some' ? $fit > 0 : $fit == 0;
}

sub process_of { my ($self, $id) = @_; my $row = $self->{rows}{$id}; return $row ? $self->{lifecycles}{ $row->{lifecycle} }{process} : '' }

# The baselines were taken before there was any configuration item.
sub covers
{
	my ($self, $baseline, @cis) = @_;
	return defined $baseline && $self->{baselines}{$baseline} && !(any { defined && $self->process_of($_) eq 'configuration_item' } @cis) ? 1 : 0;
}

# Whether following an attribute comes back to the row.
sub _leads_back
{
	my ($self, $w, $attribute) = @_;
	my @keys = $self->keys_of($w->{lifecycle}, $attribute, $w->{new});
	my %seen;
	while (defined(my $key = shift @keys))
	{
		return 1 if $key eq $w->{id};
		next if $seen{$key}++;
		my $row = $self->target($w->{lifecycle}, $w->{m}{process}, $key) // next;
		push @keys, $self->keys_of($row->{lifecycle}, $attribute, $row->{values});
	}
	return 0;
}

# Plans of changes.
sub _plan
{
	my ($self, $rule, $values) = @_;
	my %plan = map { $_ => value('timestamptz', $values->{"planned_$_"}) } qw(start end);
	$plan{sound} = !(any { !defined $_ || abs($_) == $infinity } @plan{qw(start end)}) && $plan{end} > $plan{start};
	my @cis = map { defined $values->{$_} ? elements($values->{$_}) : () } grep { /^cis?$/ } @{ $rule->{plan} };
	$plan{cis} = [ uniq grep { !blank($_) } @cis ];
	$plan{service} = $values->{service} if any { $_ eq 'service' } @{ $rule->{plan} };
	return \%plan;
}
sub _overlap { my ($a, $b) = @_; return $a->{start} < $b->{end} && $b->{start} < $a->{end} }

sub _booking_rule
{
	my ($self, $lifecycle, $state) = @_;
	return first { $_->{rule}{no_conflict} && $_->{counts}{$state} } @{ $self->{lifecycles}{$lifecycle}{rules} };
}

sub _plan_judged
{
	my ($w, $rule) = @_;
	return 1 if ($rule->{from} || $rule->{to}) && _moves($w, $rule);
	return 0 unless defined $w->{to} && $rule->{counts}{ $w->{to} };
	return 1 if !$w->{old} || !$rule->{counts}{ $w->{from} };
	return any { !_same($w, $_) } @{ $rule->{plan} };
}

sub _against_plan
{
	my ($self, $w, $rule) = @_;
	return 1 unless _plan_judged($w, $rule);
	my $plan = $self->_plan($rule, $w->{new});
	return 0 unless $plan->{sound};
	if ($rule->{rule}{no_conflict})
	{
		return 0 unless @{ $plan->{cis} };
		my %own = map { $_ => 1 } @{ $plan->{cis} };
		return !any { my $other = $self->{booked}{$_}; $_ ne $w->{id} && _overlap($plan, $other) && any { $own{$_} } @{ $other->{cis} } } keys %{ $self->{booked} };
	}
	my $maintenance = ref $rule->{rule}{not_frozen} eq 'HASH' && $rule->{rule}{not_frozen}{maintenance};
	foreach my $ci (@{ $plan->{cis} } ? @{ $plan->{cis} } : undef)
	{
		my @scope = grep {
			my $window = $_;
			(defined $ci && any { $_ eq $ci } @{ $window->{cis} // [] }) || (defined $plan->{service} && any { $_ eq $plan->{service} } @{ $window->{services} // [] })
		} @{ $self->{windows} };
		return 0 if any { $_->{kind} eq 'freeze' && _overlap($plan, $_) } @scope;
		my @kept = grep { $_->{kind} eq 'maintenance' } @scope;
		return 0 if $maintenance && @kept && !any { $_->{start} <= $plan->{start} && $plan->{end} <= $_->{end} } @kept;
	}
	return 1;
}

# One write.
sub _moves
{
	my ($w, $rule) = @_;
	return 0 unless $w->{moving};
	return 0 if $rule->{to} && !(defined $w->{to} && $rule->{to}{ $w->{to} });
	return $w->{old} ? !$rule->{from} || $rule->{from}{ $w->{from} } : !$rule->{from};
}
sub _applies { my ($w, $rule) = @_; return !$rule->{from} && !$rule->{to} || _moves($w, $rule) }
sub _same { my ($w, $a) = @_; my ($x, $y) = ($w->{old}{$a}, $w->{new}{$a}); return defined $x && defined $y ? $x eq $y : !defined $x && !defined $y }
sub _missing { my ($w, $values, $a) = @_; return !defined $values->{$a} || ($w->{m}{types}{$a} eq 'text' && blank($values->{$a})) }

sub _requires
{
	my ($w, $rule) = @_;
	my $moves = _moves($w, $rule) || (!$w->{old} && !$rule->{from} && !$rule->{to});
	my $stays = $w->{old} && !$w->{moving} && !$rule->{from} && (!$rule->{to} || $rule->{to}{ $w->{to} });
	return () unless $moves || $stays;
	return grep { _missing($w, $w->{new}, $_) && ($moves || !_missing($w, $w->{old}, $_)) } names($rule->{rule}{requires});
}

sub _check
{
	my ($self, $w, $rule) = @_;
	return 1 if !_applies($w, $rule) || (!$w->{old} && $rule->{check_old});
	my $about = { new => $w->{new}, old => $w->{old}, actor => $w->{actor} // $self->{role}, model => $self };
	return 1 if $rule->{check}->($about);
	# what was so before may stay so
	return 1 if !$rule->{from} && !$rule->{to} && $w->{old} && !$w->{moving} && !$rule->{check_old}
		&& !$rule->{check}->({ %$about, new => $w->{old} });
	return 0;
}

sub _separate
{
	my ($self, $w, $rule) = @_;
	return 1 unless _applies($w, $rule);
	return 0 unless defined $w->{actor};
	my @items = ref $rule->{rule}{separate} eq 'ARRAY' ? @{ $rule->{rule}{separate} } : $rule->{rule}{separate};
	foreach my $item (@items)
	{
		if (!ref $item)
		{
			return 0 if any { defined $_ && defined $_->{$item} && $_->{$item} eq $w->{actor} } $w->{new}, $w->{old};
			next;
		}
		my ($from, $to) = map { defined $item->{$_} ? set($item->{$_}) : undef } qw(from to);
		return 0 if any {
			(!defined $_->[2] || $_->[2] eq $w->{actor}) && (!$from || (defined $_->[0] && $from->{ $_->[0] })) && (!$to || $to->{ $_->[1] })
		} @{ $w->{movers} };
	}
	return 1;
}

# (what, code) of every condition of a rule that is not met; "what" is the rule, with the attribute where there are several
sub _unmet
{
	my ($self, $w, $rule) = @_;
	my $r = $rule->{rule};
	my @unmet;
	if ($rule->{when})
	{
		return () if $rule->{when_old} && !$w->{old};
		return () unless $rule->{when}->({ new => $w->{new}, old => $w->{old}, actor => $w->{actor} // $self->{role}, model => $self });
	}
	push @unmet, map { ["$r->{name}.$_", 'requires'] } _requires($w, $rule) if $r->{requires};
	push @unmet, [ $r->{name}, 'check' ] if $r->{check} && !$self->_check($w, $rule);
	push @unmet, [ $r->{name}, 'separate' ] if $r->{separate} && !$self->_separate($w, $rule);
	push @unmet, [ $r->{name}, 'reason' ] if $r->{reason} && _applies($w, $rule) && blank($w->{reason});
	push @unmet, map { ["$r->{name}.$_", 'frozen'] } grep { !_same($w, $_) } names($r->{frozen})
		if $r->{frozen} && $w->{old} && set($r->{in})->{ $w->{from} };
	push @unmet, [ $r->{name}, 'related' ] if $r->{related} && _applies($w, $rule) && !$self->_related($w, $rule);
	push @unmet, map { ["$r->{name}.$_", 'acyclic'] }
		grep { defined $w->{new}{$_} && !($w->{old} && _same($w, $_)) && $self->_leads_back($w, $_) } names($r->{acyclic}) if $r->{acyclic};
	if ($r->{window} && _moves($w, $rule))
	{
		my $plan = $self->_plan({ plan => [] }, $w->{new});
		push @unmet, [ $r->{name}, 'window' ] unless $plan->{sound} && $plan->{start} <= $self->{now} && $self->{now} < $plan->{end};
	}
	push @unmet, [ $r->{name}, $r->{no_conflict} ? 'no_conflict' : 'not_frozen' ] if $rule->{plan} && !$self->_against_plan($w, $rule);
	return @unmet;
}

# What comes of a write: "ok", or the SQLSTATE and everything that is not met.
# write: {lifecycle, id, old row or undef, to, new values, actor, reason}
sub judge
{
	my ($self, %w) = @_;
	my $m = $w{m} = $self->{lifecycles}{ $w{lifecycle} };
	my $row = $w{row};
	$w{from} = $row ? $row->{state} : undef;
	$w{old} = $row ? $row->{values} : undef;
	$w{movers} = $row ? $row->{movers} : [];
	my $status = $w{to};
	$w{to} = undef unless exists $m->{category}{$status};
	$w{moving} = !$row || !defined $w{to} || $w{from} ne $w{to};
	my @unmet;
	if (!defined $w{to}) { push @unmet, [ 'status', 'status' ] }
	elsif (!$row) { push @unmet, [ 'initial', 'initial' ] unless $m->{initial}{ $w{to} } }
	elsif ($w{moving}) { push @unmet, [ 'transition', 'transition' ] unless $m->{moves}{ $w{from} }{ $w{to} } }
	push @unmet, $self->_unmet(\%w, $_) for @{ $m->{rules} };
	return 'ok' unless @unmet;
	return join ' ', min_code(map { $code{ $_->[1] } } @unmet), sort(uniq(map { $_->[0] } @unmet));
}
sub min_code { return (sort @_)[0] }

# The standard lifecycles have one policy.
sub judge_delete { return 'IT010 delete' }

1;
