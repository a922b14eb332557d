/* SPDX-License-Identifier: MIT */
/* How the registers of a CPU lie in ELF notes, as tables.
 *
 * A note is a list of runs: a register, or several that are numbered and
 * stand one after the other.  One table serves the notes that are made and
 * those that are read. */
#pragma once

#include "guest/notes.h"

typedef struct GcRegisterRun {
    const char *name;  /* of the register, or what its number is put after;
                        * NULL for a constant */
    uint16_t offset;   /* in the descriptor */
    uint16_t width;    /* of one register, in bytes */
    uint8_t count;     /* 0 if it is a single one, without a number */
    uint8_t first;     /* the first one's number */
    uint32_t constant; /* if there is no name */
} GcRegisterRun;

typedef struct GcRegisterNote {
    const char *name; /* of the note */
    uint32_t type;
    size_t size; /* of its descriptor */
    const GcRegisterRun *runs;
    size_t n_runs;
} GcRegisterNote;

/* As initializers of GcRegisterRun: one register; numbered ones from 0, or
 * from another number on; a constant. */
#define GC_REGISTER(register_name, at, bytes)                                  \
    {                                                                          \
        .name = (register_name), .offset = (at), .width = (bytes),             \
    }
#define GC_REGISTERS(prefix, at, bytes, n)                                     \
    {                                                                          \
        .name = (prefix), .offset = (at), .width = (bytes), .count = (n),      \
    }
#define GC_REGISTERS_FROM(prefix, number, at, bytes, n)                        \
    {                                                                          \
        .name = (prefix), .offset = (at), .width = (bytes), .count = (n),      \
        .first = (number),                                                     \
    }
#define GC_REGISTER_CONSTANT(at, bytes, value)                                 \
    {                                                                          \
        .offset = (at), .width = (bytes), .constant = (value),                 \
    }

#define GC_REGISTER_NOTE(note_name, note_type, desc_size, table)               \
    {                                                                          \
        .name = (note_name), .type = (note_type), .size = (desc_size),         \
        .runs = (table), .n_runs = G_N_ELEMENTS(table),                        \
    }

/* The number of a CPU, from 1 on; not a register of it. */
#define GC_REGISTER_PID "pid"

/**
 * gc_register_note_find:
 * @note: the table
 * @name: of a register
 * @ret_offset: (out): where it stands in the descriptor
 * @ret_width: (out): its width in bytes
 *
 * Returns: whether @note has it
 */
bool gc_register_note_find(const GcRegisterNote *note, const char *name,
                           size_t *ret_offset, size_t *ret_width);
