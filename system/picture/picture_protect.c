/* SPDX-License-Identifier: MIT */
/* A picture of shared memory: all pages are write-protected, and who writes to
 * one waits until a thread has put it aside.  What is aside is read there, all
 * else in the memory itself.
 *
 * States of a page, under the lock: protected, then aside and free to write.
 * Others who have the memory mapped are not seen by userfaultfd, and must not
 * write to it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bitmap.h"
#include "base/error.h"
#include "base/fileio.h"
#include "system/picture/picture_class.h"

/* Read under one hold of the lock, in bytes: how long a write may wait. */
#define READ_PART (128 * 1024)

/* Faults that are handled at a time. */
#define MAX_FAULTS 16

#define FEATURES                                                               \
    (UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM)

typedef struct Protect {
    const GcRam *ram;
    uint64_t page_size;
    int faults; /* of userfaultfd(2) */
    int stop;   /* an eventfd */
    pthread_t thread;
    bool has_thread;

    pthread_rwlock_t lock;
    GcBitmap *is_aside; /* of the pages */
    uint8_t *aside;     /* as large as the RAM; costs what is in it */
    int failure;        /* errno of what lost the picture */
} Protect;

/* The thread that puts pages aside */

static void set_failure(Protect *picture, int saved_errno)
{
    if (picture->failure == 0) {
        picture->failure = saved_errno;
    }
}

/* A page that cannot be put aside loses the picture, and not the guest. */
static void put_aside(Protect *picture, uint64_t offset)
{
    uint64_t page = offset / picture->page_size;

    pthread_rwlock_wrlock(&picture->lock);
    if (!gc_bitmap_test(picture->is_aside, page)) {
        if (!gc_pread_all(picture->ram->fd, picture->aside + offset,
                          picture->page_size, offset, NULL)) {
            set_failure(picture, EIO);
        }
        gc_bitmap_set_range(picture->is_aside, page, page + 1);
    }
    pthread_rwlock_unlock(&picture->lock);
}

