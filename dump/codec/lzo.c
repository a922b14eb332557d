/* SPDX-License-Identifier: MIT */
/* Pages packed by LZO1X-1.  liblzo2 is under the GPL: docs/licensing.md says
 * what that means for a build that has it. */
#include <lzo/lzo1x.h>
#include <string.h>

#include "dump/codec/codec.h"

/* The most that LZO makes of incompressible input, from its FAQ. */
#define OUT_SIZE(size) ((size) + (size) / 16 + 64 + 3)

typedef struct State {
    lzo_align_t work[(LZO1X_1_MEM_COMPRESS + sizeof(lzo_align_t) - 1) /
                     sizeof(lzo_align_t)];
    uint8_t out[]; /* it cannot be told to stop at a size */
} State;

static void *new_state(size_t page_size, int level G_GNUC_UNUSED)
{
    int result = lzo_init();

    g_assert(result == LZO_E_OK);
    return g_malloc0(sizeof(State) + OUT_SIZE(page_size));
}

static size_t compress_page(void *opaque, const uint8_t *in, size_t size,
                            uint8_t *out, size_t max)
{
    State *state = opaque;
    lzo_uint packed = 0;

    if (lzo1x_1_compress(in, size, state->out, &packed, state->work) !=
            LZO_E_OK ||
        packed > max) {
        return 0;
    }
    memcpy(out, state->out, packed);
    return packed;
}

static bool decompress_page(const uint8_t *in, size_t size, uint8_t *out,
                            size_t out_size)
{
    lzo_uint unpacked = out_size;

    return lzo1x_decompress_safe(in, size, out, &unpacked, NULL) == LZO_E_OK &&
           unpacked == out_size;
}

const GcCodec gc_codec_lzo = {
    .name = "lzo",
    .page_flag = 0x2,
    .new_state = new_state,
    .free_state = g_free,
    .compress = compress_page,
    .decompress = decompress_page,
};
