/* SPDX-License-Identifier: MIT */
#include "tests/lib/dumpcheck.h"

#include <string.h>
#include <zlib.h>

#include "tests/unit/cmocka_all.h"

DumpFile *dumpfile_load(const char *path)
{
    DumpFile *file = g_new0(DumpFile, 1);
    char *bytes;

    assert_true(g_file_get_contents(path, &bytes, &file->size, NULL));
    file->bytes = (uint8_t *)bytes;
    return file;
}

void dumpfile_free(DumpFile *file)
{
    if (file != NULL) {
        g_free(file->bytes);
        g_free(file);
    }
}

static uint64_t get_uint(const DumpFile *file, uint64_t offset, unsigned width)
{
    uint64_t value = 0;

    assert_true(offset <= file->size && width <= file->size - offset);
    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)file->bytes[offset + i] << 8 * i;
    }
    return value;
}

uint16_t dumpfile_u16(const DumpFile *file, uint64_t offset)
{
    return (uint16_t)get_uint(file, offset, 2);
}

uint32_t dumpfile_u32(const DumpFile *file, uint64_t offset)
{
    return (uint32_t)get_uint(file, offset, 4);
}

uint64_t dumpfile_u64(const DumpFile *file, uint64_t offset)
{
    return get_uint(file, offset, 8);
}

static uint64_t pad4(uint64_t size)
{
    return (size + 3) / 4 * 4;
}

bool dumpfile_get_note(const DumpFile *file, uint64_t offset, uint64_t size,
                       unsigned i, DumpNote *ret_note)
{
    uint64_t end = offset + size;

    for (unsigned n = 0; offset < end; n++) {
        uint32_t name_size = dumpfile_u32(file, offset);
        uint32_t desc_size = dumpfile_u32(file, offset + 4);
        DumpNote note = {
            .name = (const char *)file->bytes + offset + 12,
            .type = dumpfile_u32(file, offset + 8),
            .desc = offset + 12 + pad4(name_size),
            .desc_size = desc_size,
        };

        assert_true(name_size > 0);
        assert_int_equal(file->bytes[offset + 12 + name_size - 1], 0);
        offset = note.desc + pad4(desc_size);
        assert_true(offset <= end);
        if (n == i) {
            *ret_note = note;
            return true;
        }
    }
    return false;
}

DumpSegment dumpelf_get_segment(const DumpFile *file, unsigned i)
{
    uint64_t at = 64 + 56 * (uint64_t)i;

    return (DumpSegment){
        .type = dumpfile_u32(file, at),
        .offset = dumpfile_u64(file, at + 8),
        .vaddr = dumpfile_u64(file, at + 16),
        .paddr = dumpfile_u64(file, at + 24),
        .filesz = dumpfile_u64(file, at + 32),
        .memsz = dumpfile_u64(file, at + 40),
        .align = dumpfile_u64(file, at + 48),
    };
}

unsigned dumpelf_get_n_segments(const DumpFile *file)
{
    unsigned n = dumpfile_u16(file, 56);

    /* PN_XNUM: sh_info of section header 0 has it. */
    return n == 0xffff ? dumpfile_u32(file, dumpfile_u64(file, 40) + 44) : n;
}

static void assert_section_header(const DumpFile *file)
{
    bool many = dumpelf_get_n_segments(file) >= 0xffff;

    assert_int_equal(dumpfile_u16(file, 60), many ? 1 : 0); /* e_shnum */
    assert_int_equal(dumpfile_u16(file, 62), 0);            /* e_shstrndx */
    if (many) {
        assert_int_equal(dumpfile_u16(file, 56), 0xffff);
        assert_int_equal(dumpfile_u16(file, 58), 64); /* e_shentsize */
    } else {
        assert_int_equal(dumpfile_u64(file, 40), 0); /* e_shoff */
    }
}

static void assert_sizes(DumpSegment segment, bool is_cut)
{
    if (!is_cut) {
        assert_int_equal(segment.filesz, segment.memsz);
    }
    assert_true(segment.filesz <= segment.memsz);
}

static void assert_headers(const DumpFile *file, bool is_cut)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
    unsigned n = dumpelf_get_n_segments(file);
    DumpSegment note = dumpelf_get_segment(file, 0);

    assert_memory_equal(file->bytes, ident, sizeof(ident));
    assert_int_equal(dumpfile_u16(file, 16), 4);  /* ET_CORE */
    assert_int_equal(dumpfile_u16(file, 18), 62); /* EM_X86_64 */
    assert_int_equal(dumpfile_u32(file, 20), 1);
    assert_int_equal(dumpfile_u64(file, 32), 64); /* e_phoff */
    assert_int_equal(dumpfile_u16(file, 52), 64); /* e_ehsize */
    assert_int_equal(dumpfile_u16(file, 54), 56); /* e_phentsize */
    assert_section_header(file);
    assert_int_equal(note.type, 4);
    for (unsigned i = 1; i < n; i++) {
        DumpSegment segment = dumpelf_get_segment(file, i);

        assert_int_equal(segment.type, 1);
        assert_int_equal(segment.align, 0);
        assert_sizes(segment, is_cut);
        if (segment.filesz == 0) {
            assert_int_equal(segment.offset, 0);
            continue;
        }
        assert_true(segment.offset >= note.offset + note.filesz);
        assert_true(segment.offset + segment.filesz <= file->size);
    }
}

void dumpelf_assert_headers(const DumpFile *file)
{
    assert_headers(file, false);
}

void dumpelf_assert_cut_headers(const DumpFile *file)
{
    assert_headers(file, true);
}

