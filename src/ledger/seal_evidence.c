/*
 * seal_evidence.c
 *		itsm.evidence(): a record's whole history with its proofs, as a document
 *		that can be checked without this database.
 *
 * docs/verify_evidence.py checks it, and shares no code with us.
 *
 * Memory: the document.
 */
#include "core/itsm.h"

#include "ledger/archive.h"
#include "ledger/event.h"
#include "ledger/record_key.h"
#include "ledger/seal_digest.h"
#include "ledger/seal_proof.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"

#define EVIDENCE_FORMAT "itsm evidence 1"
#define TILES_AT_HAND 256

/* The proof of events of one record, as of a seal. */
typedef struct Evidence
{
	StringInfoData json;
	Seal		seal;			/* number 0: nothing is sealed */
	SealHead	head;			/* of the tenant's log; size 0: none is */
	SealRuns	runs;
	SealTree	tree;
} Evidence;

static void
put_text(StringInfo json, const char *name, const char *text)
{
	appendStringInfo(json, ", \"%s\": ", name);
	if (text)
		escape_json(json, text);
	else
		appendStringInfoString(json, "null");
}

static void
put_number(StringInfo json, const char *name, int64 number)
{
	appendStringInfo(json, ", \"%s\": " INT64_FORMAT, name, number);
}

static void
put_hex(StringInfo json, const char *name, const char *bytes, int length)
{
	appendStringInfo(json, ", \"%s\": \"", name);
	enlargeStringInfo(json, 2 * length);
	hex_encode(bytes, length, json->data + json->len);
	json->len += 2 * length;
	json->data[json->len] = '\0';
	appendStringInfoChar(json, '"');
}

static void
put_proof(StringInfo json, const char *name, const MerkleProof *proof)
{
	appendStringInfo(json, ", \"%s\": [", name);
	for (int i = 0; i < proof->count; i++)
		appendStringInfo(json, "%s\"%s\"", i ? ", " : "", itsm_base64(proof->hashes[i]));
	appendStringInfoChar(json, ']');
}

/* The tree over the heads of all logs. */

static void
node_of_heads(void *argument, int level, uint64_t index, uint8_t *hash)
{
	const List *heads = argument;
	uint64		count = UINT64_C(1) << level;
	uint8		(*hashes)[MERKLE_LENGTH] = palloc(count * MERKLE_LENGTH);

	for (uint64 i = 0; i < count; i++)
		itsm_seal_head_leaf(list_nth(heads, (int) (index * count + i)), hashes[i]);
	for (; count > 1; count /= 2)
		for (uint64 i = 0; i < count / 2; i++)
			itsm_merkle_node(hashes[2 * i], hashes[2 * i + 1], hashes[i]);
	memcpy(hash, hashes[0], MERKLE_LENGTH);
	pfree(hashes);
}

/* The digest without the other tenants, and the log's place in it. */
static void
put_digest(Evidence *evidence, const char *tenant)
{
	StringInfo	json = &evidence->json;
	const Seal *seal = &evidence->seal;
	List	   *heads = itsm_seal_heads(GetActiveSnapshot(), seal->number);
	MerkleSource source = {node_of_heads, heads};
	MerkleProof proof;
	ListCell   *cell;

	appendStringInfoString(json, ", \"digest\": {\"format\": \"itsm digest 1\"");
	put_text(json, "origin", seal->origin);
	put_text(json, "system", psprintf(UINT64_FORMAT, (uint64) seal->system));
	put_number(json, "timeline", seal->timeline);
	put_text(json, "at", itsm_utc_text(seal->at));
	put_number(json, "seal", seal->number);
	put_text(json, "seal_hash", itsm_base64(seal->hash));
	put_number(json, "size", seal->size);
	put_text(json, "root", itsm_base64(seal->root));
	appendStringInfoChar(json, '}');
	foreach(cell, heads)
	{
		const SealHead *head = lfirst(cell);

		if (strcmp(head->tenant, tenant) != 0)
			continue;
		evidence->head = *head;
		itsm_merkle_prove_inclusion(&source, foreach_current_index(cell), list_length(heads), &proof);
		appendStringInfo(json, ", \"log\": {\"place\": %d, \"logs\": %d", foreach_current_index(cell), list_length(heads));
		put_text(json, "tenant", head->tenant);
		put_number(json, "size", head->size);
		put_text(json, "root", itsm_base64(head->root));
		put_proof(json, "proof", &proof);
		appendStringInfoChar(json, '}');
	}
}

/* What the numbers in bodies mean: for the reader, nothing is proved by it. */
static void
put_names(StringInfo json, int source)
{
	ListCell   *cell;
	List	   *dictionary = itsm_source_dictionary(source);

	appendStringInfoString(json, ", \"names\": {");
	foreach(cell, dictionary)
	{
		const SourceAttribute *attribute = lfirst(cell);

		appendStringInfo(json, "%s\"%d\": {\"kind\": \"%s\"", foreach_current_index(cell) ? ", " : "",
						 attribute->number, attribute->canonical ? "attribute" : "column");
		put_text(json, "name", attribute->name);
		put_text(json, "type", attribute->type);
		appendStringInfoChar(json, '}');
	}
	appendStringInfoChar(json, '}');
}

