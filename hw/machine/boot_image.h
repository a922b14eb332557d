/* SPDX-License-Identifier: MIT */
/* What lies in RAM when the first CPU starts: pieces with their places.  It is
 * checked while the machine is made, and put into RAM at each reset. */
#pragma once

#include "guestcore/types.h"

#include "hw/bus.h"

typedef struct GcBootImage GcBootImage;

/* An image of nothing, for the memory on @memory, which must outlive it. */
GcBootImage *gc_boot_image_new(const GcBus *memory);
void gc_boot_image_free(GcBootImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcBootImage, gc_boot_image_free)

/**
 * gc_boot_image_add:
 * @image: the image
 * @name: what it is, for people: "kernel"; must outlive the image
 * @start: the first address
 * @bytes: its content
 * @size: its room, at least that of @bytes; the rest is zeros
 * @error: (out) (optional): return location
 *
 * Adds a piece.  Errors: GC_ERROR_INVALID if not all of it is RAM, or another
 *     piece is there.
 */
bool gc_boot_image_add(GcBootImage *image, const char *name, GcPaddr start,
                       GBytes *bytes, uint64_t size, GError **error);

/* The same for what is as large as its content, which it takes over. */
bool gc_boot_image_take(GcBootImage *image, const char *name, GcPaddr start,
                        uint8_t *data, size_t size, GError **error);

/* The first address that no piece reaches any more. */
GcPaddr gc_boot_image_get_end(const GcBootImage *image);

/* Puts all of it into RAM. */
void gc_boot_image_load(const GcBootImage *image, GcBus *memory);