static bool change_protection(const Protect *picture, uint64_t offset,
                              uint64_t size, bool protect)
{
    struct uffdio_writeprotect change = {
        .range = {(uintptr_t)picture->ram->host + offset, size},
        .mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
    };

    while (ioctl(picture->faults, UFFDIO_WRITEPROTECT, &change) != 0) {
        if (errno != EAGAIN && errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Nobody waits for a page any more. */
static void let_all_go(const Protect *picture)
{
    struct uffdio_range all = {(uintptr_t)picture->ram->host,
                               picture->ram->size};

    ioctl(picture->faults, UFFDIO_UNREGISTER, &all);
}

static void handle_fault(Protect *picture, const struct uffd_msg *message)
{
    uint64_t offset;

    if (message->event != UFFD_EVENT_PAGEFAULT) {
        return;
    }
    offset = message->arg.pagefault.address - (uintptr_t)picture->ram->host;
    offset -= offset % picture->page_size;
    put_aside(picture, offset);
    if (!change_protection(picture, offset, picture->page_size, false)) {
        int saved_errno = errno;

        pthread_rwlock_wrlock(&picture->lock);
        set_failure(picture, saved_errno);
        pthread_rwlock_unlock(&picture->lock);
        let_all_go(picture);
    }
}

static void *run(void *opaque)
{
    Protect *picture = opaque;
    struct uffd_msg messages[MAX_FAULTS];
    struct pollfd fds[] = {{.fd = picture->faults, .events = POLLIN},
                           {.fd = picture->stop, .events = POLLIN}};

    while (fds[1].revents == 0) {
        ssize_t n;

        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 || fds[0].revents == 0) {
            continue;
        }
        n = read(picture->faults, messages, sizeof(messages));
        for (ssize_t i = 0; i < n / (ssize_t)sizeof(*messages); i++) {
            handle_fault(picture, &messages[i]);
        }
    }
    return NULL;
}

/* The end */

static void stop_thread(Protect *picture)
{
    uint64_t one = 1;
    ssize_t n;

    do {
        n = write(picture->stop, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
    pthread_join(picture->thread, NULL);
}

static bool end_protect(void *opaque, GError **error)
{
    Protect *picture = opaque;

    let_all_go(picture);
    if (picture->has_thread) {
        stop_thread(picture);
    }
    picture->has_thread = false;
    gc_close_fd(&picture->faults);
    if (picture->failure != 0) {
        gc_set_error_errno(error, picture->failure,
                           "cannot put a page of the guest's memory aside");
    }
    return picture->failure == 0;
}

static void free_protect(void *opaque)
{
    Protect *picture = opaque;

    if (picture->aside != NULL) {
        munmap(picture->aside, picture->ram->size);
    }
    gc_bitmap_free(picture->is_aside);
    gc_close_fd(&picture->stop);
    gc_close_fd(&picture->faults);
    pthread_rwlock_destroy(&picture->lock);
    g_free(picture);
}

/* The beginning */

/* The descriptor, which a user gets from the system call if he may, else from
 * a device if that is his. */
static int open_faults(void)
{
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    int device;

    if (fd >= 0 || errno != EPERM) {
        return fd;
    }
    device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
    if (device < 0) {
        errno = EPERM;
        return -1;
    }
    fd = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    close(device);
    return fd;
}

static bool set_up_faults(Protect *picture, GError **error)
{
    struct uffdio_api api = {.api = UFFD_API, .features = FEATURES};

    picture->faults = open_faults();
    if (picture->faults < 0 && errno == EPERM) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "shared memory needs userfaultfd, which is not permitted: "
                    "run as root, or give access to /dev/userfaultfd or to all "
                    "(vm.unprivileged_userfaultfd=1)");
    } else if (picture->faults < 0) {
        gc_set_error_errno(error, errno, "shared memory needs userfaultfd");
    } else if (ioctl(picture->faults, UFFDIO_API, &api) != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "this kernel cannot write-protect shared memory; Linux "
                    "5.19 can");
    } else {
        return true;
    }
    return false;
}

static bool register_memory(const Protect *picture, GError **error)
{
    struct uffdio_register all = {
        .range = {(uintptr_t)picture->ram->host, picture->ram->size},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };

    if (ioctl(picture->faults, UFFDIO_REGISTER, &all) == 0) {
        return true;
    }
    if (errno == EINVAL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "memory of a file can be write-protected in a tmpfs or "
                    "hugetlbfs alone; take share=off");
    } else {
        gc_set_error_errno(error, errno, "cannot watch the memory");
    }
    return false;
}

