/*
 * audit_report_parts.c
 *		The parts of the audit report.
 *
 * Operators and functions stand unqualified where pg_catalog alone is searched:
 * the function pins search_path, and the queries run with the caller's rights.
 */
#include "core/itsm.h"

#include "core/query.h"
#include "ledger/tenant_access.h"
#include "report/audit_report.h"
#include "utils/builtins.h"

#define MOST_FINDINGS 50		/* of a control, that are listed */
#define MOST_ROWS 500			/* of a list that has no other bound */
#define MOST_DIGEST 20000		/* bytes of a digest that is printed whole */

/* ------------------------------------------------------------------ summary */

static void
write_fact(StringInfo html, const char *number, const char *what)
{
	itsm_html_format(html, "<li><b>%s</b><span>%s</span></li>\n", number ? number : "-", what);
}

static const char ask_summary[] =
	"SELECT pg_catalog.round(100 * t.conformity, 1)::text || ' %', t.conforming::text, t.major::text, t.minor::text,"
	" t.observations::text, t.no_evidence::text, t.not_applicable::text, t.errors::text, t.assessed_by, t.note,"
	" (t.as_of < $1)::text"
	" FROM itsm_report.iso20000_trend t WHERE t.assessment = $3";

void
itsm_audit_summary(const AuditReport *report)
{
	static const char *const facts[] = {
		"of the applicable controls conform", "conforming", "major nonconformities", "minor nonconformities", "observations",
		"without evidence", "not applicable", "could not be answered"
	};
	SPITupleTable *rows = itsm_audit_ask(report, ask_summary, NULL);

	itsm_html_section(report->html, "summary", "Summary");
	if (rows->numvals == 0)
	{
		appendStringInfoString(report->html, "<p>No assessment was made up to the end of the period. Nothing is said here about"
							   " conformity: without an assessment there is no evidence. <code>SELECT itsm.assess()</code> makes one.</p>\n");
		return;
	}
	appendStringInfoString(report->html, "<ul class=\"facts\">\n");
	for (int i = 0; i < lengthof(facts); i++)
		write_fact(report->html, itsm_audit_text(rows, 0, i), facts[i]);
	appendStringInfoString(report->html, "</ul>\n");
	itsm_html_format(report->html, "<p>Assessment %s of %s, made by %s", psprintf(INT64_FORMAT, report->assessment),
					 report->assessed_at, itsm_audit_text(rows, 0, lengthof(facts)));
	if (itsm_audit_text(rows, 0, lengthof(facts) + 1))
		itsm_html_format(report->html, " (%s)", itsm_audit_text(rows, 0, lengthof(facts) + 1));
	appendStringInfoString(report->html, strcmp(itsm_audit_text(rows, 0, lengthof(facts) + 2), "true") == 0
						   ? ": the last one, from before the period.</p>\n" : ": the last one in the period.</p>\n");
	appendStringInfoString(report->html, "<p class=\"note\">Each control is a query over the records of the organisation's own"
						   " applications. A control that found nothing to look at says <em>no evidence</em>, never"
						   " <em>conforming</em>.</p>\n");
}

/* ------------------------------------------------------------------ scope */

static const HtmlColumn certificate_columns[] = {
	{"Certificate", 12}, {"Stage", 14}, {"Body", 14}, {"Scope", 23}, {"Issued", 11, CELL_WHEN}, {"Valid to", 11, CELL_WHEN},
	{"Surveillance", 15, CELL_WHEN}
};

static const char ask_certificates[] =
	"SELECT c.key, c.state || CASE WHEN c.expired THEN ' (expired)' WHEN c.surveillance_overdue THEN ' (surveillance overdue)' ELSE '' END,"
	" c.body, c.scope, pg_catalog.to_char(c.issued_at, 'YYYY-MM-DD'), pg_catalog.to_char(c.valid_to, 'YYYY-MM-DD'),"
	" pg_catalog.to_char(c.next_surveillance, 'YYYY-MM-DD')"
	" FROM itsm_report.certificate c ORDER BY c.issued_at DESC NULLS LAST, c.record";

