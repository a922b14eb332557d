/* SPDX-License-Identifier: MIT */
/* Two named pipes, PATH.in to read from and PATH.out to write to; or, where
 * they are not, one file that can do both, as a terminal or a virtio port. */
#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/chardev.h"

typedef struct Pipe {
    int in;
    int out; /* -1: the same */
} Pipe;

/* A pipe that is open for reading has no end, whoever writes to it. */
static int open_end(const char *path, const char *suffix)
{
    g_autofree char *full = g_strconcat(path, suffix, NULL);

    return open(full, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void close_pipe(void *opaque)
{
    Pipe *pipe = opaque;

    gc_close_fd(&pipe->in);
    gc_close_fd(&pipe->out);
    g_free(pipe);
}

static bool open_pipe(GcChardev *chardev, GcKeyval *options, void **ret_state,
                      GError **error)
{
    const char *path = gc_keyval_need(options, "path", error);
    Pipe *pipe;

    if (path == NULL) {
        return false;
    }
    pipe = g_new0(Pipe, 1);
    *ret_state = pipe;
    pipe->in = open_end(path, ".in");
    pipe->out = open_end(path, ".out");
    if (pipe->in < 0 || pipe->out < 0) {
        gc_close_fd(&pipe->in);
        gc_close_fd(&pipe->out);
        pipe->in = open_end(path, "");
    }
    if (pipe->in < 0) {
        gc_set_error_errno(error, errno, "cannot open %s", path);
        return false;
    }
    gc_chardev_deliver(
        chardev,
        gc_stream_new_pair(pipe->in, pipe->out >= 0 ? pipe->out : pipe->in));
    return true;
}

extern const GcChardevClass gc_chardev_pipe;

const GcChardevClass gc_chardev_pipe = {
    .name = "pipe",
    .help = "pipe,id=ID,path=PATH",
    .open = open_pipe,
    .close = close_pipe,
};
