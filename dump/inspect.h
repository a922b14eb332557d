/* SPDX-License-Identifier: MIT */
/* The inside of a GcDumpInspection, for the formats. */
#pragma once

#include "guestcore/inspect.h"

#include "dump/codec/codec.h"
#include "guest/guest.h"

struct GcDumpInspection {
    GcDumpPages pages;
    GPtrArray *objections; /* of char *, with a NULL at the end */
};

/* Adds a sentence to the objections. */
void gc_dump_inspection_object(GcDumpInspection *inspection, const char *format,
                               ...) G_GNUC_PRINTF(2, 3);

/* Counts a page that was packed to @bytes; @codec is NULL for an unknown
 * one. */
void gc_dump_inspection_add_packed(GcDumpInspection *inspection,
                                   const GcCodec *codec, uint64_t bytes);
