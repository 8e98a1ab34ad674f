/*
 * control_setting.h
 *		Writing what is decided about a control.
 */
#ifndef ITSM_CONTROL_SETTING_H
#define ITSM_CONTROL_SETTING_H

/* Runs an INSERT into itsm.control_setting as the extension's owner; returns the rows written. */
extern uint64 itsm_control_set(const char *sql, int count, const Oid *types, Datum *values, const char *nulls);

#endif							/* ITSM_CONTROL_SETTING_H */
