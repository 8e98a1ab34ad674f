/*
 * transaction_end.h
 *		What is done before a transaction commits or is prepared.
 */
#ifndef ITSM_TRANSACTION_END_H
#define ITSM_TRANSACTION_END_H

/* From now on this session does it; whoever leaves something to the end calls this. */
extern void itsm_transaction_end_watch(void);

/* Events were written of an attachment that asks for a notification. */
extern void itsm_notification_due(void);

#endif							/* ITSM_TRANSACTION_END_H */
