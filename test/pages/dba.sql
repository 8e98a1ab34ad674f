-- What docs/dba.md takes for granted: tickets.
CREATE TABLE ticket (id integer PRIMARY KEY, status text NOT NULL, subject text, caller text);
INSERT INTO ticket VALUES (1, 'new', 'mail is slow', 'ann'), (2, 'new', 'no dial tone', 'bob');
