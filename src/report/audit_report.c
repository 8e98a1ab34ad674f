/*
 * audit_report.c
 *		The audit report as a whole: one HTML page that an auditor can take along.
 */
#include "core/itsm.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "report/audit_report.h"
#include "utils/builtins.h"

#define MOST_CELL 400			/* bytes of a cell, and what that makes of a long text */

SPITupleTable *
itsm_audit_ask(const AuditReport *report, const char *sql, const char *about)
{
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID};
	Datum		values[] = {
		TimestampTzGetDatum(report->starts_at), TimestampTzGetDatum(report->ends_at), Int64GetDatum(report->assessment),
		about ? CStringGetTextDatum(about) : (Datum) 0
	};
	const char	nulls[] = {' ', ' ', ' ', about ? ' ' : 'n', '\0'};

	CHECK_FOR_INTERRUPTS();
	if (SPI_execute_with_args(sql, lengthof(types), types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "a query of the audit report is no SELECT: %s", sql);
	return SPI_tuptable;
}

char *
itsm_audit_text(const SPITupleTable *rows, uint64 row, int column)
{
	return SPI_getvalue(rows->vals[row], rows->tupdesc, column + 1);
}

static char *
cut(char *text)
{
	int			length = text ? strlen(text) : 0;

	if (length <= MOST_CELL)
		return text;
	return psprintf("%s ...", pnstrdup(text, pg_mbcliplen(text, length, MOST_CELL)));
}

uint64
itsm_audit_table(const AuditReport *report, const HtmlColumn *columns, int count, const char *sql, const char *about,
				 const char *nothing)
{
	SPITupleTable *rows = itsm_audit_ask(report, sql, about);
	uint64		found = rows->numvals;
	const char **cells = palloc(sizeof(char *) * count);

	if (found == 0)
		itsm_html_format(report->html, "<p class=\"note\">%s</p>\n", nothing);
	else
	{
		itsm_html_table_begin(report->html, columns, count);
		for (uint64 i = 0; i < found; i++)
		{
			for (int j = 0; j < count; j++)
				cells[j] = cut(itsm_audit_text(rows, i, j));
			itsm_html_row(report->html, columns, count, cells,
						  rows->tupdesc->natts > count ? itsm_audit_text(rows, i, count) : NULL);
		}
		itsm_html_table_end(report->html);
	}
	SPI_freetuptable(rows);
	return found;
}

void
itsm_audit_chart(const AuditReport *report, Chart *chart, const char *sql)
{
	SPITupleTable *rows = itsm_audit_ask(report, sql, NULL);

	chart->count = rows->numvals;
	chart->labels = palloc(sizeof(char *) * (chart->count + 1));
	for (int s = 0; s < chart->series_count; s++)
		chart->series[s].values = palloc(sizeof(double) * (chart->count + 1));
	for (int i = 0; i < chart->count; i++)
	{
		chart->labels[i] = itsm_audit_text(rows, i, 0);
		for (int s = 0; s < chart->series_count; s++)
		{
			bool		isnull;
			Datum		value = SPI_getbinval(rows->vals[i], rows->tupdesc, s + 2, &isnull);

			chart->series[s].values[i] = isnull ? NAN : DatumGetFloat8(value);
		}
	}
	itsm_chart_draw(report->html, chart);
	SPI_freetuptable(rows);
}

/* The last assessment before the end of the period. */
static void
find_assessment(AuditReport *report)
{
	SPITupleTable *rows = itsm_audit_ask(report,
										 "SELECT t.assessment::pg_catalog.text,"
										 " pg_catalog.to_char(t.as_of, 'YYYY-MM-DD HH24:MI') || ' UTC'"
										 " || CASE WHEN t.looked_back THEN ', looked back on at ' || pg_catalog.to_char(t.at, 'YYYY-MM-DD HH24:MI') || ' UTC' ELSE '' END"
										 " FROM itsm_report.iso20000_trend t WHERE t.as_of < $2 ORDER BY t.assessment DESC LIMIT 1",
										 NULL);

	if (rows->numvals == 0)
		return;
	report->assessment = pg_strtoint64(itsm_audit_text(rows, 0, 0));
	report->assessed_at = itsm_audit_text(rows, 0, 1);
}

