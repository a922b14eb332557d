/* SPDX-License-Identifier: MIT */
/* The QEMU note of an x86 CPU: what NT_PRSTATUS has no room for.  It is the
 * same for 32 and 64 bits but for the names of the first registers. */
#pragma once

#include "guest/register_notes.h"

#define GC_X86_QEMU_NOTE_SIZE 440
#define GC_X86_QEMU_NOTE_VERSION 1

/* A segment register: selector, limit, attributes, base. */
#define GC_X86_SEGMENT(segment, at)                                            \
    GC_REGISTER(segment, (at), 4), GC_REGISTER(segment "_limit", (at) + 4, 4), \
        GC_REGISTER(segment "_flags", (at) + 8, 4),                            \
        GC_REGISTER(segment "_base", (at) + 16, 8)

/* All but the general registers, as initializers of GcRegisterRun. */
#define GC_X86_QEMU_NOTE_SYSTEM                                                \
    GC_REGISTER_CONSTANT(0, 4, GC_X86_QEMU_NOTE_VERSION),                      \
        GC_REGISTER_CONSTANT(4, 4, GC_X86_QEMU_NOTE_SIZE),                     \
        GC_X86_SEGMENT("cs", 152), GC_X86_SEGMENT("ds", 176),                  \
        GC_X86_SEGMENT("es", 200), GC_X86_SEGMENT("fs", 224),                  \
        GC_X86_SEGMENT("gs", 248), GC_X86_SEGMENT("ss", 272),                  \
        GC_X86_SEGMENT("ldt", 296), GC_X86_SEGMENT("tr", 320),                 \
        GC_X86_SEGMENT("gdt", 344), GC_X86_SEGMENT("idt", 368),                \
        GC_REGISTERS("cr", 392, 8, 5)
