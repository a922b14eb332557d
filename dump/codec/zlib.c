/* SPDX-License-Identifier: MIT */
/* zlib pages (RFC 1950) by libdeflate, about four times as fast as zlib's own
 * compress2().  What it packs depends on the page alone, so a dump has the
 * same bytes whoever packs which page; docs/performance.md says what else was
 * tried. */
#include <libdeflate.h>

#include "dump/codec/codec.h"

#define PAGE_FLAG 0x1u

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

static size_t pack(void *state, const uint8_t *in, size_t size, uint8_t *out,
                   size_t max)
{
    return libdeflate_zlib_compress(state, in, size, out, max);
}

static bool unpack(const uint8_t *in, size_t size, uint8_t *out,
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

const GcCodec gc_codec_zlib = {
    .name = "zlib",
    .page_flag = PAGE_FLAG,
    .min_level = 0,
    .max_level = 12,
    .default_level = 1,
    .new_state = new_state,
    .free_state = free_state,
    .compress = pack,
    .decompress = unpack,
};
