/*
 * tenant_access.h
 *		Whose records a role is shown: every tenant's, until the tenants are
 *		separated; then those of the tenants granted to it.
 *
 * Superusers and the extension's owner see every tenant, and so does what runs
 * between itsm_query_begin and itsm_query_end.  What is asked is the latest
 * that was committed, whatever the snapshot: a permission is not history.
 */
#ifndef ITSM_TENANT_ACCESS_H
#define ITSM_TENANT_ACCESS_H

/* Is the current user shown this tenant's records? */
extern bool itsm_sees_tenant(const char *tenant);

/* The same of another user. */
extern bool itsm_role_sees_tenant(Oid user, const char *tenant);

/* Every tenant's, also of those to come? */
extern bool itsm_sees_every_tenant(void);

/* ERRCODE_INSUFFICIENT_PRIVILEGE for a user who does not see every tenant; "what" tells of all of them. */
extern void itsm_require_every_tenant(const char *what);

#endif							/* ITSM_TENANT_ACCESS_H */
