/*
 * quorum_fuzz.c
 *		Quorums and the parameters of controls: read or not; never more approvals than people.
 */
/* sources: src/practice/quorum.c src/compliance/control_parameter.c */
#include "compliance/control_parameter.h"
#include "practice/quorum.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int			people = take(&data, &size, 2);
	char	   *text = text_copy(data, size);
	Quorum		quorum;
	ControlParameter parameter;

	if (quorum_read(text, &quorum))
	{
		int			needed = quorum_needed(&quorum, people);

		REQUIRE(needed >= 0);
		if (strchr(text, '%'))
			REQUIRE(needed <= (people > 1 ? people : 1));
		REQUIRE(quorum_needed(&quorum, people + 1) >= needed);
	}
	if (control_parameter_read(text, &parameter))
	{
		REQUIRE(strlen(parameter.number) <= PARAMETER_DIGITS + 1);
		REQUIRE(parameter.unit && (parameter.kind == PARAMETER_INTERVAL) == (parameter.interval_unit != NULL));
	}
	free(text);
	return 0;
}