static void
put_leaf(Evidence *evidence, const Event *event)
{
	int64		leaf = -1;
	MerkleProof proof;

	if (evidence->head.size)
		leaf = itsm_seal_find(&evidence->runs, event->tenant, event->record, event->version);
	if (leaf < 0 || leaf >= evidence->head.size)
		return;
	itsm_prove_leaf(&evidence->tree, leaf, evidence->head.size, &proof);
	put_number(&evidence->json, "leaf", leaf);
	put_proof(&evidence->json, "proof", &proof);
}

static void
put_commitments(StringInfo json, const Event *event)
{
	uint8		commitment[MERKLE_LENGTH];
	bool		first = true;
	int			offset = 0;
	BodyItem	item;

	appendStringInfoString(json, ", \"commitments\": [");
	while (itsm_body_next(event->body, event->body_length, &offset, &item, commitment))
	{
		appendStringInfo(json, "%s\"%s\"", first ? "" : ", ", itsm_base64(commitment));
		first = false;
	}
	appendStringInfoChar(json, ']');
}

static void
put_event(Evidence *evidence, const Event *event)
{
	StringInfo	json = &evidence->json;

	appendStringInfo(json, "{\"record\": " INT64_FORMAT, event->record);
	put_number(json, "version", event->version);
	put_text(json, "time", itsm_utc_text(event->at));
	put_number(json, "at", event->at);
	put_number(json, "xid", (int64) event->xid);
	put_number(json, "system", event->system);
	put_number(json, "timeline", event->timeline);
	put_number(json, "command", event->command);
	put_number(json, "attachment", event->attachment);
	put_number(json, "lifecycle_version", event->lifecycle_version);
	put_text(json, "kind", event->kind);
	put_text(json, "tenant", event->tenant);
	put_text(json, "from_state", event->from_state);
	put_text(json, "to_state", event->to_state);
	put_text(json, "session_role", event->session_role);
	put_text(json, "role", event->role);
	put_text(json, "actor", event->actor);
	put_text(json, "application", event->application);
	put_hex(json, "body", event->body, event->body_length);
	put_commitments(json, event);
	put_hex(json, "hash", (const char *) event->hash, MERKLE_LENGTH);
	put_leaf(evidence, event);
	appendStringInfoChar(json, '}');
}

/* The chain begins behind what is archived. */
static void
put_archived(StringInfo json, const ArchivedRecord *archived)
{
	appendStringInfo(json, ", \"archived\": {\"version\": " INT64_FORMAT, archived->version);
	put_number(json, "archive", archived->archive);
	put_text(json, "tables", itsm_archive_places(archived->archive));
	put_hex(json, "hash", (const char *) archived->hash, ITSM_HASH_LENGTH);
	appendStringInfoChar(json, '}');
}

static void
put_events(Evidence *evidence, const Record *record)
{
	ListCell   *cell;
	List	   *events = itsm_event_read_left(record->tenant, record->id);
	ArchivedRecord archived;

	if (evidence->head.size)
	{
		itsm_seal_runs_begin(&evidence->runs, GetActiveSnapshot());
		itsm_seal_tree_begin(&evidence->tree, GetActiveSnapshot(), record->tenant, TILES_AT_HAND);
	}
	if (itsm_archived_find(record->tenant, record->id, &archived))
		put_archived(&evidence->json, &archived);
	appendStringInfoString(&evidence->json, ", \"events\": [");
	foreach(cell, events)
	{
		CHECK_FOR_INTERRUPTS();
		if (foreach_current_index(cell))
			appendStringInfoString(&evidence->json, ", ");
		put_event(evidence, lfirst(cell));
	}
	appendStringInfoChar(&evidence->json, ']');
	if (evidence->head.size)
	{
		itsm_seal_tree_end(&evidence->tree);
		itsm_seal_runs_end(&evidence->runs);
	}
}

/*
 * itsm.evidence(relation regclass, key text, tree_size bigint) → jsonb
 */
ITSM_FUNCTION(itsm_evidence);
Datum
itsm_evidence(PG_FUNCTION_ARGS)
{
	Evidence	evidence = {.seal.number = 0};
	StringInfo	json = &evidence.json;
	Record		record;
	const char *key;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	key = text_to_cstring(PG_GETARG_TEXT_PP(1));
	itsm_record_require(PG_GETARG_OID(0), key, &record);
	if (PG_ARGISNULL(2))
		(void) itsm_seal_last(GetActiveSnapshot(), &evidence.seal);
	else if (!itsm_seal_of_size(GetActiveSnapshot(), PG_GETARG_INT64(2), &evidence.seal))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there was no seal of " INT64_FORMAT " events", PG_GETARG_INT64(2)),
				 errhint("itsm.seal lists the sizes that there were; that of a digest is its member \"size\".")));
	initStringInfo(json);
	appendStringInfoString(json, "{\"format\": \"" EVIDENCE_FORMAT "\"");
	put_number(json, "record", record.id);
	put_text(json, "tenant", record.tenant);
	put_text(json, "table", itsm_relation_name(PG_GETARG_OID(0)));
	put_text(json, "key", record.key);
	put_names(json, record.source);
	if (evidence.seal.number)
		put_digest(&evidence, record.tenant);
	put_events(&evidence, &record);
	appendStringInfoChar(json, '}');
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json->data)));
}
