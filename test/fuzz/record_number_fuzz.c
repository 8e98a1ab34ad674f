/*
 * record_number_fuzz.c
 *		Record numbers: a text that is one prints the same and has a form of its own, whose
 *		order is that of the numbers; and every form is a number.
 */
/* sources: src/practice/record_number_form.c */
#include "practice/record_number_form.h"

#include "fuzz.h"

static int
order(const RecordNumber *a, const RecordNumber *b)
{
	int			prefix = strcmp(a->prefix, b->prefix);

	if (prefix)
		return prefix < 0 ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->width > b->width) - (a->width < b->width);
}

static void
check_form(uint64_t form, RecordNumber *number)
{
	char		text[NUMBER_LENGTH + 1];
	RecordNumber again;
	int			length;

	record_number_decode(form, number);
	REQUIRE(record_number_encode(number) == form);
	length = record_number_print(number, text);
	REQUIRE(record_number_parse(text, length, &again) == NUMBER_FINE);
	REQUIRE(order(number, &again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t	first = take(&data, &size, 8) % NUMBER_FORMS;
	uint64_t	second = take(&data, &size, 8) % NUMBER_FORMS;
	char	   *text = exact_copy(data, size);
	RecordNumber a;
	RecordNumber b;
	int			letters;

	check_form(first, &a);
	check_form(second, &b);
	REQUIRE(order(&a, &b) == (first > second) - (first < second));
	(void) record_number_parse_prefix(text, size, &letters);
	if (record_number_parse(text, size, &a) == NUMBER_FINE)
	{
		char		printed[NUMBER_LENGTH + 1];
		uint64_t	form = record_number_encode(&a);

		REQUIRE((size_t) record_number_print(&a, printed) == size && memcmp(printed, text, size) == 0);
		REQUIRE(form < NUMBER_FORMS);
		check_form(form, &b);
		REQUIRE(order(&a, &b) == 0);
	}
	free(text);
	return 0;
}
