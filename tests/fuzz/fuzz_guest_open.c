/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_guest_open.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guestcore/dump.h"
#include "guestcore/inspect.h"

#include "guest/guest.h"
#include "guest/kernel.h"

#define MAX_BLOCKS 16
#define MAX_SIZE (1u << 20)

static void look_at_memory(GcMemory *memory)
{
    uint8_t buf[8192];
    size_t n = MIN(gc_memory_get_n_blocks(memory), MAX_BLOCKS);

    for (size_t i = 0; i < n; i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        size_t part = (size_t)MIN(block.size, sizeof(buf));
        GcPaddr last = block.start + block.size - part;
        GcPaddr start;
        GcPaddr end;

        gc_memory_read(memory, block.start, buf, part, NULL);
        gc_memory_read(memory, last, buf, part, NULL);
        if (gc_memory_next_data(memory, block.start, block.start + block.size,
                                &start, &end, NULL)) {
            g_assert(start <= end && end <= block.start + block.size);
        }
    }
}

static void look_at(const GcGuest *guest)
{
    int64_t phys_base;
    GcMapping image;
    GcUtsname uts;

    gc_guest_get_phys_base(guest, &phys_base);
    gc_kernel_get_utsname(guest, &uts);
    g_assert(memchr(uts.release, '\0', sizeof(uts.release)) != NULL);
    gc_kernel_find_image(guest, &image);
    look_at_memory(gc_guest_get_memory(guest));
}

/* One memfd for all runs; a path leads to it as to any file. */
static int fill_file(const char *magic, const uint8_t *data, size_t size)
{
    static int fd = -1;
    size_t length = MIN(strlen(magic), size);

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    g_assert(fd >= 0 && ftruncate(fd, 0) == 0);
    if (pwrite(fd, data, size, 0) != (ssize_t)size ||
        pwrite(fd, magic, length, 0) != (ssize_t)length) {
        g_error("cannot fill a memfd");
    }
    return fd;
}

static void inspect(const char *path)
{
    const char *const paths[] = {path, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GcDumpInspection) inspection = gc_dump_inspect(paths, &error);

    g_assert((inspection == NULL) == (error != NULL));
    if (inspection != NULL) {
        g_assert(gc_dump_inspection_get_objections(inspection) != NULL);
    } else {
        g_assert(error->domain == GC_ERROR);
    }
}

void fuzz_guest_open(const char *magic, const uint8_t *data, size_t size)
{
    int fd = fill_file(magic, data, MIN(size, MAX_SIZE));
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GError) error = NULL;
    g_autoptr(GcGuest) guest = gc_guest_open(path, NULL, &error);

    g_assert((guest == NULL) == (error != NULL));
    if (guest != NULL) {
        look_at(guest);
        inspect(path);
    } else {
        g_assert(error->domain == GC_ERROR);
        g_assert(error->code == GC_ERROR_FORMAT || error->code == GC_ERROR_IO ||
                 error->code == GC_ERROR_UNSUPPORTED);
    }
}
