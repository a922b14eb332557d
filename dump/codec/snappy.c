/* SPDX-License-Identifier: MIT */
/* Pages packed by snappy, as raw blocks without its framing format. */
#include <snappy-c.h>
#include <string.h>

#include "dump/codec/codec.h"

typedef struct State {
    size_t out_size;
    char out[]; /* it refuses to begin with less than the worst case */
} State;

static void *new_state(size_t page_size, int level G_GNUC_UNUSED)
{
    size_t out_size = snappy_max_compressed_length(page_size);
    State *state = g_malloc0(sizeof(State) + out_size);

    state->out_size = out_size;
    return state;
}

static size_t compress_page(void *opaque, const uint8_t *in, size_t size,
                            uint8_t *out, size_t max)
{
    State *state = opaque;
    size_t packed = state->out_size;

    if (snappy_compress((const char *)in, size, state->out, &packed) !=
            SNAPPY_OK ||
        packed > max) {
        return 0;
    }
    memcpy(out, state->out, packed);
    return packed;
}

/* It writes as much as the stream says, so that is asked first. */
static bool decompress_page(const uint8_t *in, size_t size, uint8_t *out,
                            size_t out_size)
{
    size_t unpacked = 0;

    return snappy_uncompressed_length((const char *)in, size, &unpacked) ==
               SNAPPY_OK &&
           unpacked == out_size &&
           snappy_uncompress((const char *)in, size, (char *)out, &unpacked) ==
               SNAPPY_OK &&
           unpacked == out_size;
}

const GcCodec gc_codec_snappy = {
    .name = "snappy",
    .page_flag = 0x4,
    .new_state = new_state,
    .free_state = g_free,
    .compress = compress_page,
    .decompress = decompress_page,
};
