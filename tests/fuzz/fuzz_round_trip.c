/* SPDX-License-Identifier: MIT */
/* A dump of anyone's making, ELF or kdump, is written in another format if it
 * can be opened: what is opened then is the same guest, and writing that once
 * more gives the same file.  The first byte chooses the format. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guestcore/dump.h"

#include "guest/guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_SIZE (1u << 20)
#define MAX_END (UINT64_C(1) << 36)    /* of memory, in bytes */
#define MAX_MEMORY (UINT64_C(1) << 23) /* that is compared, in bytes */

static int make_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    g_assert(fd >= 0);
    return fd;
}

static GcGuest *open_fd(int fd, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

    return gc_guest_open(path, NULL, error);
}

/* Whether it is so small that all of it can be compared. */
static bool is_small(const GcGuest *guest)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    uint64_t size = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        if (block.size > MAX_MEMORY - size ||
            block.start > MAX_END - block.size) {
            return false;
        }
        size += block.size;
    }
    return true;
}

/* Writes @guest; -1 if that cannot be done, as when its memory is lost. */
static int write_guest(GcGuest *guest, const char *format)
{
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GError) error = NULL;
    int fd = make_file();
    bool ok = gc_dump_job_set_format(job, format, NULL);

    g_assert(ok);
    gc_dump_job_set_threads(job, 0);
    if (gc_dump_job_run_fd(job, fd, &error)) {
        return fd;
    }
    g_assert(error != NULL && error->domain == GC_ERROR);
    close(fd);
    return -1;
}

static void assert_same_notes(const GcGuest *guest, const GcGuest *again)
{
    GPtrArray *notes = gc_guest_get_notes(guest);
    GPtrArray *others = gc_guest_get_notes(again);

    g_assert(notes->len == others->len);
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *a = g_ptr_array_index(notes, i);
        const GcNote *b = g_ptr_array_index(others, i);

        g_assert(a->type == b->type && strcmp(a->name, b->name) == 0);
        g_assert(g_bytes_equal(a->desc, b->desc));
    }
}

/* A page of which something is missing is missing; to ELF it is a hole. */
static void assert_same_page(const GcGuest *guest, const GcGuest *again,
                             GcPaddr at, size_t size, bool is_elf)
{
    g_autofree uint8_t *page = g_malloc(size);
    g_autofree uint8_t *other = g_malloc(size);
    bool ok =
        gc_memory_read_padded(gc_guest_get_memory(guest), at, page, size, NULL);

    g_assert(gc_memory_read_padded(gc_guest_get_memory(again), at, other, size,
                                   NULL) == (ok || is_elf));
    g_assert(!ok || memcmp(page, other, size) == 0);
}

static void assert_same_memory(const GcGuest *guest, const GcGuest *again,
                               bool is_elf)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    uint32_t size = gc_guest_get_page_size(guest);

    g_assert(gc_guest_get_page_size(again) == size);
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        for (GcPaddr at = block.start / size * size;
             at < block.start + block.size; at += size) {
            assert_same_page(guest, again, at, size, is_elf);
        }
    }
}

static void assert_same_file(int fd, int other)
{
    struct stat st;
    struct stat other_st;
    uint8_t *bytes;
    uint8_t *others;

    g_assert(fstat(fd, &st) == 0 && fstat(other, &other_st) == 0);
    g_assert(st.st_size == other_st.st_size);
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    others = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, other, 0);
    g_assert(bytes != MAP_FAILED && others != MAP_FAILED);
    g_assert(memcmp(bytes, others, (size_t)st.st_size) == 0);
    munmap(bytes, (size_t)st.st_size);
    munmap(others, (size_t)st.st_size);
}

static void assert_survives(GcGuest *guest, const char *format)
{
    g_autoptr(GcGuest) again = NULL;
    g_autoptr(GError) error = NULL;
    int once = write_guest(guest, format);
    int twice;

    if (once < 0) {
        return;
    }
    again = open_fd(once, &error);
    if (again == NULL) {
        g_error("%s", error->message);
    }
    g_assert(strcmp(gc_guest_get_arch(guest), gc_guest_get_arch(again)) == 0);
    g_assert(gc_guest_get_n_cpus(guest) == gc_guest_get_n_cpus(again));
    assert_same_notes(guest, again);
    assert_same_memory(guest, again, strcmp(format, "elf") == 0);
    twice = write_guest(again, format);
    g_assert(twice >= 0);
    assert_same_file(once, twice);
    close(once);
    close(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"elf", "kdump-raw-zlib",
                                          "kdump-zlib"};
    g_autoptr(GcGuest) guest = NULL;
    int fd;

    if (size == 0 || size > MAX_SIZE) {
        return 0;
    }
    fd = make_file();
    if (write(fd, data + 1, size - 1) != (ssize_t)(size - 1)) {
        g_error("cannot fill a memfd");
    }
    guest = open_fd(fd, NULL);
    close(fd);
    if (guest != NULL && is_small(guest)) {
        assert_survives(guest, formats[data[0] % G_N_ELEMENTS(formats)]);
    }
    return 0;
}
