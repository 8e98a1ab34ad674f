/*
 * report_html.c
 *		Building blocks of a self-contained HTML page.
 */
#include "core/itsm.h"

#include "mb/pg_wchar.h"
#include "report/report_html.h"

#define REPLACEMENT 0xFFFD

/*
 * Paper first: A4, heads of tables repeated, nothing torn apart that belongs
 * together.  Signs and frames say what colours would.
 */
static const char style[] =
	":root{--ink:#1a1a1a;--soft:#595959;--line:#b8b8b8;--tint:#f3f3f3}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:2rem 1.5rem 4rem;max-width:62rem;color:var(--ink);background:#fff;"
	"font:15px/1.5 system-ui,\"Segoe UI\",Roboto,\"Liberation Sans\",\"DejaVu Sans\",Arial,sans-serif}\n"
	"h1{font-size:1.9em;line-height:1.2;margin:0 0 .2em}\n"
	"h2{font-size:1.3em;line-height:1.25;margin:2em 0 .5em;padding-top:.45em;border-top:2px solid var(--ink)}\n"
	"h3{font-size:1.05em;margin:1.5em 0 .4em}\n"
	"p{margin:.4em 0 .8em}\n"
	".lead{color:var(--soft);margin-bottom:1.2em}\n"
	".note{color:var(--soft);font-size:.87em}\n"
	"a{color:inherit}\n"
	"nav ol{columns:2;margin:.4em 0 0;padding-left:1.4em}\n"
	".facts{display:grid;grid-template-columns:repeat(4,1fr);gap:.6em;margin:1em 1px;padding:0;list-style:none}\n"
	".facts li{border:1px solid var(--line);padding:.5em .7em}\n"
	".facts b{display:block;font-size:1.5em;line-height:1.2;font-variant-numeric:tabular-nums}\n"
	".facts span{color:var(--soft);font-size:.87em}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.2em;margin:.6em 0 1em}\n"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
	"table{border-collapse:collapse;table-layout:fixed;width:100%;margin:.6em 0 1.4em;font-size:.87em;line-height:1.4}\n"
	"th,td{text-align:left;vertical-align:top;padding:.3em .45em;border-bottom:1px solid var(--line);overflow-wrap:break-word}\n"
	"th{border-bottom:2px solid var(--ink);font-weight:600;vertical-align:bottom}\n"
	".number{text-align:right;font-variant-numeric:tabular-nums;padding-left:.1em}\n"
	".when{white-space:nowrap;font-variant-numeric:tabular-nums}th.when{white-space:normal}\n"
	"tr.group td{background:var(--tint);font-weight:600}\n"
	".status{white-space:nowrap}\n"
	".status i{display:inline-block;width:1.25em;text-align:center;font-style:normal;font-weight:700}\n"
	".s-nonconforming,.s-error{font-weight:700}\n"
	".s-noevidence,.s-notapplicable{color:var(--soft)}\n"
	"figure{margin:1em 0 1.6em}figcaption{font-weight:600;margin-bottom:.3em}\n"
	"svg{display:block;width:100%;height:auto;max-width:56em}\n"
	"svg text{font-size:11px;fill:var(--ink);font-family:inherit}\n"
	"pre{background:var(--tint);border:1px solid var(--line);padding:.6em .8em;font-size:.8em;line-height:1.4;"
	"white-space:pre-wrap;overflow-wrap:anywhere}\n"
	"code{font-size:.92em;overflow-wrap:anywhere}\n"
	"@media (max-width:44rem){body{padding:1rem .7rem 3rem}.facts{grid-template-columns:repeat(2,1fr)}nav ol{columns:1}"
	"dl{grid-template-columns:1fr}dt{margin-top:.4em}table{display:block;overflow-x:auto}thead,tbody,tr{min-width:40rem}}\n"
	"@page{size:A4;margin:16mm 14mm}\n"
	"@media print{body{padding:0;max-width:none;font-size:9.5pt}h2,h3,h2+p{break-after:avoid}"
	"thead{display:table-header-group}tr,figure,.facts,dl{break-inside:avoid}"
	"tr.group{break-after:avoid}a{text-decoration:none}}\n";

