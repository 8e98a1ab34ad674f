/*
 * shared_segment.c
 *		Memory that all sessions of the server share, without
 *		shared_preload_libraries.
 *
 * 17 has named segments.  Before, the handle of a dynamic segment stands in a
 * few bytes of the room that the main shared memory keeps for small things,
 * where autoprewarm has its own.  A restart after a crash makes both anew.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "core/shared_segment.h"
#include "miscadmin.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

typedef struct Wanted
{
	const char *name;
	Size		size;
	void		(*prepare) (void *segment);
	void	   *address;
} Wanted;

#ifdef ITSM_NAMED_SEGMENTS

static void
find_segment(void *argument)
{
	Wanted	   *wanted = argument;
	bool		found;

	wanted->address = GetNamedDSMSegment(wanted->name, wanted->size, wanted->prepare, &found);
}

#else

typedef struct Root
{
	bool		made;
	dsm_handle	handle;
} Root;

static dsm_segment *
make_segment(Root *root, const Wanted *wanted)
{
	dsm_segment *segment = dsm_create(wanted->size, 0);

	memset(dsm_segment_address(segment), 0, wanted->size);
	wanted->prepare(dsm_segment_address(segment));
	dsm_pin_segment(segment);
	root->handle = dsm_segment_handle(segment);
	root->made = true;
	return segment;
}

static void
find_segment(void *argument)
{
	Wanted	   *wanted = argument;
	dsm_segment *segment;
	Root	   *root;
	bool		found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	root = ShmemInitStruct(wanted->name, sizeof(Root), &found);
	if (!found)
		root->made = false;
	segment = root->made ? dsm_attach(root->handle) : make_segment(root, wanted);
	LWLockRelease(AddinShmemInitLock);
	if (segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg_internal("shared segment \"%s\" is gone", wanted->name)));
	dsm_pin_mapping(segment);
	wanted->address = dsm_segment_address(segment);
}

#endif

void *
itsm_shared_segment(const char *name, Size size, void (*prepare) (void *segment))
{
	Wanted		wanted = {name, size, prepare, NULL};
	ErrorData  *error;

	if (!IsUnderPostmaster)
		return NULL;
	error = itsm_attempt_resource(find_segment, &wanted);
	if (error == NULL)
		return wanted.address;
	ereport(LOG_SERVER_ONLY,
			(errmsg("no shared memory \"%s\": %s", name, error->message), errhidestmt(true)));
	return NULL;
}
