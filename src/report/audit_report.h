/*
 * audit_report.h
 *		The audit report: its period, and how its parts ask and tell.
 *
 * Everything is read from the views of itsm_report with the caller's rights.
 */
#ifndef ITSM_AUDIT_REPORT_H
#define ITSM_AUDIT_REPORT_H

#include "executor/spi.h"
#include "report/report_chart.h"
#include "report/report_html.h"
#include "utils/timestamp.h"

typedef struct AuditReport
{
	StringInfo	html;
	TimestampTz starts_at;
	TimestampTz ends_at;
	int64		assessment;		/* the last one before the end; 0: there is none */
	const char *assessed_at;	/* as text */
} AuditReport;

/*
 * Runs a query within SPI and returns its rows: $1 is the start of the period,
 * $2 its end, $3 the assessment, $4 "about" (NULL: null).
 */
extern SPITupleTable *itsm_audit_ask(const AuditReport *report, const char *sql, const char *about);

/* A column of a row as text, NULL for null; from 0. */
extern char *itsm_audit_text(const SPITupleTable *rows, uint64 row, int column);

/*
 * A table out of a query that gives the columns' cells as text, and perhaps
 * one more: the row's class.  Long cells are cut.  Returns the rows; without
 * any a paragraph says what "nothing" says.
 */
extern uint64 itsm_audit_table(const AuditReport *report, const HtmlColumn *columns, int count, const char *sql,
							   const char *about, const char *nothing);

/* A chart out of a query that gives a label and the series' values as float8. */
extern void itsm_audit_chart(const AuditReport *report, Chart *chart, const char *sql);

/* The parts, in their order. */
extern void itsm_audit_summary(const AuditReport *report);
extern void itsm_audit_scope(const AuditReport *report);
extern void itsm_audit_clauses(const AuditReport *report);
extern void itsm_audit_charts(const AuditReport *report);
extern void itsm_audit_nonconformities(const AuditReport *report);
extern void itsm_audit_registers(const AuditReport *report);
extern void itsm_audit_ledger(const AuditReport *report);

#endif							/* ITSM_AUDIT_REPORT_H */