void
itsm_html_begin(StringInfo html, const char *title)
{
	appendStringInfoString(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
						   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
						   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n");
	itsm_html_format(html, "<title>%s</title>\n<style>\n", title);
	appendStringInfoString(html, style);
	appendStringInfoString(html, "</style>\n</head>\n<body>\n");
}

void
itsm_html_end(StringInfo html)
{
	appendStringInfoString(html, "</body>\n</html>\n");
}

/* Controls, what is no character, and what turns the direction of writing around. */
static bool
is_unfit(pg_wchar c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f) || (c >= 0xd800 && c <= 0xdfff) ||
		(c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe || c > 0x10ffff || c == 0x061c ||
		(c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void
append_character(StringInfo html, pg_wchar c)
{
	if (is_unfit(c))
		c = REPLACEMENT;
	switch (c)
	{
		case '&':
			appendStringInfoString(html, "&amp;");
			break;
		case '<':
			appendStringInfoString(html, "&lt;");
			break;
		case '>':
			appendStringInfoString(html, "&gt;");
			break;
		case '"':
			appendStringInfoString(html, "&quot;");
			break;
		case '\'':
			appendStringInfoString(html, "&#39;");
			break;
		default:
			if (c < 0x80)
				appendStringInfoChar(html, (char) c);
			else
				appendStringInfo(html, "&#%u;", (unsigned int) c);
	}
}

void
itsm_html_text(StringInfo html, const char *text)
{
	const unsigned char *next;

	if (text == NULL)
		return;
	/* of a database without an encoding the bytes may be anything */
	next = (const unsigned char *) (GetDatabaseEncoding() == PG_SQL_ASCII ? text
									: pg_server_to_any(text, strlen(text), PG_UTF8));
	while (*next)
	{
		int			length = pg_utf_mblen(next);

		if (strnlen((const char *) next, length) < length || !pg_utf8_islegal(next, length))
		{
			append_character(html, REPLACEMENT);
			next++;
			continue;
		}
		append_character(html, utf8_to_unicode(next));
		next += length;
	}
}

void
itsm_html_format(StringInfo html, const char *format,...)
{
	va_list		texts;

	va_start(texts, format);
	for (const char *c = format; *c; c++)
	{
		if (*c != '%')
			appendStringInfoChar(html, *c);
		else if (*++c == 's')
			itsm_html_text(html, va_arg(texts, const char *));
		else
			appendStringInfoChar(html, '%');
	}
	va_end(texts);
}

void
itsm_html_section(StringInfo html, const char *anchor, const char *title)
{
	itsm_html_format(html, "<h2 id=\"%s\">%s</h2>\n", anchor, title);
}

static const char *
class_of(const HtmlColumn *column)
{
	return column->kind == CELL_NUMBER ? " class=\"number\"" : column->kind == CELL_WHEN ? " class=\"when\"" : "";
}

void
itsm_html_table_begin(StringInfo html, const HtmlColumn *columns, int count)
{
	appendStringInfoString(html, "<table>\n<thead><tr>");
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(html, "<th scope=\"col\"%s", class_of(&columns[i]));
		if (columns[i].width)
			appendStringInfo(html, " style=\"width:%d%%\"", columns[i].width);
		itsm_html_format(html, ">%s</th>", columns[i].title);
	}
	appendStringInfoString(html, "</tr></thead>\n<tbody>\n");
}

void
itsm_html_row(StringInfo html, const HtmlColumn *columns, int count, const char *const *cells, const char *class)
{
	if (class)
		itsm_html_format(html, "<tr class=\"%s\">", class);
	else
		appendStringInfoString(html, "<tr>");
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(html, "<td%s>", class_of(&columns[i]));
		if (cells[i] && columns[i].kind == CELL_STATUS)
			itsm_html_status(html, cells[i]);
		else
			itsm_html_text(html, cells[i]);
		appendStringInfoString(html, "</td>");
	}
	appendStringInfoString(html, "</tr>\n");
}

void
itsm_html_table_end(StringInfo html)
{
	appendStringInfoString(html, "</tbody>\n</table>\n");
}

void
itsm_html_status(StringInfo html, const char *status)
{
	static const struct
	{
		const char *status;
		const char *sign;
		const char *class;
	}			signs[] = {
		{"conforming", "&#10003;", "conforming"},
		{"nonconforming", "&#10007;", "nonconforming"},
		{"no evidence", "?", "noevidence"},
		{"not applicable", "&#8211;", "notapplicable"},
		{"error", "!", "error"},
		{"in force", "&#10003;", "conforming"},
		{"kept", "&#10003;", "conforming"},
		{"kept as records", "&#10003;", "conforming"},
		{"nil return", "&#10003;", "conforming"},
		{"missing", "&#10007;", "nonconforming"},
		{"section missing", "&#10007;", "nonconforming"},
		{"review overdue", "!", "error"},
		{"none", "?", "noevidence"},
		{"not attached", "?", "noevidence"},
	};
	const char *sign = "&#183;";
	const char *class = "other";

	for (int i = 0; i < lengthof(signs); i++)
		if (strcmp(status, signs[i].status) == 0)
		{
			sign = signs[i].sign;
			class = signs[i].class;
		}
	appendStringInfo(html, "<span class=\"status s-%s\"><i aria-hidden=\"true\">%s</i>", class, sign);
	itsm_html_format(html, "%s</span>", status);
}
