/* SPDX-License-Identifier: MIT */
#include "system/stream.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fileio.h"

/* While more than this is queued, the peer is not listened to. */
#define QUEUE_HIGH (1024 * 1024)

/* Answers and events beyond this drop the peer.  Must hold the longest
 * answer there is (qtest's read) on top of QUEUE_HIGH. */
#define QUEUE_MAX (64 * 1024 * 1024)

#define READ_SIZE 65536

/* How long gc_stream_free() waits for a peer to take the rest. */
#define FLUSH_MS 100

/* A peer may pass some descriptors with one message; the last one counts. */
#define FDS_MAX 16

struct GcStream {
    int fd_in;
    int fd_out; /* the same as fd_in for a socket */
    bool is_socket;
    const GcStreamHandler *handler;
    void *opaque;
    GByteArray *queue;
    size_t sent; /* how much of the queue is gone already */
    int passed_fd;
    bool ended;   /* the peer sends no more; its answers still go out */
    bool dropped; /* nothing more is sent or read */
    bool held;    /* what the peer sends has to wait */
    bool outlives_input;
    GSource *in;
    GSource *out;
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer opaque);
static gboolean on_writable(gint fd, GIOCondition condition, gpointer opaque);
static gboolean on_gone(gint fd, GIOCondition condition, gpointer opaque);

static GcStream *stream_new(int fd_in, int fd_out, bool is_socket)
{
    GcStream *stream = g_new0(GcStream, 1);

    stream->fd_in = fd_in;
    stream->fd_out = fd_out;
    stream->is_socket = is_socket;
    stream->queue = g_byte_array_new();
    stream->passed_fd = -1;
    return stream;
}

GcStream *gc_stream_new_socket(int fd)
{
    return stream_new(fd, fd, true);
}

GcStream *gc_stream_new_pair(int fd_in, int fd_out)
{
    return stream_new(fd_in, fd_out, false);
}

static void stop_source(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static GSource *start_source(GcStream *stream, int fd, GIOCondition condition,
                             GUnixFDSourceFunc func)
{
    GSource *source = g_unix_fd_source_new(fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(func), stream, NULL);
    g_source_attach(source, NULL);
    return source;
}

static size_t get_queued(const GcStream *stream)
{
    return stream->queue->len - stream->sent;
}

/* Whether the peer is gone once it has what is queued. */
static bool is_done(const GcStream *stream)
{
    return stream->ended && !stream->outlives_input;
}

/* Listens only to who takes its answers; to who sends no more, for its end. */
static void update_input(GcStream *stream)
{
    if (stream->ended && stream->outlives_input && stream->in == NULL) {
        stream->in = start_source(stream, stream->fd_out, 0, on_gone);
    }
    if (stream->ended) {
        return;
    }
    if (stream->held || get_queued(stream) > QUEUE_HIGH) {
        stop_source(&stream->in);
    } else if (stream->in == NULL && stream->handler != NULL &&
               stream->fd_in >= 0) {
        stream->in = start_source(stream, stream->fd_in, G_IO_IN, on_readable);
    }
}

static void update_sources(GcStream *stream)
{
    if (stream->dropped) {
        return;
    }
    update_input(stream);
    if (get_queued(stream) == 0 && !is_done(stream)) {
        stop_source(&stream->out);
    } else if (stream->out == NULL) {
        stream->out =
            start_source(stream, stream->fd_out, G_IO_OUT, on_writable);
    }
}

static gboolean on_dropped(gpointer opaque)
{
    GcStream *stream = opaque;

    stop_source(&stream->in);
    stream->handler->closed(stream->opaque);
    return G_SOURCE_REMOVE;
}

/* Gives up on the peer; the owner hears of it from the main loop. */
static void drop(GcStream *stream)
{
    stream->dropped = true;
    g_byte_array_set_size(stream->queue, 0);
    stream->sent = 0;
    stop_source(&stream->in);
    stop_source(&stream->out);
    if (stream->handler != NULL) {
        stream->in = g_idle_source_new();
        g_source_set_callback(stream->in, on_dropped, stream, NULL);
        g_source_attach(stream->in, NULL);
    }
}

/* The peer of a stream that only sends any more. */
static gboolean on_gone(gint fd G_GNUC_UNUSED,
                        GIOCondition condition G_GNUC_UNUSED, gpointer opaque)
{
    drop(opaque);
    return G_SOURCE_CONTINUE;
}

/* One write that cannot block.  A pipe that is ready takes PIPE_BUF bytes at
 * once; its mode is not ours to change. */
static ssize_t write_some(const GcStream *stream)
{
    const uint8_t *data = stream->queue->data + stream->sent;
    struct pollfd ready = {.fd = stream->fd_out, .events = POLLOUT};

    if (stream->is_socket) {
        return send(stream->fd_out, data, get_queued(stream),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (poll(&ready, 1, 0) < 1) {
        errno = EAGAIN;
        return -1;
    }
    return write(stream->fd_out, data, MIN(get_queued(stream), PIPE_BUF));
}

/* Writes until the peer takes no more.  False if it is gone. */
static bool write_queue(GcStream *stream)
{
    while (get_queued(stream) > 0) {
        ssize_t n = write_some(stream);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        stream->sent += (size_t)n;
    }
    g_byte_array_set_size(stream->queue, 0);
    stream->sent = 0;
    return true;
}

static gboolean on_writable(gint fd G_GNUC_UNUSED,
                            GIOCondition condition G_GNUC_UNUSED,
                            gpointer opaque)
{
    GcStream *stream = opaque;

    if (!write_queue(stream)) {
        drop(stream);
    } else if (is_done(stream) && get_queued(stream) == 0) {
        stream->dropped = true;
        stop_source(&stream->out);
        stream->handler->closed(stream->opaque);
    } else {
        update_sources(stream);
    }
    return G_SOURCE_CONTINUE;
}

void gc_stream_send(GcStream *stream, const void *data, size_t len)
{
    if (stream->dropped) {
        return;
    }
    if (get_queued(stream) + len > QUEUE_MAX) {
        drop(stream);
        return;
    }
    if (stream->sent > 0 && stream->sent >= stream->queue->len / 2) {
        g_byte_array_remove_range(stream->queue, 0, (guint)stream->sent);
        stream->sent = 0;
    }
    g_byte_array_append(stream->queue, data, (guint)len);
    if (!write_queue(stream)) {
        drop(stream);
    }
    update_sources(stream);
}

void gc_stream_offer(GcStream *stream, const void *data, size_t len)
{
    if (get_queued(stream) + len <= QUEUE_HIGH) {
        gc_stream_send(stream, data, len);
    }
}

void gc_stream_outlive_input(GcStream *stream)
{
    stream->outlives_input = true;
}

/* Keeps the last descriptor of the message and closes the others. */
static void take_passed_fds(GcStream *stream, struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        size_t n;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            gc_close_fd(&stream->passed_fd);
            memcpy(&stream->passed_fd, CMSG_DATA(part) + i * sizeof(int),
                   sizeof(int));
        }
    }
}

static ssize_t read_socket(GcStream *stream, uint8_t *buf, size_t len)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = buf, .iov_len = len};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t n =
        recvmsg(stream->fd_in, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n >= 0) {
        take_passed_fds(stream, &message);
    }
    return n;
}

