/* SPDX-License-Identifier: MIT */
#include "guestcore/dump.h"

#include "base/error.h"
#include "dump/format/format.h"

static const GcFormat *probe(GcImageReader *image, GError **error)
{
    const GcFile *file = gc_image_reader_get_file(image);
    uint8_t head[GC_FORMAT_PROBE_SIZE];
    size_t size = (size_t)MIN(file->size, sizeof(head));

    if (!file->read(file->opaque, 0, head, size, error)) {
        return NULL;
    }
    for (const GcFormat *const *format = gc_formats; *format != NULL;
         format++) {
        if ((*format)->probe(head, size)) {
            return *format;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "not a dump in a format that is known");
    return NULL;
}

GcGuest *gc_guest_open(const char *path, const char **ret_format,
                       GError **error)
{
    g_autoptr(GcImageReader) image = gc_image_reader_open(path, error);
    const GcFormat *format = image != NULL ? probe(image, error) : NULL;
    GcGuest *guest = format != NULL ? format->open(image, error) : NULL;

    if (guest == NULL) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    if (ret_format != NULL) {
        *ret_format = format->name;
    }
    return guest;
}
