/*
 * ci_attribute.c
 *		Canonical attributes of a record: in columns of their own, or among the
 *		others.
 */
#include "core/itsm.h"

#include "cmdb/ci_attribute.h"
#include "core/json_read.h"
#include "record/projection.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

static char *
extra_attribute(const RecordRow *row, const char *name)
{
	JsonbValue	value;

	if (row->nulls[RECORD_EXTRA] ||
		!itsm_json_member(&DatumGetJsonbP(row->values[RECORD_EXTRA])->root, name, &value))
		return NULL;
	return itsm_json_string(&value);
}

char *
itsm_ci_attribute(const Record *record, const char *name)
{
	const RecordRow *row = record->row;
	char	   *value = NULL;

	for (int i = 0; i < PROJECTION_NUMBERS; i++)
		if (strcmp(itsm_projection_numbers[i], name) == 0)
			return row->nulls[RECORD_NUMBERS + i] ? NULL
				: psprintf("%d", DatumGetInt32(row->values[RECORD_NUMBERS + i]));
	for (int i = 0; i < PROJECTION_TEXTS; i++)
		if (strcmp(itsm_projection_texts[i], name) == 0)
		{
			value = row->nulls[RECORD_TEXTS + i] ? NULL : TextDatumGetCString(row->values[RECORD_TEXTS + i]);
			return itsm_blank(value) ? NULL : value;
		}
	value = extra_attribute(row, name);
	return itsm_blank(value) ? NULL : value;
}
