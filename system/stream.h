/* SPDX-License-Identifier: MIT */
/* One connected peer of the main loop: a socket, or standard input and
 * output.  Never blocks; a peer that does not read what it asked for is no
 * longer listened to, and one that falls too far behind is dropped. */
#pragma once

#include "guestcore/types.h"

typedef struct GcStream GcStream;

/**
 * GcStreamHandler:
 * @input: bytes came.  May free the stream.
 * @closed: the peer is gone, or was dropped, or sends no more and has all
 *     its answers.  Called once, from the main loop and never from inside
 *     gc_stream_send().  May free the stream.
 *
 * What the owner of a stream wants to be told.
 */
typedef struct GcStreamHandler {
    void (*input)(void *opaque, const uint8_t *data, size_t len);
    void (*closed)(void *opaque);
} GcStreamHandler;

/* A stream over a connected socket; takes @fd. */
GcStream *gc_stream_new_socket(int fd);

/* A stream that reads from @fd_in, unless it is -1, and writes to @fd_out;
 * they stay the caller's and keep their modes. */
GcStream *gc_stream_new_pair(int fd_in, int fd_out);

/* What is queued is given a moment to go; then the peer is let go of. */
void gc_stream_free(GcStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcStream, gc_stream_free)

/* Starts to call @handler, which must outlive the stream.  NULL: what comes
 * is thrown away. */
void gc_stream_start(GcStream *stream, const GcStreamHandler *handler,
                     void *opaque);

/* While held, the peer is not listened to; not even its end is seen. */
void gc_stream_hold(GcStream *stream, bool hold);

/* Queues bytes for the peer; drops the peer if its queue is full. */
void gc_stream_send(GcStream *stream, const void *data, size_t len);

/* The same for a peer that may miss something: the bytes are lost if more
 * than 1 MiB waits for it already. */
void gc_stream_offer(GcStream *stream, const void *data, size_t len);

/* Goes on sending to a peer that sends no more.  It is closed once it is gone
 * altogether. */
void gc_stream_outlive_input(GcStream *stream);

/* The descriptor that the peer passed last, now the caller's; -1 if it
 * passed none since. */
int gc_stream_steal_fd(GcStream *stream);
