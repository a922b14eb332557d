/* SPDX-License-Identifier: MIT */
#include "guestcore/registers.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "guest/guest.h"

/* A note in the making. */
typedef struct Slot {
    const GcRegisterNote *note;
    uint8_t *desc;
    bool is_wanted; /* a register was set that only this note has */
} Slot;

struct GcRegisters {
    const GcArch *arch;
    size_t n_slots;
    Slot slots[GC_ARCH_MAX_NOTES + 1]; /* slots[0] is NT_PRSTATUS */
    GcVectorNote vectors;              /* what the last slot may point to */
};

static bool is_big_endian(const GcArch *arch)
{
    return arch->encoding.big_endian;
}

static void add_slot(GcRegisters *registers, const GcRegisterNote *note)
{
    Slot *slot = &registers->slots[registers->n_slots++];

    g_assert(registers->n_slots <= G_N_ELEMENTS(registers->slots));
    slot->note = note;
    slot->desc = g_malloc0(note->size);
    for (size_t i = 0; i < note->n_runs; i++) {
        const GcRegisterRun *run = &note->runs[i];

        if (run->name == NULL) {
            gc_put_uint(slot->desc + run->offset, run->width,
                        is_big_endian(registers->arch), run->constant);
        }
    }
}

GcRegisters *gc_registers_new(const char *arch, GError **error)
{
    const GcArch *found = gc_arch_find(arch);
    GcRegisters *registers;

    if (found == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "architecture %s is not known", arch);
        return NULL;
    }
    registers = g_new0(GcRegisters, 1);
    registers->arch = found;
    for (size_t i = 0; i < found->n_notes; i++) {
        add_slot(registers, &found->notes[i]);
    }
    registers->slots[0].is_wanted = true;
    return registers;
}

void gc_registers_free(GcRegisters *registers)
{
    if (registers == NULL) {
        return;
    }
    for (size_t i = 0; i < registers->n_slots; i++) {
        g_free(registers->slots[i].desc);
    }
    g_free(registers);
}

static void add_names(GStrvBuilder *names, GHashTable *seen,
                      const GcRegisterRun *run)
{
    for (unsigned i = 0; run->name != NULL && i < MAX(run->count, 1u); i++) {
        g_autofree char *name =
            run->count == 0
                ? g_strdup(run->name)
                : g_strdup_printf("%s%u", run->name, run->first + i);

        if (strcmp(name, GC_REGISTER_PID) != 0 &&
            g_hash_table_add(seen, g_strdup(name))) {
            g_strv_builder_add(names, name);
        }
    }
}

char **gc_registers_get_names(const char *arch)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GcArch *found = gc_arch_find(arch);

    for (size_t i = 0; found != NULL && i < found->n_notes; i++) {
        for (size_t j = 0; j < found->notes[i].n_runs; j++) {
            add_names(names, seen, &found->notes[i].runs[j]);
        }
    }
    return g_strv_builder_end(names);
}

/* Where a register stands in one of the notes. */
typedef struct Place {
    Slot *slot;
    uint8_t *at;
    size_t width;
} Place;

typedef struct Places {
    size_t n;
    Place all[GC_ARCH_MAX_NOTES + 1];
} Places;

static bool find_places(GcRegisters *registers, const char *name,
                        Places *ret_places, GError **error)
{
    Places places = {0};

    for (size_t i = 0; i < registers->n_slots; i++) {
        Slot *slot = &registers->slots[i];
        size_t offset;
        size_t width;

        if (gc_register_note_find(slot->note, name, &offset, &width)) {
            places.all[places.n++] = (Place){slot, slot->desc + offset, width};
        }
    }
    if (places.n == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s has no register %s in a dump", registers->arch->name,
                    name);
        return false;
    }
    *ret_places = places;
    return true;
}

/* A note that shares all its registers with others says nothing new. */
static void want(const Places *places)
{
    if (places->n == 1) {
        places->all[0].slot->is_wanted = true;
    }
}

bool gc_registers_set(GcRegisters *registers, const char *name, uint64_t value,
                      GError **error)
{
    Places places;

    if (!find_places(registers, name, &places, error)) {
        return false;
    }
    for (size_t i = 0; i < places.n; i++) {
        size_t width = places.all[i].width;

        if (width > sizeof(value) ||
            (width < sizeof(value) && value >> 8 * width != 0)) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "value 0x%" G_GINT64_MODIFIER
                        "x of register %s is not one of %zu bytes",
                        value, name, width);
            return false;
        }
    }
    for (size_t i = 0; i < places.n; i++) {
        gc_put_uint(places.all[i].at, places.all[i].width,
                    is_big_endian(registers->arch), value);
    }
    want(&places);
    return true;
}

