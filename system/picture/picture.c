/* SPDX-License-Identifier: MIT */
#include "system/picture/picture.h"

#include "system/picture/picture_class.h"

struct GcPicture {
    const GcPictureClass *class;
    void *opaque;
    bool has_ended;
};

GcPicture *gc_picture_new(const GcRam *ram, GError **error)
{
    const GcPictureClass *class =
        ram->share ? &gc_picture_protect : &gc_picture_fork;
    void *opaque = class->take(ram, error);
    GcPicture *picture;

    if (opaque == NULL) {
        g_prefix_error(error, "cannot keep memory as it is: ");
        return NULL;
    }
    picture = g_new0(GcPicture, 1);
    picture->class = class;
    picture->opaque = opaque;
    return picture;
}

bool gc_picture_add_block(GcPicture *picture, GcMemory *memory, GcPaddr start,
                          uint64_t size, uint64_t offset, GError **error)
{
    return picture->class->add_block(picture->opaque, memory, start, size,
                                     offset, error);
}

bool gc_picture_end(GcPicture *picture, GError **error)
{
    if (picture == NULL || picture->has_ended) {
        return true;
    }
    picture->has_ended = true;
    return picture->class->end(picture->opaque, error);
}

void gc_picture_free(GcPicture *picture)
{
    if (picture == NULL) {
        return;
    }
    gc_picture_end(picture, NULL);
    picture->class->free(picture->opaque);
    g_free(picture);
}
