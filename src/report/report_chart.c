/*
 * report_chart.c
 *		Charts over months as SVG.
 */
#include "core/itsm.h"

#include <math.h>

#include "report/report_chart.h"
#include "report/report_html.h"

#define WIDTH 760.0
#define HEIGHT 250.0
#define LEFT 54.0
#define RIGHT 34.0
#define TOP 26.0
#define BOTTOM 30.0
#define LABEL_WIDTH 64.0		/* what a label of the horizontal axis needs */
#define MOST_MARKS 60			/* of points; beyond that the line alone is drawn */
#define MOST_BAR 34.0

/* The vertical axis. */
typedef struct Axis
{
	double		least;
	double		most;
	double		step;
} Axis;

static bool
is_value(double value)
{
	return !isnan(value) && !isinf(value);
}

/* The values from the least to the most one; false when there is none. */
static bool
find_range(const Chart *chart, double *least, double *most)
{
	bool		found = false;

	for (int s = 0; s < chart->series_count; s++)
		for (int i = 0; i < chart->count; i++)
		{
			double		value = chart->series[s].values[i];

			if (!is_value(value))
				continue;
			*least = found ? Min(*least, value) : value;
			*most = found ? Max(*most, value) : value;
			found = true;
		}
	return found;
}

/* 1, 2 or 5 times a power of ten, so that at most five steps make up the length. */
static double
round_step(double length)
{
	double		power = pow(10, floor(log10(length / 5)));
	double		share = length / 5 / power;

	return power * (share <= 1.0001 ? 1 : share <= 2.0001 ? 2 : share <= 5.0001 ? 5 : 10);
}

/*
 * From zero; of shares that are all near to the whole only the upper part, so
 * that they can be told apart.
 */
static Axis
choose_axis(const Chart *chart, double least, double most)
{
	Axis		axis = {0, 100, 20};

	if (!chart->share)
	{
		axis.step = Max(round_step(Max(most, 1)), chart->form == CHART_BARS ? 1 : 0.1);
		axis.most = axis.step * ceil(Max(most, 1) / axis.step - 0.0001);
	}
	else if (least >= 50 && most <= 100)
	{
		double		length = least >= 100 ? 10 : 100 - least;

		axis.step = Max(round_step(length), 0.01);
		axis.least = 100 - axis.step * ceil(length / axis.step - 0.0001);
	}
	return axis;
}

static double
height_of(const Axis *axis, double value)
{
	return HEIGHT - BOTTOM - (value - axis->least) / (axis->most - axis->least) * (HEIGHT - TOP - BOTTOM);
}

static double
slot_width(const Chart *chart)
{
	return (WIDTH - LEFT - RIGHT) / chart->count;
}

static double
middle_of(const Chart *chart, int point)
{
	return LEFT + (point + 0.5) * slot_width(chart);
}

/* As few decimals as tell it apart. */
static const char *
number_text(double value)
{
	char	   *text = psprintf("%.2f", value);
	char	   *end = text + strlen(text);

	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		*--end = '\0';
	return text;
}

static void
draw_axes(StringInfo html, const Chart *chart, const Axis *axis)
{
	int			every = Max(1, (int) ceil(LABEL_WIDTH / slot_width(chart)));

	int			steps = (int) rint((axis->most - axis->least) / axis->step);

	for (int i = 0; i <= steps; i++)
	{
		double		value = axis->least + i * axis->step;
		double		y = height_of(axis, value);

		appendStringInfo(html, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%s\"/>"
						 "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s%s</text>\n",
						 LEFT, y, WIDTH - RIGHT, y, i == 0 ? "#1a1a1a" : "#d5d5d5", i == 0 ? "1.2" : "1",
						 LEFT - 6, y + 4, number_text(value), chart->unit);
	}
	for (int i = 0; i < chart->count; i += every)
	{
		appendStringInfo(html, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#1a1a1a\"/>"
						 "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
						 middle_of(chart, i), HEIGHT - BOTTOM, middle_of(chart, i), HEIGHT - BOTTOM + 4,
						 middle_of(chart, i), HEIGHT - BOTTOM + 17);
		itsm_html_text(html, chart->labels[i]);
		appendStringInfoString(html, "</text>\n");
	}
}

/* Solid, striped and hollow. */
static void
define_patterns(StringInfo html, const Chart *chart)
{
	appendStringInfoString(html, "<defs><pattern id=\"");
	itsm_html_text(html, chart->id);
	appendStringInfoString(html, "-stripes\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
						   "<rect width=\"5\" height=\"5\" fill=\"#fff\"/><rect width=\"2\" height=\"5\" fill=\"#1a1a1a\"/>"
						   "</pattern></defs>\n");
}

static const char *
fill_of(const Chart *chart, int series)
{
	return series == 0 ? "#4a4a4a" : series == 1 ? psprintf("url(#%s-stripes)", chart->id) : "#fff";
}

static void
draw_bars(StringInfo html, const Chart *chart, const Axis *axis, int series)
{
	double		bar = Min(slot_width(chart) * 0.8 / chart->series_count, MOST_BAR);
	double		floor_height = height_of(axis, axis->least);

	for (int i = 0; i < chart->count; i++)
	{
		double		value = chart->series[series].values[i];
		double		y;

		if (!is_value(value) || value <= axis->least)
			continue;
		y = height_of(axis, Min(value, axis->most));
		appendStringInfo(html, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\" stroke=\"#1a1a1a\" stroke-width=\"%s\"/>\n",
						 middle_of(chart, i) + (series - chart->series_count / 2.0) * bar, y, bar,
						 floor_height - y, fill_of(chart, series), bar > 4 ? "0.8" : "0");
	}
}

