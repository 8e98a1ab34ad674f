/*
 * settings.c
 *		The extension's settings.
 */
#include "core/itsm.h"

#include <limits.h>

#include "core/settings.h"
#include "utils/guc.h"

int			itsm_cell = 0;
bool		itsm_history = true;
bool		itsm_maintenance = false;
bool		itsm_track_timing = false;
char	   *itsm_reason = NULL;

int			itsm_graph_memory = 256 * 1024;

void
itsm_define_settings(void)
{
	DefineCustomIntVariable("itsm.cell",
							"Number of this cluster among those whose records are brought together.",
							"It stands in the high 16 bits of record ids.",
							&itsm_cell, 0, 0, 32767, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("itsm.history",
							 "Writes events for changes of attached tables.",
							 "Off leaves a gap in the history; meant to measure judging alone.",
							 &itsm_history, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("itsm.maintenance",
							 "Lets maintenance pass: the guards record instead of refusing, and writes are not judged.",
							 "For restores of data alone, with --clean, and repairs. The gap in the history is recorded.",
							 &itsm_maintenance, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("itsm.graph_memory",
							"Memory that a search through relationships may use.",
							"One that would need more is ended with an error.",
							&itsm_graph_memory, 256 * 1024, 64, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomStringVariable("itsm.reason",
							   "Why the following writes happen; kept with their events.",
							   NULL, &itsm_reason, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("itsm.track_timing",
							 "Measures the time that judging each rule takes, for itsm_report.rule_statistics.",
							 "It costs two readings of the clock a rule; pg_test_timing tells what these cost.",
							 &itsm_track_timing, false, PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("itsm");
}
