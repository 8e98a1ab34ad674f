/*
 * verify_ended.c
 *		Records whose row is not there to be compared, since it was deleted or
 *		its attachment has ended: their projected values against their events.
 *
 * Memory: what is known of attachments lasts for the pass.
 */
#include "core/itsm.h"

#include "core/attempt.h"
#include "core/query.h"
#include "ledger/event_body.h"
#include "lifecycle/remember.h"
#include "lifecycle/verify_rows.h"
#include "record/projection.h"

typedef struct MappedAttribute
{
	int			number;
	const char *name;
} MappedAttribute;

typedef struct AttachmentMap
{
	int			id;
	int			source;
	bool		ended;
	List	   *attributes;		/* MappedAttribute */
} AttachmentMap;

/* An attribute that an attachment maps, and a version of its lifecycle does not have. */
typedef struct LackedAttribute
{
	const char *lifecycle;
	int			version;
	const char *name;
} LackedAttribute;

typedef struct EndedChecks
{
	MemoryContext context;
	List	   *attachments;	/* AttachmentMap */
	List	   *lacked;			/* LackedAttribute */
	const AttachmentMap *map;	/* the last one looked for */
	/* the record whose events come */
	int64		record;
	uint64		xid;
	int64		system;
	int			command;
	bool		disordered;		/* what was judged last did not happen last */
} EndedChecks;

static const char attachments_query[] =
"SELECT a.id, a.source, a.detached_at IS NOT NULL, d.number, d.name FROM itsm.attachment a"
" LEFT JOIN itsm.source_attribute d ON d.source = a.source AND d.kind = 'attribute' AND a.attribute_expressions ? d.name"
" ORDER BY a.id, d.name, d.number";

static const char lacked_query[] =
"SELECT DISTINCT l.name, l.version, k.name FROM itsm.lifecycle l JOIN itsm.attachment a ON a.lifecycle = l.name,"
" jsonb_object_keys(a.attribute_expressions) k(name) WHERE NOT coalesce(l.definition->'attributes', '{}') ? k.name";

static int
number_at(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static void
read_attachments(void *argument)
{
	EndedChecks *checks = argument;
	uint64		count = itsm_query(SPI_OK_SELECT, attachments_query, 0, NULL, NULL, NULL);
	MemoryContext caller = MemoryContextSwitchTo(checks->context);
	AttachmentMap *map = NULL;

	for (uint64 i = 0; i < count; i++)
	{
		MappedAttribute *attribute;
		bool		isnull;

		if (map == NULL || map->id != number_at(i, 1))
		{
			map = palloc0(sizeof(AttachmentMap));
			map->id = number_at(i, 1);
			map->source = number_at(i, 2);
			map->ended = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3, &isnull));
			checks->attachments = lappend(checks->attachments, map);
		}
		if (number_at(i, 4) == 0)
			continue;
		attribute = palloc(sizeof(MappedAttribute));
		attribute->number = number_at(i, 4);
		attribute->name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 5);
		map->attributes = lappend(map->attributes, attribute);
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
}

static void
read_lacked(void *argument)
{
	EndedChecks *checks = argument;
	uint64		count = itsm_query(SPI_OK_SELECT, lacked_query, 0, NULL, NULL, NULL);
	MemoryContext caller = MemoryContextSwitchTo(checks->context);

	for (uint64 i = 0; i < count; i++)
	{
		LackedAttribute *attribute = palloc(sizeof(LackedAttribute));

		attribute->lifecycle = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		attribute->version = number_at(i, 2);
		attribute->name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3);
		checks->lacked = lappend(checks->lacked, attribute);
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
}

static void *
begin_ended(Verification *verification)
{
	EndedChecks *checks = palloc0(sizeof(EndedChecks));

	checks->context = CurrentMemoryContext;
	/* where these cannot be read, others say so, and nothing can be told here */
	if (itsm_attempt(read_attachments, checks) || itsm_attempt(read_lacked, checks))
		checks->attachments = NIL;
	return checks;
}

