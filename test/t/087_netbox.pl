#!/usr/bin/env perl
#
# A CMDB that exists: NetBox's demo database (ITSM_DATA), attached as it is.  Relationships
# against the edges that an independent script took from it, impact and single points of
# failure against recursive queries over NetBox's own tables; NetBox's constraints and
# writes go on as before, reconciliation writes by its owner's rights, and detaching leaves
# its schema as it was.

use strict;
use warnings;
use ItsmTest qw($verify);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = "$ENV{ITSM_DATA}/netbox" if $ENV{ITSM_DATA};
plan skip_all => 'NetBox\'s demo database is not at hand (ITSM_DATA)' unless $data && -e "$data/netbox-demo-v4.2.sql.gz";

my $node = PostgreSQL::Test::Cluster->new('netbox');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE netbox');
$node->safe_psql('postgres', 'CREATE DATABASE netbox OWNER netbox');
my $psql = join ' ', 'psql -XqAt -v ON_ERROR_STOP=1 -d', "'" . $node->connstr('netbox') . "'";
is(system("zcat '$data/netbox-demo-v4.2.sql.gz' | $psql >/dev/null"), 0, 'the dump is loaded');

# What a dump says of NetBox's own schema, but for the words that pg_dump draws anew each time.
sub schema
{
	my $dump = `pg_dump -s -n public -d '@{[$node->connstr('netbox')]}'`;
	$dump =~ s/^\\(?:un)?restrict .*\n//mg;
	return $dump;
}

# All in one: what a script of the DBA would do; as NetBox's owner where it is about its tables.
my $before = schema();
ok($before =~ /CREATE TABLE public.dcim_device /, 'it has a schema');
$node->safe_psql('netbox', <<'END');
SET client_min_messages = error;
CREATE EXTENSION itsm;
GRANT USAGE ON SCHEMA itsm TO netbox;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA itsm TO netbox;
SELECT itsm.define_lifecycle('{"name": "netbox_ci", "process": "configuration_item", "delete": "allow",
	"attributes": {"title": "text", "class": "text", "serial": "text", "asset_tag": "text", "owner": "text"},
	"states": [{"name": "planned", "category": "new", "initial": true}, {"name": "active", "category": "active", "initial": true},
		{"name": "offline", "category": "waiting", "initial": true}, {"name": "retired", "category": "closed", "initial": true, "final": true}],
	"transitions": [{"from": "planned", "to": ["active", "offline", "retired"]}, {"from": "active", "to": ["planned", "offline", "retired"]}, {"from": "offline", "to": ["planned", "active", "retired"]}],
	"rules": [{"name": "named", "requires": "class"}]}');
SELECT itsm.define_class('netbox', abstract => true, required => '{title}');
SELECT itsm.define_class(c, 'netbox') FROM unnest('{site,rack,cluster,cable,circuit,interface}'::text[]) c;
SELECT itsm.define_class('machine', 'netbox', abstract => true, recommended => '{serial}');
SELECT itsm.define_class('device', 'machine');
SELECT itsm.define_class('virtual_machine', 'machine');
SELECT itsm.define_identification_rule('machine', 1, '{serial}');
SELECT itsm.define_identification_rule('machine', 2, '{title}');
-- read from the source to the target; but for cables, the source fails with the target
SELECT itsm.define_relationship_type(t[1], t[2], t[3], t[4], t[5], impact => t[6]) FROM (VALUES
	('{in_rack,has_device,device,rack,n:1,backward}'::text[]), ('{rack_in_site,has_rack,rack,site,n:1,backward}'),
	('{device_in_site,site_has_device,device,site,n:1,backward}'), ('{vm_in_cluster,runs_vm,virtual_machine,cluster,n:1,backward}'),
	('{circuit_at_site,ends_circuit,circuit,site,n:n,backward}'), ('{interface_of,has_interface,interface,device,n:1,backward}'),
	('{cable_at,has_cable,cable,device,n:n,both}')) v(t);
