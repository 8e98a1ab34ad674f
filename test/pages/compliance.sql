-- What docs/compliance.md takes for granted: incidents that may be about security, and a place for actions.
CALL itsm.create_model('public', '{incident,improvement}');
INSERT INTO person (name, full_name) VALUES ('amy', 'Amy');
INSERT INTO incident (number, title, requester) VALUES ('INC1', 'mail is slow', 'ann');
