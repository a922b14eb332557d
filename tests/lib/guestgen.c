/* SPDX-License-Identifier: MIT */
#include "tests/lib/guestgen.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/guestgen_private.h"

static void block_free(gpointer data)
{
    GuestgenBlock *block = data;

    munmap(block->bytes, block->size);
    close(block->fd);
    g_free(block);
}

static void note_free(gpointer data)
{
    GuestgenNote *note = data;

    g_free(note->name);
    g_bytes_unref(note->desc);
    g_free(note);
}

Guestgen *guestgen_new(void)
{
    Guestgen *gen = g_new0(Guestgen, 1);

    gen->blocks = g_ptr_array_new_with_free_func(block_free);
    gen->notes = g_ptr_array_new_with_free_func(note_free);
    gen->broken_at = UINT64_MAX;
    return gen;
}

void guestgen_free(Guestgen *gen)
{
    if (gen != NULL) {
        g_ptr_array_unref(gen->blocks);
        g_ptr_array_unref(gen->notes);
        g_free(gen);
    }
}

Guestgen *guestgen_new_full(void)
{
    Guestgen *gen = guestgen_new();

    guestgen_add_ram(gen, 0, 0x9fc00, GUESTGEN_HOST);
    guestgen_add_ram(gen, GUESTGEN_MIB, 7 * GUESTGEN_MIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 8 * GUESTGEN_MIB, GUESTGEN_MIB, GUESTGEN_CUSTOM);
    guestgen_add_ram(gen, 4 * GUESTGEN_GIB + 0x800, 0x10000, GUESTGEN_HOST);
    guestgen_add_ram(gen, 4 * GUESTGEN_GIB + 0x20000, 4 * GUESTGEN_MIB,
                     GUESTGEN_FD);
    guestgen_fill(gen, 0x1000, 0x3000);
    guestgen_fill(gen, 0x9f000, 0xc00);
    guestgen_fill(gen, 5 * GUESTGEN_MIB + 0x4000, GUESTGEN_MIB);
    guestgen_fill(gen, 8 * GUESTGEN_MIB - 0x3000, 0x7000);
    guestgen_fill_noise(gen, 8 * GUESTGEN_MIB + 0x8000, 0x9000);
    guestgen_fill(gen, 4 * GUESTGEN_GIB + 0x800, 0x900);
    guestgen_fill(gen, 4 * GUESTGEN_GIB + 0x20000 + 3 * GUESTGEN_MIB, 0x2000);
    guestgen_add_cpu(gen);
    guestgen_add_cpu(gen);
    guestgen_add_kernel(gen, &guestgen_kernel);
    return gen;
}

Guestgen *guestgen_new_tiny(void)
{
    Guestgen *gen = guestgen_new();

    guestgen_add_ram(gen, 0, 2 * GUESTGEN_PAGE, GUESTGEN_HOST);
    guestgen_add_ram(gen, 0x4000, GUESTGEN_PAGE, GUESTGEN_HOST);
    guestgen_fill(gen, 0x1000, 0x200);
    guestgen_fill_noise(gen, 0x4000, 0x40);
    guestgen_add_cpu(gen);
    guestgen_add_note(gen, "VMCOREINFO", 0,
                      "OSRELEASE=6.1.0-tiny\nNUMBER(phys_base)=-4096\n");
    return gen;
}

void guestgen_add_ram(Guestgen *gen, GcPaddr start, uint64_t size,
                      GuestgenBacking backing)
{
    GuestgenBlock *block = g_new0(GuestgenBlock, 1);

    block->gen = gen;
    block->start = start;
    block->size = size;
    block->backing = backing;
    block->fd = memfd_create("guestgen", MFD_CLOEXEC);
    g_assert(block->fd >= 0 && ftruncate(block->fd, (off_t)size) == 0);
    block->bytes =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, block->fd, 0);
    g_assert(block->bytes != MAP_FAILED);
    g_ptr_array_add(gen->blocks, block);
}

static GuestgenBlock *find_block(const Guestgen *gen, GcPaddr paddr)
{
    for (guint i = 0; i < gen->blocks->len; i++) {
        GuestgenBlock *block = g_ptr_array_index(gen->blocks, i);

        if (paddr - block->start < block->size) {
            return block;
        }
    }
    return NULL;
}

uint8_t *guestgen_at(Guestgen *gen, GcPaddr paddr)
{
    GuestgenBlock *block = find_block(gen, paddr);

    g_assert(block != NULL);
    return block->bytes + (paddr - block->start);
}