SET ROLE netbox;
CREATE FUNCTION pg_temp.put(relation text, class text, title text, status text DEFAULT 'status', more text DEFAULT '{}') RETURNS integer LANGUAGE sql AS $$
	SELECT itsm.attach(relation::regclass, 'netbox_ci', status::name, mode => 'enforce', attributes => jsonb_build_object('title', title, 'class', quote_literal(class)) || more::jsonb,
		states => '{"planned": "planned", "staged": "planned", "staging": "planned", "provisioning": "planned", "available": "planned", "reserved": "planned", "inventory": "planned",
			"active": "active", "connected": "active", "t": "active", "offline": "offline", "paused": "offline", "failed": "offline", "decommissioning": "offline", "deprovisioning": "offline",
			"deprecated": "offline", "f": "offline", "retired": "retired", "decommissioned": "retired"}') $$;
SELECT pg_temp.put('dcim_site', 'site', 'name'), pg_temp.put('dcim_rack', 'rack', 'name', more => '{"serial": "serial", "asset_tag": "asset_tag"}'),
	pg_temp.put('dcim_device', 'device', 'name', more => '{"serial": "serial", "asset_tag": "asset_tag"}'),
	pg_temp.put('virtualization_virtualmachine', 'virtual_machine', 'name', more => '{"serial": "serial"}'),
	pg_temp.put('virtualization_cluster', 'cluster', 'name'), pg_temp.put('dcim_cable', 'cable', 'coalesce(nullif(label, ''''), ''cable '' || id)'),
	pg_temp.put('circuits_circuit', 'circuit', 'cid'), pg_temp.put('dcim_interface', 'interface', 'name', 'enabled');
SELECT itsm.attach_relationships('dcim_device', 'in_rack', target => 'rack_id'), itsm.attach_relationships('dcim_rack', 'rack_in_site', target => 'site_id'),
	itsm.attach_relationships('dcim_device', 'device_in_site', target => 'site_id'), itsm.attach_relationships('virtualization_virtualmachine', 'vm_in_cluster', target => 'cluster_id'),
	itsm.attach_relationships('circuits_circuittermination', 'circuit_at_site', source => 'circuit_id', target => '_site_id'),
	itsm.attach_relationships('dcim_interface', 'interface_of', target => 'device_id'),
	itsm.attach_relationships('dcim_cabletermination', 'cable_at', source => 'cable_id', target => '_device_id');
END
my @attachments = split /\n/, $node->safe_psql('netbox', 'SELECT id FROM itsm.attachment ORDER BY id');
is(scalar @attachments, 8, 'eight tables are attached');
$node->safe_psql('netbox', "SET ROLE netbox; SET client_min_messages = error;\n"
	. join("\n", map { "CALL itsm.backfill($_);" } @attachments));
is($node->safe_psql('netbox', 'SELECT (SELECT count(*) FROM itsm.record WHERE source > 0) = (SELECT count(*) FROM dcim_site) + (SELECT count(*) FROM dcim_rack) + (SELECT count(*) FROM dcim_device) + (SELECT count(*) FROM virtualization_virtualmachine)
	+ (SELECT count(*) FROM virtualization_cluster) + (SELECT count(*) FROM dcim_cable) + (SELECT count(*) FROM circuits_circuit) + (SELECT count(*) FROM dcim_interface)'), 't', 'each row has its record');
is($node->safe_psql('netbox', 'SELECT count(*) FROM unnest(ARRAY(SELECT id FROM itsm.attachment)) a, itsm.check_rows(a)'), 0, 'and none would be refused');
my $synced = $node->safe_psql('netbox', 'SELECT sum(itsm.sync_relationships(id)) FROM itsm.relationship_attachment');
is($node->safe_psql('netbox', 'SELECT count(*) FROM itsm.relationship'), $synced, "what its columns and link tables say is related: $synced relationships");

# Against the edges that were taken from the same dump by other means.  These take 13 ends of
# circuits at provider network 1 for ends at site 1, which NetBox's own columns do not say.
$node->safe_psql('netbox', <<"END");
CREATE SCHEMA known;
CREATE TABLE known.edge (type text, a text, b text);
COPY known.edge FROM PROGRAM 'grep -v "^type," "$data/edges.csv"' (FORMAT csv);
CREATE VIEW known.node AS SELECT r.id, CASE coalesce(r.extra->>'class', '') WHEN 'virtual_machine' THEN 'vm' ELSE r.extra->>'class' END || ':' || r.key AS name FROM itsm.record r WHERE r.source > 0;
CREATE VIEW known.related AS
	SELECT r.type, s.name AS a, t.name AS b FROM itsm.relationship r JOIN known.node s ON s.id = r.source JOIN known.node t ON t.id = r.target WHERE r.ended = 0 AND r.type NOT IN ('cable_at', 'interface_of')
	UNION SELECT 'cable', least(x.name COLLATE "C", y.name COLLATE "C"), greatest(x.name COLLATE "C", y.name COLLATE "C") FROM itsm.relationship c JOIN itsm.relationship d ON d.source = c.source AND d.target <> c.target
		JOIN known.node x ON x.id = c.target JOIN known.node y ON y.id = d.target WHERE c.type = 'cable_at' AND d.type = 'cable_at' AND c.ended = 0 AND d.ended = 0;
END
is($node->safe_psql('netbox', q{SELECT type, count(*) FROM known.edge GROUP BY 1 ORDER BY 1}), "cable|48\ncircuit_at_site|45\ndevice_in_site|72\nin_rack|72\nrack_in_site|42\nregion_parent|61\nsite_in_region|24\nvirtual_chassis|8\nvm_in_cluster|180", 'the edges are there');
is($node->safe_psql('netbox', q{WITH edge AS (SELECT type, least(a COLLATE "C", b COLLATE "C"), greatest(a COLLATE "C", b COLLATE "C") FROM known.edge WHERE type NOT IN ('region_parent', 'site_in_region', 'virtual_chassis')),
		related AS (SELECT DISTINCT type, least(a COLLATE "C", b COLLATE "C"), greatest(a COLLATE "C", b COLLATE "C") FROM known.related)
	(TABLE edge EXCEPT TABLE related
		EXCEPT SELECT 'circuit_at_site', 'circuit:' || t.circuit_id, 'site:' || t.termination_id FROM circuits_circuittermination t JOIN django_content_type c ON c.id = t.termination_type_id WHERE c.model = 'providernetwork')
	UNION ALL (TABLE related EXCEPT TABLE edge)}), '', 'and all of them, and no others, are relationships');

# Where failures go, by NetBox's own tables.
$node->safe_psql('netbox', <<'END');
CREATE VIEW known.way AS
	SELECT 'rack:' || rack_id AS a, 'device:' || id AS b, 'in_rack' AS type FROM dcim_device WHERE rack_id IS NOT NULL
	UNION ALL SELECT 'site:' || site_id, 'rack:' || id, 'rack_in_site' FROM dcim_rack UNION ALL SELECT 'site:' || site_id, 'device:' || id, 'device_in_site' FROM dcim_device
	UNION ALL SELECT 'cluster:' || cluster_id, 'vm:' || id, 'vm_in_cluster' FROM virtualization_virtualmachine WHERE cluster_id IS NOT NULL
	UNION ALL SELECT 'site:' || _site_id, 'circuit:' || circuit_id, 'circuit_at_site' FROM circuits_circuittermination WHERE _site_id IS NOT NULL
	UNION ALL SELECT 'device:' || device_id, 'interface:' || id, 'interface_of' FROM dcim_interface
	UNION ALL SELECT 'device:' || _device_id, 'cable:' || cable_id, 'cable_at' FROM dcim_cabletermination WHERE _device_id IS NOT NULL
	UNION ALL SELECT 'cable:' || cable_id, 'device:' || _device_id, 'cable_at' FROM dcim_cabletermination WHERE _device_id IS NOT NULL;
CREATE FUNCTION known.impact_differences(types text[]) RETURNS TABLE (starts bigint, reached bigint, differences bigint) LANGUAGE sql AS $$
	WITH RECURSIVE way AS MATERIALIZED (SELECT DISTINCT a, b FROM known.way WHERE type = ANY (types)), start AS MATERIALIZED (SELECT id, name FROM known.node WHERE name ~ '^(rack|site|cluster|device):'),
		reach (start, name) AS (SELECT name, name FROM start UNION SELECT r.start, w.b FROM reach r JOIN way w ON w.a = r.name),
		ours AS MATERIALIZED (SELECT s.name AS start, n.name FROM start s, itsm.impact(s.id, NULL, types) i JOIN known.node n ON n.id = i.record)
	SELECT count(DISTINCT start), count(*), count(*) FILTER (WHERE r IS NULL OR o IS NULL) FROM (SELECT * FROM reach WHERE start <> name) r FULL JOIN ours o USING (start, name) $$;
-- all ways from each start to an end; what is on all of those to one end is a single point of failure
CREATE FUNCTION known.failure_differences(kind text, types text[]) RETURNS TABLE (starts bigint, found bigint, racks bigint, differences bigint) LANGUAGE sql AS $$
	WITH RECURSIVE way AS MATERIALIZED (SELECT DISTINCT b AS a, a AS b FROM known.way WHERE type = ANY (types)), start AS MATERIALIZED (SELECT id, name FROM known.node WHERE name LIKE kind || ':%'),
		walk (start, name, path) AS (SELECT name, name, ARRAY[name] FROM start UNION ALL SELECT k.start, w.b, k.path || w.b FROM walk k JOIN way w ON w.a = k.name),
		ended AS (SELECT start, name AS ending, path FROM walk k WHERE cardinality(path) > 1 AND NOT EXISTS (SELECT FROM way w WHERE w.a = k.name)),
		single AS (SELECT e.start, p.name, e.ending FROM ended e, unnest(e.path[2:]) AS p(name) GROUP BY 1, 2, 3 HAVING count(*) = (SELECT count(*) FROM ended o WHERE o.start = e.start AND o.ending = e.ending)),
		theirs AS (SELECT start, name, count(*) AS cut_off FROM single GROUP BY 1, 2),
		ours AS MATERIALIZED (SELECT s.name AS start, n.name, f.cut_off FROM start s, itsm.single_points_of_failure(s.id, types) f JOIN known.node n ON n.id = f.record)
	SELECT count(DISTINCT start), count(*), count(*) FILTER (WHERE name LIKE 'rack:%'), count(*) FILTER (WHERE t IS NULL OR o IS NULL) FROM theirs t FULL JOIN ours o USING (start, name, cut_off) $$;
END
my $all = q{'{in_rack,rack_in_site,device_in_site,vm_in_cluster,circuit_at_site,interface_of,cable_at}'};
my $tree = q{'{in_rack,rack_in_site,device_in_site,interface_of,vm_in_cluster}'};
my $racks = q{'{in_rack,rack_in_site,interface_of}'};
for my $packed (0, 1) {
	$node->safe_psql('netbox', 'SELECT itsm.pack_relationships()') if $packed;
	for my $types ($all, $tree) {
		my ($starts, $reached, $differences) = split /\|/, $node->safe_psql('netbox', "SELECT * FROM known.impact_differences($types)");
		ok($starts >= 90 && $reached > 5000, "impact of $starts racks, sites, clusters and devices: $reached records");
		is($differences, 0, 'the same as by recursive queries' . ($packed ? ', packed' : ''));
	}
	for my $types ($tree, $racks) {
		my ($starts, $found, $on_racks, $differences) = split /\|/, $node->safe_psql('netbox', "SELECT * FROM known.failure_differences('interface', $types)");
		ok($starts > 1500 && $found > $starts && ($types eq $tree || $on_racks > 1000), "single points of failure of $starts interfaces: $found, of them racks $on_racks");
		is($differences, 0, 'the same as by all ways' . ($packed ? ', packed' : ''));
	}
}

# What NetBox does: its own statements, and its own refusals.
my $insert = 'INSERT INTO "dcim_device" ("created", "last_updated", "custom_field_data", "local_context_data", "name", "serial", "asset_tag", "status", "comments", "role_id", "device_type_id", "rack_id", "site_id", "description",
	"console_port_count", "console_server_port_count", "power_port_count", "power_outlet_count", "interface_count", "front_port_count", "rear_port_count", "device_bay_count", "module_bay_count", "inventory_item_count")
	SELECT now(), now(), \'{}\', NULL, %s, %s, NULL, %s, \'\', role_id, device_type_id, %s, site_id, \'\', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM dcim_device WHERE id = 1 RETURNING id';
my $id = (split /\n/, $node->safe_psql('netbox', 'SET ROLE netbox; BEGIN; ' . sprintf($insert, q{'new device'}, q{'SN-1'}, q{'staged'}, 1) . '; COMMIT;'))[0];
like($id, qr/^[0-9]+$/, 'a device is inserted');
is($node->safe_psql('netbox', "SELECT r.state, r.title, r.extra->>'class' FROM itsm.record r WHERE r.id = itsm.record_id('dcim_device', '$id')"), 'planned|new device|device', 'and has its record');
is($node->safe_psql('netbox', "SELECT count(*) FROM itsm.impact(itsm.record_id('dcim_rack', '1')) WHERE record = itsm.record_id('dcim_device', '$id')"), 1, 'and fails with its rack');
$node->safe_psql('netbox', qq{SET ROLE netbox; BEGIN; UPDATE "dcim_device" SET "last_updated" = now(), "status" = 'active', "rack_id" = 2 WHERE "dcim_device"."id" = $id; COMMIT;});
is($node->safe_psql('netbox', "SELECT (SELECT count(*) FROM itsm.impact(itsm.record_id('dcim_rack', r.id::text)) WHERE record = itsm.record_id('dcim_device', '$id')) FROM dcim_rack r WHERE r.id IN (1, 2) ORDER BY r.id"), "0\n1", 'it moves to another rack, and fails with that');
my $related = $node->safe_psql('netbox', 'SELECT count(*), max(id) FROM itsm.relationship WHERE ended = 0');
for my $refused (
	['an asset tag twice', "UPDATE dcim_device SET asset_tag = 'same' WHERE id IN (1, 2)", qr/asset_tag/],
	['a rack that is not there', sprintf($insert, q{'x'}, q{''}, q{'active'}, 99999), qr/foreign key/],
	['a position below zero', "UPDATE dcim_device SET vc_position = -1 WHERE id = $id", qr/vc_position_check/],
	['a rack in use', 'DELETE FROM dcim_rack WHERE id = 2', qr/foreign key/],
	['a status that nobody knows', "UPDATE dcim_device SET status = 'lost' WHERE id = $id", qr/lost|IT002|no state/]) {
	my ($what, $sql, $message) = @$refused;
	my ($status, $out, $error) = $node->psql('netbox', "SET ROLE netbox; BEGIN; $sql; COMMIT;");
	like($error, $message, "$what is refused");
}
is($node->safe_psql('netbox', 'SELECT count(*), max(id) FROM itsm.relationship WHERE ended = 0'), $related, 'what was refused left nothing behind');

# Reconciliation by the owner's rights.
is($node->safe_psql('netbox', qq{SET ROLE netbox; SELECT action, attribute, current_value, value FROM itsm.reconcile('discovery', 'device', '[{"serial": "SN-1", "title": "new device", "asset_tag": "A-1"}, {"title": "dmi01-albany-rtr01", "serial": "SN-2"}, {"serial": "SN-3", "title": "nowhere"}]', apply => true)}),
	"matched|||\nupdated|asset_tag||A-1\nmatched|||\nupdated|serial||SN-2\nnew|||", 'a source\'s items are found, and written');
is($node->safe_psql('netbox', "SELECT asset_tag FROM dcim_device WHERE id = $id UNION ALL SELECT serial FROM dcim_device WHERE id = 2"), "A-1\nSN-2", 'into NetBox\'s own columns');
my $health = $node->safe_psql('netbox', q{SELECT class, cis, required_share, duplicates FROM itsm_report.cmdb_health WHERE class IN ('device', 'virtual_machine', 'interface') ORDER BY class});
like($health, qr/^device\|73\|.*\|.*\ninterface\|1586\|100\.0\|0\nvirtual_machine\|180\|100\.0\|0$/, 'health by class');
is($node->safe_psql('netbox', $verify), '', 'history is whole');

# As it was.
$node->safe_psql('netbox', "SET ROLE netbox; DELETE FROM dcim_device WHERE id = $id;");
$node->safe_psql('netbox', 'SELECT itsm.detach_relationships(id) FROM itsm.relationship_attachment; SELECT itsm.detach(relation) FROM itsm.attachment WHERE detached_at IS NULL');
$node->safe_psql('netbox', 'DROP SCHEMA known CASCADE');
ok(schema() eq $before, 'detached, its schema is as it was');
$node->stop;
done_testing();
