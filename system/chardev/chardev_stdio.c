/* SPDX-License-Identifier: MIT */
/* Standard input and output as one peer. */
#include <unistd.h>

#include "system/chardev.h"

static bool open_stdio(GcChardev *chardev, GcKeyval *options G_GNUC_UNUSED,
                       void **ret_state G_GNUC_UNUSED,
                       GError **error G_GNUC_UNUSED)
{
    gc_chardev_deliver(chardev,
                       gc_stream_new_pair(STDIN_FILENO, STDOUT_FILENO));
    return true;
}

extern const GcChardevClass gc_chardev_stdio;

const GcChardevClass gc_chardev_stdio = {
    .name = "stdio",
    .help = "stdio,id=ID",
    .open = open_stdio,
};
