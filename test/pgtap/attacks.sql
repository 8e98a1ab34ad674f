-- Every way around, by every kind of role: each attempt is refused (its SQLSTATE), kept as an event, or
-- found by verify, attachment_health or health.  None ends unseen.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT no_plan();

-- stranger: may log in.  writer: writes the tables.  owner: owns them.  steward: owns the extension's
-- tables and functions.  root: a superuser.
CREATE ROLE attack_stranger;
CREATE ROLE attack_writer;
CREATE ROLE attack_owner;
CREATE ROLE attack_steward;
CREATE ROLE attack_root SUPERUSER;
CREATE ROLE attack_fixers;
CREATE SCHEMA desk AUTHORIZATION attack_owner;
CREATE SCHEMA planted AUTHORIZATION attack_stranger;
GRANT USAGE ON SCHEMA desk, planted TO PUBLIC;
GRANT CREATE ON SCHEMA planted TO PUBLIC;
SELECT itsm.define_lifecycle('{"name": "attack", "attributes": {"title": "text", "requester": "text"},
	"states": [{"name": "new", "category": "new", "initial": true}, {"name": "work", "category": "active"},
		{"name": "fixed", "category": "resolved"}, {"name": "done", "category": "closed", "final": true}],
	"transitions": [{"from": "new", "to": "work"}, {"from": "work", "to": ["fixed", "new"]}, {"from": "fixed", "to": "done"}],
	"delete": "refuse",
	"rules": [{"name": "fixers", "from": "work", "to": "fixed", "role": "attack_fixers"},
		{"name": "others", "to": "done", "separate": [{"to": "fixed"}]}]}');

