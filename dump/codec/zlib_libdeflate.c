/* SPDX-License-Identifier: MIT */
/* zlib pages by libdeflate: fast on every architecture. */
#include <libdeflate.h>

#include "dump/codec/codec.h"
#include "dump/codec/zlib_inflate.h"

static void *new_state(size_t page_size G_GNUC_UNUSED, int level)
{
    struct libdeflate_compressor *state = libdeflate_alloc_compressor(level);

    g_assert(state != NULL);
    return state;
}

static void free_state(void *state)
{
    libdeflate_free_compressor(state);
}

static size_t compress_page(void *state, const uint8_t *in, size_t size,
                            uint8_t *out, size_t max)
{
    return libdeflate_zlib_compress(state, in, size, out, max);
}

const GcCodec gc_codec_zlib = {
    .name = "zlib",
    .page_flag = GC_ZLIB_PAGE_FLAG,
    .min_level = 0,
    .max_level = 12,
    .default_level = 1,
    .new_state = new_state,
    .free_state = free_state,
    .compress = compress_page,
    .decompress = gc_zlib_inflate,
};