/* Full dot, hollow square, hollow triangle. */
static void
draw_mark(StringInfo html, int series, double x, double y)
{
	if (series == 0)
		appendStringInfo(html, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#1a1a1a\"/>", x, y);
	else if (series == 1)
		appendStringInfo(html, "<rect x=\"%.1f\" y=\"%.1f\" width=\"6\" height=\"6\" fill=\"#fff\" stroke=\"#1a1a1a\" stroke-width=\"1.4\"/>",
						 x - 3, y - 3);
	else
		appendStringInfo(html, "<path d=\"M%.1f %.1fl3.6 6.4h-7.2z\" fill=\"#fff\" stroke=\"#1a1a1a\" stroke-width=\"1.4\"/>",
						 x, y - 3.8);
}

static const char *
dash_of(int series)
{
	return series == 0 ? "" : series == 1 ? " stroke-dasharray=\"7 4\"" : " stroke-dasharray=\"2 3\"";
}

static void
draw_line(StringInfo html, const Chart *chart, const Axis *axis, int series)
{
	bool		drawing = false;

	appendStringInfoString(html, "<path fill=\"none\" stroke=\"#1a1a1a\" stroke-width=\"1.8\"");
	appendStringInfoString(html, dash_of(series));
	appendStringInfoString(html, " d=\"");
	for (int i = 0; i < chart->count; i++)
	{
		double		value = chart->series[series].values[i];

		/* it is interrupted where there is nothing */
		if (is_value(value))
			appendStringInfo(html, "%c%.1f %.1f", drawing ? 'L' : 'M', middle_of(chart, i),
							 height_of(axis, Max(Min(value, axis->most), axis->least)));
		drawing = is_value(value);
	}
	appendStringInfoString(html, "\"/>\n");
	for (int i = 0; i < chart->count; i++)
	{
		double		value = chart->series[series].values[i];
		bool		alone = (i == 0 || !is_value(chart->series[series].values[i - 1])) &&
			(i == chart->count - 1 || !is_value(chart->series[series].values[i + 1]));

		if (is_value(value) && (chart->count <= MOST_MARKS || alone))
			draw_mark(html, series, middle_of(chart, i), height_of(axis, Max(Min(value, axis->most), axis->least)));
	}
	appendStringInfoChar(html, '\n');
}

static void
draw_legend(StringInfo html, const Chart *chart)
{
	double		x = LEFT;

	for (int s = 0; s < chart->series_count; s++)
	{
		if (chart->form == CHART_BARS)
			appendStringInfo(html, "<rect x=\"%.1f\" y=\"5\" width=\"14\" height=\"10\" fill=\"%s\" stroke=\"#1a1a1a\" stroke-width=\"0.8\"/>",
							 x, fill_of(chart, s));
		else
		{
			appendStringInfo(html, "<line x1=\"%.1f\" y1=\"10\" x2=\"%.1f\" y2=\"10\" stroke=\"#1a1a1a\" stroke-width=\"1.8\"%s/>",
							 x, x + 26, dash_of(s));
			draw_mark(html, s, x + 13, 10);
		}
		x += chart->form == CHART_BARS ? 20 : 32;
		appendStringInfo(html, "<text x=\"%.1f\" y=\"14\">", x);
		itsm_html_text(html, chart->series[s].name);
		appendStringInfoString(html, "</text>\n");
		x += 7.0 * strlen(chart->series[s].name) + 22;
	}
}

/* What it shows, for those who cannot see it. */
static void
describe(StringInfo html, const Chart *chart)
{
	itsm_html_format(html, "<desc id=\"%s-desc\">%s to %s.", chart->id, chart->labels[0], chart->labels[chart->count - 1]);
	for (int s = 0; s < chart->series_count; s++)
	{
		double		first = NAN;
		double		last = NAN;

		for (int i = 0; i < chart->count; i++)
			if (is_value(chart->series[s].values[i]))
			{
				last = chart->series[s].values[i];
				if (!is_value(first))
					first = last;
			}
		if (is_value(first))
			itsm_html_format(html, " %s: %s%s first, %s%s last.", chart->series[s].name, number_text(first), chart->unit,
							 number_text(last), chart->unit);
	}
	appendStringInfoString(html, "</desc>\n");
}

void
itsm_chart_draw(StringInfo html, const Chart *chart)
{
	double		least = 0;
	double		most = 0;
	Axis		axis;

	itsm_html_format(html, "<figure>\n<figcaption id=\"%s-title\">%s</figcaption>\n", chart->id, chart->title);
	if (!find_range(chart, &least, &most))
	{
		appendStringInfoString(html, "<p class=\"note\">There is no evidence in the period.</p>\n</figure>\n");
		return;
	}
	axis = choose_axis(chart, least, most);
	itsm_html_format(html, "<svg role=\"img\" aria-labelledby=\"%s-title\" aria-describedby=\"%s-desc\"", chart->id, chart->id);
	appendStringInfo(html, " viewBox=\"0 0 %.0f %.0f\">\n", WIDTH, HEIGHT);
	describe(html, chart);
	if (chart->form == CHART_BARS)
		define_patterns(html, chart);
	draw_axes(html, chart, &axis);
	for (int s = 0; s < chart->series_count; s++)
	{
		if (chart->form == CHART_BARS)
			draw_bars(html, chart, &axis, s);
		else
			draw_line(html, chart, &axis, s);
	}
	draw_legend(html, chart);
	appendStringInfoString(html, "</svg>\n</figure>\n");
}
