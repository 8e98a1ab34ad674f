/*
 * drift.h
 *		How far the rows of an attached table have gone without their records.
 */
#ifndef ITSM_DRIFT_H
#define ITSM_DRIFT_H

#include "postgres.h"

/*
 * Rows of an attachment in force whose state is not their record's, rows
 * without a record once its backfill is finished, and records without a row,
 * as the active snapshot sees them.  SPI must not be connected.
 * ERRCODE_ITSM_ATTACHMENT when there is no such attachment.
 */
extern int64 itsm_count_drift(int attachment);

#endif							/* ITSM_DRIFT_H */
