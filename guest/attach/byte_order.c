/* SPDX-License-Identifier: MIT */
#include "guest/attach/byte_order.h"

#include <string.h>

const GcArch *gc_byte_order_find_twin(const GcArch *arch)
{
    for (const GcArch *const *other = gc_arches; *other != NULL; other++) {
        if ((*other)->elf_machine == arch->elf_machine &&
            (*other)->encoding.is_64bit == arch->encoding.is_64bit &&
            (*other)->encoding.big_endian != arch->encoding.big_endian) {
            return *other;
        }
    }
    return NULL;
}

static void turn_register(uint8_t *to, const uint8_t *from, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        to[i] = from[width - 1 - i];
    }
}

static GcNote *turn_note(const GcNote *note, const GcRegisterNote *table)
{
    const uint8_t *from = g_bytes_get_data(note->desc, NULL);
    g_autofree uint8_t *to = g_malloc0(table->size);
    g_autoptr(GBytes) desc = NULL;

    for (size_t i = 0; i < table->n_runs; i++) {
        const GcRegisterRun *run = &table->runs[i];

        for (size_t n = 0; n < MAX(run->count, 1u); n++) {
            size_t offset = run->offset + n * run->width;

            turn_register(to + offset, from + offset, run->width);
        }
    }
    desc = g_bytes_new(to, table->size);
    return gc_note_new(note->name, note->type, desc);
}

static const GcRegisterNote *find_table(const GcArch *arch, const GcNote *note)
{
    for (size_t i = 0; i < arch->n_notes; i++) {
        const GcRegisterNote *table = &arch->notes[i];

        if (table->type == note->type && strcmp(table->name, note->name) == 0 &&
            table->size == g_bytes_get_size(note->desc)) {
            return table;
        }
    }
    return NULL;
}

GPtrArray *gc_byte_order_turn(GPtrArray *notes, const GcArch *twin)
{
    GPtrArray *turned = gc_notes_new();

    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);
        const GcRegisterNote *table = find_table(twin, note);

        if (table != NULL) {
            g_ptr_array_add(turned, turn_note(note, table));
        }
    }
    return turned;
}
