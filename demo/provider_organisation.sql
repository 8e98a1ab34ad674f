-- The provider: who works there, for whom, what it delivers and of what that consists.
-- Included by three_years.sql, while the attachments keep history without judging.

-- ------------------------------------------------------------------ without chance

CREATE SCHEMA story;
-- A number from 0 to 1 for each number and purpose, the same in every run.
CREATE FUNCTION story.dice(n integer, purpose text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
	$$ SELECT ('x' || left(md5(purpose || n), 7))::bit(28)::integer / 268435456.0::float8 $$;
CREATE FUNCTION story.pick(n integer, purpose text, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
	$$ SELECT choices[1 + floor(story.dice(n, purpose) * array_length(choices, 1))::integer] $$;
-- All but what is done in the end happened before today.
CREATE FUNCTION story.now() RETURNS timestamptz LANGUAGE sql STABLE AS
	$$ SELECT date_trunc('day', now()) $$;
CREATE FUNCTION story.ago(span interval) RETURNS date LANGUAGE sql STABLE AS
	$$ SELECT (story.now() AT TIME ZONE 'UTC' - span)::date $$;
-- The three years begin with a month.
CREATE FUNCTION story.start() RETURNS timestamptz LANGUAGE sql STABLE AS
	$$ SELECT date_trunc('month', story.now()) - interval '36 months' $$;

-- What goes on record now is what ended between these: a year, and last of all what goes on.
CREATE TABLE story.stage (since timestamptz NOT NULL, until timestamptz NOT NULL);
CREATE FUNCTION story.within(at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS
	$$ SELECT at >= since AND (at < until OR until = 'infinity') FROM story.stage $$;

-- What happened when, as the provider's old tools have logged it: the past of records, by lifecycle.
CREATE TABLE story.log (lifecycle text NOT NULL, key text NOT NULL, at timestamptz NOT NULL, state text NOT NULL, actor text);
CREATE FUNCTION story.tell(lifecycle text, key text, actor text, VARIADIC steps text[]) RETURNS void LANGUAGE sql AS $$
	-- steps: a state and the day on which it was reached, and so on
	INSERT INTO story.log SELECT lifecycle, key, steps[2 * i]::timestamptz + i * interval '1 second', steps[2 * i - 1], actor
	FROM generate_series(1, array_length(steps, 1) / 2) AS i WHERE steps[2 * i] IS NOT NULL AND steps[2 * i]::timestamptz <= story.now()
$$;
-- Imports what is in the log, and empties it.
CREATE FUNCTION story.import() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	told bigint;
BEGIN
	ANALYZE story.log;
	SELECT sum(itsm.import_events(h.attachment::integer, format('SELECT key, at, state, actor FROM story.log WHERE lifecycle = %L ORDER BY key, at', h.lifecycle)))
	INTO told FROM itsm_report.attachment_health AS h WHERE h.lifecycle IN (SELECT lifecycle FROM story.log);
	TRUNCATE story.log;
	RETURN told;
END $$;

-- Numbers of new records go on behind those of the old tools.
SELECT setval(format('provider.%I', relname)::regclass, 2000001, false) FROM pg_class WHERE relnamespace = 'provider'::regnamespace AND relname LIKE '%\_number\_seq' \g /dev/null

-- ------------------------------------------------------------------ people and parties

INSERT INTO provider.person (name, full_name, unit, in_scope, valid_from, valid_to, status) VALUES
	('anna', 'Anna, managing director', 'management', true, story.ago('6 years'), NULL, 'current'),
	('bernd', 'Bernd, service manager', 'services', true, story.ago('5 years'), NULL, 'current'),
	('carla', 'Carla, incident manager', 'service desk', true, story.ago('5 years'), NULL, 'current'),
	('dirk', 'Dirk, change manager', 'operations', true, story.ago('4 years'), NULL, 'current'),
	('eva', 'Eva, configuration manager', 'operations', true, story.ago('4 years'), NULL, 'current'),
	('frank', 'Frank, problem manager', 'operations', true, story.ago('4 years'), NULL, 'current'),
	('gitta', 'Gitta, security officer', 'management', true, story.ago('3 years'), NULL, 'current'),
	('hans', 'Hans, network engineer', 'operations', true, story.ago('6 years'), NULL, 'current'),
	('ines', 'Ines, application engineer', 'operations', true, story.ago('4 years'), NULL, 'current'),
	('jens', 'Jens, service desk', 'service desk', true, story.ago('4 years'), NULL, 'current'),
	('kira', 'Kira, service desk', 'service desk', true, story.ago('2 years'), NULL, 'current'),
	('lars', 'Lars, suppliers and budgets', 'management', true, story.ago('5 years'), NULL, 'current'),
	('mona', 'Mona, internal auditor', 'quality', true, story.ago('3 years'), NULL, 'current'),
	('nils', 'Nils, service desk until he left', 'service desk', true, story.ago('6 years'), story.ago('1 year'), 'retired');

INSERT INTO provider.party (name, title, kind, owner, no_requirements, lead_supplier, has_access) VALUES
	('harbour authority', 'The harbour authority', 'customer', 'bernd', NULL, NULL, NULL),
	('city clinic', 'The city clinic', 'customer', 'bernd', NULL, NULL, NULL),
	('north school', 'The school in the north', 'customer', 'bernd', NULL, NULL, NULL),
	('fibre line', 'Supplier of lines', 'external_supplier', 'lars', true, NULL, true),
	('cloud house', 'Supplier of computing centres', 'external_supplier', 'lars', true, NULL, true),
	('cable diggers', 'Works for the supplier of lines', 'external_supplier', 'lars', true, 'fibre line', NULL),
	('building services', 'Power, cooling and doors, of the same group', 'internal_supplier', 'lars', true, NULL, NULL),
	('data protection authority', 'The authority for data protection', 'authority', 'gitta', NULL, NULL, NULL),
	('staff', 'Those who work here', 'staff', 'anna', NULL, NULL, NULL);

-- ------------------------------------------------------------------ services

INSERT INTO provider.service (name, title, priority, owner, business_need, criticality, in_scope, status, removal_plan, change) VALUES
	('mail', 'Mail and calendars', 2, 'ines', 'Everybody writes and plans', 'high', true, 'live', NULL, NULL),
	('network', 'Network and access to the internet', 1, 'hans', 'Nothing works without it', 'critical', true, 'live', NULL, NULL),
	('workplace', 'Computers at the workplace', 3, 'carla', 'Tools to work with', 'medium', true, 'live', NULL, NULL),
	('orders', 'Orders and invoices', 2, 'ines', 'What is sold is delivered and paid', 'critical', true, 'live', NULL, NULL),
	('telephony', 'Telephones', 3, 'hans', 'Somebody answers', 'high', true, 'live', NULL, NULL);
INSERT INTO provider.service_party (service, party, kind, owner)
SELECT service, party, 'customer', 'bernd' FROM (VALUES
	('mail', 'harbour authority'), ('mail', 'city clinic'), ('network', 'harbour authority'), ('network', 'north school'), ('workplace', 'city clinic'),
	('orders', 'harbour authority'), ('telephony', 'city clinic')) AS v(service, party);
INSERT INTO provider.service_dependency VALUES ('mail', 'network'), ('orders', 'network'), ('telephony', 'network'), ('workplace', 'network');
INSERT INTO provider.catalogue_item (name, title, service, kind, owner, changed_on, fulfilment_target, approval_required)
SELECT name, title, service, 'request', 'carla', story.ago('30 months'), target::interval, approval FROM (VALUES
	('new mailbox', 'A new mailbox', 'mail', '3 days', false), ('network access', 'Access to the network', 'network', '5 days', false), ('laptop', 'A laptop', 'workplace', '14 days', true),
	('order clerk', 'Rights of an order clerk', 'orders', '4 days', true), ('telephone', 'A telephone', 'telephony', '10 days', false)) AS v(name, title, service, target, approval);

SELECT story.tell('service', name, 'bernd', 'proposed', story.ago('5 years')::text, 'approved', (story.ago('5 years') + 20)::text, 'in_design', (story.ago('5 years') + 40)::text,
	'in_build', (story.ago('5 years') + 90)::text, 'in_transition', (story.ago('5 years') + 150)::text, 'live', (story.ago('5 years') + 180)::text)
FROM provider.service \g /dev/null

-- ------------------------------------------------------------------ configuration items

INSERT INTO provider.configuration_class (name, description, owner) VALUES
	('server', 'Computers in the computing centre', 'eva'), ('database', 'Databases', 'eva'), ('application', 'Applications', 'eva'),
	('network device', 'Switches, routers and firewalls', 'eva'), ('computer', 'Computers at the workplace', 'eva');
-- They go live below, when it is known what depends on what.
INSERT INTO provider.configuration_item (name, title, class, owner, location, status)
SELECT name, title, class, owner, 'computing centre', 'in_build' FROM (VALUES
	('router-1', 'Router to the internet', 'network device', 'hans'), ('router-2', 'Second router', 'network device', 'hans'), ('firewall', 'Firewall', 'network device', 'hans'),
	('switch-core', 'Core switch', 'network device', 'hans'), ('host-1', 'Host of virtual machines', 'server', 'hans'), ('host-2', 'Second host', 'server', 'hans'),
	('srv-mail', 'Mail server', 'server', 'ines'), ('srv-db', 'Database server', 'server', 'ines'), ('srv-web', 'Web server', 'server', 'ines'), ('srv-files', 'File server', 'server', 'ines'),
	('srv-phone', 'Telephone server', 'server', 'hans'), ('db-orders', 'Database of orders', 'database', 'ines'), ('app-mail', 'Mail application', 'application', 'ines'),
	('app-orders', 'Order application', 'application', 'ines'), ('app-phone', 'Telephone application', 'application', 'hans'), ('app-files', 'File application', 'application', 'ines')) AS v(name, title, class, owner);
INSERT INTO provider.configuration_item (name, title, class, owner, location, service, data_bearing, status)
SELECT format('pc-%s', lpad(n::text, 3, '0')), format('Computer %s', n), 'computer', 'carla', story.pick(n, 'room', '{harbour,clinic,school}'), 'workplace', true, 'in_build' FROM generate_series(1, 120) AS n;
INSERT INTO provider.ci_dependency VALUES
	('app-mail', 'srv-mail'), ('srv-mail', 'host-1'), ('app-orders', 'srv-web'), ('app-orders', 'db-orders'), ('db-orders', 'srv-db'), ('srv-db', 'host-1'), ('srv-web', 'host-2'),
	('app-phone', 'srv-phone'), ('srv-phone', 'host-2'), ('app-files', 'srv-files'), ('srv-files', 'host-2'), ('host-1', 'switch-core'), ('host-2', 'switch-core'),
	('switch-core', 'firewall'), ('firewall', 'router-1');
INSERT INTO provider.ci_connection VALUES ('router-1', 'router-2');
INSERT INTO provider.service_ci VALUES
	('mail', 'app-mail'), ('orders', 'app-orders'), ('telephony', 'app-phone'), ('network', 'router-1'), ('network', 'router-2'), ('network', 'firewall'), ('network', 'switch-core');
UPDATE provider.configuration_item SET status = 'live';
SELECT story.tell('configuration_item', name, 'eva', 'ordered', story.ago('40 months')::text, 'received', story.ago('39 months')::text, 'in_build', (story.ago('39 months') + 5)::text,
	'in_test', (story.ago('39 months') + 10)::text, 'live', story.ago('38 months')::text) FROM provider.configuration_item \g /dev/null
