/* SPDX-License-Identifier: MIT */
/* What a Linux bzImage says of itself: the boot protocol of Linux,
 * Documentation/arch/x86/boot.rst. */
#pragma once

#include "guestcore/types.h"

/* The places of the header's fields in the file. */
#define GC_BZIMAGE_HEADER 0x1f1
#define GC_BZIMAGE_SETUP_SECTS 0x1f1
#define GC_BZIMAGE_JUMP_LENGTH 0x201
#define GC_BZIMAGE_MAGIC 0x202
#define GC_BZIMAGE_VERSION 0x206
#define GC_BZIMAGE_TYPE_OF_LOADER 0x210
#define GC_BZIMAGE_LOADFLAGS 0x211
#define GC_BZIMAGE_RAMDISK_IMAGE 0x218
#define GC_BZIMAGE_RAMDISK_SIZE 0x21c
#define GC_BZIMAGE_HEAP_END_PTR 0x224
#define GC_BZIMAGE_CMD_LINE_PTR 0x228
#define GC_BZIMAGE_INITRD_ADDR_MAX 0x22c
#define GC_BZIMAGE_XLOADFLAGS 0x236
#define GC_BZIMAGE_CMDLINE_SIZE 0x238
#define GC_BZIMAGE_PREF_ADDRESS 0x258
#define GC_BZIMAGE_INIT_SIZE 0x260

/* loadflags and xloadflags */
#define GC_BZIMAGE_LOADED_HIGH 0x01
#define GC_BZIMAGE_CAN_USE_HEAP 0x80
#define GC_BZIMAGE_HAS_64BIT_ENTRY 0x01
#define GC_BZIMAGE_CAN_BE_LOADED_ABOVE_4G 0x02

/**
 * GcBzimage:
 * @data: (array length=size): the file
 * @size: of the file, at least all the fields named above
 * @version: of the protocol: 0x20f is 2.15
 * @setup_size: the real-mode code, which the kernel follows in the file; not
 *     more than @size
 */
typedef struct GcBzimage {
    const uint8_t *data;
    size_t size;
    unsigned version;
    size_t setup_size;
} GcBzimage;

/* Whether the file has the header of a Linux kernel. */
bool gc_bzimage_has_header(GBytes *kernel);

/**
 * gc_bzimage_parse:
 * @kernel: a file that has the header; lent to @ret_image
 * @ret_image: (out): what it says
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT if the file ends within the setup code.
 */
bool gc_bzimage_parse(GBytes *kernel, GcBzimage *ret_image, GError **error);

/* A field of the header. */
uint64_t gc_bzimage_get(const GcBzimage *image, size_t at, size_t width);

/* The highest address that the initrd may have. */
uint64_t gc_bzimage_get_initrd_max(const GcBzimage *image);
