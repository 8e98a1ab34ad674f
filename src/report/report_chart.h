/*
 * report_chart.h
 *		Charts over months as SVG, readable without colour: series differ by
 *		pattern, dash and mark.
 */
#ifndef ITSM_REPORT_CHART_H
#define ITSM_REPORT_CHART_H

#include "lib/stringinfo.h"

#define CHART_SERIES 3

typedef enum ChartForm
{
	CHART_BARS,
	CHART_LINES
} ChartForm;

typedef struct ChartSeries
{
	const char *name;
	double	   *values;			/* NaN: there is none */
} ChartSeries;

typedef struct Chart
{
	const char *id;				/* an identifier within the page */
	const char *title;
	const char *unit;			/* behind numbers: "", " %" */
	ChartForm	form;
	bool		share;			/* in percent: the axis ends at 100 */
	int			count;			/* of points */
	const char **labels;		/* of points */
	int			series_count;	/* at most CHART_SERIES */
	ChartSeries series[CHART_SERIES];
} Chart;

/* Appends the chart as a figure; one without any value says so. */
extern void itsm_chart_draw(StringInfo html, const Chart *chart);

#endif							/* ITSM_REPORT_CHART_H */
