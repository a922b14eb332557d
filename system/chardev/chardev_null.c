/* SPDX-License-Identifier: MIT */
/* A character device without a peer. */
#include "system/chardev.h"

static bool open_null(GcChardev *chardev G_GNUC_UNUSED,
                      GcKeyval *options G_GNUC_UNUSED,
                      void **ret_state G_GNUC_UNUSED,
                      GError **error G_GNUC_UNUSED)
{
    return true;
}

extern const GcChardevClass gc_chardev_null;

const GcChardevClass gc_chardev_null = {
    .name = "null",
    .help = "null,id=ID",
    .open = open_null,
};
