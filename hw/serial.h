/* SPDX-License-Identifier: MIT */
/* A serial port of a PC: the UART 16550A, with a line to the host.
 *
 * Bytes take no time on the line.  So the transmitter is always empty, and a
 * received byte that reaches no trigger level is an interrupt for "time out"
 * at once.  The modem's lines are those of a peer that is there. */
#pragma once

#include "hw/device.h"

typedef struct GcSerial GcSerial;

/**
 * GcSerialPeer:
 * @send: the guest sends @len bytes.  Takes them, or loses them, at once: a
 *     peer that does not read never holds up the guest.
 * @ready: the port has room again, after gc_serial_receive() took less than
 *     all; may call it
 *
 * The host's end of the line.  Threads: called from the thread that made the
 * guest's access, which holds the VM.
 */
typedef struct GcSerialPeer {
    void (*send)(void *opaque, const uint8_t *data, size_t len);
    void (*ready)(void *opaque);
} GcSerialPeer;

/* How many a PC can have here. */
#define GC_SERIAL_MAX_PORTS 2

/**
 * gc_serial_add:
 * @machine: (transfer none): whose device it becomes
 * @index: 0 is COM1, 1 is COM2
 * @error: (out) (optional): return location
 *
 * Returns: (transfer none): the port, or NULL.  Errors: as gc_bus_add()
 */
GcSerial *gc_serial_add(GcMachine *machine, unsigned index, GError **error);

/* Connects the host; it must outlive the port or be taken away by a NULL
 * @peer.  Without it, what the guest sends is lost. */
void gc_serial_set_peer(GcSerial *serial, const GcSerialPeer *peer,
                        void *opaque);

/* What the host sends.  Returns how many bytes the port had room for; if they
 * are not all, @ready is called later. */
size_t gc_serial_receive(GcSerial *serial, const uint8_t *data, size_t len);
