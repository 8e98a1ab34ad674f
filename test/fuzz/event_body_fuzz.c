/*
 * event_body_fuzz.c
 *		The bytes of an event: any bytes are a body or data corruption; erasing values keeps
 *		every commitment.
 *
 * The server's functions that reading needs stand below, as far as it needs them.
 */
/* sources: src/ledger/event_body.c */
#include "core/itsm.h"

#include "ledger/digest.h"
#include "ledger/event_body.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

#include <setjmp.h>

#include "fuzz.h"

static jmp_buf corrupted;
static int	sql_state;

bool
errstart(int elevel, const char *domain)
{
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return true;
}

int
errcode(int state)
{
	return sql_state = state;
}

int
errmsg(const char *format,...)
{
	return 0;
}

int
errhint(const char *format,...)
{
	return 0;
}

void
errfinish(const char *file, int line, const char *function)
{
	longjmp(corrupted, 1);
}

/* Everything palloc'd in an input, freed after it. */
static void *pieces[100000];
static int	piece_count;

static void *
keep(void *piece)
{
	REQUIRE(piece_count < (int) (sizeof(pieces) / sizeof(pieces[0])));
	return pieces[piece_count++] = piece;
}

void *
palloc(Size size)
{
	return keep(malloc(size));
}

char *
pnstrdup(const char *text, Size length)
{
	return keep(strndup(text, length));
}

void
initStringInfo(StringInfo text)
{
	memset(text, 0, sizeof(StringInfoData));
	text->maxlen = 1 << 16;
	text->data = palloc(text->maxlen);
	text->data[0] = '\0';
}

void
enlargeStringInfo(StringInfo text, int needed)
{
	REQUIRE(text->len + needed < text->maxlen);
}

void
appendBinaryStringInfo(StringInfo text, const char *data, int length)
{
	enlargeStringInfo(text, length);
	memcpy(text->data + text->len, data, length);
	text->len += length;
}

bool
list_member_int(const List *list, int number)
{
	return list == NULL || list_nth_int(list, 0) == number;
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

char *
pg_server_to_any(const char *text, int length, int encoding)
{
	return unconstify(char *, text);
}

char *
pg_any_to_server(const char *text, int length, int encoding)
{
	return unconstify(char *, text);
}

/* Not a digest, but tells bytes apart. */
static uint64_t state;

void
itsm_digest_start(void)
{
	state = 14695981039346656037u;
}

void
itsm_digest_add(const void *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		state = (state ^ ((const uint8_t *) data)[i]) * 1099511628211u;
}

void
itsm_digest_finish(uint8 *hash)
{
	memset(hash, 0, 32);
	memcpy(hash, &state, sizeof(state));
}

void
itsm_salt(uint8 *salt)
{
	memset(salt, 7, ITSM_SALT_LENGTH);
}

/* The commitments, one after the other; false: it is no body. */
static bool
read_body(const char *bytes, int length, StringInfo commitments)
{
	volatile int offset = 0;
	int			at = 0;
	uint8		commitment[32];
	BodyItem	item;

	initStringInfo(commitments);
	if (setjmp(corrupted))
	{
		REQUIRE(sql_state == ERRCODE_DATA_CORRUPTED);
		return false;
	}
	while (itsm_body_next(bytes, length, &at, &item, commitment))
	{
		REQUIRE(at > offset && at <= length);
		REQUIRE((item.text != NULL) == (item.form == BODY_VALUE));
		offset = at;
		appendBinaryStringInfo(commitments, (char *) commitment, sizeof(commitment));
	}
	REQUIRE(at == length);
	return true;
}

static void
check_erased(const char *bytes, int length, int number, const StringInfoData *commitments)
{
	StringInfoData erased;
	StringInfoData again;
	List	   *numbers = palloc(offsetof(List, initial_elements) + sizeof(ListCell));

	numbers->type = T_IntList;
	numbers->length = numbers->max_length = 1;
	numbers->elements = numbers->initial_elements;
	numbers->elements[0].int_value = number;
	initStringInfo(&erased);
	(void) itsm_body_erase(bytes, length, numbers, NULL, &erased);
	REQUIRE(erased.len <= length + 32 * (commitments->len / 32));
	REQUIRE(read_body(erased.data, erased.len, &again));
	REQUIRE(again.len == commitments->len && memcmp(again.data, commitments->data, again.len) == 0);
	REQUIRE(itsm_body_erase(erased.data, erased.len, numbers, NULL, &again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int			number = (int32_t) take(&data, &size, 4);
	char	   *bytes = exact_copy(data, size);
	StringInfoData commitments;

	if (size < 8000)
		if (read_body(bytes, size, &commitments))
			check_erased(bytes, size, number, &commitments);
	while (piece_count)
		free(pieces[--piece_count]);
	free(bytes);
	return 0;
}
