/*
 * policy_event.h
 *		What happens to policies is history too: events in the same hash-chained
 *		ledger, of pseudo-records whose source is 0.
 *
 * Such a record has no state row and no projection.  Its key names the subject:
 * "attachment 3", "lifecycle incident", "class server", "history".  The event's body holds one
 * item, BODY_DETAIL, a JSON object of strings.
 */
#ifndef ITSM_POLICY_EVENT_H
#define ITSM_POLICY_EVENT_H

#include "ledger/event.h"

#define POLICY_SOURCE 0
#define POLICY_HISTORY "history"

/* The subjects of attachments and lifecycles, palloc'd. */
extern char *itsm_attachment_subject(int attachment);
extern char *itsm_lifecycle_subject(const char *lifecycle);

/* Those of classes and relationship types. */
extern char *itsm_class_subject(const char *class);
extern char *itsm_relationship_type_subject(const char *type);

/* That of a baseline. */
extern char *itsm_baseline_subject(const char *baseline);

/*
 * Appends an event to the chain of a subject and begins the chain where there
 * is none.  attachment: 0 when it is none's.  After kind follow names and
 * values of the detail, strings (a value may be NULL), and a NULL.
 */
extern void itsm_policy_event(const char *subject, int attachment, const char *kind,...);

/* Names and values, strings (a value may be NULL), and a NULL: a JSON object of them, palloc'd. */
extern char *itsm_detail_json(const char *name,...);

/* The kind of the subject's last event that is one of the two; NULL: there is none. */
extern const char *itsm_policy_last(const char *subject, const char *kind, const char *other);

/* True when the subject has a chain. */
extern bool itsm_policy_known(const char *subject);

#endif							/* ITSM_POLICY_EVENT_H */
