/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_read.h"

#include "base/error.h"
#include "dump/format/kdump_memory.h"

static bool read_bytes(const GcFile *file, const char *what, uint64_t offset,
                       uint64_t size, uint8_t **ret_bytes, GError **error)
{
    g_autofree uint8_t *bytes = NULL;

    if (size > MIN(file->size, GC_NOTES_MAX_SIZE)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s: %" G_GUINT64_FORMAT " bytes are too many", what, size);
        return false;
    }
    bytes = g_malloc(size);
    if (size > 0 && !file->read(file->opaque, offset, bytes, size, error)) {
        g_prefix_error(error, "%s: ", what);
        return false;
    }
    *ret_bytes = g_steal_pointer(&bytes);
    return true;
}

static bool has_vmcoreinfo(GPtrArray *notes)
{
    for (guint i = 0; i < notes->len; i++) {
        if (gc_note_is_vmcoreinfo(g_ptr_array_index(notes, i))) {
            return true;
        }
    }
    return false;
}

/* A file may have the text only where its sub header says, and not among the
 * notes, or have no notes at all. */
static bool add_vmcoreinfo(const GcKdumpPart *part, GPtrArray *notes,
                           GError **error)
{
    const GcKdumpSubHeader *sub = &part->head.sub;
    g_autoptr(GBytes) desc = NULL;
    uint8_t *bytes;

    if (has_vmcoreinfo(notes) || sub->offset_vmcoreinfo == 0 ||
        sub->size_vmcoreinfo == 0) {
        return true;
    }
    if (!read_bytes(part->file, "VMCOREINFO", sub->offset_vmcoreinfo,
                    sub->size_vmcoreinfo, &bytes, error)) {
        return false;
    }
    desc = g_bytes_new_take(bytes, (gsize)sub->size_vmcoreinfo);
    g_ptr_array_add(notes, gc_note_new("VMCOREINFO", 0, desc));
    return true;
}

static GPtrArray *read_notes(const GcKdumpPart *part, GError **error)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    const GcKdumpSubHeader *sub = &part->head.sub;
    g_autofree uint8_t *bytes = NULL;

    if (!read_bytes(part->file, "notes", sub->offset_note, sub->size_note,
                    &bytes, error) ||
        !gc_notes_parse(notes, bytes, (size_t)sub->size_note,
                        part->head.encoding.big_endian, error) ||
        !add_vmcoreinfo(part, notes, error)) {
        return NULL;
    }
    return g_steal_pointer(&notes);
}

static size_t get_prstatus_size(GPtrArray *notes)
{
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);

        if (gc_note_is_prstatus(note)) {
            return g_bytes_get_size(note->desc);
        }
    }
    return 0;
}

static const GcArch *find_arch(const GcKdumpHead *head, GPtrArray *notes,
                               GError **error)
{
    g_autofree char *machine =
        g_strndup(head->header.uts.machine, GC_UTSNAME_LENGTH);
    const GcArch *arch =
        gc_arch_find_machine(machine, head->encoding, get_prstatus_size(notes));

    if (arch == NULL) {
        g_autofree char *printable = g_strescape(machine, NULL);

        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "architecture '%s' is not known", printable);
    }
    return arch;
}

static void describe(const GcKdumpPages *pages, GcDumpInfo *ret_info)
{
    const GcKdumpHead *head = &gc_kdump_pages_get_first(pages)->head;
    const GcCodec *codec =
        gc_codec_find_flag(head->header.status & ~GC_KDUMP_STATUS_INCOMPLETE);

    ret_info->codec = codec != NULL ? codec->name : NULL;
    ret_info->dump_level = (unsigned)head->sub.dump_level;
    ret_info->is_incomplete = pages->is_incomplete;
    ret_info->page_size = head->header.block_size;
    ret_info->is_64bit = head->encoding.is_64bit;
    ret_info->is_big_endian = head->encoding.big_endian;
}

GcGuest *gc_kdump_read(GcImageReader *const *images, size_t n_images,
                       GcDumpInfo *ret_info, GError **error)
{
    g_autoptr(GcKdumpPages) pages = gc_kdump_pages_new(images, n_images, error);
    g_autoptr(GPtrArray) notes = NULL;
    g_autoptr(GcMemory) memory = NULL;
    const GcKdumpPart *first;
    const GcArch *arch;
    GcGuest *guest;

    if (pages == NULL) {
        return NULL;
    }
    first = gc_kdump_pages_get_first(pages);
    notes = read_notes(first, error);
    arch = notes != NULL ? find_arch(&first->head, notes, error) : NULL;
    memory = arch != NULL ? gc_kdump_memory_new(pages, error) : NULL;
    if (memory == NULL) {
        return NULL;
    }
    describe(pages, ret_info);
    guest = gc_guest_new_with_notes(arch->name, memory, notes, error);
    if (guest != NULL) {
        gc_guest_set_told_utsname(guest, &first->head.header.uts);
    }
    return guest;
}
