/* SPDX-License-Identifier: MIT */
/* How one page is packed.  Every page is a stream of its own.
 *
 * To add a codec: one file here that defines the struct, one line in
 * dump/codec/meson.build. */
#pragma once

#include "guestcore/types.h"

typedef struct GcCodec {
    const char *name;   /* as in "kdump-raw-NAME" */
    uint32_t page_flag; /* in a kdump page descriptor */

    /* How hard it can try; all three are 0 if it has only one way. */
    int min_level;
    int max_level;
    int default_level;

    /* What one thread needs to compress pages of @page_size bytes; reused
     * from page to page. */
    void *(*new_state)(size_t page_size, int level);
    void (*free_state)(void *state);

    /* Packs @size bytes into at most @max bytes of @out.  Returns the packed
     * size, or 0 if it is not smaller than that. */
    size_t (*compress)(void *state, const uint8_t *in, size_t size,
                       uint8_t *out, size_t max);

    /* Unpacks to exactly @out_size bytes.  Returns whether @in was a whole
     * stream of just that.  Any thread. */
    bool (*decompress)(const uint8_t *in, size_t size, uint8_t *out,
                       size_t out_size);
} GcCodec;

/* All codecs of this build; ends with NULL. */
extern const GcCodec *const gc_codecs[];

/* The codec of that name, or with that page flag; NULL if there is none. */
const GcCodec *gc_codec_find(const char *name);
const GcCodec *gc_codec_find_flag(uint32_t page_flag);