/* Nested updates may be judged before what caused them; what reports read then is told by neither alone. */
static void
note_order(Verification *verification, void *own, const Event *event, const Record *head)
{
	EndedChecks *checks = own;

	if (checks->record != event->record || event->version == 1)
	{
		checks->record = event->record;
		checks->disordered = false;
	}
	else if (event->kind && checks->xid == event->xid && checks->system == event->system &&
			 event->command < checks->command)
		checks->disordered = true;
	if (event->kind == NULL)
		return;
	checks->xid = event->xid;
	checks->system = event->system;
	checks->command = event->command;
}

static const AttachmentMap *
find_map(EndedChecks *checks, int id)
{
	ListCell   *cell;

	if (checks->map && checks->map->id == id)
		return checks->map;
	foreach(cell, checks->attachments)
		if (((const AttachmentMap *) lfirst(cell))->id == id)
			return checks->map = lfirst(cell);
	return NULL;
}

/* Whether a number's last word allows the text that is projected, or cannot tell. */
static bool
allows(const EventFold *fold, int number, const char *text)
{
	const FoldedValue *told = itsm_folded_value(fold, number);

	/* erased, or perhaps never told */
	if (told ? told->form == BODY_ERASED : fold->begun && !fold->complete)
		return true;
	return itsm_same_text(text, told && told->form == BODY_VALUE ? told->text : NULL);
}

/* The version that the record came under does not have the attribute: with that move it was no longer projected. */
static bool
is_lacked(const EndedChecks *checks, const RecordState *state, const char *name)
{
	ListCell   *cell;

	foreach(cell, checks->lacked)
	{
		const LackedAttribute *attribute = lfirst(cell);

		if (state && attribute->version == state->lifecycle_version &&
			strcmp(attribute->lifecycle, state->lifecycle) == 0 && strcmp(attribute->name, name) == 0)
			return true;
	}
	return false;
}

static void
compare_values(Verification *verification, const EndedChecks *checks, const VerifiedRecord *record,
			   const AttachmentMap *map)
{
	int			count = list_length(map->attributes);

	for (int first = 0, next; first < count; first = next)
	{
		const char *name = ((const MappedAttribute *) list_nth(map->attributes, first))->name;
		const char *text = itsm_projection_attribute(record->projection, name);
		bool		allowed = text == NULL && is_lacked(checks, record->state, name);

		/* an attribute that has had several types has several numbers, and was told by one of them last */
		for (next = first; next < count; next++)
		{
			const MappedAttribute *attribute = list_nth(map->attributes, next);

			if (strcmp(attribute->name, name) != 0)
				break;
			allowed = allowed || allows(record->fold, attribute->number, text);
		}
		if (!allowed)
			itsm_verify_fault(verification, "projection",
							  itsm_verify_name(verification, record->head->tenant, record->head->id, 0, record->head),
							  "attribute \"%s\" is not what the events say", name);
	}
}

static void
check_ended(Verification *verification, void *own, const VerifiedRecord *record)
{
	EndedChecks *checks = own;
	const Record *head = record->head;
	const EventFold *fold = record->fold;
	const AttachmentMap *map = find_map(checks, head->attachment);

	/* children by inheritance have dictionaries of their own */
	if (map == NULL || map->source != head->source)
		return;
	/* verify_rows.c compares the others together with their rows */
	if ((!head->deleted && !map->ended) || record->projection == NULL || checks->record != head->id)
		return;
	if ((!fold->begun || fold->counted) && fold->attachment == map->id && !checks->disordered &&
		!(fold->key_told && fold->key.form == BODY_NULL))
		compare_values(verification, checks, record, map);
}

static void
end_ended(Verification *verification, void *own)
{
}

const VerifyChecker itsm_verify_ended = {begin_ended, check_ended, end_ended, note_order};