static void
write_head(const AuditReport *report)
{
	SPITupleTable *rows = itsm_audit_ask(report,
										 "SELECT pg_catalog.to_char($1, 'YYYY-MM-DD HH24:MI'), pg_catalog.to_char($2, 'YYYY-MM-DD HH24:MI'),"
										 " pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD HH24:MI'), current_user::pg_catalog.text,"
										 " (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'itsm')", NULL);

	itsm_html_begin(report->html, "Audit report: service management by ISO/IEC 20000-1");
	appendStringInfoString(report->html, "<header>\n<h1>Audit report</h1>\n");
	itsm_html_format(report->html, "<p class=\"lead\">Service management system by ISO/IEC 20000-1:2018 &#183; from %s to %s UTC<br/>"
					 "Made on %s UTC by %s out of database %s, itsm %s.</p>\n",
					 itsm_audit_text(rows, 0, 0), itsm_audit_text(rows, 0, 1), itsm_audit_text(rows, 0, 2),
					 itsm_audit_text(rows, 0, 3), get_database_name(MyDatabaseId), itsm_audit_text(rows, 0, 4));
	appendStringInfoString(report->html,
						   "<nav aria-label=\"Contents\"><ol>\n"
						   "<li><a href=\"#summary\">Summary</a></li><li><a href=\"#scope\">Scope</a></li>"
						   "<li><a href=\"#clauses\">State of each clause</a></li><li><a href=\"#charts\">Figures over time</a></li>"
						   "<li><a href=\"#nonconformities\">Nonconformities</a></li>"
						   "<li><a href=\"#unanswered\">Without evidence, or not applicable</a></li>"
						   "<li><a href=\"#documents\">Register of documents</a></li><li><a href=\"#records\">Register of records</a></li>"
						   "<li><a href=\"#ledger\">The ledger, and how to verify it</a></li>\n"
						   "</ol></nav>\n</header>\n<main>\n");
}

static void
check_period(FunctionCallInfo fcinfo)
{
	TimestampTz starts_at = PG_ARGISNULL(0) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz ends_at = PG_ARGISNULL(1) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(1);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the period of an audit report has a start and an end, not null")));
	if (TIMESTAMP_NOT_FINITE(starts_at) || TIMESTAMP_NOT_FINITE(ends_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the period of an audit report cannot be infinite"),
				 errhint("Give the days that it is about.")));
	if (ends_at <= starts_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the period of an audit report has to end after it starts"),
				 errdetail("It starts at %s and ends at %s.", pstrdup(timestamptz_to_str(starts_at)),
						   pstrdup(timestamptz_to_str(ends_at)))));
}

/*
 * itsm.audit_report(starts_at timestamptz, ends_at timestamptz) → text
 */
ITSM_FUNCTION(itsm_audit_report);
Datum
itsm_audit_report(PG_FUNCTION_ARGS)
{
	AuditReport report = {.assessed_at = "never"};

	check_period(fcinfo);
	report.html = makeStringInfo();
	report.starts_at = PG_GETARG_TIMESTAMPTZ(0);
	report.ends_at = PG_GETARG_TIMESTAMPTZ(1);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	find_assessment(&report);
	write_head(&report);
	itsm_audit_summary(&report);
	itsm_audit_scope(&report);
	itsm_audit_clauses(&report);
	itsm_audit_charts(&report);
	itsm_audit_nonconformities(&report);
	itsm_audit_registers(&report);
	itsm_audit_ledger(&report);
	appendStringInfoString(report.html, "</main>\n");
	itsm_html_end(report.html);
	SPI_finish();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(report.html->data, report.html->len));
}
