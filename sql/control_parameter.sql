-- Parameters of controls that have no default: what the query reads can be given.
\set VERBOSITY default
SELECT itsm.define_clause('N', 'Numbers', NULL, 'numbers');
SELECT itsm.define_control('n-interval', 'N', 'I', 'obs', 'An interval', 'SELECT ''it'', NULL::bigint, coalesce($1, ''1 hour'') > interval ''2 hours'', ''too short''', framework => 'numbers'),
	itsm.define_control('n-number', 'N', 'I', 'obs', 'A number', 'SELECT ''it'', NULL::bigint, coalesce($2, 5) > 10, ''too small''', framework => 'numbers'),
	itsm.define_control('n-both', 'N', 'I', 'obs', 'Both', 'SELECT ''it'', NULL::bigint, coalesce($1, ''1 hour'') > interval ''2 hours'' OR coalesce($2, 5) > 10, ''neither''', framework => 'numbers'),
	itsm.define_control('n-none', 'N', 'I', 'obs', 'Neither', 'SELECT ''it'', NULL::bigint, true, ''x''', framework => 'numbers');
CREATE VIEW numbers AS SELECT control, parameter, status FROM itsm.evaluate_controls('numbers');
SELECT * FROM numbers;
SELECT itsm.set_parameter('n-interval', '4 h'), itsm.set_parameter('n-number', '95 %'), itsm.set_parameter('n-both', '12');
SELECT * FROM numbers;
SELECT itsm.set_parameter('n-both', '30 d');
SELECT * FROM numbers WHERE control = 'n-both';
SELECT itsm.set_parameter('n-interval', '12');
SELECT itsm.set_parameter('n-number', '4 h');
SELECT itsm.set_parameter('n-both', 'soon');
SELECT itsm.set_parameter('n-none', '1 d');
SELECT itsm.set_parameter('n-interval', NULL), itsm.set_parameter('n-number', NULL), itsm.set_parameter('n-both', NULL);
SELECT * FROM numbers;
SELECT itsm.drop_control(id) FROM itsm.control WHERE framework = 'numbers';
DROP VIEW numbers;
