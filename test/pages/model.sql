-- What docs/model.md takes for granted.
CREATE ROLE service_owner;