static const HtmlColumn scope_columns[] = {
	{"Document", 14}, {"Title", 38}, {"Version", 10}, {"Owner", 16}, {"In force from", 11, CELL_WHEN}, {"Next review", 11, CELL_WHEN}
};

static const char ask_scope[] =
	"SELECT d.key, d.title, d.document_version, d.owner, pg_catalog.to_char(d.effective_from, 'YYYY-MM-DD'),"
	" pg_catalog.to_char(d.next_review, 'YYYY-MM-DD')"
	" FROM itsm_report.iso20000_document d WHERE d.kind = 'scope' AND d.status IN ('in force', 'review overdue') ORDER BY d.record";

static const HtmlColumn service_columns[] = {
	{"Service", 20}, {"Title", 46}, {"State", 16}, {"Owner", 18}
};

static const char ask_services[] =
	"SELECT s.key, s.title, s.state, coalesce(s.owner, s.assignee) FROM itsm_report.service s"
	" WHERE NOT s.deleted AND s.category NOT IN ('closed', 'cancelled') ORDER BY s.key COLLATE \"C\", s.record LIMIT " CppAsString2(MOST_ROWS);

static const HtmlColumn source_columns[] = {
	{"Table", 36}, {"Lifecycle", 26}, {"Mode", 12}, {"Attached since", 13, CELL_WHEN}, {"Records", 13, CELL_NUMBER}
};

static const char ask_sources[] =
	"SELECT a.source, a.lifecycle, a.mode, pg_catalog.to_char(a.attached_at, 'YYYY-MM-DD'), a.records::text"
	" FROM itsm_report.attachment_health a ORDER BY a.source COLLATE \"C\", a.attachment";

void
itsm_audit_scope(const AuditReport *report)
{
	itsm_html_section(report->html, "scope", "Scope");
	itsm_audit_table(report, certificate_columns, lengthof(certificate_columns), ask_certificates, NULL,
					 "No certificate is recorded.");
	appendStringInfoString(report->html, "<h3>Statement of scope</h3>\n");
	itsm_audit_table(report, scope_columns, lengthof(scope_columns), ask_scope, NULL,
					 "No document of kind scope is in force.");
	appendStringInfoString(report->html, "<h3>Services</h3>\n");
	itsm_audit_table(report, service_columns, lengthof(service_columns), ask_services, NULL, "No service is recorded.");
	appendStringInfoString(report->html, "<h3>Where the evidence comes from</h3>\n");
	itsm_audit_table(report, source_columns, lengthof(source_columns), ask_sources, NULL, "No table is attached.");
}

/* ------------------------------------------------------------------ clauses */

static const HtmlColumn clause_columns[] = {
	{"Clause", 8}, {"Title", 22}, {"State", 19, CELL_STATUS}, {"Controls", 9, CELL_NUMBER}, {"Conform", 9, CELL_NUMBER},
	{"Major", 6, CELL_NUMBER}, {"Minor", 7, CELL_NUMBER}, {"Obs.", 5, CELL_NUMBER}, {"No ev.", 4, CELL_NUMBER},
	{"N/A", 5, CELL_NUMBER}, {"Error", 6, CELL_NUMBER}
};

static const char ask_clauses[] =
	"SELECT k.clause, k.title, coalesce(t.status, 'no evidence'), t.controls::text, t.conforming::text, t.major::text, t.minor::text,"
	" t.observations::text, t.no_evidence::text, t.not_applicable::text, t.errors::text,"
	" CASE WHEN k.parent IS NULL THEN 'group' END"
	" FROM itsm_report.iso20000_clause k"
	" LEFT JOIN itsm_report.iso20000_clause_trend t ON t.assessment = $3 AND t.clause = k.clause"
	" ORDER BY k.ordinal";

void
itsm_audit_clauses(const AuditReport *report)
{
	itsm_html_section(report->html, "clauses", "State of each clause");
	itsm_html_format(report->html, "<p class=\"note\">Assessed: %s. A clause counts the controls of all clauses below it. It is"
					 " nonconforming when a control of grade major or minor is; observations alone do not make it so.</p>\n",
					 report->assessed_at);
	itsm_audit_table(report, clause_columns, lengthof(clause_columns), ask_clauses, NULL, "");
}

