/*
 * service_hours_fuzz.c
 *		Any text is service hours, which print as a text that is the same hours and prints
 *		the same, or has a fault with its place.
 */
/* sources: src/service_time/service_day.c src/service_time/service_hours_parse.c src/service_time/service_hours_print.c */
#include "service_time/service_hours.h"

#include "fuzz.h"

static char *
print(const ServiceHours *hours, int *length)
{
	char	   *text = malloc(service_hours_print_size(hours));

	*length = service_hours_print(hours, text);
	REQUIRE((size_t) *length < service_hours_print_size(hours));
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = exact_copy(data, size);
	void	   *memory = malloc(service_hours_size(text, size));
	ServiceHours hours;
	ServiceFault fault;

	if (service_hours_parse(&hours, memory, text, size, &fault))
	{
		int			length;
		int			length_again;
		char	   *printed = print(&hours, &length);
		void	   *memory_again = malloc(service_hours_size(printed, length));
		ServiceHours again;
		char	   *printed_again;

		REQUIRE(service_hours_parse(&again, memory_again, printed, length, &fault));
		printed_again = print(&again, &length_again);
		REQUIRE(length == length_again && memcmp(printed, printed_again, length) == 0);
		REQUIRE(again.rule_count == hours.rule_count);
		free(printed);
		free(printed_again);
		free(memory_again);
	}
	else
	{
		REQUIRE(fault.offset >= 0 && (size_t) fault.offset <= size);
		REQUIRE(memchr(fault.message, '\0', sizeof(fault.message)) && fault.message[0]);
	}
	free(memory);
	free(text);
	return 0;
}
