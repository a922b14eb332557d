/* SPDX-License-Identifier: MIT */
/* Integers of 1 to 8 bytes in a byte order that is known at run time. */
#pragma once

#include "guestcore/types.h"

/**
 * gc_get_uint:
 * @bytes: (array length=width): the bytes, of any alignment
 * @width: 1 to 8
 * @big_endian: their order
 *
 * Returns: the unsigned value
 */
uint64_t gc_get_uint(const uint8_t *bytes, size_t width, bool big_endian);

/**
 * gc_put_uint:
 * @bytes: (out) (array length=width): where the value goes
 * @width: 1 to 8
 * @big_endian: the order wanted
 * @value: only its low @width bytes are stored
 */
void gc_put_uint(uint8_t *bytes, size_t width, bool big_endian, uint64_t value);
