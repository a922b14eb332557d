/* SPDX-License-Identifier: MIT */
#include "guest/virtual.h"

#include <string.h>

#include "base/error.h"
#include "guest/guest.h"
#include "guest/translate.h"

/* What is remembered: so many pieces of so many bytes, none of which crosses
 * a page of any architecture. */
#define N_PIECES 8
#define PIECE_SIZE 4096u

typedef struct Piece {
    uint64_t vaddr;
    bool is_valid;
    uint8_t bytes[PIECE_SIZE];
} Piece;

struct GcVirtual {
    GcMemory *memory;
    GcTranslator *translator; /* NULL if no page tables are known */
    GcImageMap map;           /* where there is no translator */
    Piece pieces[N_PIECES];
    unsigned next; /* the piece that is forgotten next */
};

/* The page tables of the kernel, as VMCOREINFO or else a CPU has them. */
static bool find_page_table(const GcGuest *guest, GcPageTable *ret_table)
{
    bool found = gc_guest_get_page_table(guest, ret_table);

    for (unsigned i = 0; !found && i < gc_guest_get_n_cpus(guest); i++) {
        found = gc_guest_get_cpu_page_table(guest, i, ret_table);
    }
    return found;
}

GcVirtual *gc_virtual_new(const GcGuest *guest, GError **error)
{
    g_autoptr(GcVirtual) kernel = g_new0(GcVirtual, 1);
    GcPageTable table;

    kernel->memory = gc_memory_ref(gc_guest_get_memory(guest));
    if (find_page_table(guest, &table)) {
        kernel->translator = gc_translator_new(kernel->memory, &table);
    } else if (!gc_guest_get_image_map(guest, &kernel->map)) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "neither VMCOREINFO nor a CPU tells where the page tables "
                    "of this %s kernel are",
                    gc_guest_get_arch(guest));
        return NULL;
    }
    return g_steal_pointer(&kernel);
}

void gc_virtual_free(GcVirtual *kernel)
{
    if (kernel != NULL) {
        gc_translator_free(kernel->translator);
        gc_memory_unref(kernel->memory);
        g_free(kernel);
    }
}

static bool read_map(GcVirtual *kernel, uint64_t vaddr, void *buf, size_t len,
                     GError **error)
{
    const GcImageMap *map = &kernel->map;

    if (vaddr < map->start || vaddr >= map->end || len > map->end - vaddr) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "virtual address 0x%" G_GINT64_MODIFIER
                    "x is not in the kernel's linear map",
                    vaddr);
        return false;
    }
    return gc_memory_read(kernel->memory, vaddr + map->delta, buf, len, error);
}

static bool read_through(GcVirtual *kernel, uint64_t vaddr, void *buf,
                         size_t len, GError **error)
{
    return kernel->translator != NULL
               ? gc_translator_read(kernel->translator, vaddr, buf, len, error)
               : read_map(kernel, vaddr, buf, len, error);
}

/* The piece at @vaddr; NULL if it cannot be read as a whole. */
static const Piece *get_piece(GcVirtual *kernel, uint64_t vaddr)
{
    Piece *piece;

    for (unsigned i = 0; i < N_PIECES; i++) {
        if (kernel->pieces[i].is_valid && kernel->pieces[i].vaddr == vaddr) {
            return &kernel->pieces[i];
        }
    }
    piece = &kernel->pieces[kernel->next];
    kernel->next = (kernel->next + 1) % N_PIECES;
    piece->vaddr = vaddr;
    piece->is_valid =
        read_through(kernel, vaddr, piece->bytes, PIECE_SIZE, NULL);
    return piece->is_valid ? piece : NULL;
}

/* Reads what lies in one piece. */
static bool read_part(GcVirtual *kernel, uint64_t vaddr, void *buf, size_t len,
                      GError **error)
{
    uint64_t skip = vaddr % PIECE_SIZE;
    const Piece *piece = get_piece(kernel, vaddr - skip);

    if (piece == NULL) {
        return read_through(kernel, vaddr, buf, len, error);
    }
    memcpy(buf, piece->bytes + skip, len);
    return true;
}

bool gc_virtual_read(GcVirtual *kernel, uint64_t vaddr, void *buf, size_t len,
                     GError **error)
{
    uint8_t *to = buf;

    if (len > 0 && len - 1 > UINT64_MAX - vaddr) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "there are no %zu bytes from virtual address "
                    "0x%" G_GINT64_MODIFIER "x on",
                    len, vaddr);
        return false;
    }
    if (len >= PIECE_SIZE) {
        return read_through(kernel, vaddr, buf, len, error);
    }
    while (len > 0) {
        size_t part = MIN(len, PIECE_SIZE - (size_t)(vaddr % PIECE_SIZE));

        if (!read_part(kernel, vaddr, to, part, error)) {
            return false;
        }
        to += part;
        vaddr += part;
        len -= part;
    }
    return true;
}

bool gc_guest_read_virtual(const GcGuest *guest, uint64_t vaddr, void *buf,
                           size_t len, GError **error)
{
    g_autoptr(GcVirtual) kernel = gc_virtual_new(guest, error);

    return kernel != NULL && gc_virtual_read(kernel, vaddr, buf, len, error);
}
