/* SPDX-License-Identifier: MIT */
#include "hw/machine/boot_image.h"

#include "base/error.h"

#define ZEROS_STEP 4096

typedef struct Piece {
    const char *name;
    GcPaddr start;
    uint64_t size;
    GBytes *bytes;
} Piece;

struct GcBootImage {
    const GcBus *memory;
    GArray *pieces; /* of Piece */
};

static void clear_piece(gpointer data)
{
    Piece *piece = data;

    g_bytes_unref(piece->bytes);
}

GcBootImage *gc_boot_image_new(const GcBus *memory)
{
    GcBootImage *image = g_new0(GcBootImage, 1);

    image->memory = memory;
    image->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_array_set_clear_func(image->pieces, clear_piece);
    return image;
}

void gc_boot_image_free(GcBootImage *image)
{
    if (image != NULL) {
        g_array_unref(image->pieces);
        g_free(image);
    }
}

static const Piece *get_piece(const GcBootImage *image, guint i)
{
    return &g_array_index(image->pieces, Piece, i);
}

static const Piece *find_overlap(const GcBootImage *image, GcPaddr start,
                                 uint64_t size)
{
    for (guint i = 0; i < image->pieces->len; i++) {
        const Piece *piece = get_piece(image, i);

        if (start < piece->start + piece->size && piece->start < start + size) {
            return piece;
        }
    }
    return NULL;
}

bool gc_boot_image_add(GcBootImage *image, const char *name, GcPaddr start,
                       GBytes *bytes, uint64_t size, GError **error)
{
    Piece piece = {name, start, size, bytes};
    const Piece *other;

    g_assert(g_bytes_get_size(bytes) <= size);
    if (!gc_bus_is_ram(image->memory, start, size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s: %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER
                    "x do not fit into RAM",
                    name, size, start);
        return false;
    }
    other = find_overlap(image, start, size);
    if (other != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s: %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER
                    "x overlap the %s",
                    name, size, start, other->name);
        return false;
    }
    g_bytes_ref(piece.bytes);
    g_array_append_val(image->pieces, piece);
    return true;
}

bool gc_boot_image_take(GcBootImage *image, const char *name, GcPaddr start,
                        uint8_t *data, size_t size, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);

    return gc_boot_image_add(image, name, start, bytes, size, error);
}

GcPaddr gc_boot_image_get_end(const GcBootImage *image)
{
    GcPaddr end = 0;

    for (guint i = 0; i < image->pieces->len; i++) {
        const Piece *piece = get_piece(image, i);

        end = MAX(end, piece->start + piece->size);
    }
    return end;
}

static void clear_ram(GcBus *memory, GcPaddr start, uint64_t size)
{
    static const uint8_t zeros[ZEROS_STEP];

    while (size > 0) {
        size_t part = (size_t)MIN(size, sizeof(zeros));

        gc_bus_write_ram(memory, start, zeros, part);
        start += part;
        size -= part;
    }
}

void gc_boot_image_load(const GcBootImage *image, GcBus *memory)
{
    for (guint i = 0; i < image->pieces->len; i++) {
        const Piece *piece = get_piece(image, i);
        size_t size;
        const void *data = g_bytes_get_data(piece->bytes, &size);

        gc_bus_write_ram(memory, piece->start, data, size);
        clear_ram(memory, piece->start + size, piece->size - size);
    }
}
