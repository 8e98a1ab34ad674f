# The application of a service desk: tables, status values and roles of its own, which know
# nothing of itsm, and how the standard lifecycles are put on them.
package ServiceDesk;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw($application $roles $configuration %attached attach_all);

# Times of the day are told as hours from its start.
our $application = <<'END';
CREATE EXTENSION itsm;
CREATE ROLE desk_owner LOGIN;
CREATE SCHEMA desk AUTHORIZATION desk_owner;
ALTER DATABASE desk SET search_path = desk, itsm;
GRANT EXECUTE ON FUNCTION itsm.next_number(text) TO desk_owner;
SET search_path = desk, itsm;
SET ROLE desk_owner;

CREATE TABLE today AS SELECT date_trunc('minute', now()) AS start;
CREATE FUNCTION at(hour numeric) RETURNS timestamptz LANGUAGE sql STABLE AS
	$$ SELECT start + hour * interval '1 hour' FROM desk.today $$;

CREATE TABLE catalogue (item text PRIMARY KEY, needs_ok boolean NOT NULL);
INSERT INTO catalogue VALUES ('laptop', true), ('admin rights', true), ('mouse', false);

CREATE TABLE rfc (
	no record_number PRIMARY KEY DEFAULT itsm.next_number('CHG'),
	kind text NOT NULL CHECK (kind IN ('normal', 'standard', 'emergency')),
	stage text NOT NULL DEFAULT 'Draft',
	title text, asker text, risk text, impact integer, likely integer, service text, plan text, backout text, tests text,
	template text, why_now text, assets text[], assessment text, checker text, doer text,
	t_from timestamptz, t_to timestamptz, began timestamptz, ended timestamptz,
	result text, review text, reviewer text, cmdb_done boolean NOT NULL DEFAULT false,
	trouble integer, improvement text, call integer, drop text
);
CREATE TABLE task (
	rfc record_number REFERENCES rfc,
	pos integer,
	state text NOT NULL DEFAULT 'todo',
	title text, doer text, began timestamptz, ended timestamptz, waits_for text, after text[], result text,
	PRIMARY KEY (rfc, pos)
);
CREATE TABLE trouble (
	id integer PRIMARY KEY,
	phase smallint NOT NULL DEFAULT 10,
	title text, area text, found_by text, owner text, analyst text, prio priority, service text,
	cause text, workaround text, damping text, issue text, rfc record_number REFERENCES rfc, action text, resolution text,
	risk_by text, risk_until date, effect text, checked_by text, twin_of integer REFERENCES trouble
);
CREATE TYPE issue_phase AS ENUM ('sketch', 'public', 'replaced', 'gone');
CREATE TABLE issue (
	code text PRIMARY KEY,
	phase issue_phase NOT NULL DEFAULT 'sketch',
	trouble integer REFERENCES trouble, cause text, workaround text, author text, reviewer text, replaced_by text REFERENCES issue
);
ALTER TABLE trouble ADD FOREIGN KEY (issue) REFERENCES issue;
CREATE TABLE asset (
	tag text PRIMARY KEY,
	stage varchar(20) NOT NULL,
	class text, keeper text, spec text, delivery text, place text, rfc record_number REFERENCES rfc, call integer,
	bears_data boolean, security_call integer, scrap_note text, settled boolean, needs text[]
);
-- there before anybody thought of processes
INSERT INTO asset (tag, stage, class, keeper) VALUES ('pbx1', 'Live', 'telephony', 'walt'), ('web1', 'Live', 'server', 'walt'), ('mail1', 'Live', 'server', 'walt'), ('fax1', 'Live', 'fax', 'walt');
CREATE TABLE call (
	id integer PRIMARY KEY,
	no record_number NOT NULL UNIQUE DEFAULT itsm.next_number('INC'),
	state text NOT NULL DEFAULT 'Open',
	subject text, caller text, agent text, team text, impact integer, urgency integer, prio priority,
	service text, asset text REFERENCES asset, waits_for text, told text, how text, what text,
	twin_of integer REFERENCES call, parent integer REFERENCES call, trouble integer REFERENCES trouble,
	rfc record_number REFERENCES rfc, late boolean, notes text
);
ALTER TABLE rfc ADD FOREIGN KEY (trouble) REFERENCES trouble, ADD FOREIGN KEY (call) REFERENCES call;
ALTER TABLE asset ADD FOREIGN KEY (call) REFERENCES call, ADD FOREIGN KEY (security_call) REFERENCES call;
CREATE TABLE wish (
	no record_number PRIMARY KEY DEFAULT itsm.next_number('REQ'),
	state text NOT NULL DEFAULT 'asked',
	caller text, item text REFERENCES catalogue, needs_ok boolean, boss text, verdict text, decided timestamptz,
	agent text, waits_for text, outcome text, parent record_number REFERENCES wish, rfc record_number REFERENCES rfc
);
CREATE TABLE "drop" (
	name text PRIMARY KEY,
	stage text NOT NULL DEFAULT 'planned',
	kind text, keeper text, service text, rfcs text[], builder text, build text, hash text, criteria text, accepted text, accepted_by text,
	defects text, base_before text, base_after text, base_back boolean, t_from timestamptz, t_to timestamptz, t_began timestamptz, t_ended timestamptz,
	put_hash text, result text, watch_until timestamptz, success text, calls_after integer
);
ALTER TABLE rfc ADD FOREIGN KEY (drop) REFERENCES "drop";
RESET ROLE;
END

