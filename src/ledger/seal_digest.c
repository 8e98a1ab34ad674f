/*
 * seal_digest.c
 *		Digests written, read and handed out.
 *
 * The member "checkpoint" holds the same as a C2SP checkpoint's text: origin,
 * size and root in three lines, ready to be signed or time-stamped.
 */
#include "core/itsm.h"

#include "common/int.h"
#include "core/errors.h"
#include "core/json_read.h"
#include "datatype/timestamp.h"
#include "ledger/seal_digest.h"
#include "ledger/tenant_access.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define DIGEST_FORMAT "itsm digest 1"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
itsm_base64(const uint8 *hash)
{
	char	   *text = palloc(BASE64_LENGTH + 1);
	uint8		padded[33] = {0};

	memcpy(padded, hash, MERKLE_LENGTH);
	for (int i = 0; i < 11; i++)
	{
		uint32		bits = (uint32) padded[3 * i] << 16 | padded[3 * i + 1] << 8 | padded[3 * i + 2];

		for (int j = 0; j < 4; j++)
			text[4 * i + j] = base64_digits[bits >> (18 - 6 * j) & 63];
	}
	text[BASE64_LENGTH - 1] = '=';
	text[BASE64_LENGTH] = '\0';
	return text;
}

bool
itsm_base64_read(const char *text, uint8 *hash)
{
	uint8		padded[33];

	if (strlen(text) != BASE64_LENGTH || text[BASE64_LENGTH - 1] != '=')
		return false;
	for (int i = 0; i < 11; i++)
	{
		uint32		bits = 0;

		for (int j = 0; j < 4; j++)
		{
			char		digit = text[4 * i + j];
			const char *place = digit == '=' && i == 10 && j == 3 ? base64_digits : strchr(base64_digits, digit);

			if (place == NULL)
				return false;
			bits = bits << 6 | (uint32) (place - base64_digits);
		}
		padded[3 * i] = (uint8) (bits >> 16);
		padded[3 * i + 1] = (uint8) (bits >> 8);
		padded[3 * i + 2] = (uint8) bits;
	}
	memcpy(hash, padded, MERKLE_LENGTH);
	/* the last digit has two bits that mean nothing: they are 0 */
	return padded[32] == 0;
}

char *
itsm_utc_text(TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fraction;

	if (TIMESTAMP_NOT_FINITE(at) || timestamp2tm(at, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour,
					tm.tm_min, tm.tm_sec, (int) fraction);
}

char *
itsm_checkpoint(const char *origin, int64 size, const uint8 *root)
{
	return psprintf("%s\n" INT64_FORMAT "\n%s\n", origin, size, itsm_base64(root));
}

static void
write_text(StringInfo json, const char *name, const char *text)
{
	appendStringInfo(json, ", \"%s\": ", name);
	escape_json(json, text);
}

void
itsm_digest_write(StringInfo json, const Seal *seal, const List *heads)
{
	ListCell   *cell;

	appendStringInfoString(json, "{\"format\": \"" DIGEST_FORMAT "\"");
	write_text(json, "origin", seal->origin);
	write_text(json, "system", psprintf(UINT64_FORMAT, (uint64) seal->system));
	write_text(json, "at", itsm_utc_text(seal->at));
	write_text(json, "root", itsm_base64(seal->root));
	write_text(json, "seal_hash", itsm_base64(seal->hash));
	write_text(json, "checkpoint", itsm_checkpoint(seal->origin, seal->size, seal->root));
	appendStringInfo(json, ", \"timeline\": %d, \"seal\": " INT64_FORMAT ", \"size\": " INT64_FORMAT ", \"logs\": [",
					 seal->timeline, seal->number, seal->size);
	foreach(cell, heads)
	{
		const SealHead *head = lfirst(cell);

		appendStringInfo(json, "%s{\"size\": " INT64_FORMAT, foreach_current_index(cell) ? ", " : "", head->size);
		write_text(json, "tenant", head->tenant);
		write_text(json, "root", itsm_base64(head->root));
		appendStringInfoChar(json, '}');
	}
	appendStringInfoString(json, "]}");
}

/* Reading. */

static void
no_digest(const char *name, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("not a digest: its member \"%s\" is not %s", name, what),
			 errhint("Give what itsm.digest() returned, as it was.")));
}

