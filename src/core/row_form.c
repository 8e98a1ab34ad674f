/*
 * row_form.c
 *		Rows of the extension's own tables, formed as heap_form_tuple does it.
 *
 * Our rows have many columns, most of them numbers, short texts and nulls.
 * They are put one behind the other in one go, which takes a third of what
 * the general way takes, which has to know first how long the row will be;
 * what is long, or not so simple, is left to that.
 */
#include "core/itsm.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "core/row_form.h"

/* Most rows of ours take a quarter of that. */
#define ROOM 1920

/* Values as they are put into a row. */
typedef struct RowEnd
{
	char	   *data;
	Size		size;			/* of what is in it so far */
	Size		room;
} RowEnd;

/* Where a value of that alignment and length goes; NULL: there is no room. */
static inline char *
next_place(RowEnd *row, char alignment, Size length)
{
	Size		offset = att_align_nominal(row->size, alignment);

	if (offset + length > row->room)
		return NULL;
	/* what aligns the values is part of the row */
	while (row->size < offset)
		row->data[row->size++] = 0;
	row->size += length;
	return row->data + offset;
}

static inline bool
put_variable(RowEnd *row, Form_pg_attribute attribute, Pointer value)
{
	Size		length;
	char	   *place;

	if (VARATT_IS_EXTERNAL(value))
		return false;
	if (VARATT_IS_SHORT(value))
	{
		length = VARSIZE_SHORT(value);
		if ((place = next_place(row, TYPALIGN_CHAR, length)) != NULL)
			memcpy(place, value, length);
	}
	else if (attribute->attstorage != TYPSTORAGE_PLAIN && VARATT_CAN_MAKE_SHORT(value))
	{
		length = VARATT_CONVERTED_SHORT_SIZE(value);
		if ((place = next_place(row, TYPALIGN_CHAR, length)) != NULL)
		{
			SET_VARSIZE_SHORT(place, length);
			memcpy(place + VARHDRSZ_SHORT, VARDATA(value), length - VARHDRSZ_SHORT);
		}
	}
	else
	{
		length = VARSIZE(value);
		if ((place = next_place(row, attribute->attalign, length)) != NULL)
			memcpy(place, value, length);
	}
	return place != NULL;
}

static inline bool
put_fixed(RowEnd *row, Form_pg_attribute attribute, Datum value)
{
	char	   *place = next_place(row, attribute->attalign, attribute->attlen);

	if (place == NULL)
		return false;
	if (attribute->attbyval)
		store_att_byval(place, value, attribute->attlen);
	else
		memcpy(place, DatumGetPointer(value), attribute->attlen);
	return true;
}

/* False where the row is too long, or has a value of another kind. */
static bool
put_values(RowEnd *row, TupleDesc descriptor, const Datum *values, const bool *nulls, HeapTupleHeader header)
{
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (nulls[i])
			continue;
		if (header->t_infomask & HEAP_HASNULL)
			header->t_bits[i >> 3] |= 1 << (i & 7);
		if (attribute->attlen > 0)
		{
			if (!put_fixed(row, attribute, values[i]))
				return false;
		}
		else if (attribute->attlen != -1 || !put_variable(row, attribute, DatumGetPointer(values[i])))
			return false;
		else
			header->t_infomask |= HEAP_HASVARWIDTH;
	}
	return true;
}

HeapTuple
itsm_form_row(TupleDesc descriptor, Datum *values, bool *nulls)
{
	bool		has_nulls = memchr(nulls, true, descriptor->natts) != NULL;
	Size		head = MAXALIGN(SizeofHeapTupleHeader + (has_nulls ? BITMAPLEN(descriptor->natts) : 0));
	HeapTuple	tuple = palloc(HEAPTUPLESIZE + ROOM);
	HeapTupleHeader header = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	RowEnd		row = {(char *) header + head, 0, ROOM - head};

	memset(header, 0, head);
	header->t_infomask = has_nulls ? HEAP_HASNULL : 0;
	if (!put_values(&row, descriptor, values, nulls, header))
	{
		pfree(tuple);
		return heap_form_tuple(descriptor, values, nulls);
	}
	ItemPointerSetInvalid(&header->t_ctid);
	HeapTupleHeaderSetNatts(header, descriptor->natts);
	header->t_hoff = head;
	tuple->t_data = header;
	tuple->t_len = head + row.size;
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = InvalidOid;
	return tuple;
}
