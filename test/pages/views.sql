-- What docs/views.md takes for granted.
CREATE ROLE reader;
