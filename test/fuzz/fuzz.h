/*
 * fuzz.h
 *		What the fuzz targets share: input that is taken piece by piece, and what must hold.
 */
#ifndef ITSM_FUZZ_H
#define ITSM_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run, and libFuzzer keeps the input, when it does not hold. */
#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* A number of so many bytes from the front of the input; zeros where it ends. */
static inline uint64_t
take(const uint8_t **data, size_t *size, int bytes)
{
	uint64_t	number = 0;

	for (int i = 0; i < bytes; i++)
	{
		number = number << 8 | (*size ? **data : 0);
		if (*size)
		{
			(*data)++;
			(*size)--;
		}
	}
	return number;
}

/* A copy without a byte more, so that reading past its end is seen. */
static inline char *
exact_copy(const uint8_t *data, size_t size)
{
	char	   *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	return copy;
}

/* A terminated copy. */
static inline char *
text_copy(const uint8_t *data, size_t size)
{
	char	   *copy = malloc(size + 1);

	memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

#endif							/* ITSM_FUZZ_H */
