/*
 * shared_segment.h
 *		Memory that all sessions of the server share, without
 *		shared_preload_libraries.
 */
#ifndef ITSM_SHARED_SEGMENT_H
#define ITSM_SHARED_SEGMENT_H

/*
 * The server's segment of that name, made zeroed and prepared by who asks
 * first; it stays mapped for the session.  NULL when there can be none: the
 * server stands alone, or its shared memory is used up, which the server's
 * log tells.  Needs a transaction; name and size belong together for ever.
 */
extern void *itsm_shared_segment(const char *name, Size size, void (*prepare) (void *segment));

#endif							/* ITSM_SHARED_SEGMENT_H */
