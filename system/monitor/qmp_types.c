/* SPDX-License-Identifier: MIT */
/* qom-list-types: there is no object system, but what can be made can be
 * listed as if there were one. */
#include <string.h>

#include "hw/device.h"
#include "system/monitor/qmp.h"

/* What is asked for, and where it goes. */
typedef struct Listing {
    JsonBuilder *reply;
    const char *implements; /* (nullable) */
    bool with_abstract;
} Listing;

typedef struct Abstract {
    const char *name;
    const char *parent; /* NULL for the root */
} Abstract;

static const Abstract abstracts[] = {
    {"object", NULL},      {"device", "object"},  {"accel", "object"},
    {"machine", "object"}, {"chardev", "object"}, {"memory-backend", "object"},
    {NULL, NULL},
};

/* Whether a type that is called @name and is a kind of @parent is a kind of
 * @implements, too. */
static bool is_a(const char *name, const char *parent, const char *implements)
{
    return implements == NULL || strcmp(name, implements) == 0 ||
           strcmp(implements, "object") == 0 ||
           (parent != NULL && strcmp(parent, implements) == 0);
}

static void list_type(const Listing *listing, const char *name,
                      const char *parent, bool abstract)
{
    if (!is_a(name, parent, listing->implements) ||
        (abstract && !listing->with_abstract)) {
        return;
    }
    json_builder_begin_object(listing->reply);
    gc_qmp_put_string(listing->reply, "name", name);
    if (abstract) {
        gc_qmp_put_boolean(listing->reply, "abstract", true);
    }
    if (parent != NULL) {
        gc_qmp_put_string(listing->reply, "parent", parent);
    }
    json_builder_end_object(listing->reply);
}

static void list_suffixed(const Listing *listing, const char *name,
                          const char *parent)
{
    g_autofree char *full = g_strdup_printf("%s-%s", name, parent);

    list_type(listing, full, parent, false);
}

static void list_all(const Listing *listing)
{
    for (const Abstract *at = abstracts; at->name != NULL; at++) {
        list_type(listing, at->name, at->parent, true);
    }
    for (size_t i = 0; gc_device_types[i] != NULL; i++) {
        list_type(listing, gc_device_types[i]->name, "device", false);
    }
    for (size_t i = 0; gc_accel_classes[i] != NULL; i++) {
        list_suffixed(listing, gc_accel_classes[i]->name, "accel");
    }
    for (size_t i = 0; gc_machine_types[i] != NULL; i++) {
        list_suffixed(listing, gc_machine_types[i]->name, "machine");
    }
    list_type(listing, "memory-backend-file", "memory-backend", false);
    list_type(listing, "memory-backend-memfd", "memory-backend", false);
}

static bool run_qom_list_types(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    Listing listing = {
        .reply = call->reply,
        .implements = gc_qmp_get_string(call, "implements"),
        .with_abstract = gc_qmp_get_boolean(call, "abstract", false),
    };

    json_builder_begin_array(call->reply);
    list_all(&listing);
    json_builder_end_array(call->reply);
    return true;
}

static const GcQmpParam params[] = {
    {"implements", GC_QMP_STRING, false},
    {"abstract", GC_QMP_BOOLEAN, false},
    {NULL, GC_QMP_STRING, false},
};

static const GcQmpCommand commands[] = {
    {"qom-list-types", params, run_qom_list_types},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_types;

const GcQmpGroup gc_qmp_types = {commands};