static gboolean on_readable(gint fd G_GNUC_UNUSED,
                            GIOCondition condition G_GNUC_UNUSED,
                            gpointer opaque)
{
    GcStream *stream = opaque;
    uint8_t buf[READ_SIZE];
    ssize_t n = stream->is_socket ? read_socket(stream, buf, sizeof(buf))
                                  : read(stream->fd_in, buf, sizeof(buf));

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n > 0) {
        stream->handler->input(stream->opaque, buf, (size_t)n);
    } else if (n == 0) {
        stream->ended = true;
        stop_source(&stream->in);
        update_sources(stream);
    } else {
        drop(stream);
    }
    return G_SOURCE_CONTINUE;
}

static void ignore_input(void *opaque G_GNUC_UNUSED,
                         const uint8_t *data G_GNUC_UNUSED,
                         size_t len G_GNUC_UNUSED)
{
}

static void ignore_end(void *opaque G_GNUC_UNUSED)
{
}

void gc_stream_start(GcStream *stream, const GcStreamHandler *handler,
                     void *opaque)
{
    static const GcStreamHandler ignore = {ignore_input, ignore_end};

    stream->handler = handler != NULL ? handler : &ignore;
    stream->opaque = opaque;
    update_sources(stream);
}

void gc_stream_hold(GcStream *stream, bool hold)
{
    stream->held = hold;
    update_sources(stream);
}

int gc_stream_steal_fd(GcStream *stream)
{
    int fd = stream->passed_fd;

    stream->passed_fd = -1;
    return fd;
}

static void flush(GcStream *stream)
{
    gint64 end = g_get_monotonic_time() + FLUSH_MS * 1000;

    while (!stream->dropped && write_queue(stream) && get_queued(stream) > 0) {
        struct pollfd ready = {.fd = stream->fd_out, .events = POLLOUT};
        gint64 left_ms = (end - g_get_monotonic_time()) / 1000;

        if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) < 1) {
            break;
        }
    }
}

void gc_stream_free(GcStream *stream)
{
    if (stream == NULL) {
        return;
    }
    flush(stream);
    stop_source(&stream->in);
    stop_source(&stream->out);
    gc_close_fd(&stream->passed_fd);
    if (stream->is_socket) {
        gc_close_fd(&stream->fd_in);
    }
    g_byte_array_unref(stream->queue);
    g_free(stream);
}
