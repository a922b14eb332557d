/* SPDX-License-Identifier: MIT */
/* zlib pages (RFC 1950) by libdeflate.  What it packs depends on the page
 * alone, so a dump has the same bytes whoever packs which page.  At the level
 * that is the default, time is saved on pages that cannot be packed, and spent
 * on those that zlib itself would make smaller; docs/performance.md has the
 * figures, and what else was tried. */
#include <libdeflate.h>

#include "dump/codec/codec.h"
#include "dump/codec/page_guess.h"

#define PAGE_FLAG 0x1u

#define DEFAULT_LEVEL 1

/* The first level that finds repeats of three bytes, as zlib does at any. */
#define TABLE_LEVEL 2

typedef struct State {
    struct libdeflate_compressor *any;
    struct libdeflate_compressor *tables; /* NULL at another level */
} State;

static struct libdeflate_compressor *new_compressor(int level)
{
    struct libdeflate_compressor *compressor =
        libdeflate_alloc_compressor(level);

    g_assert(compressor != NULL);
    return compressor;
}

static void *new_state(size_t page_size G_GNUC_UNUSED, int level)
{
    State *state = g_new0(State, 1);

    state->any = new_compressor(level);
    if (level == DEFAULT_LEVEL) {
        state->tables = new_compressor(TABLE_LEVEL);
    }
    return state;
}

static void free_state(void *opaque)
{
    State *state = opaque;

    libdeflate_free_compressor(state->any);
    libdeflate_free_compressor(state->tables);
    g_free(state);
}

static size_t pack(void *opaque, const uint8_t *in, size_t size, uint8_t *out,
                   size_t max)
{
    const State *state = opaque;
    struct libdeflate_compressor *by = state->any;

    if (state->tables != NULL) {
        if (gc_page_looks_random(in, size)) {
            return 0;
        }
        if (gc_page_is_table(in, size)) {
            by = state->tables;
        }
    }
    return libdeflate_zlib_compress(by, in, size, out, max);
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
    .default_level = DEFAULT_LEVEL,
    .new_state = new_state,
    .free_state = free_state,
    .compress = pack,
    .decompress = unpack,
};
