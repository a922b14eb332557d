/* SPDX-License-Identifier: MIT */
/* What is sent goes to a file; nothing comes back. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/chardev.h"

static void close_file(void *opaque)
{
    int *fd = opaque;

    gc_close_fd(fd);
    g_free(fd);
}

static bool open_file(GcChardev *chardev, GcKeyval *options, void **ret_state,
                      GError **error)
{
    const char *path = gc_keyval_need(options, "path", error);
    int *fd;

    if (path == NULL) {
        return false;
    }
    fd = g_new0(int, 1);
    *ret_state = fd;
    *fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (*fd < 0) {
        gc_set_error_errno(error, errno, "cannot open %s", path);
        return false;
    }
    gc_chardev_deliver(chardev, gc_stream_new_pair(-1, *fd));
    return true;
}

extern const GcChardevClass gc_chardev_file;

const GcChardevClass gc_chardev_file = {
    .name = "file",
    .help = "file,id=ID,path=PATH",
    .open = open_file,
    .close = close_file,
};
