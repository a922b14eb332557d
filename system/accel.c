/* SPDX-License-Identifier: MIT */
#include "system/accel.h"

#include <string.h>

#include "guestcore/error.h"

static const GcAccelClass *find_one(const char *name)
{
    for (size_t i = 0; gc_accel_classes[i] != NULL; i++) {
        if (strcmp(gc_accel_classes[i]->name, name) == 0) {
            return gc_accel_classes[i];
        }
    }
    return NULL;
}

const GcAccelClass *gc_accel_find(const GPtrArray *names, GError **error)
{
    static const char *const elsewhere[] = {"kvm", "tcg",  "hvf",
                                            "xen", "whpx", NULL};
    const char *last = NULL;

    if (names->len == 0) {
        return gc_accel_classes[0];
    }
    for (guint i = 0; i < names->len; i++) {
        const GcAccelClass *found;

        last = names->pdata[i];
        found = find_one(last);
        if (found != NULL) {
            return found;
        }
    }
    if (g_strv_contains(elsewhere, last)) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "-accel %s: accelerator is not built in", last);
    } else {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "-accel %s: invalid accelerator", last);
    }
    return NULL;
}
