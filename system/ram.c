/* SPDX-License-Identifier: MIT */
#include "system/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "guestcore/error.h"

#include "base/error.h"
#include "base/fileio.h"
#include "guest/attach/process_memory.h"

/* What linux/magic.h has. */
#define HUGETLBFS_MAGIC_NUMBER 0x958458f6

void gc_ram_free(GcRam *ram)
{
    if (ram == NULL) {
        return;
    }
    if (ram->host != NULL) {
        munmap(ram->host, ram->size);
    }
    gc_close_fd(&ram->fd);
    g_free(ram->id);
    g_free(ram);
}

/* A file in a directory such as /dev/shm or a hugetlbfs: nobody else's. */
static int open_in_directory(const char *path)
{
    g_autofree char *name = g_build_filename(path, "guestcore.XXXXXX", NULL);
    int fd = mkostemp(name, O_CLOEXEC);

    if (fd >= 0) {
        unlink(name);
    }
    return fd;
}

static int open_backing(const GcConfigBackend *backend)
{
    if (backend->path == NULL) {
        return memfd_create(backend->id, MFD_CLOEXEC);
    }
    if (g_file_test(backend->path, G_FILE_TEST_IS_DIR)) {
        return open_in_directory(backend->path);
    }
    return open(backend->path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

/* A file that is long enough stays as it is. */
static bool give_size(int fd, uint64_t size, GError **error)
{
    uint64_t present;

    if (!gc_fd_get_size(fd, &present, error)) {
        return false;
    }
    if (present > 0 && present < size) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "file has %" G_GUINT64_FORMAT
                    " bytes, RAM %" G_GUINT64_FORMAT,
                    present, size);
        return false;
    }
    if (present == 0 && ftruncate(fd, (off_t)size) != 0) {
        gc_set_error_errno(error, errno,
                           "cannot make it %" G_GUINT64_FORMAT " bytes long",
                           size);
        return false;
    }
    return true;
}

static bool map_backing(GcRam *ram, GError **error)
{
    int flags = (ram->share ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE |
                (ram->fd < 0 ? MAP_ANONYMOUS : 0);
    void *host =
        mmap(NULL, ram->size, PROT_READ | PROT_WRITE, flags, ram->fd, 0);

    if (host == MAP_FAILED) {
        gc_set_error_errno(error, errno,
                           "cannot map %" G_GUINT64_FORMAT " bytes", ram->size);
        return false;
    }
    ram->host = host;
    return true;
}

/* A hugetlbfs is told by its pages' size, anything else has the usual one. */
static uint64_t find_page_size(int fd)
{
    struct statfs fs;

    return fd >= 0 && fstatfs(fd, &fs) == 0 &&
                   fs.f_type == HUGETLBFS_MAGIC_NUMBER
               ? (uint64_t)fs.f_bsize
               : (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool needs_file(const GcConfigBackend *backend)
{
    return !backend->is_anonymous || backend->share;
}

GcRam *gc_ram_new(const GcConfigBackend *backend, GError **error)
{
    g_autoptr(GcRam) ram = g_new0(GcRam, 1);

    ram->id = g_strdup(backend->id);
    ram->size = backend->size;
    ram->share = backend->share;
    ram->fd = needs_file(backend) ? open_backing(backend) : -1;
    if (ram->fd < 0 && needs_file(backend)) {
        gc_set_error_errno(error, errno, "cannot open %s",
                           backend->path != NULL ? backend->path : "a memfd");
    } else if (ram->size == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "size is 0");
    } else if ((ram->fd < 0 || give_size(ram->fd, ram->size, error)) &&
               map_backing(ram, error)) {
        ram->page_size = find_page_size(ram->fd);
        return g_steal_pointer(&ram);
    }
    g_prefix_error(error, "memory '%s': ", backend->id);
    return NULL;
}

/* This process as another sees it: that knows which pages there are. */
static bool add_private_block(const GcRam *ram, GcMemory *memory, GcPaddr start,
                              uint64_t size, uint64_t offset, GError **error)
{
    uint64_t address = (uintptr_t)ram->host + offset;
    g_autoptr(GcProcess) process = gc_process_new(getpid(), error);
    g_autoptr(GArray) map =
        process != NULL ? gc_process_map_read(getpid(), error) : NULL;
    GcProcessDoor door;

    return map != NULL &&
           gc_process_memory_add(memory, start, size, process,
                                 gc_process_map_find(map, address), address,
                                 &door, error);
}

bool gc_ram_add_block(const GcRam *ram, GcMemory *memory, GcPaddr start,
                      uint64_t size, uint64_t offset, GError **error)
{
    return ram->share
               ? gc_memory_add_fd(memory, start, size, ram->fd, offset, error)
               : add_private_block(ram, memory, start, size, offset, error);
}
