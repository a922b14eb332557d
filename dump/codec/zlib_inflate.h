/* SPDX-License-Identifier: MIT */
/* Unpacking of zlib streams (RFC 1950), whoever packed them. */
#pragma once

#include "guestcore/types.h"

#define GC_ZLIB_PAGE_FLAG 0x1u

/* As GcCodec.decompress. */
bool gc_zlib_inflate(const uint8_t *in, size_t size, uint8_t *out,
                     size_t out_size);
