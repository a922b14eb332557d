/* SPDX-License-Identifier: MIT */
#include "system/chardev.h"

#include <string.h>

#include "guestcore/error.h"

/* Streams that wait for an owner; more are not accepted. */
#define WAITING_MAX 4

struct GcChardev {
    char *id;
    const GcChardevClass *class;
    void *state;
    GcChardevAccept accept;
    void *accept_opaque;
    GQueue waiting; /* of GcStream, until somebody attaches */
};

static const GcChardevClass *find_class(const char *name, GError **error)
{
    for (size_t i = 0; gc_chardev_classes[i] != NULL; i++) {
        if (strcmp(gc_chardev_classes[i]->name, name) == 0) {
            return gc_chardev_classes[i];
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "'%s' is not a character device backend", name);
    return NULL;
}

static void free_stream(gpointer data)
{
    gc_stream_free(data);
}

void gc_chardev_free(GcChardev *chardev)
{
    if (chardev == NULL) {
        return;
    }
    if (chardev->state != NULL && chardev->class->close != NULL) {
        chardev->class->close(chardev->state);
    }
    g_queue_clear_full(&chardev->waiting, free_stream);
    g_free(chardev->id);
    g_free(chardev);
}

GcChardev *gc_chardev_new(GcKeyval *options, GError **error)
{
    g_autoptr(GcChardev) chardev = g_new0(GcChardev, 1);
    const char *backend;
    const char *id;

    g_queue_init(&chardev->waiting);
    backend = gc_keyval_need(options, "backend", error);
    id = backend != NULL ? gc_keyval_need(options, "id", error) : NULL;
    chardev->id = g_strdup(id);
    chardev->class = id != NULL ? find_class(backend, error) : NULL;
    if (chardev->class == NULL ||
        !chardev->class->open(chardev, options, &chardev->state, error) ||
        !gc_keyval_finish(options, error)) {
        return NULL;
    }
    return g_steal_pointer(&chardev);
}

/* The long form of @text, without the id; NULL if it is no short form. */
static char *expand_short(const char *text)
{
    if (strcmp(text, "stdio") == 0 || strcmp(text, "null") == 0) {
        return g_strdup(text);
    }
    if (g_str_has_prefix(text, "unix:")) {
        return g_strdup_printf("socket,path=%s", text + strlen("unix:"));
    }
    if (g_str_has_prefix(text, "file:")) {
        return g_strdup_printf("file,path=%s", text + strlen("file:"));
    }
    if (g_str_has_prefix(text, "pipe:")) {
        return g_strdup_printf("pipe,path=%s", text + strlen("pipe:"));
    }
    return NULL;
}

GcChardev *gc_chardev_new_from_short(const char *text, const char *id,
                                     GError **error)
{
    g_autofree char *expanded = expand_short(text);
    g_autofree char *long_form = NULL;
    g_autoptr(GcKeyval) options = NULL;

    if (expanded == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    g_str_has_prefix(text, "tcp:") ||
                            g_str_has_prefix(text, "telnet:")
                        ? "'%s': there is no TCP here, use unix:PATH"
                        : "'%s' is none of stdio, null, file:PATH, pipe:PATH, "
                          "unix:PATH",
                    text);
        return NULL;
    }
    long_form = g_strdup_printf("%s,id=%s", expanded, id);
    options = gc_keyval_new(long_form, "backend", error);
    return options != NULL ? gc_chardev_new(options, error) : NULL;
}

const char *gc_chardev_get_id(const GcChardev *chardev)
{
    return chardev->id;
}

const GcChardevClass *gc_chardev_get_class(const GcChardev *chardev)
{
    return chardev->class;
}

bool gc_chardev_attach(GcChardev *chardev, GcChardevAccept accept, void *opaque,
                       GError **error)
{
    GcStream *stream;

    if (chardev->accept != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "character device '%s' is in use", chardev->id);
        return false;
    }
    chardev->accept = accept;
    chardev->accept_opaque = opaque;
    while ((stream = g_queue_pop_head(&chardev->waiting)) != NULL) {
        accept(opaque, stream);
    }
    return true;
}

void gc_chardev_deliver(GcChardev *chardev, GcStream *stream)
{
    if (chardev->accept != NULL) {
        chardev->accept(chardev->accept_opaque, stream);
    } else if (g_queue_get_length(&chardev->waiting) < WAITING_MAX) {
        g_queue_push_tail(&chardev->waiting, stream);
    } else {
        gc_stream_free(stream);
    }
}
