/*
 * settings.h
 *		The extension's settings (GUCs); defined by _PG_init.
 */
#ifndef ITSM_SETTINGS_H
#define ITSM_SETTINGS_H

extern int	itsm_cell;			/* itsm.cell: number of this cluster among several, in ids */
#define ITSM_CELL_SHIFT 48		/* it stands above this bit of them */
extern bool itsm_history;		/* itsm.history: off only to measure judging alone */
extern bool itsm_maintenance;	/* itsm.maintenance: the guards record instead of refusing */
extern bool itsm_track_timing;	/* itsm.track_timing: the time that rules take is measured */
extern char *itsm_reason;		/* itsm.reason: why the following writes happen */

extern int	itsm_graph_memory;	/* itsm.graph_memory: of a search, in kilobytes */

extern void itsm_define_settings(void);

#endif							/* ITSM_SETTINGS_H */
