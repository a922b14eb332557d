/* SPDX-License-Identifier: MIT */
#include "dump/codec/zlib_inflate.h"

#include <libdeflate.h>

bool gc_zlib_inflate(const uint8_t *in, size_t size, uint8_t *out,
                     size_t out_size)
{
    struct libdeflate_decompressor *state = libdeflate_alloc_decompressor();
    enum libdeflate_result result;
    size_t used = 0;

    g_assert(state != NULL);
    result = libdeflate_zlib_decompress_ex(state, in, size, out, out_size,
                                           &used, NULL);
    libdeflate_free_decompressor(state);
    return result == LIBDEFLATE_SUCCESS && used == size;
}
