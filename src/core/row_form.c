/*
 * row_form.c
 *		Rows of the extension's own tables, formed as heap_form_tuple does it.
 *
 * Our rows have many columns, most of them numbers, short texts and nulls.
 * Placing and copying those takes half of what the general way takes; what is
 * not so simple is left to that.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "core/row_form.h"

/* Columns of the widest table of ours, and then some. */
#define SIMPLE_COLUMNS 64

/* Where a variable-length value goes that comes after "size" bytes; *size moves behind it. */
static inline Size
place_variable(Form_pg_attribute attribute, Pointer value, Size *size)
{
	Size		offset = *size;

	if (VARATT_IS_SHORT(value))
		*size += VARSIZE_SHORT(value);
	else if (attribute->attstorage != TYPSTORAGE_PLAIN && VARATT_CAN_MAKE_SHORT(value))
		*size += VARATT_CONVERTED_SHORT_SIZE(value);
	else
	{
		offset = att_align_nominal(offset, attribute->attalign);
		*size = offset + VARSIZE(value);
	}
	return offset;
}

/* False where there is a value of another kind. */
static bool
place_values(TupleDesc descriptor, const Datum *values, const bool *nulls, Size *offsets, Size *size, uint16 *infomask)
{
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (nulls[i])
			*infomask |= HEAP_HASNULL;
		else if (attribute->attlen > 0)
		{
			offsets[i] = att_align_nominal(*size, attribute->attalign);
			*size = offsets[i] + attribute->attlen;
		}
		else if (attribute->attlen == -1 && !VARATT_IS_EXTERNAL(DatumGetPointer(values[i])))
		{
			*infomask |= HEAP_HASVARWIDTH;
			offsets[i] = place_variable(attribute, DatumGetPointer(values[i]), size);
		}
		else
			return false;
	}
	return true;
}

static inline void
copy_variable(char *place, Form_pg_attribute attribute, Pointer value)
{
	if (VARATT_IS_SHORT(value))
		memcpy(place, value, VARSIZE_SHORT(value));
	else if (attribute->attstorage != TYPSTORAGE_PLAIN && VARATT_CAN_MAKE_SHORT(value))
	{
		Size		length = VARATT_CONVERTED_SHORT_SIZE(value);

		SET_VARSIZE_SHORT(place, length);
		memcpy(place + VARHDRSZ_SHORT, VARDATA(value), length - VARHDRSZ_SHORT);
	}
	else
		memcpy(place, value, VARSIZE(value));
}

static void
copy_values(TupleDesc descriptor, const Datum *values, const bool *nulls, const Size *offsets, HeapTupleHeader header)
{
	char	   *data = (char *) header + header->t_hoff;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (nulls[i])
			continue;
		if (header->t_infomask & HEAP_HASNULL)
			header->t_bits[i >> 3] |= 1 << (i & 7);
		if (attribute->attbyval)
			store_att_byval(data + offsets[i], values[i], attribute->attlen);
		else if (attribute->attlen > 0)
			memcpy(data + offsets[i], DatumGetPointer(values[i]), attribute->attlen);
		else
			copy_variable(data + offsets[i], attribute, DatumGetPointer(values[i]));
	}
}

HeapTuple
itsm_form_row(TupleDesc descriptor, Datum *values, bool *nulls)
{
	Size		offsets[SIMPLE_COLUMNS];
	Size		size = 0;
	Size		head = SizeofHeapTupleHeader;
	uint16		infomask = 0;
	HeapTuple	tuple;

	if (descriptor->natts > SIMPLE_COLUMNS ||
		!place_values(descriptor, values, nulls, offsets, &size, &infomask))
		return heap_form_tuple(descriptor, values, nulls);
	if (infomask & HEAP_HASNULL)
		head += BITMAPLEN(descriptor->natts);
	head = MAXALIGN(head);
	/* zeroed: what aligns the values is part of the row */
	tuple = palloc0(HEAPTUPLESIZE + head + size);
	tuple->t_data = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	tuple->t_len = head + size;
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = InvalidOid;
	ItemPointerSetInvalid(&tuple->t_data->t_ctid);
	HeapTupleHeaderSetNatts(tuple->t_data, descriptor->natts);
	tuple->t_data->t_hoff = head;
	tuple->t_data->t_infomask = infomask;
	copy_values(descriptor, values, nulls, offsets, tuple->t_data);
	return tuple;
}