/* ------------------------------------------------------------------ charts */

/* Several of one day are told apart by their numbers; those that look back have a star. */
static const char ask_conformity[] =
	"SELECT CASE WHEN count(*) OVER (PARTITION BY t.day) > 1 THEN pg_catalog.to_char(t.as_of, 'MM-DD') || ' no. ' || t.assessment"
	" ELSE pg_catalog.to_char(t.as_of, 'YYYY-MM-DD') END || CASE WHEN t.looked_back THEN ' *' ELSE '' END, (100 * t.conformity)::float8,"
	" (100.0 * t.nonconforming / nullif(t.controls - t.not_applicable, 0))::float8,"
	" (100.0 * t.no_evidence / nullif(t.controls - t.not_applicable, 0))::float8"
	" FROM itsm_report.iso20000_trend t WHERE t.as_of >= $1 AND t.as_of < $2 ORDER BY t.assessment";

static const HtmlColumn assessment_columns[] = {
	{"No.", 5, CELL_NUMBER}, {"As of", 15, CELL_WHEN}, {"Made at", 15, CELL_WHEN}, {"Made by", 11}, {"For", 32}, {"Conforming", 11, CELL_NUMBER},
	{"History written since", 11, CELL_NUMBER}
};

static const char ask_assessments[] =
	"SELECT t.assessment::text, pg_catalog.to_char(t.as_of, 'YYYY-MM-DD HH24:MI') || CASE WHEN t.looked_back THEN ' *' ELSE '' END,"
	" pg_catalog.to_char(t.at, 'YYYY-MM-DD HH24:MI'), t.assessed_by, t.note, pg_catalog.round(100 * t.conformity, 1) || ' %',"
	" CASE WHEN t.looked_back THEN t.written_since || ' records' END"
	" FROM itsm_report.iso20000_trend t WHERE t.as_of >= $1 AND t.as_of < $2 ORDER BY t.assessment LIMIT " CppAsString2(MOST_ROWS);

/* Every month from the first to the last with values, of the last hundred years of them. */
#define EVERY_MONTH(columns) \
	" SELECT pg_catalog.to_char(g.month, 'YYYY-MM'), " columns \
	" FROM pg_catalog.generate_series((SELECT greatest(min(m.month), max(m.month) - interval '1199 months') FROM m)," \
	"  (SELECT max(m.month) FROM m), interval '1 month') AS g(month) LEFT JOIN m ON m.month = g.month ORDER BY g.month"

#define IN_PERIOD "v.month >= pg_catalog.date_trunc('month', $1) AND v.month < $2 GROUP BY v.month"

static const char ask_incidents[] =
	"WITH m AS MATERIALIZED (SELECT v.month, sum(v.opened)::float8 AS opened, sum(v.resolved)::float8 AS resolved"
	"  FROM itsm_report.incident_monthly v WHERE " IN_PERIOD ")"
	EVERY_MONTH("coalesce(m.opened, 0), coalesce(m.resolved, 0)");

static const char ask_sla[] =
	"WITH m AS MATERIALIZED (SELECT v.month, (100.0 * sum(v.met) / nullif(sum(v.completed), 0))::float8 AS met"
	"  FROM itsm_report.sla_monthly v WHERE " IN_PERIOD ")"
	EVERY_MONTH("m.met");

static const char ask_changes[] =
	"WITH m AS MATERIALIZED (SELECT v.month,"
	"   (100.0 * sum(v.successful) / nullif(sum(v.successful + v.partial + v.failed + v.backed_out), 0))::float8 AS success,"
	"   (100.0 * sum(v.emergency) / nullif(sum(v.implemented), 0))::float8 AS emergency"
	"  FROM itsm_report.change_monthly v WHERE " IN_PERIOD ")"
	EVERY_MONTH("m.success, m.emergency");

static const char ask_availability[] =
	"WITH m AS MATERIALIZED (SELECT v.month, avg(v.availability)::float8 AS mean, min(v.availability)::float8 AS lowest"
	"  FROM itsm_report.availability_monthly v WHERE v.availability IS NOT NULL AND " IN_PERIOD ")"
	EVERY_MONTH("m.mean, m.lowest");

