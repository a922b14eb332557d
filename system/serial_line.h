/* SPDX-License-Identifier: MIT */
/* What lies between a serial port of the guest and the peers of a character
 * device: each of them sees what the guest sends, and the guest gets what
 * any of them sends.
 *
 * The guest never waits for a peer: what is sent while a peer is 1 MiB behind
 * is lost to that peer.  A peer waits for the guest. */
#pragma once

#include "hw/serial.h"
#include "system/stream.h"

typedef struct GcSerialLine GcSerialLine;

/* The line of @serial, which must outlive it.  NULL: of no port; what comes
 * is thrown away. */
GcSerialLine *gc_serial_line_new(GcSerial *serial);
void gc_serial_line_free(GcSerialLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcSerialLine, gc_serial_line_free)

/* A peer comes: what a GcChardev is attached with. */
void gc_serial_line_accept(void *opaque, GcStream *stream);