SET SESSION AUTHORIZATION attack_owner;
CREATE TYPE desk.stage AS ENUM ('new', 'work', 'fixed', 'done');
CREATE TABLE desk.ticket (id integer PRIMARY KEY, status text NOT NULL, title text, requester text);
CREATE TABLE desk.staged (id integer PRIMARY KEY, status desk.stage NOT NULL, title text);
CREATE TABLE desk.parted (id integer, region text, status text, title text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE desk.north PARTITION OF desk.parted FOR VALUES IN ('north');
CREATE TABLE desk.south PARTITION OF desk.parted FOR VALUES IN ('south');
CREATE TABLE desk.watched (id integer PRIMARY KEY, status text, title text);
CREATE TABLE desk.known (title text PRIMARY KEY);
CREATE TABLE desk.looked (id integer PRIMARY KEY, status text, title text);
INSERT INTO desk.known VALUES ('known');
CREATE FUNCTION desk.is_known(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM desk.known k WHERE k.title = $1)';
INSERT INTO desk.ticket VALUES (9, 'done', 'old', 'somebody');
SELECT itsm.attach('desk.ticket', 'attack', 'status', mode => 'enforce', track => '{*}', attributes => '{"title": "title", "requester": "requester"}') AS ticket \gset
SELECT itsm.attach('desk.staged', 'attack', 'status', mode => 'enforce', attributes => '{"title": "title"}') AS staged \gset
SELECT itsm.attach('desk.parted', 'attack', 'status', mode => 'enforce', attributes => '{"title": "title"}') AS parted \gset
SELECT itsm.attach('desk.watched', 'attack', 'status', mode => 'observe', attributes => '{"title": "title"}') AS watched \gset
SELECT itsm.attach('desk.looked', 'attack', 'status', mode => 'enforce', filter => 'desk.is_known(title)', attributes => '{"title": "title"}') AS looked \gset
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA desk TO attack_writer;
REVOKE ALL ON desk.known FROM attack_writer;
INSERT INTO desk.ticket VALUES (1, 'new', 'first', 'ann'), (2, 'new', 'second', 'ben');
INSERT INTO desk.staged VALUES (1, 'new', 'first');
INSERT INTO desk.parted VALUES (1, 'north', 'new', 'first');
INSERT INTO desk.watched VALUES (1, 'new', 'first');
INSERT INTO desk.looked VALUES (1, 'new', 'known');
RESET SESSION AUTHORIZATION;
SELECT itsm.seal();

-- tables, views and functions of the extension go to the steward; its schemas stay a superuser's
DO $$ DECLARE command text; BEGIN
	FOR command IN
		SELECT format('ALTER TABLE %s OWNER TO attack_steward', c.oid::regclass) FROM pg_class c WHERE c.relnamespace IN ('itsm'::regnamespace, 'itsm_report'::regnamespace) AND c.relkind IN ('r', 'p', 'v')
		UNION ALL
		SELECT format('ALTER ROUTINE %s OWNER TO attack_steward', p.oid::regprocedure) FROM pg_proc p WHERE p.pronamespace = 'itsm'::regnamespace AND p.prokind <> 'a'
	LOOP
		EXECUTE command;
	END LOOP;
END $$;

GRANT USAGE ON SCHEMA itsm_report TO attack_steward;

CREATE TABLE try (number integer GENERATED ALWAYS AS IDENTITY, what text, commands text[],
	stranger text, writer text, owner text, steward text, root text);

-- What tells of an attempt: kinds of events that came, and what finds something wrong.
CREATE FUNCTION counted() RETURNS jsonb LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_object_agg(k, n) FROM (SELECT kind AS k, count(*) AS n FROM itsm.event GROUP BY 1
		UNION ALL SELECT 'violation', count(*) FROM itsm.violation) c $$;
CREATE FUNCTION seen(before jsonb) RETURNS text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(string_agg(t, ', ' ORDER BY t COLLATE "C"), 'unseen') FROM (
		SELECT 'event ' || key FROM jsonb_each(public.counted()) WHERE value::bigint > coalesce((before ->> key)::bigint, 0)
		UNION SELECT 'verify ' || scope FROM itsm.verify() WHERE NOT ok
		UNION SELECT 'attachment_health' FROM itsm_report.attachment_health WHERE NOT healthy
		UNION SELECT 'health ' || concern FROM itsm.health() WHERE level <> 'ok' AND concern <> 'verification') s(t) $$;
-- What an attempt comes to; it leaves nothing behind.
CREATE FUNCTION outcome(role text, commands text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	become CONSTANT text := 'SET LOCAL SESSION AUTHORIZATION attack_' || role;
	before CONSTANT jsonb := public.counted();
	command text;
	result text;
BEGIN
	BEGIN
		EXECUTE become;
		FOREACH command IN ARRAY commands LOOP
			EXECUTE command;
		END LOOP;
		SET LOCAL SESSION AUTHORIZATION DEFAULT;
		SET LOCAL search_path = public, pg_catalog;
		SET LOCAL session_replication_role = origin;
		result := public.seen(before);
		RAISE SQLSTATE 'ZZ999';
	EXCEPTION
		WHEN SQLSTATE 'ZZ999' THEN
			RETURN result;
		WHEN OTHERS THEN
			RETURN SQLSTATE;
	END;
END $$;

-- Attachment 1 is that of desk.ticket.  null: has the right to do it, or is the one who grants it.
-- 22012: the last command found nothing to count.  42883: itsm.verify() is gone with the extension.
INSERT INTO try (what, commands, stranger, writer, owner, steward, root) VALUES
('a forbidden write as it is', ARRAY[$a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', 'IT001', 'IT001', '42501', 'IT001'),
('a forbidden first state', ARRAY[$a$INSERT INTO desk.ticket VALUES (3, 'done', 'x', 'x')$a$],
	'42501', 'IT003', 'IT003', '42501', 'IT003'),
('an unknown state', ARRAY[$a$UPDATE desk.ticket SET status = 'nowhere' WHERE id = 1$a$],
	'42501', 'IT002', 'IT002', '42501', 'IT002'),
('a deletion', ARRAY['DELETE FROM desk.ticket WHERE id = 1'],
	'42501', 'IT010', 'IT010', '42501', 'IT010'),
('TRUNCATE', ARRAY['TRUNCATE desk.ticket'],
	'42501', 'IT010', 'IT010', '42501', 'IT010'),
('TRUNCATE of a partition', ARRAY['TRUNCATE desk.north'],
	'42501', 'IT010', 'IT010', '42501', 'IT010'),
('TRUNCATE CASCADE by a table that refers to it', ARRAY['CREATE TABLE planted.above (id integer PRIMARY KEY)', 'TRUNCATE planted.above, desk.ticket CASCADE'],
	'42501', 'IT010', 'IT010', '42501', 'IT010'),
('a row let pass by a delete and an insert', ARRAY['DELETE FROM desk.ticket WHERE id = 1', $a$INSERT INTO desk.ticket VALUES (1, 'new', 'first', 'ann')$a$],
	'42501', 'IT010', 'IT010', '42501', 'IT010'),
('COPY', ARRAY[$a$CREATE TEMP TABLE out_of AS SELECT 'x'$a$, $a$COPY desk.ticket FROM PROGRAM 'printf "5\\tdone\\tx\\ty\\n"'$a$],
	'42501', '42501', '42501', '42501', 'IT003'),
('a leaf partition written directly', ARRAY[$a$UPDATE desk.north SET status = 'done'$a$],
	'42501', 'IT001', 'IT001', '42501', 'IT001'),
('a move to another partition that hides a forbidden one', ARRAY[$a$UPDATE desk.parted SET region = 'south', status = 'done'$a$],
	'42501', 'IT001', 'IT001', '42501', 'IT001'),
($a$a role's rule by who is not in it$a$, ARRAY[$a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$, $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42501', 'IT006', 'IT006', '42501', 'IT006'),
('SET ROLE to the role that the rule wants', ARRAY['SET LOCAL ROLE attack_fixers', $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', '42501'),
('a forged actor by SET', ARRAY[$a$SET LOCAL itsm.actor = 'attack_fixers'$a$, $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$, $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42602', '42602', '42602', '42602', '42602'),
('act_as without a grant', ARRAY[$a$SELECT itsm.act_as('attack_fixers')$a$, $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'event transition'),
('a grant to oneself', ARRAY['SELECT itsm.grant_actor(current_user)'],
	'42501', '42501', '42501', 'event granted', 'event granted'),
('a grant of EXECUTE to oneself', ARRAY['GRANT EXECUTE ON FUNCTION itsm.act_as(text) TO attack_stranger', 'SET LOCAL SESSION AUTHORIZATION DEFAULT', $a$SELECT 1 / (has_function_privilege('attack_stranger', 'itsm.act_as(text)', 'EXECUTE'))::integer$a$],
	'42501', '42501', '42501', NULL, NULL),
('an override without a grant', ARRAY[$a$SELECT itsm.override('desk.ticket', '1', 'transition', 'because')$a$, $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'event overridden, event transition, event violation'),
('an override without a reason', ARRAY[$a$SELECT itsm.override('desk.ticket', '1', 'transition', ' ')$a$],
	'42501', '42501', '42501', 'IT014', 'IT014'),
('an override of a row that is another', ARRAY[$a$SELECT itsm.override('desk.ticket', '2', 'transition', 'because')$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT001'),
('a row put into itsm.override', ARRAY[$a$INSERT INTO itsm.override SELECT e.record, e.version, e.at, e.attachment, e.tenant, 'transition', 'forged', 'x', 'x', 'x', false FROM itsm.event e WHERE e.kind = 'created' LIMIT 1$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('the trigger disabled', ARRAY['ALTER TABLE desk.ticket DISABLE TRIGGER itsm_judge', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('all triggers disabled', ARRAY['ALTER TABLE desk.ticket DISABLE TRIGGER ALL', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('all triggers disabled, and enabled again', ARRAY['ALTER TABLE desk.ticket DISABLE TRIGGER USER', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$, 'ALTER TABLE desk.ticket ENABLE TRIGGER USER'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('the trigger of a partition disabled', ARRAY['ALTER TABLE desk.north DISABLE TRIGGER ALL', $a$UPDATE desk.north SET status = 'done'$a$],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('the trigger dropped', ARRAY['DROP TRIGGER itsm_judge ON desk.ticket', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('the trigger renamed', ARRAY['ALTER TRIGGER itsm_judge ON desk.ticket RENAME TO something'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('the trigger replaced by one that fires never', ARRAY['CREATE OR REPLACE TRIGGER itsm_judge AFTER INSERT OR UPDATE OR DELETE ON desk.ticket FOR EACH ROW WHEN (false) EXECUTE FUNCTION itsm.judge()'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('a later trigger that changes the row', ARRAY[$a$CREATE FUNCTION planted.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.status := ''done''; RETURN NEW; END'$a$, 'CREATE TRIGGER zzz_late BEFORE UPDATE ON desk.ticket FOR EACH ROW EXECUTE FUNCTION planted.late()', $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('a later AFTER trigger that writes again', ARRAY[$a$CREATE FUNCTION planted.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE desk.ticket SET status = ''done'' WHERE id = NEW.id AND status = ''work''; RETURN NULL; END'$a$, 'CREATE TRIGGER zzz_late AFTER UPDATE ON desk.ticket FOR EACH ROW EXECUTE FUNCTION planted.late()', $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('a trigger that swallows the refusal', ARRAY[$a$DO $x$ BEGIN UPDATE desk.ticket SET status = 'done' WHERE id = 1; EXCEPTION WHEN OTHERS THEN NULL; END $x$$a$, $a$SELECT 1 / (SELECT count(*) FROM desk.ticket WHERE status = 'done' AND id = 1)$a$],
	'42501', '22012', '22012', '42501', '22012'),
('a rule that writes elsewhere', ARRAY['CREATE RULE away AS ON UPDATE TO desk.ticket DO INSTEAD NOTHING'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('a rule of a view over it', ARRAY['CREATE VIEW planted.over AS SELECT * FROM desk.ticket', $a$CREATE RULE away AS ON DELETE TO planted.over DO INSTEAD UPDATE desk.ticket SET status = 'done' WHERE id = old.id$a$, 'DELETE FROM planted.over WHERE id = 1'],
	'42501', 'IT001', 'IT001', '42501', 'IT001'),
('a security-definer function of a user', ARRAY[$a$CREATE FUNCTION planted.definer() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE desk.ticket SET status = ''done'' WHERE id = 1'$a$, 'SELECT planted.definer()'],
	'42501', 'IT001', 'IT001', '42501', 'IT001'),
('the table dropped', ARRAY['DROP TABLE desk.ticket'],
	'42501', '42501', 'IT052', '42501', 'event dropped'),
('the table dropped and made anew', ARRAY['DROP TABLE desk.ticket', 'CREATE TABLE desk.ticket (id integer PRIMARY KEY, status text, title text, requester text)', $a$INSERT INTO desk.ticket VALUES (1, 'done', 'x', 'x')$a$],
	'42501', '42501', 'IT052', '42501', 'event dropped'),
('the table renamed and another put in its place', ARRAY['ALTER TABLE desk.ticket RENAME TO kept_ticket', 'CREATE TABLE desk.ticket (id integer PRIMARY KEY, status text, title text, requester text)', $a$UPDATE desk.kept_ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('the schema renamed', ARRAY['ALTER SCHEMA desk RENAME TO counter', $a$UPDATE counter.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT052'),
('the table moved to another schema', ARRAY['ALTER TABLE desk.ticket SET SCHEMA planted', $a$UPDATE planted.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('SET UNLOGGED', ARRAY['ALTER TABLE desk.ticket SET UNLOGGED'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('the status renamed', ARRAY['ALTER TABLE desk.ticket RENAME status TO state', $a$UPDATE desk.ticket SET state = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('the status dropped', ARRAY['ALTER TABLE desk.ticket DROP COLUMN status'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('the status renamed, and another put in its place', ARRAY['ALTER TABLE desk.ticket RENAME status TO state', $a$ALTER TABLE desk.ticket ADD status text DEFAULT 'new'$a$, $a$UPDATE desk.ticket SET state = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('a new column with a default', ARRAY[$a$ALTER TABLE desk.ticket ADD extra text DEFAULT 'x'$a$],
	'42501', '42501', 'event column_added', '42501', 'event column_added'),
('ALTER TYPE with an expression that rewrites', ARRAY[$a$ALTER TABLE desk.ticket ALTER COLUMN status TYPE text USING 'done'$a$],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('ALTER TYPE to a domain', ARRAY['CREATE DOMAIN planted.status AS text', 'ALTER TABLE desk.ticket ALTER COLUMN status TYPE planted.status', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('the label of an enum renamed', ARRAY[$a$ALTER TYPE desk.stage RENAME VALUE 'new' TO 'begun'$a$],
	'42501', '42501', 'verify row', '42501', 'verify row'),
('two labels of an enum swapped', ARRAY[$a$ALTER TYPE desk.stage RENAME VALUE 'new' TO 'x'$a$, $a$ALTER TYPE desk.stage RENAME VALUE 'done' TO 'new'$a$, $a$ALTER TYPE desk.stage RENAME VALUE 'x' TO 'done'$a$],
	'42501', '42501', 'verify row', '42501', 'verify row'),
('a label of an enum edited in the catalog', ARRAY[$a$UPDATE pg_enum SET enumlabel = 'done2' WHERE enumlabel = 'done' AND enumtypid = 'desk.stage'::regtype$a$, $a$UPDATE pg_enum SET enumlabel = 'done' WHERE enumlabel = 'new' AND enumtypid = 'desk.stage'::regtype$a$],
	'42501', '42501', '42501', '42501', 'verify row'),
('an identity for a status', ARRAY['ALTER TABLE desk.ticket ALTER COLUMN status DROP NOT NULL, ALTER COLUMN status ADD GENERATED ALWAYS AS IDENTITY'],
	'42501', '42501', '22023', '42501', '22023'),
('the primary key dropped', ARRAY['ALTER TABLE desk.ticket DROP CONSTRAINT ticket_pkey'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('a partition detached, changed and attached again', ARRAY['ALTER TABLE desk.parted DETACH PARTITION desk.north', $a$UPDATE desk.north SET status = 'done'$a$, $a$ALTER TABLE desk.parted ATTACH PARTITION desk.north FOR VALUES IN ('north')$a$],
	'42501', '42501', 'event partition_added, event partition_removed, verify row', '42501', 'event partition_added, event partition_removed, verify row'),
('a partition detached', ARRAY['ALTER TABLE desk.parted DETACH PARTITION desk.north'],
	'42501', '42501', 'event partition_removed, verify row', '42501', 'event partition_removed, verify row'),
('a table with done rows attached as a partition', ARRAY['CREATE TABLE planted.east (LIKE desk.parted)', $a$INSERT INTO planted.east VALUES (7, 'east', 'done', 'x')$a$, $a$ALTER TABLE desk.parted ATTACH PARTITION planted.east FOR VALUES IN ('east')$a$],
	'42501', '42501', 'event partition_added', '42501', 'event partition_added'),
('a child by inheritance', ARRAY['CREATE TABLE planted.child () INHERITS (desk.ticket)', $a$INSERT INTO planted.child VALUES (8, 'new', 'x', 'x')$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 8$a$],
	'42501', '42501', 'IT001', '42501', 'IT001'),
('the owner changed', ARRAY['ALTER TABLE desk.ticket OWNER TO attack_root'],
	'42501', '42501', '42501', '42501', 'event owner_changed'),
('REASSIGN OWNED', ARRAY['REASSIGN OWNED BY attack_owner TO attack_root'],
	'42501', '42501', '42501', '42501', NULL),
('DROP OWNED', ARRAY['DROP OWNED BY attack_owner CASCADE'],
	'42501', '42501', 'IT052', '42501', 'event dropped'),
('a table copied, changed, and put in place', ARRAY['CREATE TABLE planted.copy AS SELECT * FROM desk.ticket', $a$UPDATE planted.copy SET status = 'done'$a$, 'DROP TABLE desk.ticket', 'ALTER TABLE planted.copy SET SCHEMA desk', 'ALTER TABLE desk.copy RENAME TO ticket'],
	'42501', '42501', 'IT052', '42501', 'event dropped'),
('edited look-up rows: the filter lets the row go', ARRAY['DELETE FROM desk.known', $a$UPDATE desk.looked SET status = 'done'$a$],
	'42501', '42501', 'verify row', '42501', 'verify row'),
('a look-up function replaced', ARRAY[$a$CREATE OR REPLACE FUNCTION desk.is_known(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT false'$a$, $a$UPDATE desk.looked SET status = 'done'$a$],
	'42501', '42501', 'verify row', '42501', 'verify row'),
('a look-up function renamed', ARRAY['ALTER FUNCTION desk.is_known(text) RENAME TO was_known'],
	'42501', '42501', 'IT052', '42501', 'IT052'),
('detach', ARRAY[$a$SELECT itsm.detach('desk.ticket')$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'event detached', '42501', 'event detached'),
('detach and attach again', ARRAY[$a$SELECT itsm.detach('desk.ticket')$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$, $a$SELECT itsm.attach('desk.ticket', 'attack', 'status', mode => 'enforce')$a$],
	'42501', '42501', 'event attached, event detached', '42501', 'event attached, event detached'),
('the mode', ARRAY[$a$SELECT itsm.set_mode(1, 'off')$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'event mode_set, event transition', '42501', 'event mode_set, event transition'),
('the mode of a rule', ARRAY[$a$SELECT itsm.set_mode(1, 'off', 'transition')$a$, $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42501', '42501', 'event mode_set, event transition', '42501', 'event mode_set, event transition'),
('another lifecycle of that name', ARRAY[$a$SELECT itsm.define_lifecycle(jsonb_set(itsm.lifecycle_definition('attack'), '{transitions}', itsm.lifecycle_definition('attack') -> 'transitions' || '[{"from": "new", "to": "fixed"}]'))$a$, $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'event defined, event transition'),
('a second attachment that lets all pass', ARRAY[$a$SELECT itsm.define_lifecycle('{"name": "free", "states": [{"name": "new", "category": "new", "initial": true}, {"name": "done", "category": "closed", "initial": true, "final": true}], "transitions": [{"from": "new", "to": "done"}]}')$a$, $a$SELECT itsm.attach('desk.ticket', 'free', 'status', mode => 'enforce')$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT001'),
('migrate to the current lifecycle', ARRAY['SELECT itsm.migrate(1)'],
	'42501', '42501', 'event migrated', '42501', 'event migrated'),
('history switched off', ARRAY['SET LOCAL itsm.history = off', $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'health settings, verify row'),
('maintenance switched on', ARRAY['SET LOCAL itsm.maintenance = on', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'event maintenance, health settings, verify row'),
('maintenance by ALTER ROLE', ARRAY['ALTER ROLE attack_stranger SET itsm.maintenance = on'],
	'42501', '42501', '42501', '42501', 'health settings'),
($a$maintenance by a function's SET$a$, ARRAY[$a$CREATE FUNCTION planted.kept() RETURNS void LANGUAGE sql SET itsm.maintenance = on AS 'UPDATE desk.ticket SET status = ''done'' WHERE id = 1'$a$, 'SELECT planted.kept()'],
	'42501', '42501', '42501', '42501', 'event maintenance, verify row'),
('maintenance by set_config', ARRAY[$a$SELECT set_config('itsm.maintenance', 'on', true)$a$],
	'42501', '42501', '42501', '42501', 'health settings'),
('maintenance by pg_settings', ARRAY[$a$UPDATE pg_settings SET setting = 'on' WHERE name = 'itsm.maintenance'$a$, $a$SELECT 1 / (SELECT count(*) FROM pg_settings WHERE name = 'itsm.maintenance' AND setting = 'on')$a$],
	'42501', '42501', '42501', '42501', 'health settings'),
('session_replication_role', ARRAY['SET LOCAL session_replication_role = replica', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT001'),
('another cell', ARRAY['SET LOCAL itsm.cell = 5', $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'event transition'),
($a$an event trigger of one's own$a$, ARRAY[$a$CREATE FUNCTION planted.quiet() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'$a$, 'CREATE EVENT TRIGGER aaa_quiet ON ddl_command_end EXECUTE FUNCTION planted.quiet()', 'ALTER TABLE desk.ticket DISABLE TRIGGER ALL', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT052'),
('our event trigger disabled', ARRAY['ALTER EVENT TRIGGER itsm_guard_command DISABLE', 'ALTER TABLE desk.ticket DISABLE TRIGGER ALL'],
	'42501', '42501', '42501', '42501', 'attachment_health, health attachments, health guards'),
('our event trigger disabled, used, and enabled again', ARRAY['ALTER EVENT TRIGGER itsm_guard_command DISABLE', 'ALTER TABLE desk.ticket DISABLE TRIGGER ALL', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$, 'ALTER TABLE desk.ticket ENABLE ALWAYS TRIGGER itsm_judge, ENABLE ALWAYS TRIGGER itsm_judge_truncate', 'ALTER EVENT TRIGGER itsm_guard_command ENABLE ALWAYS'],
	'42501', '42501', '42501', '42501', 'verify row'),
('our event trigger dropped', ARRAY['DROP EVENT TRIGGER itsm_guard_drop'],
	'42501', '42501', '42501', '42501', '2BP01'),
('the extension dropped', ARRAY['DROP EXTENSION itsm CASCADE'],
	'42501', '42501', '42501', '42501', '42883'),
($a$the extension's function replaced$a$, ARRAY[$a$CREATE OR REPLACE FUNCTION itsm.judge() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'attachment_health, health attachments, verify row'),
('a function put into our schema', ARRAY[$a$CREATE FUNCTION itsm.judge(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'$a$],
	'42501', '42501', '42501', '42501', NULL),
($a$the trigger's function changed in the catalog$a$, ARRAY[$a$UPDATE pg_trigger SET tgenabled = 'D' WHERE tgname = 'itsm_judge' AND tgrelid = 'desk.ticket'::regclass$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT001'),
('the trigger deleted from the catalog', ARRAY[$a$DELETE FROM pg_trigger WHERE tgname = 'itsm_judge' AND tgrelid = 'desk.ticket'::regclass$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT001'),
('relhastriggers switched off', ARRAY[$a$UPDATE pg_class SET relhastriggers = false WHERE oid = 'desk.ticket'::regclass$a$, $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'verify row'),
('an operator in front', ARRAY[$a$CREATE FUNCTION planted.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'$a$, 'CREATE OPERATOR planted.= (FUNCTION = planted.same, LEFTARG = text, RIGHTARG = text)', 'CREATE OPERATOR planted.<> (FUNCTION = planted.same, LEFTARG = text, RIGHTARG = text)', 'CREATE OPERATOR planted.~ (FUNCTION = planted.same, LEFTARG = text, RIGHTARG = text)', 'SET LOCAL search_path = planted, pg_catalog', $a$UPDATE desk.ticket SET status = 'done' WHERE id OPERATOR(pg_catalog.=) 1$a$],
	'42501', 'IT001', 'IT001', '42501', 'IT001'),
('functions in front', ARRAY[$a$CREATE FUNCTION planted.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''x'''$a$, $a$CREATE FUNCTION planted.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2001-01-01'''$a$, $a$CREATE FUNCTION planted.pg_has_role(name, name, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'$a$, 'SET LOCAL search_path = planted, pg_catalog', $a$UPDATE desk.ticket SET status = 'work' WHERE id = 1$a$, $a$UPDATE desk.ticket SET status = 'fixed' WHERE id = 1$a$],
	'42501', 'IT006', 'IT006', '42501', 'IT006'),
('tables named as ours in pg_temp', ARRAY['CREATE TEMP TABLE attachment (LIKE itsm.attachment)', 'CREATE TEMP TABLE record (LIKE itsm.record)', 'CREATE TEMP TABLE pg_trigger (x integer)', 'CREATE TEMP TABLE pg_class (x integer)', 'SET LOCAL search_path = pg_temp, pg_catalog', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', '42501', '42501', 'IT001'),
('a table named as the attached one in pg_temp', ARRAY['CREATE TEMP TABLE ticket (id integer, status text, title text, requester text)', $a$INSERT INTO ticket VALUES (1, 'done', 'x', 'x')$a$, 'SET LOCAL search_path = pg_temp, desk', $a$SELECT itsm.override('ticket', '1', 'transition', 'x')$a$],
	'42501', '42501', '42501', 'IT051', 'IT051'),
($a$our trigger on one's own table$a$, ARRAY['CREATE TABLE planted.own (id integer PRIMARY KEY, status text)', 'CREATE TRIGGER itsm_judge AFTER INSERT ON planted.own FOR EACH ROW EXECUTE FUNCTION itsm.judge()', $a$INSERT INTO planted.own VALUES (1, 'new')$a$],
	'IT051', 'IT051', 'IT051', 'IT051', 'IT051'),
($a$append_only on one's own table$a$, ARRAY['CREATE TABLE planted.own (id integer PRIMARY KEY, status text)', 'CREATE TRIGGER itsm_append_only BEFORE UPDATE ON planted.own EXECUTE FUNCTION itsm.append_only()', 'UPDATE planted.own SET id = 1'],
	'39P01', '39P01', '39P01', '39P01', '39P01'),
($a$follow_relationships on one's own table$a$, ARRAY['CREATE TABLE planted.own (id integer PRIMARY KEY, a integer, b integer)', 'CREATE TRIGGER itsm_follow AFTER INSERT ON planted.own FOR EACH ROW EXECUTE FUNCTION itsm.follow_relationships()', 'INSERT INTO planted.own VALUES (1, 1, 2)'],
	'IT051', 'IT051', 'IT051', 'IT051', 'IT051'),
($a$unpack_relationships on one's own table$a$, ARRAY['CREATE TABLE planted.own (id integer PRIMARY KEY, a integer, b integer)', 'CREATE TRIGGER itsm_unpack AFTER INSERT ON planted.own FOR EACH ROW EXECUTE FUNCTION itsm.unpack_relationships()', 'INSERT INTO planted.own VALUES (1, 1, 2)'],
	'39P01', '39P01', '39P01', '39P01', '39P01'),
($a$give_back_bookings on one's own table$a$, ARRAY['CREATE TABLE planted.own (id integer PRIMARY KEY, a integer, b integer)', 'CREATE TRIGGER itsm_give_back AFTER UPDATE ON planted.own FOR EACH ROW EXECUTE FUNCTION itsm.give_back_bookings()', 'INSERT INTO planted.own VALUES (1, 1, 2)', 'UPDATE planted.own SET a = 3'],
	'39P01', '39P01', '39P01', '39P01', '39P01'),
($a$attach another's table$a$, ARRAY[$a$SELECT itsm.attach('desk.known', 'attack', 'title')$a$],
	'42501', '42501', 'event attached', '42501', 'event attached'),
($a$backfill of another's attachment$a$, ARRAY['CALL itsm.backfill(1)'],
	'42501', '42501', 'event backfilled', '42501', 'event backfilled'),
($a$check_rows of another's attachment$a$, ARRAY['SELECT * FROM itsm.check_rows(1)'],
	'42501', '42501', NULL, '42501', NULL),
($a$import_events into another's attachment$a$, ARRAY[$a$SELECT itsm.import_events(1, $x$VALUES ('1', now() - interval '1 year', 'done')$x$)$a$],
	'42501', '42501', 'event imported, health seal', '42501', 'event imported, health seal'),
('import_events with a query that writes', ARRAY[$a$SELECT itsm.import_events(1, $x$WITH w AS (INSERT INTO desk.ticket VALUES (44, 'new', 'x', 'x') RETURNING id) SELECT id::text, now(), 'new' FROM w$x$)$a$],
	'42501', '42501', 'IT051', '42501', 'IT051'),
('discover_lifecycle with a query that writes', ARRAY[$a$SELECT itsm.discover_lifecycle('x', $x$WITH w AS (DELETE FROM itsm.event RETURNING 1) SELECT 'a', now(), 'new' FROM w$x$)$a$],
	'IT051', 'IT051', 'IT051', 'IT051', 'IT051'),
($a$history of another's table$a$, ARRAY[$a$SELECT * FROM itsm.history('desk.ticket', '1')$a$],
	'42501', NULL, NULL, '42501', NULL),
($a$evidence of another's table$a$, ARRAY[$a$SELECT itsm.evidence('desk.ticket', '1')$a$],
	'42501', '42501', '42501', '42501', NULL),
('redact by whom', ARRAY[$a$SELECT itsm.redact('desk.ticket', '1', '{title}', 'x')$a$],
	'42501', '42501', '42501', '42501', 'event redacted'),
('redact_person by whom', ARRAY[$a$SELECT itsm.redact_person('ann', 'x')$a$],
	'42501', '42501', '42501', 'event redacted', 'event redacted'),
('archive by whom', ARRAY[$a$SELECT itsm.archive(now() - interval '1 day', 'planted')$a$],
	'42501', '42501', '42501', NULL, NULL),
($a$approve another's table$a$, ARRAY[$a$SELECT itsm.approve('desk.ticket', '1')$a$],
	'42501', 'IT008', 'IT008', '42501', 'IT008'),
($a$create_view of another's attachment$a$, ARRAY[$a$SELECT itsm.create_view(1, 'planted.joined')$a$, 'SELECT * FROM planted.joined'],
	'42501', '42501', '42501', '42501', NULL),
($a$book_changes of another's attachment$a$, ARRAY['SELECT itsm.book_changes(1)'],
	'42501', '42501', NULL, '42501', NULL),
('set_redundancy', ARRAY[$a$SELECT itsm.set_redundancy(1, 'depends_on', 2)$a$],
	'42501', '42501', '42501', 'P0002', 'P0002'),
('reconcile', ARRAY[$a$SELECT itsm.reconcile('x', 'x', '[]')$a$],
	'42501', '42501', '42501', '42704', '42704'),
('a baseline', ARRAY[$a$SELECT itsm.take_baseline('x')$a$],
	'42501', '42501', '42501', 'event taken', 'event taken'),
('authorise_afterwards', ARRAY[$a$SELECT itsm.authorise_afterwards('desk.ticket', '1', 1, 'desk.ticket', '2', 'x')$a$],
	'42501', '42501', '42501', 'IT007', 'IT007'),
('set_parameter', ARRAY[$a$SELECT itsm.set_parameter('x', 'x')$a$],
	'42501', '42501', '42501', '42704', '42704'),
('define_control', ARRAY[$a$SELECT itsm.define_control('x', '8.6.1', 'conformity', 'must', 'x', 'SELECT 1')$a$],
	'42501', '42501', '42501', 'IT050', 'IT050'),
('audit_report', ARRAY[$a$SELECT itsm.audit_report(now() - interval '1 day', now())$a$],
	'42501', '42501', '42501', NULL, NULL),
('export_history', ARRAY[$a$CALL itsm.export_history('planted')$a$],
	'42501', '42501', '42501', NULL, NULL),
('grant_reader', ARRAY[$a$SELECT itsm.grant_reader('public')$a$],
	'42501', '42501', '42501', 'event granted', 'event granted'),
('grant_tenant', ARRAY[$a$SELECT itsm.grant_tenant('public', '*')$a$],
	'42501', '42501', '42501', 'event granted', 'event granted'),
('separate_tenants', ARRAY[$a$SELECT itsm.separate_tenants(true)$a$],
	'42501', '42501', '42501', 'event separated', 'event separated'),
('an event deleted', ARRAY[$a$DELETE FROM itsm.event WHERE kind = 'created'$a$],
	'42501', '42501', '42501', 'IT040', 'event maintenance, verify head, verify seal'),
('an event changed', ARRAY[$a$UPDATE itsm.event SET actor = 'nobody' WHERE kind = 'created'$a$],
	'42501', '42501', '42501', 'IT040', 'event maintenance, verify chain'),
('an event added', ARRAY[$a$INSERT INTO itsm.event SELECT e.record, e.version + 1, e.at, e.xid, e.system, e.timeline, e.command, e.attachment, e.lifecycle_version, e.kind, e.tenant, e.from_state, 'done', e.session_role, e.role, e.actor, e.application, e.body, e.hash FROM itsm.event e JOIN itsm.record r ON r.id = e.record AND r.version = e.version WHERE e.kind = 'created' LIMIT 1$a$],
	'42501', '42501', '42501', 'event created, verify chain, verify head, verify projection, verify row, verify seal, verify state', 'event created, verify chain, verify head, verify projection, verify row, verify seal, verify state'),
('history truncated', ARRAY['TRUNCATE itsm.event'],
	'42501', '42501', '42501', 'IT040', 'verify head, verify policy, verify seal'),
('a partition of history written', ARRAY[$a$DO $x$ BEGIN EXECUTE (SELECT format('DELETE FROM %s', tableoid::regclass) FROM itsm.event LIMIT 1); END $x$$a$],
	'42501', '42501', '42501', 'IT040', 'event maintenance, verify head, verify policy, verify seal'),
('a partition of history dropped', ARRAY[$a$DO $x$ BEGIN EXECUTE (SELECT format('DROP TABLE %s', tableoid::regclass) FROM itsm.event LIMIT 1); END $x$$a$],
	'42501', '42501', '42501', 'IT040', 'event maintenance, health partitions, verify head, verify policy, verify seal'),
('a partition of history detached', ARRAY[$a$DO $x$ BEGIN EXECUTE (SELECT format('ALTER TABLE itsm.event DETACH PARTITION %s', tableoid::regclass) FROM itsm.event LIMIT 1); END $x$$a$],
	'42501', '42501', '42501', 'IT040', 'event maintenance, health partitions, verify head, verify policy, verify seal'),
('the guard of history disabled', ARRAY['ALTER TABLE itsm.record DISABLE TRIGGER ALL', 'UPDATE itsm.record SET deleted = true'],
	'42501', '42501', '42501', 'IT040', 'event maintenance, verify head, verify row'),
('the guard of history dropped', ARRAY['DROP TRIGGER itsm_append_only ON itsm.record'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('a rule on history', ARRAY['CREATE RULE gone AS ON INSERT TO itsm.violation DO INSTEAD NOTHING'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('a trigger on history', ARRAY[$a$CREATE FUNCTION planted.gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'$a$, 'CREATE TRIGGER aaa BEFORE INSERT ON itsm.event_default FOR EACH ROW EXECUTE FUNCTION planted.gone()'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('a trigger on the attachments', ARRAY[$a$CREATE FUNCTION planted.gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'$a$, 'CREATE TRIGGER aaa BEFORE INSERT ON itsm.attachment FOR EACH ROW EXECUTE FUNCTION planted.gone()'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('a default on the attachments', ARRAY[$a$CREATE FUNCTION planted.gone() RETURNS text LANGUAGE sql AS 'SELECT ''x'''$a$, 'ALTER TABLE itsm.attachment ALTER COLUMN mode SET DEFAULT planted.gone()'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('row security on history', ARRAY['ALTER TABLE itsm.event ENABLE ROW LEVEL SECURITY'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('history unlogged', ARRAY['ALTER TABLE itsm.record SET UNLOGGED'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('a column of history dropped', ARRAY['ALTER TABLE itsm.record DROP COLUMN hash'],
	'42501', '42501', '42501', 'IT040', 'IT040'),
('a head rolled back', ARRAY['UPDATE itsm.record SET version = 0'],
	'42501', '42501', '42501', 'IT040', 'event maintenance, verify head'),
('a state row changed', ARRAY[$a$UPDATE itsm.record_state SET state = 'done'$a$],
	'42501', '42501', '42501', 'verify state', 'verify state'),
('the mode in the table', ARRAY[$a$UPDATE itsm.attachment SET mode = 'off'$a$, 'SELECT itsm.policies_changed()'],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('the filter in the table', ARRAY[$a$UPDATE itsm.attachment SET filter_expression = 'false'$a$, 'SELECT itsm.policies_changed()'],
	'42501', '42501', '42501', 'verify policy, verify row', 'verify policy, verify row'),
('the attachment taken out of the table', ARRAY['DELETE FROM itsm.attachment WHERE id = 1', 'SELECT itsm.policies_changed()'],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('the attachment ended in the table', ARRAY['UPDATE itsm.attachment SET detached_at = now()', 'SELECT itsm.policies_changed()'],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('a lifecycle put into the table', ARRAY[$a$INSERT INTO itsm.lifecycle SELECT (jsonb_populate_record(l, jsonb_build_object('version', l.version + 1, 'definition', jsonb_set(l.definition, '{transitions}', l.definition -> 'transitions' || '[{"from": "new", "to": "fixed"}]')))).* FROM itsm.lifecycle l WHERE name = 'attack'$a$, 'SELECT itsm.policies_changed()'],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('a lifecycle changed in the table', ARRAY[$a$UPDATE itsm.lifecycle SET definition = jsonb_set(definition, '{rules}', '[]') WHERE name = 'attack'$a$],
	'42501', '42501', '42501', 'IT040', 'event maintenance, verify policy'),
('a source changed in the table', ARRAY[$a$UPDATE itsm.source SET relation = 'desk.known'::regclass WHERE relation = 'desk.ticket'::regclass$a$],
	'42501', '42501', '42501', 'attachment_health, verify policy', 'attachment_health, verify policy'),
('an approver put into the table', ARRAY[$a$INSERT INTO itsm.approver (role, person, valid_from) VALUES ('x', 'attack_stranger', '-infinity')$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
($a$a person's role put into the table$a$, ARRAY[$a$INSERT INTO itsm.person_role (role) VALUES ('attack_stranger')$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('a reader put into the table', ARRAY[$a$INSERT INTO itsm.reader (role) VALUES ('public')$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('a tenant granted in the table', ARRAY[$a$INSERT INTO itsm.tenant_grant (role, tenant) VALUES ('public', '*')$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('tenants separated in the table', ARRAY[$a$INSERT INTO itsm.tenant_separation DEFAULT VALUES$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('an approval put into the table', ARRAY[$a$INSERT INTO itsm.approval SELECT e.record, e.version, e.at, e.attachment, e.tenant, 'x', 'x', NULL, 'approved', NULL, '{}', '\x00', '\x00', 'x', 'x' FROM itsm.event e WHERE e.kind = 'created' LIMIT 1$a$],
	'42501', '42501', '42501', 'verify approval', 'verify approval'),
('a seal removed', ARRAY['DELETE FROM itsm.seal'],
	'42501', '42501', '42501', 'IT040', 'event maintenance'),
('a seal added', ARRAY[$a$INSERT INTO itsm.seal SELECT (jsonb_populate_record(s, '{"seal": 99, "size": 999}')).* FROM itsm.seal s LIMIT 1$a$],
	'42501', '42501', '42501', 'verify seal', 'verify seal'),
('a sequence set back', ARRAY[$a$DO $x$ BEGIN PERFORM setval(c.oid::regclass, 1, false) FROM pg_class c WHERE relkind = 'S' AND relnamespace = 'itsm'::regnamespace; END $x$$a$, $a$INSERT INTO desk.ticket VALUES (10, 'new', 'x', 'x')$a$],
	'42501', '42501', '42501', '42501', 'event created'),
('nextval of ours', ARRAY[$a$SELECT nextval((SELECT c.oid FROM pg_class c WHERE relkind = 'S' AND relnamespace = 'itsm'::regnamespace ORDER BY relname LIMIT 1)::regclass)$a$],
	'42501', '42501', '42501', '42501', NULL),
('a column of history of another type', ARRAY[$a$ALTER TABLE itsm.record ALTER COLUMN hash TYPE text USING 'x'$a$],
	'42501', '42501', '42501', 'IT040', 'IT040'),
('a column of the attachments dropped in maintenance', ARRAY['SET LOCAL itsm.maintenance = on', 'ALTER TABLE itsm.attachment DROP COLUMN attached_by'],
	'42501', '42501', '42501', '42501', 'IT040'),
('a delegation put into the table', ARRAY[$a$INSERT INTO itsm.delegation (person, delegate, valid_from) VALUES ('ann', 'ben', '-infinity')$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
($a$a control's parameter in the table$a$, ARRAY[$a$INSERT INTO itsm.control_setting (control, excluded) SELECT id, 'because' FROM itsm.control LIMIT 1$a$],
	'42501', '42501', '42501', 'verify policy', 'verify policy'),
('the hours of a calendar in the table', ARRAY[$a$INSERT INTO itsm.calendar (name) VALUES ('x')$a$, $a$INSERT INTO itsm.calendar_hours (calendar, valid_from, hours, defined_at, defined_by) VALUES ('x', '-infinity', '24/7', now(), 'x')$a$],
	'42501', '42501', '42501', 'verify calendar, verify policy', 'verify calendar, verify policy'),
('an agreement in the table', ARRAY[$a$INSERT INTO itsm.sla SELECT (jsonb_populate_record(NULL::itsm.sla, '{"id": 77, "version": 1, "valid_from": "2020-01-01", "name": "x", "kind": "sla", "metric": "x", "definition": {}, "expressions": [], "defined_at": "2020-01-01", "defined_by": "x"}')).*$a$],
	'42501', '42501', '42501', 'attachment_health, verify policy, verify sla', 'attachment_health, verify policy, verify sla'),
($a$all tables' triggers off at once$a$, ARRAY[$a$DO $x$ BEGIN EXECUTE (SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER ALL', c.oid::regclass), ';') FROM pg_class c WHERE relnamespace = 'desk'::regnamespace AND relkind IN ('r', 'p')); END $x$$a$],
	'42501', '42501', 'IT052', '42501', 'IT052'),
($a$a foreign table in the partition's place$a$, ARRAY['CREATE TABLE planted.twin (LIKE desk.parted INCLUDING ALL)', 'ALTER TABLE desk.parted DETACH PARTITION desk.south', $a$ALTER TABLE desk.parted ATTACH PARTITION planted.twin FOR VALUES IN ('south')$a$, $a$INSERT INTO desk.parted VALUES (5, 'south', 'done', 'x')$a$],
	'42501', '42501', 'IT003', '42501', 'IT003'),
('a column that shadows an attribute', ARRAY['ALTER TABLE desk.ticket RENAME requester TO was_requester', $a$ALTER TABLE desk.ticket ADD requester text DEFAULT 'somebody else'$a$],
	'42501', '42501', 'event column_added, event renamed', '42501', 'event column_added, event renamed'),
('CLUSTER, VACUUM and such, which are harmless, then a forbidden write', ARRAY['CLUSTER desk.ticket USING ticket_pkey', 'ANALYZE desk.ticket', $a$UPDATE desk.ticket SET status = 'done' WHERE id = 1$a$],
	'42501', '42501', 'IT001', '42501', 'IT001');

SELECT is(:ticket, 1, 'the attachment that the attempts name');
SELECT is(seen(counted()), 'unseen', 'nothing is amiss beforehand');
SELECT cmp_ok(count(*), '>=', 60::bigint, 'attempts') FROM try;
SELECT is(outcome(e.role, t.commands), e.expected, format('%s: %s', e.role, t.what))
FROM try t, LATERAL (VALUES ('stranger', t.stranger), ('writer', t.writer), ('owner', t.owner), ('steward', t.steward), ('root', t.root)) e(role, expected)
WHERE e.expected IS NOT NULL ORDER BY t.number;
SELECT is(seen(counted()), 'unseen', 'nothing is left of them');

-- What is refused tells nothing of values that may not be read.
REVOKE SELECT ON desk.ticket FROM attack_writer;
GRANT SELECT (id), UPDATE (status) ON desk.ticket TO attack_writer;
CREATE FUNCTION told(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
	context text;
BEGIN
	SET LOCAL SESSION AUTHORIZATION attack_writer;
	EXECUTE command;
	RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', message, detail, hint);
END $$;
UPDATE desk.ticket SET title = 'secret', requester = 'secret';
SELECT unalike(told(command), '%secret%', 'no value in the error of ' || command) FROM unnest(ARRAY[
	'UPDATE desk.ticket SET status = ''done''', 'UPDATE desk.ticket SET status = ''secret'' WHERE id = 2',
	'DELETE FROM desk.ticket', 'SELECT * FROM itsm.allowed_transitions(''desk.ticket'', ''1'')',
	'SELECT * FROM itsm.history(''desk.ticket'', ''1'')', 'SELECT itsm.record_as_of(''desk.ticket'', ''1'', now())']) command;

SELECT * FROM finish();
RESET client_min_messages;
SET client_min_messages = error;
SELECT itsm.detach(a.relation) FROM itsm.attachment a WHERE a.detached_at IS NULL;
DROP SCHEMA desk, planted CASCADE;
REASSIGN OWNED BY attack_steward TO CURRENT_USER;
DROP OWNED BY attack_steward, attack_stranger, attack_writer, attack_owner, attack_root, attack_fixers;
DROP ROLE attack_steward, attack_stranger, attack_writer, attack_owner, attack_root, attack_fixers;
