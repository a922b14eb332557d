/* SPDX-License-Identifier: MIT */
/* Memory of a forked child: what it used is read, what it never used is found
 * to be a hole and stays one. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestcore/error.h"

#include "guest/attach/process_memory.h"
#include "tests/unit/cmocka_all.h"

#define N_PAGES 4096u
#define USED 100u /* a page that the child wrote to */

typedef struct Child {
    pid_t pid;
    size_t page_size;
    uint8_t *bytes; /* as mapped in the child; here too, but untouched */
    size_t size;
    GcProcess *process;
    GArray *map;
} Child;

/* A child that maps memory as @flags say, writes to two pages, and waits. */
static void child_init(Child *child, int flags, int fd)
{
    int ready[2];
    char byte;

    child->page_size = (size_t)sysconf(_SC_PAGESIZE);
    child->size = N_PAGES * child->page_size;
    child->bytes =
        mmap(NULL, child->size, PROT_READ | PROT_WRITE, flags, fd, 0);
    assert_true(child->bytes != MAP_FAILED);
    madvise(child->bytes, child->size, MADV_NOHUGEPAGE);
    assert_int_equal(pipe(ready), 0);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        memset(child->bytes + USED * child->page_size, 'c', child->page_size);
        child->bytes[(USED + 2) * child->page_size - 1] = 'd';
        if (write(ready[1], "", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    child->process = gc_process_new(child->pid, NULL);
    assert_non_null(child->process);
    child->map = gc_process_map_read(child->pid, NULL);
    assert_non_null(child->map);
}

static void child_clear(Child *child)
{
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    gc_process_unref(child->process);
    g_array_unref(child->map);
    munmap(child->bytes, child->size);
}

static const GcProcessMapping *mapping_of(const Child *child)
{
    const GcProcessMapping *mapping =
        gc_process_map_find(child->map, (uintptr_t)child->bytes);

    assert_non_null(mapping);
    return mapping;
}

/* The child's memory as guest memory from address 0 on. */
static GcMemory *memory_of(const Child *child, GcProcessDoor expected)
{
    GcMemory *memory = gc_memory_new();
    GcProcessDoor door = GC_PROCESS_DOOR_BLIND;

    assert_true(gc_process_memory_add(memory, 0, child->size, child->process,
                                      mapping_of(child),
                                      (uintptr_t)child->bytes, &door, NULL));
    assert_int_equal(door, expected);
    return memory;
}

/* How many pages of the block are there, as the kernel counts. */
static unsigned count_present(const Child *child)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%d/pagemap", (int)child->pid);
    g_autofree uint64_t *entries = g_new0(uint64_t, N_PAGES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = N_PAGES * sizeof(*entries);
    unsigned n = 0;

    assert_true(fd >= 0);
    assert_int_equal(
        pread(fd, entries, (size_t)size,
              (off_t)((uintptr_t)child->bytes / child->page_size * 8)),
        size);
    close(fd);
    for (unsigned i = 0; i < N_PAGES; i++) {
        n += (unsigned)(entries[i] >> 63);
    }
    return n;
}

static void assert_data(GcMemory *memory, uint64_t from, uint64_t start,
                        uint64_t end)
{
    GcPaddr found_start;
    GcPaddr found_end;

    assert_true(gc_memory_next_data(memory, from, UINT32_MAX, &found_start,
                                    &found_end, NULL));
    assert_int_equal(found_start, start);
    assert_int_equal(found_end, end);
}

static void test_used_pages_are_data_and_all_others_stay_holes(void **state)
{
    Child child;
    g_autoptr(GcMemory) memory = NULL;
    g_autofree uint8_t *bytes = NULL;
    uint64_t page;

    (void)state;
    child_init(&child, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    page = child.page_size;
    memory = memory_of(&child, GC_PROCESS_DOOR_PRIVATE);
    assert_data(memory, 0, USED * page, (USED + 2) * page);
    assert_data(memory, USED * page + 5, USED * page + 5, (USED + 2) * page);
    assert_data(memory, (USED + 2) * page, UINT32_MAX, UINT32_MAX);

    bytes = g_malloc(child.size);
    assert_true(gc_memory_read(memory, 0, bytes, child.size, NULL));
    assert_int_equal(bytes[USED * page - 1], 0);
    assert_int_equal(bytes[USED * page], 'c');
    assert_int_equal(bytes[(USED + 1) * page - 1], 'c');
    assert_int_equal(bytes[(USED + 2) * page - 1], 'd');
    assert_int_equal(bytes[child.size - 1], 0);
    assert_int_equal(count_present(&child), 2);
    assert_int_equal(gc_process_get_n_unreadable(child.process), 0);
    child_clear(&child);
}

/* The file holds "f" in page 7; the child's own pages hide the file's. */
static int make_file(size_t page_size)
{
    int fd = memfd_create("guest", MFD_CLOEXEC);

    assert_int_equal(ftruncate(fd, (off_t)(N_PAGES * page_size)), 0);
    assert_int_equal(pwrite(fd, "f", 1, (off_t)(7 * page_size)), 1);
    assert_int_equal(pwrite(fd, "f", 1, (off_t)(USED * page_size)), 1);
    return fd;
}

static void assert_byte(GcMemory *memory, uint64_t at, char expected)
{
    char byte = 0;

    assert_true(gc_memory_read(memory, at, &byte, 1, NULL));
    assert_int_equal(byte, expected);
}

static void test_shared_memory_is_read_from_its_file(void **state)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    int fd = make_file(page);
    Child child;
    g_autoptr(GcMemory) memory = NULL;

    (void)state;
    child_init(&child, MAP_SHARED, fd);
    assert_true(mapping_of(&child)->is_shared);
    memory = memory_of(&child, GC_PROCESS_DOOR_FILE);
    assert_data(memory, 0, 7 * page, 8 * page);
    assert_data(memory, 8 * page, USED * page, (USED + 2) * page);
    assert_byte(memory, 7 * page, 'f');
    assert_byte(memory, USED * page, 'c');
    assert_byte(memory, 9 * page, 0);
    assert_int_equal(count_present(&child), 2);
    child_clear(&child);
    close(fd);
}

static void test_private_memory_over_a_file_shows_both(void **state)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    int fd = make_file(page);
    Child child;
    g_autoptr(GcMemory) memory = NULL;

    (void)state;
    child_init(&child, MAP_PRIVATE, fd);
    assert_false(mapping_of(&child)->is_shared);
    memory = memory_of(&child, GC_PROCESS_DOOR_PRIVATE);
    assert_byte(memory, 7 * page, 'f');
    assert_byte(memory, USED * page, 'c');
    assert_byte(memory, (USED + 2) * page - 1, 'd');
    assert_byte(memory, 9 * page, 0);
    assert_data(memory, 8 * page, USED * page, (USED + 2) * page);
    child_clear(&child);
    close(fd);
}

static void test_a_process_that_is_gone_cannot_be_read(void **state)
{
    Child child;
    g_autoptr(GcMemory) memory = NULL;
    g_autoptr(GError) error = NULL;
    char byte;

    (void)state;
    child_init(&child, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memory = memory_of(&child, GC_PROCESS_DOOR_PRIVATE);
    kill(child.pid, SIGKILL);
    waitpid(child.pid, NULL, 0);
    assert_false(
        gc_memory_read(memory, USED * child.page_size, &byte, 1, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    g_clear_error(&error);
    assert_null(gc_process_map_read(child.pid, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    child.pid = fork(); /* something to end, for child_clear() */
    if (child.pid == 0) {
        _exit(0);
    }
    child_clear(&child);
}

static void test_an_address_outside_of_all_mappings_has_none(void **state)
{
    g_autoptr(GArray) map = gc_process_map_read(getpid(), NULL);
    const GcProcessMapping *code =
        gc_process_map_find(map, (uintptr_t)&make_file);

    (void)state;
    assert_non_null(code);
    assert_int_not_equal(code->inode, 0);
    assert_false(code->is_shared);
    assert_null(gc_process_map_find(map, 0));
    assert_null(gc_process_map_find(map, UINT64_MAX));
    for (guint i = 1; i < map->len; i++) {
        assert_true(g_array_index(map, GcProcessMapping, i - 1).end <=
                    g_array_index(map, GcProcessMapping, i).start);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used_pages_are_data_and_all_others_stay_holes),
        cmocka_unit_test(test_shared_memory_is_read_from_its_file),
        cmocka_unit_test(test_private_memory_over_a_file_shows_both),
        cmocka_unit_test(test_a_process_that_is_gone_cannot_be_read),
        cmocka_unit_test(test_an_address_outside_of_all_mappings_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
