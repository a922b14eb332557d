/* SPDX-License-Identifier: MIT */
#include "system/serial_line.h"

typedef struct Peer {
    GcSerialLine *line;
    GcStream *stream;
} Peer;

struct GcSerialLine {
    GcSerial *serial;    /* or NULL */
    GPtrArray *peers;    /* of Peer */
    GByteArray *waiting; /* what the port had no room for */
};

static void free_peer(gpointer data)
{
    Peer *peer = data;

    gc_stream_free(peer->stream);
    g_free(peer);
}

/* Peers are not listened to while what they sent has to wait. */
static void hold_peers(GcSerialLine *line, bool hold)
{
    for (guint i = 0; i < line->peers->len; i++) {
        const Peer *peer = line->peers->pdata[i];

        gc_stream_hold(peer->stream, hold);
    }
}

static void send_to_peers(void *opaque, const uint8_t *data, size_t len)
{
    GcSerialLine *line = opaque;

    for (guint i = 0; i < line->peers->len; i++) {
        const Peer *peer = line->peers->pdata[i];

        gc_stream_offer(peer->stream, data, len);
    }
}

static void pass_on(GcSerialLine *line)
{
    size_t n = gc_serial_receive(line->serial, line->waiting->data,
                                 line->waiting->len);

    g_byte_array_remove_range(line->waiting, 0, (guint)n);
}

static void on_ready(void *opaque)
{
    GcSerialLine *line = opaque;

    pass_on(line);
    if (line->waiting->len == 0) {
        hold_peers(line, false);
    }
}

static const GcSerialPeer serial_peer = {
    .send = send_to_peers,
    .ready = on_ready,
};

static void on_input(void *opaque, const uint8_t *data, size_t len)
{
    const Peer *peer = opaque;
    GcSerialLine *line = peer->line;
    bool waits = line->waiting->len > 0;

    if (line->serial == NULL) {
        return;
    }
    g_byte_array_append(line->waiting, data, (guint)len);
    if (!waits) {
        pass_on(line);
    }
    if (line->waiting->len > 0) {
        hold_peers(line, true);
    }
}

static void on_closed(void *opaque)
{
    Peer *peer = opaque;

    g_ptr_array_remove(peer->line->peers, peer);
}

static const GcStreamHandler handler = {.input = on_input, .closed = on_closed};

GcSerialLine *gc_serial_line_new(GcSerial *serial)
{
    GcSerialLine *line = g_new0(GcSerialLine, 1);

    line->serial = serial;
    line->peers = g_ptr_array_new_with_free_func(free_peer);
    line->waiting = g_byte_array_new();
    if (serial != NULL) {
        gc_serial_set_peer(serial, &serial_peer, line);
    }
    return line;
}

void gc_serial_line_free(GcSerialLine *line)
{
    if (line == NULL) {
        return;
    }
    if (line->serial != NULL) {
        gc_serial_set_peer(line->serial, NULL, NULL);
    }
    g_ptr_array_unref(line->peers);
    g_byte_array_unref(line->waiting);
    g_free(line);
}

void gc_serial_line_accept(void *opaque, GcStream *stream)
{
    GcSerialLine *line = opaque;
    Peer *peer = g_new0(Peer, 1);

    peer->line = line;
    peer->stream = stream;
    g_ptr_array_add(line->peers, peer);
    gc_stream_outlive_input(stream);
    gc_stream_hold(stream, line->waiting->len > 0);
    gc_stream_start(stream, &handler, peer);
}
