-- What docs/service_time.md takes for granted.
CREATE TABLE ticket (id integer PRIMARY KEY, opened_at timestamptz NOT NULL, closed_at timestamptz);
INSERT INTO ticket VALUES (1, '2026-03-27 16:00+01', '2026-03-30 10:00+02');
CREATE TABLE holiday (region text, day date);
INSERT INTO holiday VALUES ('BE', '2026-05-01');
