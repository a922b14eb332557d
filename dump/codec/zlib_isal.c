/* SPDX-License-Identifier: MIT */
/* zlib pages by ISA-L: the fastest where the machine has it. */
#include <isa-l.h>

#include "dump/codec/codec.h"
#include "dump/codec/zlib_inflate.h"

/* Of ISA-L's own levels, 0 is the fastest, and 3 packs as well as zlib's
 * level 1.  The two between cannot be used: now and then they make other
 * bytes of the same page, whoever else is busy on the machine, and a dump
 * must not depend on that. */
static const struct {
    uint32_t level;
    uint32_t buf_size;
} levels[] = {
    {0, ISAL_DEF_LVL0_DEFAULT},
    {3, ISAL_DEF_LVL3_DEFAULT},
};

#define DEFAULT_LEVEL 1

typedef struct State {
    struct isal_zstream stream;
    uint32_t level;
    uint32_t level_buf_size;
    uint8_t level_buf[]; /* ISA-L's workspace */
} State;

static void *new_state(size_t page_size G_GNUC_UNUSED, int level)
{
    State *state = g_malloc0(sizeof(State) + levels[level].buf_size);

    state->level = levels[level].level;
    state->level_buf_size = levels[level].buf_size;
    return state;
}

static size_t compress_page(void *opaque, const uint8_t *in, size_t size,
                            uint8_t *out, size_t max)
{
    State *state = opaque;
    struct isal_zstream *stream = &state->stream;

    isal_deflate_stateless_init(stream);
    stream->level = state->level;
    stream->level_buf = state->level_buf;
    stream->level_buf_size = state->level_buf_size;
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
    .min_level = 0,
    .max_level = G_N_ELEMENTS(levels) - 1,
    .default_level = DEFAULT_LEVEL,
    .new_state = new_state,
    .free_state = g_free,
    .compress = compress_page,
    .decompress = gc_zlib_inflate,
};
