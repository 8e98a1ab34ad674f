-- What docs/cmdb.md takes for granted: an application, servers, changes, and some tables of NetBox.
SET client_min_messages = warning;
CREATE SCHEMA app;
SET search_path = public, app;
SELECT itsm.define_lifecycle('{"name": "application", "process": "application", "attributes": {"title": "text", "class": "text"},
	"states": [{"name": "live", "category": "active", "initial": true, "final": true}], "transitions": []}');
SELECT itsm.define_lifecycle(itsm.lifecycle_definition('configuration_item') || jsonb_build_object('name', 'server',
	'attributes', itsm.lifecycle_definition('configuration_item') -> 'attributes' || '{"cpus": "text", "os": "text", "serial": "text"}'));
CREATE TABLE app (id integer PRIMARY KEY, status text NOT NULL, title text, class text);
CREATE TABLE app.server (name text PRIMARY KEY, status text NOT NULL, class text, owner text, serial text, location text, service text, os text, cpus text);
CREATE TABLE asset (name text PRIMARY KEY, status text NOT NULL, owner text);
CREATE TABLE rfc (number text PRIMARY KEY, status text NOT NULL, title text, cis text[], service text);
CREATE TABLE dcim_rack (id integer PRIMARY KEY, status text NOT NULL);
CREATE TABLE dcim_device (id integer PRIMARY KEY, status text NOT NULL, name text, serial text, rack_id integer REFERENCES dcim_rack);
CREATE TABLE dcim_cable (id integer PRIMARY KEY, status text NOT NULL);
CREATE TABLE dcim_cabletermination (id integer PRIMARY KEY, cable_id integer REFERENCES dcim_cable, _device_id integer REFERENCES dcim_device);
SELECT itsm.attach('app', 'application', 'status', attributes => '{"title": "title", "class": "class"}');
SELECT itsm.attach('app.server', 'server', 'status', attributes => '{"title": "name", "class": "class", "owner": "owner", "serial": "serial", "location": "location",
	"service": "service", "os": "os", "cpus": "cpus"}');
SELECT itsm.attach('asset', 'configuration_item', 'status', attributes => '{"title": "name", "owner": "owner"}');
SELECT itsm.attach('rfc', 'change', 'status', attributes => '{"title": "title", "cis": "cis", "service": "service"}');
SELECT itsm.attach('dcim_rack', 'application', 'status', states => '{"active": "live"}');
SELECT itsm.attach('dcim_cable', 'application', 'status', states => '{"connected": "live"}');
SELECT itsm.set_mode(3, 'observe', 'under_control');
INSERT INTO app VALUES (17, 'live', 'shop', 'application');
INSERT INTO app.server VALUES ('web1', 'live', 'server', current_user, 'X1', NULL, 'webshop', 'debian 12', '4');
INSERT INTO rfc VALUES ('17', 'new', 'a new disk', '{web1}', 'webshop'), ('CHG0000042', 'new', 'a new disk', '{web1}', 'webshop');
-- until its last event, which nobody had authorised, is the seventeenth
INSERT INTO asset VALUES ('web1', 'live', '1');
DO $$ BEGIN FOR n IN 2 .. 17 LOOP PERFORM itsm.act_as('ann'); UPDATE asset SET owner = n WHERE name = 'web1'; PERFORM itsm.act_as(NULL); END LOOP; END $$;
SELECT itsm.take_baseline('after release 7');