/* A number that is as good as random; from SplitMix64. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void guestgen_fill(Guestgen *gen, GcPaddr paddr, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        uint64_t word = mix((paddr + i) / 8);
        bool is_zero = (word >> 60) < 9;

        *guestgen_at(gen, paddr + i) =
            is_zero ? 0 : (uint8_t)(word >> (paddr + i) % 8 * 3);
    }
}

void guestgen_fill_noise(Guestgen *gen, GcPaddr paddr, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        *guestgen_at(gen, paddr + i) = (uint8_t)mix(paddr + i);
    }
}

void guestgen_break_at(Guestgen *gen, GcPaddr paddr)
{
    gen->broken_at = paddr;
}

unsigned guestgen_get_hole_reads(Guestgen *gen)
{
    return (unsigned)g_atomic_int_get(&gen->hole_reads);
}

void guestgen_read(const Guestgen *gen, GcPaddr paddr, uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const GuestgenBlock *block = find_block(gen, paddr + i);

        buf[i] = block != NULL ? block->bytes[paddr + i - block->start] : 0;
    }
}

static void add_note_bytes(Guestgen *gen, const char *name, uint32_t type,
                           const void *desc, size_t size)
{
    GuestgenNote *note = g_new0(GuestgenNote, 1);

    note->name = g_strdup(name);
    note->type = type;
    note->desc = g_bytes_new(desc, size);
    g_ptr_array_add(gen->notes, note);
}

void guestgen_add_note(Guestgen *gen, const char *name, uint32_t type,
                       const char *desc)
{
    add_note_bytes(gen, name, type, desc, strlen(desc));
}

void guestgen_clear_notes(Guestgen *gen)
{
    g_ptr_array_set_size(gen->notes, 0);
}

void guestgen_add_cpu(Guestgen *gen)
{
    uint8_t prstatus[336] = {0};
    uint8_t qemu[440] = {1, 0, 0, 0, 440 & 0xff, 440 >> 8};

    gen->n_cpus++;
    prstatus[32] = (uint8_t)gen->n_cpus;
    memset(prstatus + 112, 0x40 + (int)gen->n_cpus, 27 * 8);
    memset(qemu + 8, 0x80 + (int)gen->n_cpus, sizeof(qemu) - 8);
    add_note_bytes(gen, "CORE", 1, prstatus, sizeof(prstatus));
    add_note_bytes(gen, "QEMU", 0, qemu, sizeof(qemu));
}

/* Whether [@offset, @offset + @len) of the block is all holes. */
static bool is_hole(const GuestgenBlock *block, uint64_t offset, size_t len)
{
    off_t data = lseek(block->fd, (off_t)offset, SEEK_DATA);

    return data < 0 || (uint64_t)data >= offset + len;
}

static bool custom_read(void *opaque, uint64_t offset, void *buf, size_t len,
                        GError **error)
{
    GuestgenBlock *block = opaque;
    uint64_t broken = block->gen->broken_at - block->start;

    if (broken >= offset && broken - offset < len) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "broken on purpose");
        return false;
    }
    if (is_hole(block, offset, len)) {
        g_atomic_int_inc(&block->gen->hole_reads);
    }
    memcpy(buf, block->bytes + offset, len);
    return true;
}

static bool custom_next_data(void *opaque, uint64_t offset, uint64_t end,
                             uint64_t *ret_start, uint64_t *ret_end,
                             GError **error)
{
    const GuestgenBlock *block = opaque;
    off_t data = lseek(block->fd, (off_t)offset, SEEK_DATA);
    off_t hole;

    (void)error;
    *ret_start = end;
    *ret_end = end;
    if (data >= 0 && (uint64_t)data < end) {
        hole = lseek(block->fd, data, SEEK_HOLE);
        *ret_start = (uint64_t)data;
        *ret_end = MIN((uint64_t)hole, end);
    }
    return true;
}

static void add_block(GcMemory *memory, GuestgenBlock *block)
{
    static const GcMemoryOps ops = {.read = custom_read,
                                    .next_data = custom_next_data};
    bool ok = false;

    switch (block->backing) {
    case GUESTGEN_HOST:
        ok = gc_memory_add_host(memory, block->start, block->size, block->bytes,
                                NULL);
        break;
    case GUESTGEN_FD:
        ok = gc_memory_add_fd(memory, block->start, block->size, block->fd, 0,
                              NULL);
        break;
    case GUESTGEN_CUSTOM:
        ok =
            gc_memory_add(memory, block->start, block->size, &ops, block, NULL);
        break;
    }
    g_assert(ok);
}

GcMemory *guestgen_make_memory(Guestgen *gen)
{
    GcMemory *memory = gc_memory_new();

    for (guint i = 0; i < gen->blocks->len; i++) {
        add_block(memory, g_ptr_array_index(gen->blocks, i));
    }
    return memory;
}

GcGuest *guestgen_make_guest(Guestgen *gen)
{
    g_autoptr(GcMemory) memory = guestgen_make_memory(gen);
    GcGuest *guest = gc_guest_new("x86_64", memory, NULL);

    g_assert(guest != NULL);
    for (guint i = 0; i < gen->notes->len; i++) {
        const GuestgenNote *note = g_ptr_array_index(gen->notes, i);
        bool ok =
            gc_guest_add_note(guest, note->name, note->type, note->desc, NULL);

        g_assert(ok);
    }
    return guest;
}
