/* SPDX-License-Identifier: MIT */
#include "tests/lib/elfgen.h"

#include <string.h>

#include "guestcore/error.h"

static unsigned header_size(const Elfgen *elf)
{
    return elf->is_64bit ? 64 : 52;
}

static unsigned segment_size(const Elfgen *elf)
{
    return elf->is_64bit ? 56 : 32;
}

static unsigned word(const Elfgen *elf)
{
    return elf->is_64bit ? 8 : 4;
}

void elfgen_put(Elfgen *elf, uint64_t offset, unsigned width, uint64_t value)
{
    g_assert(offset + width <= elf->bytes->len);
    for (unsigned i = 0; i < width; i++) {
        unsigned at = elf->big_endian ? width - 1 - i : i;

        elf->bytes->data[offset + at] = (uint8_t)(value >> 8 * i);
    }
}

Elfgen *elfgen_new(bool is_64bit, bool big_endian, uint16_t machine, unsigned n)
{
    Elfgen *elf = g_new0(Elfgen, 1);
    const uint8_t ident[] = {
        0x7f, 'E', 'L', 'F', is_64bit ? 2 : 1, big_endian ? 2 : 1, 1};

    elf->is_64bit = is_64bit;
    elf->big_endian = big_endian;
    elf->bytes = g_byte_array_new();
    g_byte_array_set_size(elf->bytes, header_size(elf) + n * segment_size(elf));
    memset(elf->bytes->data, 0, elf->bytes->len);
    memcpy(elf->bytes->data, ident, sizeof(ident));
    elfgen_set_type(elf, 4);
    elfgen_put(elf, 18, 2, machine);
    elfgen_put(elf, 20, 4, 1);
    elfgen_set_phoff(elf, header_size(elf));
    elfgen_put(elf, is_64bit ? 52 : 40, 2, header_size(elf));
    elfgen_set_phentsize(elf, (uint16_t)segment_size(elf));
    elfgen_set_phnum(elf, (uint16_t)n);
    return elf;
}

void elfgen_free(Elfgen *elf)
{
    if (elf != NULL) {
        g_byte_array_unref(elf->bytes);
        g_free(elf);
    }
}

void elfgen_set_type(Elfgen *elf, uint16_t type)
{
    elfgen_put(elf, 16, 2, type);
}

void elfgen_set_phoff(Elfgen *elf, uint64_t value)
{
    elfgen_put(elf, elf->is_64bit ? 32 : 28, word(elf), value);
}

void elfgen_set_shoff(Elfgen *elf, uint64_t value)
{
    elfgen_put(elf, elf->is_64bit ? 40 : 32, word(elf), value);
}

void elfgen_set_phentsize(Elfgen *elf, uint16_t value)
{
    elfgen_put(elf, elf->is_64bit ? 54 : 42, 2, value);
}

void elfgen_set_phnum(Elfgen *elf, uint16_t value)
{
    elfgen_put(elf, elf->is_64bit ? 56 : 44, 2, value);
}

void elfgen_set_segment(Elfgen *elf, unsigned i, ElfgenSegment segment)
{
    /* offset, vaddr, paddr, filesz, memsz: of one word each */
    uint64_t at = header_size(elf) + (uint64_t)i * segment_size(elf);
    uint64_t first = at + word(elf);

    elfgen_put(elf, at, 4, segment.type);
    elfgen_put(elf, first, word(elf), segment.offset);
    elfgen_put(elf, first + word(elf), word(elf), segment.paddr);
    elfgen_put(elf, first + 2 * word(elf), word(elf), segment.paddr);
    elfgen_put(elf, first + 3 * word(elf), word(elf), segment.filesz);
    elfgen_put(elf, first + 4 * word(elf), word(elf), segment.memsz);
}

uint64_t elfgen_append(Elfgen *elf, const void *bytes, size_t size)
{
    uint64_t at = elf->bytes->len;

    g_byte_array_append(elf->bytes, bytes, (guint)size);
    return at;
}

uint64_t elfgen_append_note(Elfgen *elf, const char *name, uint32_t type,
                            const void *desc, uint32_t size)
{
    static const uint8_t zeros[12];
    size_t name_size = strlen(name) + 1;
    uint64_t at = elfgen_append(elf, zeros, 12);

    elfgen_put(elf, at, 4, name_size);
    elfgen_put(elf, at + 4, 4, size);
    elfgen_put(elf, at + 8, 4, type);
    elfgen_append(elf, name, name_size);
    elfgen_append(elf, zeros, -name_size % 4);
    elfgen_append(elf, desc, size);
    elfgen_append(elf, zeros, -(size_t)size % 4);
    return elf->bytes->len - at;
}

uint64_t elfgen_append_section(Elfgen *elf, uint32_t info)
{
    static const uint8_t zeros[64];
    uint64_t at = elfgen_append(elf, zeros, elf->is_64bit ? 64 : 40);

    elfgen_put(elf, at + (elf->is_64bit ? 44 : 28), 4, info);
    return at;
}

static bool read_bytes(void *opaque, uint64_t offset, void *buf, size_t len,
                       GError **error)
{
    const Elfgen *elf = opaque;

    if (offset > elf->bytes->len || len > elf->bytes->len - offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "file ends");
        return false;
    }
    memcpy(buf, elf->bytes->data + offset, len);
    return true;
}

GcFile elfgen_get_file(Elfgen *elf)
{
    return (GcFile){read_bytes, elf, elf->bytes->len};
}

void elfgen_save(const Elfgen *elf, const char *path)
{
    bool ok = g_file_set_contents(path, (const char *)elf->bytes->data,
                                  elf->bytes->len, NULL);

    g_assert(ok);
}