void
itsm_audit_charts(const AuditReport *report)
{
	Chart		conformity = {"conformity", "Conformity, by assessment", " %", CHART_LINES, true, .series_count = 3,
	.series = {{"conforming"}, {"nonconforming"}, {"without evidence"}}};
	Chart		incidents = {"incidents", "Incidents per month", "", CHART_BARS, false, .series_count = 2,
	.series = {{"opened"}, {"resolved"}}};
	Chart		sla = {"sla", "Service level targets met, per month", " %", CHART_LINES, true, .series_count = 1,
	.series = {{"met, of those completed"}}};
	Chart		changes = {"changes", "Changes per month", " %", CHART_LINES, true, .series_count = 2,
	.series = {{"successful, of those with an outcome"}, {"emergency, of those implemented"}}};
	Chart		availability = {"availability", "Availability of services per month", " %", CHART_LINES, true, .series_count = 2,
	.series = {{"mean of the services"}, {"lowest service"}}};

	itsm_html_section(report->html, "charts", "Figures over time");
	appendStringInfoString(report->html, "<p class=\"note\">Months are whole months of UTC, also where the period starts or ends within one.</p>\n");
	itsm_audit_chart(report, &conformity, ask_conformity);
	itsm_audit_table(report, assessment_columns, lengthof(assessment_columns), ask_assessments, NULL, "No assessment is as of a time in the period.");
	if (itsm_audit_ask(report, "SELECT FROM itsm_report.iso20000_trend t WHERE t.as_of >= $1 AND t.as_of < $2 AND t.looked_back LIMIT 1",
					   NULL)->numvals > 0)
		appendStringInfoString(report->html, "<p class=\"note\">* looks back: made later than the time as of which it is, over the"
							   " records as they were when it was made; the last column tells how many of these had history"
							   " written, or imported, since that time.</p>\n");
	itsm_audit_chart(report, &incidents, ask_incidents);
	itsm_audit_chart(report, &sla, ask_sla);
	itsm_audit_chart(report, &changes, ask_changes);
	itsm_audit_chart(report, &availability, ask_availability);
}

/* ------------------------------------------------------------------ nonconformities */

static const char ask_nonconforming[] =
	"SELECT r.control, r.title, r.clause || ' ' || coalesce(r.clause_title, ''),"
	" CASE r.grade WHEN 'obs' THEN 'observation' ELSE r.grade || ' nonconformity' END, r.detail,"
	" pg_catalog.concat_ws(', ', g.owner, 'due ' || pg_catalog.to_char(g.due, 'YYYY-MM-DD') || CASE WHEN g.overdue THEN ' (overdue)' ELSE '' END),"
	" g.action_key || coalesce(' (' || g.action_state || ')', ''), g.remedy, r.failed::text,"
	" pg_catalog.to_char(g.since, 'YYYY-MM-DD'), r.parameter"
	" FROM itsm_report.iso20000_result r LEFT JOIN itsm_report.iso20000_gap g ON g.control = r.control"
	" WHERE r.assessment = $3 AND r.status = 'nonconforming'"
	" ORDER BY pg_catalog.array_position(ARRAY['major', 'minor', 'obs'], r.grade::text), r.clause_ordinal, r.control";

static const HtmlColumn finding_columns[] = {
	{"No.", 6, CELL_NUMBER}, {"What", 22}, {"Problem", 34}, {"Table and key", 23}, {"Evidence: record.version", 15}
};

/* The event that is evidence, by the number of its record and its version. */
static const char ask_findings[] =
	"SELECT f.ordinal::text, f.subject, f.problem, pg_catalog.concat_ws(' ', f.source, f.key),"
	" f.record || '.' || f.version || CASE WHEN f.tenant <> '' THEN ' (' || f.tenant || ')' ELSE '' END"
	" FROM itsm_report.iso20000_finding f WHERE f.assessment = $3 AND f.control = $4 AND f.ordinal <= " CppAsString2(MOST_FINDINGS) " ORDER BY f.ordinal";

