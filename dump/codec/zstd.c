/* SPDX-License-Identifier: MIT */
/* Pages packed by Zstandard, each a frame of its own. */
#include <zstd.h>

#include "dump/codec/codec.h"

typedef struct State {
    ZSTD_CCtx *context;
    int level;
} State;

static void *new_state(size_t page_size G_GNUC_UNUSED, int level)
{
    State *state = g_new0(State, 1);

    state->context = ZSTD_createCCtx();
    state->level = level;
    g_assert(state->context != NULL);
    return state;
}

static void free_state(void *opaque)
{
    State *state = opaque;

    ZSTD_freeCCtx(state->context);
    g_free(state);
}

static size_t compress_page(void *opaque, const uint8_t *in, size_t size,
                            uint8_t *out, size_t max)
{
    State *state = opaque;
    size_t packed =
        ZSTD_compressCCtx(state->context, out, max, in, size, state->level);

    return ZSTD_isError(packed) ? 0 : packed;
}

static bool decompress_page(const uint8_t *in, size_t size, uint8_t *out,
                            size_t out_size)
{
    return ZSTD_decompress(out, out_size, in, size) == out_size;
}

const GcCodec gc_codec_zstd = {
    .name = "zstd",
    .page_flag = 0x20,
    .min_level = -7,
    .max_level = 19,
    .default_level = 1,
    .new_state = new_state,
    .free_state = free_state,
    .compress = compress_page,
    .decompress = decompress_page,
};