# Who works here.  People log in as themselves; applications act for people.
our $roles = <<'END';
CREATE ROLE portal LOGIN;		-- the web portal: callers
CREATE ROLE mia LOGIN;			-- first line
CREATE ROLE tom LOGIN;			-- second line
CREATE ROLE ines LOGIN;			-- incident manager
CREATE ROLE paul LOGIN;			-- problem manager
CREATE ROLE carol LOGIN;		-- change manager
CREATE ROLE rita LOGIN;			-- release manager
CREATE ROLE walt LOGIN;			-- configuration manager
CREATE ROLE hugo LOGIN;			-- head of IT
CREATE ROLE pipeline LOGIN;		-- builds and deploys, for engineers
CREATE ROLE kiosk LOGIN;		-- shared by whoever is at the counter
CREATE ROLE clock LOGIN;		-- the scheduler
CREATE ROLE viewer LOGIN;		-- reports
SELECT itsm.grant_actor(r) FROM unnest('{mia,tom,ines,paul,carol,rita,walt,hugo}'::name[]) r;
GRANT USAGE ON SCHEMA desk TO portal, mia, tom, ines, paul, carol, rita, walt, hugo, pipeline, kiosk, clock;
GRANT SELECT ON desk.today TO PUBLIC;
GRANT SELECT, INSERT ON desk.call, desk.wish TO portal;
GRANT UPDATE ON desk.wish TO portal;
GRANT UPDATE (state, notes) ON desk.call TO portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON desk.call TO mia, tom, ines, kiosk;
GRANT SELECT, INSERT, UPDATE ON desk.wish TO mia, hugo, kiosk;
GRANT SELECT, INSERT, UPDATE ON desk.trouble, desk.issue TO tom, paul, hugo;
GRANT SELECT, INSERT, UPDATE ON desk.rfc TO tom, carol, hugo, ines, pipeline, kiosk;
GRANT SELECT, INSERT, UPDATE ON desk."drop" TO rita, pipeline, hugo, kiosk;
GRANT SELECT, INSERT, UPDATE ON desk.asset TO walt, pipeline;
GRANT SELECT, INSERT, UPDATE ON desk.task TO tom, pipeline;
GRANT SELECT ON desk.asset TO carol, tom;
GRANT SELECT ON desk.rfc TO walt, rita, paul, ines, mia;
GRANT SELECT, UPDATE ON desk.call, desk.wish TO clock;
GRANT EXECUTE ON FUNCTION itsm.next_number(text) TO portal, mia, tom, ines, kiosk, carol, hugo, pipeline;
GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO portal, pipeline;
GRANT EXECUTE ON FUNCTION itsm.override(regclass, text, text, text) TO ines, hugo;
GRANT EXECUTE ON FUNCTION itsm.run_due(timestamptz, integer) TO clock;
GRANT EXECUTE ON FUNCTION itsm.define_change_window(text, text, timestamptz, timestamptz, text[], text[], text[], text, itsm.service_hours),
	itsm.drop_change_window(text) TO carol;
GRANT EXECUTE ON FUNCTION itsm.define_change_template(text, text, timestamptz, integer), itsm.approve_change_template(text),
	itsm.withdraw_change_template(text) TO tom, carol;
GRANT EXECUTE ON FUNCTION itsm.awaiting_approval(text), itsm.plan_meeting(text, timestamptz, text), itsm.meeting_agenda(bigint),
	itsm.close_meeting(bigint, text) TO carol;