static void
changed_digest(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_ITSM_VERIFICATION), errmsg("the digest was changed: %s", what),
			 errhint("Give what itsm.digest() returned, as it was.")));
}

static const char *
text_of(const JsonbContainer *object, const char *name)
{
	JsonbValue	value;
	char	   *text = itsm_json_member(object, name, &value) ? itsm_json_string(&value) : NULL;

	if (text == NULL)
		no_digest(name, "a string");
	return text;
}

static int64
number_of(const JsonbContainer *object, const char *name)
{
	JsonbValue	value;
	char	   *text;

	if (!itsm_json_member(object, name, &value) || value.type != jbvNumeric)
		no_digest(name, "a number");
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
	/* eighteen digits are more than there will be, and fit */
	if (strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		no_digest(name, "a count");
	return pg_strtoint64(text);
}

static void
hash_of(const JsonbContainer *object, const char *name, uint8 *hash)
{
	if (!itsm_base64_read(text_of(object, name), hash))
		no_digest(name, "the base64 of 32 bytes");
}

static void
read_logs(const JsonbContainer *json, SealDigest *digest)
{
	JsonbValue	value;
	JsonbContainer *logs = itsm_json_member(json, "logs", &value) ? itsm_json_array(&value) : NULL;
	int64		size = 0;

	if (logs == NULL)
		no_digest("logs", "an array");
	for (uint32 i = 0; i < JsonContainerSize(logs); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(logs, i);
		JsonbContainer *log = element ? itsm_json_object(element) : NULL;
		SealHead   *head = palloc0(sizeof(SealHead));

		if (log == NULL)
			no_digest("logs", "an array of objects");
		head->tenant = text_of(log, "tenant");
		head->size = number_of(log, "size");
		hash_of(log, "root", head->root);
		if (pg_add_s64_overflow(size, head->size, &size))
			no_digest("size", "a count");
		digest->logs = lappend(digest->logs, head);
	}
	if (size != digest->size)
		changed_digest("its size is not that of its logs");
}

void
itsm_digest_read(const JsonbContainer *json, SealDigest *digest)
{
	uint8		root[MERKLE_LENGTH];

	memset(digest, 0, sizeof(SealDigest));
	if (!JsonContainerIsObject(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a digest is a JSON object"),
				 errhint("Give what itsm.digest() returned, as it was.")));
	if (strcmp(text_of(json, "format"), DIGEST_FORMAT) != 0)
		no_digest("format", "\"" DIGEST_FORMAT "\"");
	digest->origin = text_of(json, "origin");
	digest->system = text_of(json, "system");
	digest->at = text_of(json, "at");
	digest->timeline = number_of(json, "timeline");
	digest->seal = number_of(json, "seal");
	digest->size = number_of(json, "size");
	hash_of(json, "root", digest->root);
	hash_of(json, "seal_hash", digest->seal_hash);
	read_logs(json, digest);
	itsm_seal_root(digest->logs, root);
	if (memcmp(root, digest->root, MERKLE_LENGTH) != 0)
		changed_digest("its root is not that of its logs");
	if (strcmp(text_of(json, "checkpoint"), itsm_checkpoint(digest->origin, digest->size, digest->root)) != 0)
		changed_digest("its checkpoint does not tell its origin, size and root");
}

/*
 * itsm.digest(tree_size bigint) → jsonb
 */
ITSM_FUNCTION(itsm_digest);
Datum
itsm_digest(PG_FUNCTION_ARGS)
{
	Snapshot	snapshot = GetActiveSnapshot();
	StringInfoData json;
	Seal		seal;

	itsm_require_every_tenant("itsm.digest");
	if (!itsm_seal_last(snapshot, &seal))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("nothing is sealed yet"),
				 errhint("SELECT itsm.seal() seals what is finished.")));
	if (!PG_ARGISNULL(0))
	{
		int64		size = PG_GETARG_INT64(0);

		if (!itsm_seal_of_size(snapshot, size, &seal))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there was no seal of " INT64_FORMAT " events", size),
					 errhint("itsm.seal lists the sizes that there were.")));
	}
	initStringInfo(&json);
	itsm_digest_write(&json, &seal, itsm_seal_heads(snapshot, seal.number));
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}
