/* SPDX-License-Identifier: MIT */
/* The guest's own note where it lies in the guest's memory: at the place that
 * the guest told, or to be looked for.  All that is read here is a guest's;
 * every size in it is held against a limit first. */
#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "guest/guest.h"
#include "guest/kernel.h"

#define HEADER_SIZE 12
#define NOTE_ALIGN 4

/* Linux puts the note at the start of a page; none has smaller ones. */
#define SEARCH_STEP UINT64_C(4096)

/* What is looked at of each page; and how much is read at once, for a read
 * of a part costs nearly what it costs to read all of it. */
#define SEARCH_HEAD (HEADER_SIZE + sizeof(vmcoreinfo_name))
#define SEARCH_CHUNK ((size_t)128 * 1024)

/* Kernels write one page, the newest a few; of at most 64 KiB each. */
#define SEARCH_MAX_DESC (256u * 1024)

/* A guest may fill its memory with what looks like a note. */
#define SEARCH_MAX_FOUND 32

static const char vmcoreinfo_name[] = "VMCOREINFO";

typedef struct Header {
    uint32_t name_size;
    uint32_t desc_size;
    uint32_t type;
} Header;

static uint64_t pad_up(uint32_t size)
{
    return ((uint64_t)size + NOTE_ALIGN - 1) & ~(uint64_t)(NOTE_ALIGN - 1);
}

static Header parse_header(const GcGuest *guest, const uint8_t *bytes)
{
    bool big_endian = gc_guest_get_arch_info(guest)->encoding.big_endian;

    return (Header){
        .name_size = (uint32_t)gc_get_uint(bytes, 4, big_endian),
        .desc_size = (uint32_t)gc_get_uint(bytes + 4, 4, big_endian),
        .type = (uint32_t)gc_get_uint(bytes + 8, 4, big_endian),
    };
}

/* The note of @header at @paddr, all of it inside the @size bytes there. */
static GcNote *read_body(const GcGuest *guest, GcPaddr paddr,
                         const Header *header, GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autofree char *name = g_malloc0((gsize)header->name_size + 1);
    g_autofree uint8_t *desc = g_malloc(header->desc_size);
    g_autoptr(GBytes) bytes = NULL;
    GcPaddr name_at = paddr + HEADER_SIZE;

    if (!gc_memory_read(memory, name_at, name, header->name_size, error) ||
        !gc_memory_read(memory, name_at + pad_up(header->name_size), desc,
                        header->desc_size, error)) {
        return NULL;
    }
    bytes = g_bytes_new_take(g_steal_pointer(&desc), header->desc_size);
    return gc_note_new(name, header->type, bytes);
}

static GcNote *read_note(const GcGuest *guest, GcPaddr paddr, uint64_t size,
                         GError **error)
{
    uint8_t bytes[HEADER_SIZE];
    Header header;

    if (size < HEADER_SIZE || size > GC_GUEST_NOTE_MAX_SIZE) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "its size of %" G_GUINT64_FORMAT
                    " bytes is not from %u to %u",
                    size, HEADER_SIZE, GC_GUEST_NOTE_MAX_SIZE);
        return NULL;
    }
    if (!gc_memory_read(gc_guest_get_memory(guest), paddr, bytes, sizeof(bytes),
                        error)) {
        return NULL;
    }
    header = parse_header(guest, bytes);
    if (header.name_size == 0 || header.desc_size > size ||
        pad_up(header.name_size) > size - HEADER_SIZE ||
        header.desc_size > size - HEADER_SIZE - pad_up(header.name_size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "its header counts %u bytes of name and %u of descriptor, "
                    "in %" G_GUINT64_FORMAT " bytes",
                    header.name_size, header.desc_size, size);
        return NULL;
    }
    return read_body(guest, paddr, &header, error);
}

static bool add_note(GcGuest *guest, const GcNote *note, GError **error)
{
    return gc_guest_add_note(guest, note->name, note->type, note->desc, error);
}

bool gc_guest_load_note(GcGuest *guest, GcPaddr paddr, uint64_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GcNote) note = read_note(guest, paddr, size, &error);

    if (note != NULL && add_note(guest, note, &error)) {
        return true;
    }
    gc_guest_add_warning(
        guest, "the guest's note at 0x%" G_GINT64_MODIFIER "x is left out: %s",
        paddr, error->message);
    return false;
}

/* A note that was found. */
typedef struct Found {
    GcPaddr paddr;
    GcNote *note;
    bool is_verified;
} Found;

static void clear_found(gpointer data)
{
    Found *found = data;

    gc_note_free(found->note);
}

/* Whether @note's text is a kernel's; and is that kernel there? */
static bool check(const GcGuest *guest, const GcNote *note, bool *ret_verified)
{
    g_autoptr(GcGuest) trial = gc_guest_new(gc_guest_get_arch(guest),
                                            gc_guest_get_memory(guest), NULL);

    if (!add_note(trial, note, NULL)) {
        return false;
    }
    *ret_verified = gc_kernel_is_verified(trial);
    return true;
}

