/* SPDX-License-Identifier: MIT */
#include "dump/codec/codec.h"

#include <string.h>

const GcCodec *gc_codec_find(const char *name)
{
    for (const GcCodec *const *codec = gc_codecs; *codec != NULL; codec++) {
        if (strcmp((*codec)->name, name) == 0) {
            return *codec;
        }
    }
    return NULL;
}

const GcCodec *gc_codec_find_flag(uint32_t page_flag)
{
    for (const GcCodec *const *codec = gc_codecs; *codec != NULL; codec++) {
        if ((*codec)->page_flag == page_flag) {
            return *codec;
        }
    }
    return NULL;
}
