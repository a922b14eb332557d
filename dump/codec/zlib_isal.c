/* SPDX-License-Identifier: MIT */
/* zlib pages by ISA-L: the fastest where the machine has it. */
#include <isa-l.h>

#include "dump/codec/codec.h"
#include "dump/codec/zlib_inflate.h"

/* Level 1 packs as well as zlib's own level 1; level 0 is twice as fast but
 * leaves a quarter more. */
#define LEVEL 1

typedef struct State {
    struct isal_zstream stream;
    uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
} State;

static void *new_state(void)
{
    return g_new0(State, 1);
}

static size_t compress_page(void *opaque, const uint8_t *in, size_t size,
                            uint8_t *out, size_t max)
{
    State *state = opaque;
    struct isal_zstream *stream = &state->stream;

    isal_deflate_stateless_init(stream);
    stream->level = LEVEL;
    stream->level_buf = state->level_buf;
    stream->level_buf_size = sizeof(state->level_buf);
    stream->gzip_flag = IGZIP_ZLIB;
    stream->end_of_stream = 1;
    stream->flush = NO_FLUSH;
    stream->next_in = (uint8_t *)(uintptr_t)in; /* read only */
    stream->avail_in = (uint32_t)size;
    stream->next_out = out;
    stream->avail_out = (uint32_t)max;
    if (isal_deflate_stateless(stream) != COMP_OK || stream->avail_in != 0) {
        return 0;
    }
    return stream->total_out;
}

const GcCodec gc_codec_zlib = {
    .name = "zlib",
    .page_flag = GC_ZLIB_PAGE_FLAG,
    .new_state = new_state,
    .free_state = g_free,
    .compress = compress_page,
    .decompress = gc_zlib_inflate,
};