GRANT EXECUTE ON FUNCTION itsm.take_baseline(text, bigint[], text, text, text, text), itsm.baseline_diff(text, text) TO pipeline;
GRANT USAGE ON SCHEMA itsm_report TO viewer;
GRANT SELECT ON ALL TABLES IN SCHEMA itsm_report TO viewer;
END

# What the desk adds to the standard lifecycles.
our $configuration = <<'END';
-- boards of its own
SELECT itsm.define_lifecycle(d || jsonb_build_object('rules', (SELECT jsonb_agg(r ORDER BY n) FROM jsonb_array_elements(d -> 'rules') WITH ORDINALITY AS e(r, n)
			WHERE NOT r ? 'approvals') || jsonb_build_object('name', 'board_agrees', 'to', 'scheduled',
		'approvals', jsonb_build_object('role', board, 'quorum', quorum), 'covers', '["plan", "backout_plan", "cis", "planned_start", "planned_end"]'::jsonb)))
	FROM (VALUES ('change', 'change board', '"50%"'::jsonb), ('emergency_change', 'emergency board', '1')) AS v(name, board, quorum), itsm.lifecycle_definition(name) d;
SELECT itsm.add_approver('change board', p) FROM unnest('{hugo,paul,rita,tom}'::text[]) p;
SELECT itsm.add_approver('emergency board', p) FROM unnest('{hugo,ines}'::text[]) p;
SELECT itsm.add_approver('change board', 'mia', now() - interval '2 years', now() - interval '1 year');
SELECT itsm.add_approver('request_approver', p) FROM unnest('{hugo,petra}'::text[]) p;
SELECT itsm.add_delegation('rita', 'walt', 'change board');
END

# How each table is attached: what its key is called, its status, and its attributes.
my %change = (number => 'no', title => 'title', requester => 'asker', type => 'kind', risk => 'risk', impact => 'impact', probability => 'likely', service => 'service',
	plan => 'plan', backout_plan => 'backout', test_plan => 'tests', template => 'template', emergency_reason => 'why_now', cis => 'assets',
	assessment => 'assessment', technical_reviewer => 'checker', implementer => 'doer', release => '"drop"', planned_start => 't_from', planned_end => 't_to',
	actual_start => 'began', actual_end => 'ended', outcome => 'result', review => 'review', reviewer => 'reviewer', cis_updated => 'cmdb_done',
	problem => 'trouble', improvement => 'improvement', incident => 'call', ci => 'null::text');
my $change_states = { Draft => 'new', Assessing => 'assess', Board => 'authorize', Refused => 'rejected', Planned => 'scheduled', Doing => 'implement',
	Reviewing => 'review', Done => 'closed', Withdrawn => 'cancelled' };
