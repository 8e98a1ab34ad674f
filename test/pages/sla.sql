-- What docs/sla.md takes for granted: a service, and its outages.
CREATE TABLE outage (id integer PRIMARY KEY, status text NOT NULL, service text, planned boolean, began timestamptz, over timestamptz);