static void
write_pair(StringInfo html, const char *name, const char *value)
{
	if (value && *value)
		itsm_html_format(html, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void
write_nonconformity(const AuditReport *report, const SPITupleTable *rows, uint64 row)
{
	static const char *const names[] = {"Clause", "Grade", "Found", "Owner", "Action", "Remedy", NULL, "Since", "Parameter"};
	const char *control = itsm_audit_text(rows, row, 0);
	int64		failed = pg_strtoint64(itsm_audit_text(rows, row, 8));

	itsm_html_format(report->html, "<h3>%s: %s</h3>\n<dl>\n", control, itsm_audit_text(rows, row, 1));
	for (int i = 0; i < lengthof(names); i++)
		if (names[i])
			write_pair(report->html, names[i], itsm_audit_text(rows, row, i + 2));
	appendStringInfoString(report->html, "</dl>\n");
	itsm_audit_table(report, finding_columns, lengthof(finding_columns), ask_findings, control, "No single findings were kept.");
	if (failed > MOST_FINDINGS)
		itsm_html_format(report->html, "<p class=\"note\">%s more: <code>SELECT * FROM itsm_report.iso20000_finding WHERE"
						 " assessment = %s AND control = %s</code></p>\n", psprintf(INT64_FORMAT, failed - MOST_FINDINGS),
						 psprintf(INT64_FORMAT, report->assessment), quote_literal_cstr(control));
}

static const HtmlColumn unanswered_columns[] = {
	{"Control", 10}, {"Clause", 9}, {"Rule", 38}, {"State", 18, CELL_STATUS}, {"Why", 25}
};

static const char ask_unanswered[] =
	"SELECT r.control, r.clause, r.title, r.status, r.detail FROM itsm_report.iso20000_result r"
	" WHERE r.assessment = $3 AND r.status NOT IN ('conforming', 'nonconforming')"
	" ORDER BY pg_catalog.array_position(ARRAY['error', 'no evidence', 'not applicable'], r.status::text), r.clause_ordinal, r.control";

static const HtmlColumn decision_columns[] = {
	{"When", 16, CELL_WHEN}, {"What", 22}, {"Decision", 16}, {"Details", 46}
};

static const char ask_decisions[] =
	"SELECT pg_catalog.to_char(e.at, 'YYYY-MM-DD HH24:MI'), e.subject, e.kind,"
	" (SELECT pg_catalog.string_agg(d.key || ': ' || d.value, '; ' ORDER BY d.key) FROM pg_catalog.jsonb_each_text(e.detail::jsonb) AS d"
	"  WHERE d.value IS NOT NULL AND d.key <> 'query')"
	" FROM itsm_report.policy_event e WHERE e.at >= $1 AND e.at < $2 AND e.subject LIKE 'control %'"
	" ORDER BY e.at, e.subject, e.version LIMIT " CppAsString2(MOST_ROWS);

void
itsm_audit_nonconformities(const AuditReport *report)
{
	SPITupleTable *rows = itsm_audit_ask(report, ask_nonconforming, NULL);

	itsm_html_section(report->html, "nonconformities", "Nonconformities");
	if (rows->numvals == 0)
		appendStringInfoString(report->html, report->assessment ? "<p>The assessment found none.</p>\n"
							   : "<p class=\"note\">There is no assessment.</p>\n");
	else
		appendStringInfoString(report->html, "<p class=\"note\">Owner, action and due day are those of today. Evidence names an event"
							   " of the ledger by its record and version: <code>SELECT * FROM itsm.record_history(record,"
							   " tenant)</code> shows it.</p>\n");
	for (uint64 i = 0; i < rows->numvals; i++)
		write_nonconformity(report, rows, i);
	SPI_freetuptable(rows);
	itsm_html_section(report->html, "unanswered", "Without evidence, or not applicable");
	itsm_audit_table(report, unanswered_columns, lengthof(unanswered_columns), ask_unanswered, NULL,
					 report->assessment ? "Every control found something to look at, and none is excluded." : "There is no assessment.");
	appendStringInfoString(report->html, "<h3>Decisions about controls in the period</h3>\n");
	itsm_audit_table(report, decision_columns, lengthof(decision_columns), ask_decisions, NULL, "There were none.");
}

/* ------------------------------------------------------------------ registers */

static const HtmlColumn document_columns[] = {
	{"No.", 6}, {"Asked for, or kind", 20}, {"State", 19, CELL_STATUS}, {"Document", 22}, {"Owner", 10}, {"Approved", 12},
	{"Next review", 11, CELL_WHEN}
};

#define DOCUMENTS \
	"SELECT v.number, v.kind, v.requirement, v.section, v.same_as, v.status, v.owner, v.record," \
	" pg_catalog.concat_ws(' ', v.key, v.title) || coalesce(', version ' || v.document_version, '') AS name," \
	" pg_catalog.concat_ws(' ', pg_catalog.to_char(v.approved_at, 'YYYY-MM-DD'), v.approver) AS approved," \
	" pg_catalog.to_char(v.next_review, 'YYYY-MM-DD') AS review"

/* What has to be there in full, once where it is named twice, and as many of the organisation's own as can be read. */
static const char ask_documents[] =
	"(SELECT d.number, d.requirement || coalesce(', section ' || d.section, '') || coalesce(': as ' || d.same_as, ''),"
	"  CASE WHEN d.same_as IS NULL THEN d.status END, CASE WHEN d.same_as IS NULL THEN d.name END,"
	"  CASE WHEN d.same_as IS NULL THEN d.owner END, CASE WHEN d.same_as IS NULL THEN d.approved END,"
	"  CASE WHEN d.same_as IS NULL THEN d.review END"
	" FROM (" DOCUMENTS ", pg_catalog.row_number() OVER (PARTITION BY v.number, v.kind ORDER BY v.record) AS n"
	"  FROM itsm_report.iso20000_document v WHERE v.required) d"
	" WHERE d.same_as IS NULL OR d.n = 1 ORDER BY d.number, d.kind, d.record)"
	" UNION ALL"
	" (SELECT NULL, d.kind, d.status, d.name, d.owner, d.approved, d.review"
	" FROM (" DOCUMENTS " FROM itsm_report.iso20000_document v WHERE NOT v.required) d"
	" ORDER BY d.kind, d.record LIMIT " CppAsString2(MOST_ROWS) ")";

static const HtmlColumn record_columns[] = {
	{"No.", 6}, {"Records", 26}, {"State", 17, CELL_STATUS}, {"Kept", 9, CELL_NUMBER}, {"Open", 8, CELL_NUMBER}, {"First", 11, CELL_WHEN},
	{"Last", 11}, {"Owner", 12}
};

static const char ask_records[] =
	"SELECT r.number, r.title, r.status, r.records::text, r.open::text, pg_catalog.to_char(r.first_opened_at, 'YYYY-MM-DD'),"
	" coalesce(pg_catalog.to_char(r.last_opened_at, 'YYYY-MM-DD'), 'nil until ' || pg_catalog.to_char(r.nil_return_until, 'YYYY-MM-DD')), r.owner"
	" FROM itsm_report.iso20000_record r ORDER BY r.number";

void
itsm_audit_registers(const AuditReport *report)
{
	SPITupleTable *rows;

	itsm_html_section(report->html, "documents", "Register of documents");
	itsm_audit_table(report, document_columns, lengthof(document_columns), ask_documents, NULL, "");
	rows = itsm_audit_ask(report, "SELECT (count(*) - " CppAsString2(MOST_ROWS) ")::text FROM itsm_report.iso20000_document d WHERE NOT d.required HAVING count(*) > " CppAsString2(MOST_ROWS),
						  NULL);
	if (rows->numvals > 0)
		itsm_html_format(report->html, "<p class=\"note\">%s more of the organisation's own: itsm_report.iso20000_document.</p>\n",
						 itsm_audit_text(rows, 0, 0));
	itsm_html_section(report->html, "records", "Register of records");
	itsm_audit_table(report, record_columns, lengthof(record_columns), ask_records, NULL, "");
}

/* ------------------------------------------------------------------ ledger */

static const HtmlColumn ledger_columns[] = {
	{"Tenant", 12}, {"Events", 8, CELL_NUMBER}, {"Sealed", 8, CELL_NUMBER}, {"Last sealed", 18, CELL_WHEN}, {"Root of its log", 28},
	{"Last verified", 18, CELL_WHEN}, {"Faults", 8, CELL_NUMBER}
};

static const char ask_ledger[] =
	"SELECT CASE l.tenant WHEN '' THEN '(the only one)' ELSE l.tenant END, l.events::text, l.sealed::text,"
	" pg_catalog.to_char(l.last_sealed_at, 'YYYY-MM-DD HH24:MI'), l.root, pg_catalog.to_char(l.last_verified_at, 'YYYY-MM-DD HH24:MI'),"
	" l.last_verified_faults::text FROM itsm_report.ledger_status l ORDER BY l.tenant COLLATE \"C\" LIMIT " CppAsString2(MOST_ROWS);

static const char ask_assessment_digest[] =
	"SELECT e.detail::jsonb ->> 'sha256' FROM itsm_report.policy_event e"
	" WHERE e.subject = 'assessment' AND e.kind = 'assessed' AND e.detail::jsonb ->> 'assessment' = ($3)::text";

/* Hashes and names of tenants; whoever may read the state of the ledger of all of them may know these. */
static char *
digest_text(void)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *digest = NULL;
	OwnerQuery	query;

	if (!itsm_sees_every_tenant())
		return NULL;
	itsm_query_begin(&query);
	if (itsm_query(SPI_OK_SELECT, "SELECT itsm.digest()::pg_catalog.text WHERE EXISTS (SELECT FROM itsm.seal)", 0, NULL, NULL, NULL) > 0)
	{
		char	   *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		digest = text ? MemoryContextStrdup(caller, text) : NULL;
	}
	itsm_query_end(&query);
	return digest;
}

static void
write_digest(const AuditReport *report)
{
	char	   *digest = digest_text();

	appendStringInfoString(report->html, "<h3>Digest</h3>\n");
	if (digest == NULL)
		appendStringInfoString(report->html, "<p class=\"note\">Nothing is sealed yet: <code>SELECT itsm.seal()</code> does it.</p>\n");
	else if (strlen(digest) > MOST_DIGEST)
		appendStringInfoString(report->html, "<p class=\"note\">It is too long to be printed here: <code>SELECT itsm.digest()</code> gives it.</p>\n");
	else
		itsm_html_format(report->html, "<pre>%s</pre>\n", digest);
}

void
itsm_audit_ledger(const AuditReport *report)
{
	SPITupleTable *rows;

	itsm_html_section(report->html, "ledger", "The ledger, and how to verify it");
	itsm_audit_table(report, ledger_columns, lengthof(ledger_columns), ask_ledger, NULL, "Nothing has been recorded yet.");
	write_digest(report);
	appendStringInfoString(report->html,
						   "<h3>How to verify</h3>\n<ol>\n"
						   "<li>Keep the digest where nobody who can change the database can change it too. This page, on paper, is such a place.</li>\n"
						   "<li>Later: <code>SELECT * FROM itsm.verify('&#8230;the digest&#8230;') WHERE NOT ok</code> gives no row as long as nothing"
						   " of what was sealed then was changed, removed or put in.</li>\n"
						   "<li>One row's whole history with proofs, to be checked without this database: <code>SELECT itsm.evidence(table,"
						   " key)</code> and <code>docs/verify_evidence.py</code> of the itsm sources.</li>\n"
						   "<li>An event named above: <code>SELECT * FROM itsm.record_history(record, tenant)</code>.</li>\n");
	rows = itsm_audit_ask(report, ask_assessment_digest, NULL);
	if (rows->numvals > 0)
		itsm_html_format(report->html, "<li>The assessment: <code>SELECT itsm.assessment_digest(%s)</code> gives"
						 " <code>%s</code>, as the ledger keeps it.</li>\n", psprintf(INT64_FORMAT, report->assessment),
						 itsm_audit_text(rows, 0, 0));
	appendStringInfoString(report->html, "</ol>\n");
}