our %attached = (
	call => { key => 'id', status => 'state', lifecycle => 'incident',
		states => { Open => 'new', Given => 'assigned', Working => 'in_progress', Waiting => 'on_hold', Solved => 'resolved', Done => 'closed', Void => 'cancelled', Twin => 'merged' },
		attributes => { number => 'id', title => 'subject', requester => 'caller', assignee => 'agent', assignment_group => 'team', impact => 'impact', urgency => 'urgency',
			priority => 'prio::integer', service => 'service', ci => 'asset', hold_reason => 'waits_for', caller_message => 'told',
			resolution_code => 'how', resolution => 'what', merged_into => 'twin_of', parent => 'parent', problem => 'trouble', change => 'rfc', sla_breached => 'late',
			outage_started_at => 'null::timestamptz', outage_ended_at => 'null::timestamptz' } },
	wish => { key => 'no', status => 'state', lifecycle => 'service_request',
		states => { asked => 'new', 'with boss' => 'awaiting_approval', granted => 'approved', denied => 'rejected', doing => 'in_fulfilment', waiting => 'on_hold',
			delivered => 'fulfilled', done => 'closed', void => 'cancelled' },
		attributes => { number => 'no', requester => 'caller', catalogue_item => 'item', approval_required => 'needs_ok', approver => 'boss', decision => 'verdict',
			decided_at => 'decided', assignee => 'agent', hold_reason => 'waits_for', outcome => 'outcome', parent => 'parent', change => 'rfc' } },
	trouble => { key => 'id', status => 'phase', lifecycle => 'problem',
		states => { 10 => 'new', 20 => 'assessed', 30 => 'root_cause_analysis', 40 => 'known_error', 50 => 'fix_in_progress', 60 => 'resolved', 70 => 'closed', 90 => 'cancelled' },
		attributes => { number => 'id', title => 'title', category => 'area', source => 'found_by', owner => 'owner', assignee => 'analyst', priority => 'prio::integer', service => 'service',
			root_cause => 'cause', workaround => 'workaround', impact_action => 'damping', known_error => 'issue', change => 'rfc', action => 'action', resolution => 'resolution',
			risk_accepted_by => 'risk_by', risk_accepted_until => 'risk_until', effectiveness => 'effect', effectiveness_checked_by => 'checked_by', duplicate_of => 'twin_of' } },
	issue => { key => 'code', status => 'phase', lifecycle => 'known_error',
		states => { sketch => 'draft', public => 'published', replaced => 'superseded', gone => 'retired' },
		attributes => { number => 'code', problem => 'trouble', root_cause => 'cause', workaround => 'workaround', author => 'author', reviewer => 'reviewer', superseded_by => 'replaced_by' } },
	rfc => { key => 'no', status => 'stage', attributes => \%change, states => $change_states,
		parts => { change => q{kind = 'normal'}, standard_change => q{kind = 'standard'}, emergency_change => q{kind = 'emergency'} } },
	task => { key => 'ROW(rfc, pos)', status => 'state', lifecycle => 'change_task',
		states => { todo => 'open', doing => 'in_progress', waiting => 'on_hold', done => 'closed', void => 'cancelled' },
		attributes => { number => "rfc::text || '/' || pos", title => 'title', assignee => 'doer', change => 'rfc', predecessors => 'after', hold_reason => 'waits_for',
			actual_start => 'began', actual_end => 'ended', result => 'result' } },
	'drop' => { key => 'name', status => 'stage', lifecycle => 'release', timing => 'deferred',
		states => { planned => 'planned', build => 'building', test => 'testing', ready => 'accepted', rollout => 'deploying', out => 'deployed', rolled_back => 'backed_out',
			watched => 'early_life', done => 'closed', void => 'cancelled' },
		attributes => { number => 'name', type => 'kind', owner => 'keeper', service => 'service', ci => 'null::text', changes => 'rfcs', builder => 'builder', build_id => 'build', artefact_hash => 'hash',
			acceptance_criteria => 'criteria', acceptance => 'accepted', accepted_by => 'accepted_by', defects => 'defects', baseline_before => 'base_before',
			baseline_after => 'base_after', baseline_restored => 'base_back', actual_start => 't_began', actual_end => 't_ended', planned_start => 't_from', planned_end => 't_to', deployed_hash => 'put_hash', result => 'result',
			observation_until => 'watch_until', success => 'success', incidents_after => 'calls_after' } },
	asset => { key => 'tag', status => 'stage', lifecycle => 'configuration_item',
		states => { Planned => 'planned', Ordered => 'ordered', Received => 'received', Stock => 'in_stock', Build => 'in_build', Test => 'in_test', Live => 'live',
			Service => 'in_maintenance', Retired => 'retired', Scrapped => 'disposed', Lost => 'missing', Stolen => 'stolen' },
		attributes => { number => 'tag', class => 'class', owner => 'keeper', description => 'spec', supplier_reference => 'delivery', location => 'place', change => 'rfc',
			incident => 'call', data_bearing => 'bears_data', security_incident => 'security_call', disposal_evidence => 'scrap_note', obligations_settled => 'settled', depends_on => 'needs' } });

sub json
{
	my ($map) = @_;
	return '{' . join(', ', map { my $value = $map->{$_} =~ s/(["\\])/\\$1/gr; qq("$_": "$value") } sort keys %$map) . '}';
}

# The owner attaches each table.
sub attach_all
{
	my $sql = "SET ROLE desk_owner;\n";

	foreach my $table (sort keys %attached)
	{
		my $how = $attached{$table};
		my $parts = $how->{parts} // { $how->{lifecycle} => undef };
		foreach my $lifecycle (sort keys %$parts)
		{
			my %states = %{ $how->{states} };
			delete @states{qw(Assessing Board Refused)} if $lifecycle eq 'standard_change';
			$sql .= sprintf(q{SELECT itsm.attach('desk."%s"', '%s', '%s', $$%s$$, $$%s$$, mode => 'enforce', timing => '%s', filter => %s);} . "\n",
				$table, $lifecycle, $how->{status}, json(\%states), json($how->{attributes}), $how->{timing} // 'immediate',
				$parts->{$lifecycle} ? "\$\$$parts->{$lifecycle}\$\$" : 'NULL');
		}
	}
	return $sql;
}

1;
