/* SPDX-License-Identifier: MIT */
/* What is sent goes to a file; nothing comes back. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/chardev.h"

typedef struct FileState {
    int fd_in; /* always at its end */
    int fd_out;
} FileState;

static void close_file(void *opaque)
{
    FileState *state = opaque;

    gc_close_fd(&state->fd_in);
    gc_close_fd(&state->fd_out);
    g_free(state);
}

static bool open_file(GcChardev *chardev, GcKeyval *options, void **ret_state,
                      GError **error)
{
    const char *path = gc_keyval_need(options, "path", error);
    FileState *state;

    if (path == NULL) {
        return false;
    }
    state = g_new0(FileState, 1);
    *ret_state = state;
    state->fd_in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    state->fd_out =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (state->fd_in < 0 || state->fd_out < 0) {
        gc_set_error_errno(error, errno, "cannot open %s", path);
        return false;
    }
    gc_chardev_deliver(chardev,
                       gc_stream_new_pair(state->fd_in, state->fd_out));
    return true;
}

extern const GcChardevClass gc_chardev_file;

const GcChardevClass gc_chardev_file = {
    .name = "file",
    .help = "file,id=ID,path=PATH",
    .open = open_file,
    .close = close_file,
};
