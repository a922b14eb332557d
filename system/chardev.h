/* SPDX-License-Identifier: MIT */
/* A character device: the place where peers of the program come from.  A
 * connected socket, standard input and output or a file brings one stream; a
 * listening socket brings many, one after another or at the same time. */
#pragma once

#include "guestcore/types.h"

#include "system/options/keyval.h"
#include "system/stream.h"

typedef struct GcChardev GcChardev;

/**
 * GcChardevClass:
 * @name: of the backend, as -chardev knows it
 * @help: its parameters
 * @open: reads its parameters, opens what they name, and hands over with
 *     gc_chardev_deliver() what is connected already; @ret_state goes to
 *     @close
 * @close: (nullable): undoes @open
 *
 * One kind of character device.  A new one is one file and one line in
 * system/chardev/meson.build.
 */
typedef struct GcChardevClass {
    const char *name;
    const char *help;
    bool (*open)(GcChardev *chardev, GcKeyval *options, void **ret_state,
                 GError **error);
    void (*close)(void *state);
} GcChardevClass;

/* All of them; ends with NULL. */
extern const GcChardevClass *const gc_chardev_classes[];

/* Gets every stream, as its owner, as soon as it is there. */
typedef void (*GcChardevAccept)(void *opaque, GcStream *stream);

/**
 * gc_chardev_new:
 * @options: a -chardev value: backend, id and the backend's parameters
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full) (nullable): the device, open
 *
 * Errors: GC_ERROR_INVALID for an unknown backend or parameter, GC_ERROR_IO
 */
GcChardev *gc_chardev_new(GcKeyval *options, GError **error);

/**
 * gc_chardev_new_from_short:
 * @text: QEMU's short form: stdio, null, file:PATH, pipe:PATH or
 *     unix:PATH[,server=on]
 * @id: how the device is to be called
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full) (nullable): the device, open
 *
 * Errors: as gc_chardev_new()
 */
GcChardev *gc_chardev_new_from_short(const char *text, const char *id,
                                     GError **error);
void gc_chardev_free(GcChardev *chardev);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcChardev, gc_chardev_free)

const char *gc_chardev_get_id(const GcChardev *chardev);
const GcChardevClass *gc_chardev_get_class(const GcChardev *chardev);

/* Gives the streams to @accept from now on.  Errors: GC_ERROR_INVALID if
 * somebody has them already. */
bool gc_chardev_attach(GcChardev *chardev, GcChardevAccept accept, void *opaque,
                       GError **error);

/* For backends: takes @stream to whoever is attached, or keeps it for who
 * will be. */
void gc_chardev_deliver(GcChardev *chardev, GcStream *stream);