static bool make_room(Protect *picture, GError **error)
{
    void *aside = mmap(NULL, picture->ram->size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    picture->page_size = picture->ram->page_size;
    if (aside == MAP_FAILED) {
        gc_set_error_errno(error, errno,
                           "cannot map memory to put pages aside");
        return false;
    }
    picture->aside = aside;
    picture->is_aside =
        gc_bitmap_new((picture->ram->size - 1) / picture->page_size + 1);
    return true;
}

static bool start_thread(Protect *picture, GError **error)
{
    int failed;

    picture->stop = eventfd(0, EFD_CLOEXEC);
    if (picture->stop < 0) {
        gc_set_error_errno(error, errno, "cannot make an event descriptor");
        return false;
    }
    failed = pthread_create(&picture->thread, NULL, run, picture);
    if (failed != 0) {
        gc_set_error_errno(error, failed, "cannot start a thread");
        return false;
    }
    picture->has_thread = true;
    return true;
}

static bool protect_all(Protect *picture, GError **error)
{
    if (!change_protection(picture, 0, picture->ram->size, true)) {
        gc_set_error_errno(error, errno, "cannot write-protect the memory");
        return false;
    }
    return true;
}

/* The thread that writes waits no longer than for those that read now. */
static void init_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;

    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes,
                                  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

static void *take_protect(const GcRam *ram, GError **error)
{
    Protect *picture = g_new0(Protect, 1);

    picture->ram = ram;
    picture->stop = -1;
    picture->faults = -1;
    init_lock(&picture->lock);
    if (set_up_faults(picture, error) && make_room(picture, error) &&
        register_memory(picture, error) && start_thread(picture, error) &&
        protect_all(picture, error)) {
        return picture;
    }
    end_protect(picture, NULL);
    free_protect(picture);
    return NULL;
}

/* Blocks */

typedef struct Block {
    Protect *picture;
    GcMemory *file;  /* the block's part of the file, from address 0 */
    uint64_t offset; /* of the block in the RAM */
} Block;

/* Where the run of pages ends that are read in the same way as the one that
 * @offset lies in. */
static uint64_t find_run_end(const Protect *picture, uint64_t offset,
                             bool is_aside)
{
    uint64_t n_pages = gc_bitmap_get_n_bits(picture->is_aside);
    uint64_t page = offset / picture->page_size;
    uint64_t end = is_aside
                       ? gc_bitmap_next_clear(picture->is_aside, page, n_pages)
                       : gc_bitmap_next_set(picture->is_aside, page, n_pages);

    return end * picture->page_size;
}

/* Under the lock: as long as it is held, no page becomes free to write. */
static bool read_locked(const Protect *picture, uint64_t offset, uint8_t *buf,
                        size_t len, GError **error)
{
    size_t part;

    if (picture->failure != 0) {
        gc_set_error_errno(error, picture->failure,
                           "cannot put a page of the guest's memory aside");
        return false;
    }
    for (; len > 0; buf += part, offset += part, len -= part) {
        uint64_t page = offset / picture->page_size;
        bool is_aside = gc_bitmap_test(picture->is_aside, page);

        part =
            (size_t)MIN(len, find_run_end(picture, offset, is_aside) - offset);
        if (is_aside) {
            memcpy(buf, picture->aside + offset, part);
        } else if (!gc_pread_all(picture->ram->fd, buf, part, offset, error)) {
            return false;
        }
    }
    return true;
}

static bool read_block(void *opaque, uint64_t offset, void *buf, size_t len,
                       GError **error)
{
    const Block *block = opaque;
    uint8_t *to = buf;
    size_t part;

    for (; len > 0; to += part, offset += part, len -= part) {
        bool ok;

        part = MIN(len, READ_PART);
        pthread_rwlock_rdlock(&block->picture->lock);
        ok = read_locked(block->picture, block->offset + offset, to, part,
                         error);
        pthread_rwlock_unlock(&block->picture->lock);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* What was a hole and is none any more reads as zeros: no harm. */
static bool next_data(void *opaque, uint64_t offset, uint64_t end,
                      uint64_t *ret_start, uint64_t *ret_end, GError **error)
{
    const Block *block = opaque;

    return gc_memory_next_data(block->file, offset, end, ret_start, ret_end,
                               error);
}

static void free_block(void *opaque)
{
    Block *block = opaque;

    gc_memory_unref(block->file);
    g_free(block);
}

static bool add_protect_block(void *opaque, GcMemory *memory, GcPaddr start,
                              uint64_t size, uint64_t offset, GError **error)
{
    static const GcMemoryOps ops = {
        .read = read_block, .next_data = next_data, .free = free_block};
    Protect *picture = opaque;
    Block *block = g_new0(Block, 1);

    block->picture = picture;
    block->offset = offset;
    block->file = gc_memory_new();
    if (!gc_memory_add_fd(block->file, 0, size, picture->ram->fd, offset,
                          error) ||
        !gc_memory_add(memory, start, size, &ops, block, error)) {
        free_block(block);
        return false;
    }
    return true;
}

const GcPictureClass gc_picture_protect = {
    .take = take_protect,
    .add_block = add_protect_block,
    .end = end_protect,
    .free = free_protect,
};
