/* SPDX-License-Identifier: MIT */
/* An ELF kernel by the entry that its note for PVH names: 32-bit code without
 * paging, with a start_info in ebx.  The ABI is Xen's, docs/misc/pvh.pandoc
 * and include/public/arch-x86/hvm/start_info.h. */
#include <string.h>

#include "base/byteorder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/record.h"
#include "hw/machine/boot_image.h"
#include "hw/machine/x86_boot_kernels.h"
#include "hw/machine/x86_layout.h"

#define ELF_CLASS 4 /* byte of the identification */
#define ELF_DATA 5
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_IDENT_SIZE 16
#define MACHINE_386 3
#define MACHINE_X86_64 62
#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4
#define MAX_SEGMENTS 64

#define NOTE_NAME "Xen"
#define NOTE_PHYS32_ENTRY 18

#define INFO_MAGIC 0x336ec578
#define INFO_VERSION 1 /* the first with a memory map */
#define INFO_SIZE 56
#define MODULE_SIZE 32
#define RANGE_SIZE 24

/* The part of an ELF header that is looked at. */
typedef struct Header {
    uint16_t machine;
    uint64_t phoff;
    uint16_t phentsize;
    uint16_t phnum;
} Header;

typedef struct Segment {
    uint32_t type;
    uint64_t offset;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
} Segment;

/* clang-format off */
static const GcField header_fields[] = {
    GC_FIELD_PAD(18, 18),
    GC_FIELD(Header, machine, 2, 2),
    GC_FIELD_PAD(8, 12),
    GC_FIELD(Header, phoff, 4, 8),
    GC_FIELD_PAD(10, 14),
    GC_FIELD(Header, phentsize, 2, 2),
    GC_FIELD(Header, phnum, 2, 2),
};

static const GcField segment_fields[] = {
    GC_FIELD(Segment, type, 4, 4),
    GC_FIELD_PAD(0, 4),
    GC_FIELD(Segment, offset, 4, 8),
    GC_FIELD_PAD(4, 8),
    GC_FIELD(Segment, paddr, 4, 8),
    GC_FIELD(Segment, filesz, 4, 8),
    GC_FIELD(Segment, memsz, 4, 8),
    GC_FIELD_PAD(4, 0),
    GC_FIELD(Segment, align, 4, 8),
};
/* clang-format on */

static const GcRecord header_record = GC_RECORD("ELF header", header_fields);
static const GcRecord segment_record =
    GC_RECORD("ELF program header", segment_fields);

/* The file while it is read. */
typedef struct Kernel {
    GBytes *file;
    const uint8_t *data;
    size_t size;
    GcEncoding encoding;
    Header header;
} Kernel;

bool gc_x86_boot_is_elf(GBytes *kernel)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(kernel, &size);

    return size >= ELF_IDENT_SIZE && memcmp(data, "\177ELF", 4) == 0;
}

static bool read_header(GBytes *file, Kernel *kernel, GError **error)
{
    const Header *header = &kernel->header;

    kernel->file = file;
    kernel->data = g_bytes_get_data(file, &kernel->size);
    kernel->encoding.is_64bit = kernel->data[ELF_CLASS] == ELF_CLASS_64;
    if (kernel->data[ELF_DATA] == ELF_LITTLE_ENDIAN &&
        kernel->size >= gc_record_get_size(&header_record, kernel->encoding)) {
        gc_record_get(&header_record, kernel->encoding, kernel->data,
                      &kernel->header);
    }
    if (header->machine != MACHINE_386 && header->machine != MACHINE_X86_64) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "kernel: an ELF file, but not of x86");
        return false;
    }
    if (header->phentsize !=
            gc_record_get_size(&segment_record, kernel->encoding) ||
        header->phnum > MAX_SEGMENTS || header->phoff > kernel->size ||
        (size_t)header->phnum * header->phentsize >
            kernel->size - header->phoff) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "kernel: %u program headers of %u bytes at "
                    "%" G_GUINT64_FORMAT " in a file of %zu",
                    header->phnum, header->phentsize, header->phoff,
                    kernel->size);
        return false;
    }
    return true;
}

static bool read_segment(const Kernel *kernel, unsigned i, Segment *segment,
                         GError **error)
{
    gc_record_get(&segment_record, kernel->encoding,
                  kernel->data + kernel->header.phoff +
                      (size_t)i * kernel->header.phentsize,
                  segment);
    if (segment->type != SEGMENT_LOAD && segment->type != SEGMENT_NOTE) {
        return true;
    }
    if (segment->offset > kernel->size ||
        segment->filesz > kernel->size - segment->offset ||
        segment->filesz > segment->memsz) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "kernel: segment %u: %" G_GUINT64_FORMAT
                    " bytes at %" G_GUINT64_FORMAT " in a file of %zu",
                    i, segment->filesz, segment->offset, kernel->size);
        return false;
    }
    return true;
}

