/*
 * event_body.c
 *		Writing and reading the canonical bytes of an event's values.
 *
 * Memory: buffers and results in the caller's context.
 */
#include "core/itsm.h"

#include "ledger/digest.h"
#include "ledger/event_body.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "record/record.h"

/* Number, form, salt and length. */
#define ITEM_HEAD (4 + 1)
#define ITEM_VALUE_HEAD (ITEM_HEAD + ITSM_SALT_LENGTH + 4)

/* What is committed to before the text, and the length of a text that is copied behind it. */
#define COMMIT_HEAD (ITSM_SALT_LENGTH + ITEM_HEAD)
#define COMMIT_AT_ONCE 128

void
itsm_body_begin(EventBody *body)
{
	initStringInfo(&body->bytes);
	initStringInfo(&body->commitments);
}

static void
commit_item(const uint8 *salt, uint32 number, uint8 form, const char *text, int length, uint8 *hash)
{
	char		bytes[COMMIT_HEAD + COMMIT_AT_ONCE];
	int			together = length <= COMMIT_AT_ONCE ? length : 0;

	memcpy(bytes, salt, ITSM_SALT_LENGTH);
	memcpy(bytes + ITSM_SALT_LENGTH, &number, sizeof(number));
	bytes[COMMIT_HEAD - 1] = form;
	/* adding costs by the call, too */
	memcpy(bytes + COMMIT_HEAD, text, together);
	itsm_digest_start();
	itsm_digest_add(bytes, COMMIT_HEAD + together);
	if (length > together)
		itsm_digest_add(text, length);
	itsm_digest_finish(hash);
}

void
itsm_body_add(EventBody *body, int number, const char *text, int length)
{
	uint32		wire_number = pg_hton32((uint32) number);
	uint8		form = text ? BODY_VALUE : BODY_NULL;
	uint8		salt[ITSM_SALT_LENGTH];
	uint8		hash[ITSM_HASH_LENGTH];
	uint32		wire_length;
	const char *utf8 = text ? text : "";
	char	   *item;

	if (text == NULL)
		length = 0;
	else if (GetDatabaseEncoding() != PG_UTF8)
	{
		utf8 = pg_server_to_any(text, length, PG_UTF8);
		if (utf8 != text)
			length = strlen(utf8);
	}
	itsm_salt(salt);
	wire_length = pg_hton32((uint32) length);
	enlargeStringInfo(&body->bytes, ITEM_VALUE_HEAD + length);
	item = body->bytes.data + body->bytes.len;
	memcpy(item, &wire_number, sizeof(wire_number));
	item[4] = form;
	memcpy(item + ITEM_HEAD, salt, ITSM_SALT_LENGTH);
	memcpy(item + ITEM_HEAD + ITSM_SALT_LENGTH, &wire_length, sizeof(wire_length));
	memcpy(item + ITEM_VALUE_HEAD, utf8, length);
	item[ITEM_VALUE_HEAD + length] = '\0';
	body->bytes.len += ITEM_VALUE_HEAD + length;
	commit_item(salt, wire_number, form, utf8, length, hash);
	appendBinaryStringInfo(&body->commitments, (char *) hash, sizeof(hash));
}

static void
corrupted(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("body of an event is not well-formed"),
			 errhint("itsm.verify() names the events that were changed.")));
}

bool
itsm_body_next(const char *bytes, int length, int *offset, BodyItem *item, uint8 *commitment)
{
	const char *start = bytes + *offset;
	int			left = length - *offset;
	uint32		number;
	uint32		size;

	if (left == 0)
		return false;
	if (left < ITEM_HEAD)
		corrupted();
	memcpy(&number, start, sizeof(number));
	item->number = (int32) pg_ntoh32(number);
	item->form = (uint8) start[4];
	item->text = NULL;
	if (item->form == BODY_ERASED)
	{
		if (left < ITEM_HEAD + ITSM_HASH_LENGTH)
			corrupted();
		if (commitment)
			memcpy(commitment, start + ITEM_HEAD, ITSM_HASH_LENGTH);
		*offset += ITEM_HEAD + ITSM_HASH_LENGTH;
		return true;
	}
	if (item->form > BODY_ERASED || left < ITEM_VALUE_HEAD)
		corrupted();
	memcpy(&size, start + ITEM_HEAD + ITSM_SALT_LENGTH, sizeof(size));
	size = pg_ntoh32(size);
	if (size > (uint32) (left - ITEM_VALUE_HEAD))
		corrupted();
	if (commitment)
		commit_item((const uint8 *) start + ITEM_HEAD, number, item->form, start + ITEM_VALUE_HEAD,
					size, commitment);
	if (item->form == BODY_VALUE)
	{
		char	   *text = pnstrdup(start + ITEM_VALUE_HEAD, size);

		item->text = pg_any_to_server(text, size, PG_UTF8);
	}
	*offset += ITEM_VALUE_HEAD + size;
	return true;
}

int
itsm_body_erase(const char *bytes, int length, const List *numbers, const char *value, StringInfo erased)
{
	uint8		commitment[ITSM_HASH_LENGTH];
	int			count = 0;
	int			offset = 0;
	int			start = 0;
	BodyItem	item;

	while (itsm_body_next(bytes, length, &offset, &item, commitment))
	{
		if (item.form == BODY_VALUE && list_member_int(numbers, item.number) &&
			(value == NULL || strcmp(item.text, value) == 0))
		{
			appendBinaryStringInfo(erased, bytes + start, ITEM_HEAD);
			erased->data[erased->len - 1] = BODY_ERASED;
			appendBinaryStringInfo(erased, (char *) commitment, sizeof(commitment));
			count++;
		}
		else
			appendBinaryStringInfo(erased, bytes + start, offset - start);
		start = offset;
	}
	return count;
}
