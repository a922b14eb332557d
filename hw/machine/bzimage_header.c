/* SPDX-License-Identifier: MIT */
#include "hw/machine/bzimage_header.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"

#define SECTOR 512
#define HEADER_END 0x268 /* of the fields looked at, and more */
#define DEFAULT_SETUP_SECTORS 4

bool gc_bzimage_has_header(GBytes *kernel)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(kernel, &size);

    return size >= HEADER_END &&
           memcmp(data + GC_BZIMAGE_MAGIC, "HdrS", 4) == 0;
}

bool gc_bzimage_parse(GBytes *kernel, GcBzimage *ret_image, GError **error)
{
    GcBzimage image = {0};
    size_t sectors;

    image.data = g_bytes_get_data(kernel, &image.size);
    image.version = (unsigned)gc_bzimage_get(&image, GC_BZIMAGE_VERSION, 2);
    sectors = image.data[GC_BZIMAGE_SETUP_SECTS];
    image.setup_size =
        ((sectors != 0 ? sectors : DEFAULT_SETUP_SECTORS) + 1) * SECTOR;
    if (image.setup_size > image.size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "kernel: %zu bytes of setup in a file of %zu",
                    image.setup_size, image.size);
        return false;
    }
    *ret_image = image;
    return true;
}

uint64_t gc_bzimage_get(const GcBzimage *image, size_t at, size_t width)
{
    return gc_get_uint(image->data + at, width, false);
}

uint64_t gc_bzimage_get_initrd_max(const GcBzimage *image)
{
    if (image->version >= 0x20c &&
        (gc_bzimage_get(image, GC_BZIMAGE_XLOADFLAGS, 2) &
         GC_BZIMAGE_CAN_BE_LOADED_ABOVE_4G) != 0) {
        return UINT32_MAX;
    }
    return image->version >= 0x203
               ? gc_bzimage_get(image, GC_BZIMAGE_INITRD_ADDR_MAX, 4)
               : 0x37ffffff;
}
