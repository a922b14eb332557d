/* SPDX-License-Identifier: MIT */
#include "dump/open.h"

#include "guestcore/dump.h"

#include "base/error.h"

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

const GcFormat *gc_open_probe(const GPtrArray *images, const char *const *paths,
                              GError **error)
{
    const GcFormat *common = NULL;

    for (guint i = 0; i < images->len; i++) {
        const GcFormat *format = probe(g_ptr_array_index(images, i), error);

        if (format == NULL) {
            g_prefix_error(error, "%s: ", paths[i]);
            return NULL;
        }
        if (common != NULL && format != common) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "%s: the files are not parts of the same dump",
                        paths[i]);
            return NULL;
        }
        common = format;
    }
    return common;
}

GPtrArray *gc_open_images(const char *const *paths, GError **error)
{
    g_autoptr(GPtrArray) images =
        g_ptr_array_new_with_free_func((GDestroyNotify)gc_image_reader_unref);

    for (size_t i = 0; paths[i] != NULL; i++) {
        GcImageReader *image = gc_image_reader_open(paths[i], error);

        if (image == NULL) {
            g_prefix_error(error, "%s: ", paths[i]);
            return NULL;
        }
        g_ptr_array_add(images, image);
    }
    if (images->len == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "no file to open");
        return NULL;
    }
    return g_steal_pointer(&images);
}

GcGuest *gc_open_guest(const GPtrArray *images, const GcFormat *format,
                       GcDumpInfo *ret_info, GError **error)
{
    GcImageReader *const *readers = (GcImageReader *const *)images->pdata;
    GcGuest *guest = format->open(readers, images->len, ret_info, error);

    if (guest != NULL) {
        ret_info->format = format->name;
        ret_info->is_flattened = gc_image_reader_is_flattened(readers[0]);
        gc_guest_set_loss(guest, ret_info->dump_level, ret_info->is_incomplete);
    }
    return guest;
}

GcGuest *gc_guest_open_files(const char *const *paths, GcDumpInfo *ret_info,
                             GError **error)
{
    g_autoptr(GPtrArray) images = gc_open_images(paths, error);
    const GcFormat *format =
        images != NULL ? gc_open_probe(images, paths, error) : NULL;
    GcDumpInfo info = {.format = NULL};
    GcGuest *guest;

    if (format == NULL) {
        return NULL;
    }
    guest = gc_open_guest(images, format, &info, error);
    if (guest == NULL) {
        g_prefix_error(error, "%s: ", paths[0]);
        return NULL;
    }
    if (ret_info != NULL) {
        *ret_info = info;
    }
    return guest;
}

GcGuest *gc_guest_open(const char *path, const char **ret_format,
                       GError **error)
{
    const char *const paths[] = {path, NULL};
    GcDumpInfo info;
    GcGuest *guest = gc_guest_open_files(paths, &info, error);

    if (guest != NULL && ret_format != NULL) {
        *ret_format = info.format;
    }
    return guest;
}