bool gc_registers_set_bytes(GcRegisters *registers, const char *name,
                            const void *bytes, size_t size, GError **error)
{
    Places places;

    if (!find_places(registers, name, &places, error)) {
        return false;
    }
    for (size_t i = 0; i < places.n; i++) {
        if (places.all[i].width != size) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "register %s has %zu bytes and not %zu", name,
                        places.all[i].width, size);
            return false;
        }
    }
    for (size_t i = 0; i < places.n; i++) {
        memcpy(places.all[i].at, bytes, size);
    }
    want(&places);
    return true;
}

bool gc_registers_set_vector_length(GcRegisters *registers, unsigned size,
                                    GError **error)
{
    const GcArch *arch = registers->arch;

    if (arch->make_vector_note == NULL || registers->n_slots > arch->n_notes ||
        !arch->make_vector_note(size, &registers->vectors)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s has no vectors of %u bytes, or their length is set",
                    arch->name, size);
        return false;
    }
    add_slot(registers, &registers->vectors.note);
    registers->slots[registers->n_slots - 1].is_wanted = true;
    return true;
}

bool gc_registers_get(const GcRegisters *registers, const char *name,
                      uint64_t *ret_value)
{
    for (size_t i = 0; i < registers->n_slots; i++) {
        const Slot *slot = &registers->slots[i];
        size_t offset;
        size_t width;

        if (gc_register_note_find(slot->note, name, &offset, &width) &&
            width <= sizeof(*ret_value)) {
            *ret_value = gc_get_uint(slot->desc + offset, width,
                                     is_big_endian(registers->arch));
            return true;
        }
    }
    return false;
}

/* The descriptor of @slot for the CPU of that number. */
static GBytes *make_desc(const GcRegisters *registers, const Slot *slot,
                         unsigned cpu)
{
    uint8_t *desc = g_memdup2(slot->desc, slot->note->size);
    size_t offset;
    size_t width;

    if (gc_register_note_find(slot->note, GC_REGISTER_PID, &offset, &width)) {
        gc_put_uint(desc + offset, width, is_big_endian(registers->arch),
                    (uint64_t)cpu + 1);
    }
    return g_bytes_new_take(desc, slot->note->size);
}

bool gc_guest_add_cpu(GcGuest *guest, const GcRegisters *registers,
                      GError **error)
{
    unsigned cpu = gc_guest_get_n_cpus(guest);

    if (registers->arch != gc_guest_get_arch_info(guest)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "registers of %s are no CPU of %s", registers->arch->name,
                    gc_guest_get_arch(guest));
        return false;
    }
    for (size_t i = 0; i < registers->n_slots; i++) {
        const Slot *slot = &registers->slots[i];

        if (slot->is_wanted) {
            g_autoptr(GBytes) desc = make_desc(registers, slot, cpu);

            if (!gc_guest_add_note(guest, slot->note->name, slot->note->type,
                                   desc, error)) {
                return false;
            }
        }
    }
    return true;
}

/* The notes seen so far. */
typedef struct NoteCounter {
    unsigned n_prstatus;
    unsigned n_qemu;
} NoteCounter;

/* The notes of a CPU begin with its NT_PRSTATUS; but all QEMU notes come
 * after those of the last CPU. */
static bool is_of_cpu(NoteCounter *counter, const GcNote *note, unsigned cpu)
{
    counter->n_prstatus += gc_note_is_prstatus(note);
    if (strcmp(note->name, "QEMU") == 0) {
        return counter->n_qemu++ == cpu;
    }
    return counter->n_prstatus == cpu + 1;
}

static bool get_from_note(const GcArch *arch, const GcNote *note,
                          const char *name, uint64_t *ret_value)
{
    gsize size;
    const uint8_t *desc = g_bytes_get_data(note->desc, &size);

    for (size_t i = 0; i < arch->n_notes; i++) {
        size_t offset;
        size_t width;

        if (gc_note_is(note, arch->notes[i].name, arch->notes[i].type) &&
            gc_register_note_find(&arch->notes[i], name, &offset, &width) &&
            width <= sizeof(*ret_value) && offset + width <= size) {
            *ret_value = gc_get_uint(desc + offset, width, is_big_endian(arch));
            return true;
        }
    }
    return false;
}

bool gc_guest_get_register(const GcGuest *guest, unsigned cpu, const char *name,
                           uint64_t *ret_value)
{
    GPtrArray *notes = gc_guest_get_notes(guest);
    NoteCounter counter = {0};

    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);

        if (is_of_cpu(&counter, note, cpu) &&
            get_from_note(gc_guest_get_arch_info(guest), note, name,
                          ret_value)) {
            return true;
        }
    }
    return false;
}
