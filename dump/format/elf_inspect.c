/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_inspect.h"

#include <elf.h>

#include "dump/inspect.h"
#include "guest/elf.h"

#define ALIGNED 4096u

/* How many bytes of [@start, @end) are data, or present. */
typedef bool (*Next)(GcMemory *memory, GcPaddr paddr, GcPaddr end,
                     GcPaddr *ret_start, GcPaddr *ret_end, GError **error);

static bool sum(GcMemory *memory, Next next, uint64_t *ret_sum, GError **error)
{
    GcPaddr start;
    GcPaddr end;

    *ret_sum = 0;
    for (GcPaddr at = 0; at < UINT64_MAX; at = end) {
        if (!next(memory, at, UINT64_MAX, &start, &end, error)) {
            return false;
        }
        *ret_sum += end - start;
    }
    return true;
}

static bool count_pages(const GcGuest *guest, GcDumpPages *pages,
                        GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    uint64_t page_size = gc_guest_get_page_size(guest);
    uint64_t size = 0;
    uint64_t present;
    uint64_t data;

    if (!sum(memory, gc_memory_next_present, &present, error) ||
        !sum(memory, gc_memory_next_data, &data, error)) {
        return false;
    }
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        size += gc_memory_get_block(memory, i).size;
    }
    pages->memory = size / page_size;
    pages->missing = (size - present) / page_size;
    pages->raw = data / page_size;
    pages->zero = pages->memory - pages->missing - pages->raw;
    return true;
}

static const GcElfSegment *get_segment(const GcElf *elf, guint i)
{
    return &g_array_index(elf->segments, GcElfSegment, i);
}

static void inspect_headers(const GcElf *elf, GcDumpInspection *inspection)
{
    if (elf->header.phoff != elf->header.ehsize) {
        gc_dump_inspection_object(inspection,
                                  "its program headers do not follow the ELF "
                                  "header: makedumpfile refuses it; "
                                  "'guestcore convert' puts them there");
    }
    if (elf->segments->len > 0 && get_segment(elf, 0)->type != PT_NOTE) {
        gc_dump_inspection_object(inspection,
                                  "its first program header is not that of "
                                  "the notes: crash refuses it");
    }
    /* What crash goes by is the first segment of memory. */
    if (elf->segments->len > 1 && get_segment(elf, 1)->align != 0 &&
        get_segment(elf, 1)->offset % ALIGNED == 0) {
        gc_dump_inspection_object(inspection,
                                  "its memory is aligned and says so: crash "
                                  "takes it for a netdump file");
    }
}

static bool has_kernel_addresses(const GcElf *elf)
{
    for (guint i = 0; i < elf->segments->len; i++) {
        const GcElfSegment *segment = get_segment(elf, i);

        if (segment->type == PT_LOAD && segment->vaddr >> 63 != 0) {
            return true;
        }
    }
    return false;
}

static void inspect_x86_64(const GcElf *elf, const GcGuest *guest,
                           GcDumpInspection *inspection)
{
    GPtrArray *notes = gc_guest_get_notes(guest);
    bool has_qemu_note = false;

    for (guint i = 0; i < notes->len; i++) {
        has_qemu_note |= gc_note_is(g_ptr_array_index(notes, i), "QEMU", 0);
    }
    if (!has_qemu_note && gc_guest_get_n_cpus(guest) > 0) {
        gc_dump_inspection_object(inspection,
                                  "it has no QEMU notes: crash does not use "
                                  "the registers of running tasks");
    }
    if (!has_kernel_addresses(elf)) {
        gc_dump_inspection_object(inspection,
                                  "it has no virtual addresses: gdb, and drgn "
                                  "before 0.0.27, read no kernel memory");
    }
}

bool gc_elf_inspect(GcImageReader *const *images, size_t n_images,
                    const GcGuest *guest, GcDumpInspection *inspection,
                    GError **error)
{
    g_autoptr(GcElf) elf =
        gc_elf_open(gc_image_reader_get_file(images[0]), error);

    (void)n_images;
    if (elf == NULL || !count_pages(guest, &inspection->pages, error)) {
        return false;
    }
    inspect_headers(elf, inspection);
    if (elf->header.machine == EM_X86_64) {
        inspect_x86_64(elf, guest, inspection);
    }
    return true;
}
