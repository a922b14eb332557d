/* SPDX-License-Identifier: MIT */
/* The ways in which a picture is taken; see system/picture/picture.h, whose
 * functions these are. */
#pragma once

#include "system/picture/picture.h"

/**
 * GcPictureClass:
 * @take: makes the picture; NULL with an error
 * @add_block: as gc_picture_add_block()
 * @end: as gc_picture_end(); called once
 * @free: called after @end
 */
typedef struct GcPictureClass {
    void *(*take)(const GcRam *ram, GError **error);
    bool (*add_block)(void *opaque, GcMemory *memory, GcPaddr start,
                      uint64_t size, uint64_t offset, GError **error);
    bool (*end)(void *opaque, GError **error);
    void (*free)(void *opaque);
} GcPictureClass;

extern const GcPictureClass gc_picture_fork;
extern const GcPictureClass gc_picture_protect;