/* Looks at the start of the page at @paddr, which is @bytes. */
static void look_at(const GcGuest *guest, GcPaddr paddr, const uint8_t *bytes,
                    GArray *all)
{
    Found found = {.paddr = paddr};
    Header header;

    if (memcmp(bytes + HEADER_SIZE, vmcoreinfo_name, sizeof(vmcoreinfo_name)) !=
        0) {
        return;
    }
    header = parse_header(guest, bytes);
    if (header.name_size != sizeof(vmcoreinfo_name) || header.type != 0 ||
        header.desc_size == 0 || header.desc_size > SEARCH_MAX_DESC) {
        return;
    }
    found.note = read_body(guest, paddr, &header, NULL);
    if (found.note != NULL && all->len < SEARCH_MAX_FOUND &&
        check(guest, found.note, &found.is_verified)) {
        g_array_append_val(all, found);
    } else {
        gc_note_free(found.note);
    }
}

/* Looks at the pages of [@start, @end), which is no longer than a chunk.  A
 * page that a dump left out holds no note. */
static bool search_chunk(const GcGuest *guest, GcPaddr start, GcPaddr end,
                         uint8_t *chunk, GArray *all, GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    bool is_read = gc_memory_read(memory, start, chunk, end - start, NULL);

    for (GcPaddr page = start; end - page >= SEARCH_HEAD; page += SEARCH_STEP) {
        uint8_t *bytes = chunk + (page - start);
        g_autoptr(GError) read_error = NULL;

        if (is_read ||
            gc_memory_read(memory, page, bytes, SEARCH_HEAD, &read_error)) {
            look_at(guest, page, bytes, all);
        } else if (!g_error_matches(read_error, GC_ERROR, GC_ERROR_NO_DATA)) {
            g_propagate_error(error, g_steal_pointer(&read_error));
            return false;
        }
        if (end - page <= SEARCH_STEP) {
            break;
        }
    }
    return true;
}

static bool search_data(const GcGuest *guest, GcPaddr start, GcPaddr end,
                        GArray *all, GError **error)
{
    g_autofree uint8_t *chunk = g_malloc(SEARCH_CHUNK);
    uint64_t skip = -start % SEARCH_STEP;
    uint64_t part;

    for (uint64_t left = end - start > skip ? end - start - skip : 0;
         left > 0 && all->len < SEARCH_MAX_FOUND; left -= part) {
        part = MIN(left, SEARCH_CHUNK);
        if (!search_chunk(guest, end - left, end - left + part, chunk, all,
                          error)) {
            return false;
        }
    }
    return true;
}

static bool search_block(const GcGuest *guest, GcMemoryBlock block, GArray *all,
                         GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    GcPaddr end = block.start + block.size;
    GcPaddr data;
    GcPaddr data_end;

    for (GcPaddr at = block.start; at < end; at = data_end) {
        if (!gc_memory_next_data(memory, at, end, &data, &data_end, error)) {
            return false;
        }
        if (!search_data(guest, data, data_end, all, error)) {
            return false;
        }
    }
    return true;
}

static GArray *search(const GcGuest *guest, GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Found));

    g_array_set_clear_func(all, clear_found);
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        if (!search_block(guest, gc_memory_get_block(memory, i), all, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&all);
}

/* Of those that are @is_verified, the first; and how many differ from it. */
static const Found *choose(GArray *all, bool is_verified, guint *ret_others)
{
    const Found *first = NULL;

    *ret_others = 0;
    for (guint i = 0; i < all->len; i++) {
        const Found *found = &g_array_index(all, Found, i);

        if (found->is_verified != is_verified) {
            continue;
        }
        if (first == NULL) {
            first = found;
        } else if (!g_bytes_equal(first->note->desc, found->note->desc)) {
            (*ret_others)++;
        }
    }
    return first;
}

static void set_ambiguous(GArray *all, GError **error)
{
    g_autoptr(GString) places = g_string_new(NULL);

    for (guint i = 0; i < all->len; i++) {
        g_string_append_printf(places, "%s0x%" G_GINT64_MODIFIER "x",
                               i > 0 ? ", " : "",
                               g_array_index(all, Found, i).paddr);
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "there are VMCOREINFO notes of several kernels, and no telling "
                "which one runs: at %s",
                places->str);
}

bool gc_guest_find_vmcoreinfo(GcGuest *guest, GError **error)
{
    g_autoptr(GArray) all = NULL;
    const Found *found;
    guint others;

    if (gc_guest_get_vmcoreinfo_text(guest) != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "the guest has a VMCOREINFO note");
        return false;
    }
    all = search(guest, error);
    if (all == NULL) {
        return false;
    }
    found = choose(all, true, &others);
    if (found == NULL) {
        found = choose(all, false, &others);
    }
    if (found == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "there is no VMCOREINFO note in the guest's memory");
        return false;
    }
    if (others > 0) {
        set_ambiguous(all, error);
        return false;
    }
    if (!found->is_verified) {
        gc_guest_add_warning(guest,
                             "VMCOREINFO was found at 0x%" G_GINT64_MODIFIER
                             "x, but its kernel not where it tells",
                             found->paddr);
    }
    return add_note(guest, found->note, error);
}
