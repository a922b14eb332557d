/* SPDX-License-Identifier: MIT */
/* A unix socket, connected to a peer or listening for peers.  What we create
 * is its owner's alone; there is no TCP. */
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/chardev.h"

#define BACKLOG 16

typedef struct SocketState {
    GcChardev *chardev;
    char *path; /* NULL unless there is something to remove */
    int fd;
    guint source;
} SocketState;

static void close_socket(void *opaque)
{
    SocketState *state = opaque;

    g_clear_handle_id(&state->source, g_source_remove);
    gc_close_fd(&state->fd);
    if (state->path != NULL) {
        unlink(state->path);
    }
    g_free(state->path);
    g_free(state);
}

static bool make_address(const char *path, struct sockaddr_un *address,
                         GError **error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof(address->sun_path)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "socket path '%s' must have 1 to %zu bytes", path,
                    sizeof(address->sun_path) - 1);
        return false;
    }
    strcpy(address->sun_path, path);
    return true;
}

static int connect_to(const struct sockaddr_un *address, GError **error)
{
    GC_AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int connected = fd;

    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        gc_set_error_errno(error, errno, "cannot connect to '%s'",
                           address->sun_path);
        return -1;
    }
    fd = -1;
    return connected;
}

/* A socket that an earlier run left is in the way; anything else is not
 * ours to remove. */
static void remove_stale(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(path);
    }
}

static int listen_on(const struct sockaddr_un *address, GError **error)
{
    GC_AUTO_FD fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int listening = fd;
    mode_t mask;
    int bound;

    remove_stale(address->sun_path);
    mask = umask(S_IXUSR | S_IRWXG | S_IRWXO);
    bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    umask(mask);
    if (bound != 0 || listen(fd, BACKLOG) != 0) {
        gc_set_error_errno(error, errno, "cannot listen on '%s'",
                           address->sun_path);
        return -1;
    }
    fd = -1;
    return listening;
}

static gboolean accept_client(SocketState *state)
{
    int fd = accept4(state->fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return FALSE;
    }
    gc_chardev_deliver(state->chardev, gc_stream_new_socket(fd));
    return TRUE;
}

/* Out of descriptors: the client waits, and we look again in a while
 * instead of being told at once, for ever. */
static gboolean on_client(gint fd, GIOCondition condition, gpointer opaque);

static gboolean on_retry(gpointer opaque)
{
    SocketState *state = opaque;

    state->source = g_unix_fd_add(state->fd, G_IO_IN, on_client, state);
    return G_SOURCE_REMOVE;
}

static gboolean on_client(gint fd G_GNUC_UNUSED,
                          GIOCondition condition G_GNUC_UNUSED, gpointer opaque)
{
    SocketState *state = opaque;

    if (!accept_client(state) && errno != EAGAIN && errno != EINTR &&
        errno != ECONNABORTED) {
        state->source = g_timeout_add_seconds(1, on_retry, state);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

/* Blocks until somebody is there, as QEMU does; nothing runs yet. */
static void wait_for_client(SocketState *state)
{
    GPollFD ready = {.fd = state->fd, .events = G_IO_IN};

    g_printerr("%s: waiting for a connection on unix:%s\n", g_get_prgname(),
               state->path);
    while (!accept_client(state)) {
        g_poll(&ready, 1, -1);
    }
}

static bool open_client(SocketState *state, const struct sockaddr_un *address,
                        GError **error)
{
    int fd = connect_to(address, error);

    if (fd < 0) {
        return false;
    }
    gc_chardev_deliver(state->chardev, gc_stream_new_socket(fd));
    return true;
}

static bool open_server(SocketState *state, const struct sockaddr_un *address,
                        bool wait, GError **error)
{
    state->fd = listen_on(address, error);
    if (state->fd < 0) {
        return false;
    }
    state->path = g_strdup(address->sun_path);
    if (wait) {
        wait_for_client(state);
    }
    state->source = g_unix_fd_add(state->fd, G_IO_IN, on_client, state);
    return true;
}

static bool open_socket(GcChardev *chardev, GcKeyval *options, void **ret_state,
                        GError **error)
{
    const char *path = gc_keyval_get(options, "path");
    struct sockaddr_un address;
    bool server = false;
    bool wait = true;
    SocketState *state;

    if (path == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "%s",
                    gc_keyval_peek(options, "port") != NULL
                        ? "there is no TCP here, use path=PATH"
                        : "parameter 'path' is missing");
        return false;
    }
    if (!gc_keyval_get_bool(options, "server", &server, error) ||
        !gc_keyval_get_bool(options, "wait", &wait, error) ||
        !gc_keyval_finish(options, error) ||
        !make_address(path, &address, error)) {
        return false;
    }
    if (!server && gc_keyval_peek(options, "wait") != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "parameter 'wait' needs server=on");
        return false;
    }
    state = g_new0(SocketState, 1);
    *ret_state = state;
    state->chardev = chardev;
    state->fd = -1;
    return server ? open_server(state, &address, wait, error)
                  : open_client(state, &address, error);
}

extern const GcChardevClass gc_chardev_socket;

const GcChardevClass gc_chardev_socket = {
    .name = "socket",
    .help = "socket,id=ID,path=PATH[,server=on|off][,wait=on|off]",
    .open = open_socket,
    .close = close_socket,
};