/* What the file has of a segment; the rest is zeros. */
static void read_segment(const DumpFile *file, const DumpSegment *segment,
                         uint64_t offset, uint8_t *buf, size_t len)
{
    size_t stored =
        offset < segment->filesz ? MIN(len, segment->filesz - offset) : 0;

    memcpy(buf, file->bytes + segment->offset + offset, stored);
    memset(buf + stored, 0, len - stored);
}

bool dumpelf_read(const DumpFile *file, GcPaddr paddr, uint8_t *buf, size_t len)
{
    for (unsigned i = 1; i < dumpelf_get_n_segments(file); i++) {
        DumpSegment segment = dumpelf_get_segment(file, i);

        if (paddr >= segment.paddr && paddr - segment.paddr < segment.memsz &&
            len <= segment.memsz - (paddr - segment.paddr)) {
            read_segment(file, &segment, paddr - segment.paddr, buf, len);
            return true;
        }
    }
    return false;
}

DumpKdump dumpkdump_assert_headers(const DumpFile *file)
{
    return dumpkdump_assert_level(file, 0);
}

DumpKdump dumpkdump_assert_level(const DumpFile *file, unsigned level)
{
    uint32_t block = dumpfile_u32(file, 428);
    uint32_t sub_blocks = dumpfile_u32(file, 432);
    uint64_t sub = block;
    DumpKdump kdump = {
        .notes = dumpfile_u64(file, sub + 48),
        .notes_size = dumpfile_u64(file, sub + 56),
        .max_mapnr = dumpfile_u64(file, sub + 96),
        .bitmap1 = (1 + (uint64_t)sub_blocks) * block,
        .level = level,
    };
    uint64_t bitmap = dumpfile_u32(file, 436) / 2 * (uint64_t)block;

    assert_memory_equal(file->bytes, "KDUMP   ", 8);
    assert_int_equal(dumpfile_u32(file, 8), 6);
    assert_int_equal(block, 4096);
    assert_int_equal(dumpfile_u64(file, 416), 0); /* tv_usec: see 2.3 */
    assert_int_equal(dumpfile_u32(file, 440), MIN(kdump.max_mapnr, UINT32_MAX));
    assert_int_equal(dumpfile_u32(file, sub + 8), level); /* dump_level */
    assert_int_equal(dumpfile_u32(file, sub + 12), 0);    /* split */
    assert_int_equal(kdump.notes, sub + 104);
    assert_true(kdump.notes + kdump.notes_size <= kdump.bitmap1);
    assert_true(bitmap * 8 >= kdump.max_mapnr);
    assert_true((bitmap - block) * 8 < kdump.max_mapnr);
    kdump.bitmap2 = kdump.bitmap1 + bitmap;
    kdump.descs = kdump.bitmap2 + bitmap;
    assert_true(kdump.descs <= file->size);
    for (uint64_t i = 0; i < bitmap; i++) {
        kdump.n_stored +=
            (unsigned)__builtin_popcount(file->bytes[kdump.bitmap2 + i]);
    }
    return kdump;
}

static bool test_bit(const DumpFile *file, uint64_t bitmap, GcPfn pfn)
{
    return (file->bytes[bitmap + pfn / 8] >> pfn % 8 & 1) != 0;
}

/* How many bits of the bitmap are set before @pfn. */
static uint64_t count_before(const DumpFile *file, uint64_t bitmap, GcPfn pfn)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < pfn / 8; i++) {
        n += (unsigned)__builtin_popcount(file->bytes[bitmap + i]);
    }
    for (GcPfn at = pfn / 8 * 8; at < pfn; at++) {
        n += test_bit(file, bitmap, at);
    }
    return n;
}

bool dumpkdump_get_page(const DumpFile *file, const DumpKdump *kdump, GcPfn pfn,
                        DumpPage *ret_page)
{
    uint64_t desc;

    assert_true(pfn < kdump->max_mapnr);
    assert_true(test_bit(file, kdump->bitmap1, pfn) ||
                !test_bit(file, kdump->bitmap2, pfn));
    if (kdump->level == 0) {
        assert_int_equal(test_bit(file, kdump->bitmap1, pfn),
                         test_bit(file, kdump->bitmap2, pfn));
    }
    if (!test_bit(file, kdump->bitmap2, pfn)) {
        return false;
    }
    desc = kdump->descs + 24 * count_before(file, kdump->bitmap2, pfn);
    *ret_page = (DumpPage){
        .offset = dumpfile_u64(file, desc),
        .size = dumpfile_u32(file, desc + 8),
        .flags = dumpfile_u32(file, desc + 12),
    };
    assert_int_equal(dumpfile_u64(file, desc + 16), 0);
    assert_true(ret_page->offset >= kdump->descs + 24 * kdump->n_stored);
    assert_true(ret_page->offset + ret_page->size <= file->size);
    return true;
}

bool dumpkdump_read(const DumpFile *file, const DumpKdump *kdump, GcPfn pfn,
                    uint8_t page[GUESTGEN_PAGE])
{
    DumpPage info;
    uLongf size = GUESTGEN_PAGE;

    if (!dumpkdump_get_page(file, kdump, pfn, &info)) {
        return false;
    }
    if (info.flags == 0) {
        assert_int_equal(info.size, GUESTGEN_PAGE);
        memcpy(page, file->bytes + info.offset, GUESTGEN_PAGE);
        return true;
    }
    assert_int_equal(info.flags, 1);
    assert_true(info.size < GUESTGEN_PAGE);
    assert_int_equal(
        uncompress(page, &size, file->bytes + info.offset, info.size), Z_OK);
    assert_int_equal(size, GUESTGEN_PAGE);
    return true;
}