/* The content of the note if it is the one that names the entry. */
static bool read_note(GcCursor *cursor, size_t alignment, uint64_t *ret_entry)
{
    uint32_t name_size = gc_cursor_get_u32(cursor);
    uint32_t size = gc_cursor_get_u32(cursor);
    uint32_t type = gc_cursor_get_u32(cursor);
    const uint8_t *name = gc_cursor_get_bytes(cursor, name_size);
    const uint8_t *data;

    gc_cursor_align(cursor, alignment);
    data = gc_cursor_get_bytes(cursor, size);
    gc_cursor_align(cursor, alignment);
    if (data == NULL || type != NOTE_PHYS32_ENTRY ||
        name_size != sizeof(NOTE_NAME) ||
        memcmp(name, NOTE_NAME, sizeof(NOTE_NAME)) != 0 ||
        (size != 4 && size != 8)) {
        return false;
    }
    *ret_entry = gc_get_uint(data, size, false);
    return true;
}

static bool find_entry(const Kernel *kernel, const Segment *notes,
                       uint64_t *ret_entry)
{
    GcCursor cursor;

    gc_cursor_init(&cursor, kernel->data + notes->offset, notes->filesz, false);
    while (gc_cursor_get_rest(&cursor) > 0) {
        if (read_note(&cursor, notes->align == 8 ? 8 : 4, ret_entry)) {
            return true;
        }
    }
    return false;
}

static bool add_segment(GcMachine *machine, const Kernel *kernel,
                        const Segment *segment, uint64_t *end, GError **error)
{
    g_autoptr(GBytes) bytes =
        g_bytes_new_from_bytes(kernel->file, segment->offset, segment->filesz);

    if (segment->memsz == 0) {
        return true;
    }
    if (!gc_boot_image_add(machine->boot_image, "kernel", segment->paddr, bytes,
                           segment->memsz, error)) {
        return false;
    }
    *end = MAX(*end, segment->paddr + segment->memsz);
    return true;
}

/* Puts the segments into the image. */
static bool add_kernel(GcMachine *machine, const Kernel *kernel,
                       uint64_t *ret_end, GError **error)
{
    uint64_t entry = UINT64_MAX;
    uint64_t end = 0;

    for (unsigned i = 0; i < kernel->header.phnum; i++) {
        Segment segment;

        if (!read_segment(kernel, i, &segment, error) ||
            (segment.type == SEGMENT_LOAD &&
             !add_segment(machine, kernel, &segment, &end, error))) {
            return false;
        }
        if (segment.type == SEGMENT_NOTE) {
            find_entry(kernel, &segment, &entry);
        }
    }
    if (!gc_bus_is_ram(machine->memory, entry, 1) || entry > UINT32_MAX) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "kernel: an ELF file without a usable entry for PVH");
        return false;
    }
    machine->boot.entry = entry;
    *ret_end = end;
    return true;
}

static void put(uint8_t *info, size_t at, size_t width, uint64_t value)
{
    gc_put_uint(info + at, width, false, value);
}

/* The start_info, behind it the module that the initrd is, then the memory
 * map. */
static bool add_info(GcMachine *machine, GcPaddr initrd, uint64_t initrd_size,
                     GError **error)
{
    GcX86Range ranges[GC_X86_MAX_RANGES];
    size_t n = gc_x86_layout_get_ranges(machine, ranges);
    size_t map = INFO_SIZE + MODULE_SIZE;
    size_t size = map + n * RANGE_SIZE;
    uint8_t *info = g_malloc0(size);

    put(info, 0, 4, INFO_MAGIC);
    put(info, 4, 4, INFO_VERSION);
    put(info, 12, 4, initrd_size > 0 ? 1 : 0);
    put(info, 16, 8, GC_X86_LAYOUT_INFO + INFO_SIZE);
    put(info, 24, 8, GC_X86_LAYOUT_CMDLINE);
    put(info, 32, 8, GC_X86_LAYOUT_ACPI);
    put(info, 40, 8, GC_X86_LAYOUT_INFO + map);
    put(info, 48, 4, n);
    put(info, INFO_SIZE, 8, initrd);
    put(info, INFO_SIZE + 8, 8, initrd_size);
    for (size_t i = 0; i < n; i++) {
        size_t at = map + i * RANGE_SIZE;

        put(info, at, 8, ranges[i].start);
        put(info, at + 8, 8, ranges[i].size);
        put(info, at + 16, 4, ranges[i].type);
    }
    return gc_boot_image_take(machine->boot_image, "start_info",
                              GC_X86_LAYOUT_INFO, info, size, error);
}

bool gc_x86_boot_prepare_pvh(GcMachine *machine, const GcMachineConfig *config,
                             GError **error)
{
    uint64_t initrd_size =
        config->initrd != NULL ? g_bytes_get_size(config->initrd) : 0;
    Kernel kernel = {0};
    uint64_t end;
    GcPaddr initrd;

    if (!read_header(config->kernel, &kernel, error) ||
        !add_kernel(machine, &kernel, &end, error) ||
        !gc_x86_layout_add_initrd(machine, config->initrd, end, UINT32_MAX,
                                  &initrd, error)) {
        return false;
    }
    machine->boot.rbx = GC_X86_LAYOUT_INFO;
    return add_info(machine, initrd, initrd_size, error);
}
