/* SPDX-License-Identifier: MIT */
#include "tests/lib/qmpserver.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct QmpServer {
    int listener;
    const char *const *answers;
    gboolean hangs;
    GThread *thread;

    /* The thread's, until it ended. */
    GPtrArray *lines;
    unsigned n_fds;
};

static gboolean send_text(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0) {
            return FALSE;
        }
        text += n;
        len -= (size_t)n;
    }
    return TRUE;
}

/* One byte, and a descriptor if one came along. */
static gboolean receive_byte(QmpServer *server, int fd, char *byte)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.buffer,
                             .msg_controllen = sizeof(control.buffer)};
    struct cmsghdr *header;

    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1) {
        return FALSE;
    }
    header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
        int passed;

        memcpy(&passed, CMSG_DATA(header), sizeof(passed));
        close(passed);
        server->n_fds++;
    }
    return TRUE;
}

static gboolean receive_line(QmpServer *server, int fd)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char byte = '\0';

    while (receive_byte(server, fd, &byte)) {
        if (byte == '\n') {
            g_ptr_array_add(server->lines, g_strdup(line->str));
            return TRUE;
        }
        g_string_append_c(line, byte);
    }
    return FALSE;
}

static gpointer serve(gpointer data)
{
    QmpServer *server = data;
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    const char *const *answer = server->answers;

    if (fd < 0) {
        return NULL;
    }
    while (*answer != NULL && send_text(fd, *answer)) {
        answer++;
        if (*answer != NULL && !receive_line(server, fd)) {
            break;
        }
    }
    while (server->hangs && receive_line(server, fd)) {
    }
    close(fd);
    return NULL;
}

QmpServer *qmpserver_new(const char *path, const char *const *answers,
                         gboolean hangs)
{
    QmpServer *server = g_new0(QmpServer, 1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    server->answers = answers;
    server->hangs = hangs;
    server->lines = g_ptr_array_new_with_free_func(g_free);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (const struct sockaddr *)&address,
             sizeof(address)) != 0 ||
        listen(server->listener, 1) != 0) {
        g_error("cannot listen on %s", path);
    }
    server->thread = g_thread_new("qmpserver", serve, server);
    return server;
}

static void join(QmpServer *server)
{
    if (server->thread != NULL) {
        shutdown(server->listener, SHUT_RDWR);
        g_thread_join(g_steal_pointer(&server->thread));
    }
}

GPtrArray *qmpserver_finish(QmpServer *server, unsigned *ret_fds)
{
    join(server);
    *ret_fds = server->n_fds;
    return server->lines;
}

void qmpserver_free(QmpServer *server)
{
    if (server != NULL) {
        join(server);
        close(server->listener);
        g_ptr_array_unref(server->lines);
        g_free(server);
    }
}
