/* SPDX-License-Identifier: MIT */
/* A picture of private memory: a process forked off this one has all of it as
 * it was, and the kernel copies what either writes.  The other process does
 * nothing but live: no code of ours, no lock and no thread is at work in it;
 * this one reads its memory from outside. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/fileio.h"
#include "guest/attach/process.h"
#include "guest/attach/process_memory.h"
#include "system/picture/picture_class.h"

typedef struct Fork {
    const uint8_t *host; /* of the RAM, here and there */
    pid_t child;
    int end; /* of a pipe, by which the child hears of our end */
    GcProcess *process;
    GArray *map; /* of GcProcessMapping: the child's, once it was asked for */
} Fork;

/* Should memory become scarce, the picture is what has to go, and not the
 * VM. */
static void offer_to_die(void)
{
    static const char most[] = "1000";
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, most, strlen(most)) < 0) {
        /* Then it is as likely as the VM to go. */
    }
}

/* A GcChildRun. */
static void live(void *opaque)
{
    const int *parent = opaque; /* the other end of the pipe */
    char byte;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "guestcore-live");
    offer_to_die();
    while (read(*parent, &byte, 1) < 0 && errno == EINTR) {
    }
}

/* The descriptors of @a and @b that there are, in rising order. */
static size_t list_kept(int a, int b, int *ret_keep)
{
    ret_keep[0] = b < 0 ? a : MIN(a, b);
    ret_keep[1] = MAX(a, b);
    return b < 0 ? 1 : 2;
}

static void free_fork(void *opaque)
{
    Fork *picture = opaque;

    g_clear_pointer(&picture->map, g_array_unref);
    gc_process_unref(picture->process);
    gc_close_fd(&picture->end);
    g_free(picture);
}

static void set_lost_error(GError **error, int status)
{
    g_set_error(error, GC_ERROR, GC_ERROR_IO,
                "the process that kept the guest's memory was ended by signal "
                "%d; was memory scarce?",
                WTERMSIG(status));
}

/* It ends of its own will when the pipe does, so that one that did not was
 * ended by somebody else; should that one have stopped it, it goes on first. */
static bool end_fork(void *opaque, GError **error)
{
    Fork *picture = opaque;
    int status = 0;

    gc_close_fd(&picture->end);
    kill(picture->child, SIGCONT);
    while (waitpid(picture->child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status)) {
        set_lost_error(error, status);
    }
    return WIFEXITED(status);
}

/* When the kernel has no huge page left to copy one into, it ends who wrote:
 * that is us. */
static bool check_pages(const GcRam *ram, GError **error)
{
    if (ram->page_size == (uint64_t)sysconf(_SC_PAGESIZE)) {
        return true;
    }
    g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                "private memory of huge pages cannot be copied without "
                "danger for the guest; take share=on");
    return false;
}

static void *take_fork(const GcRam *ram, GError **error)
{
    int ends[2];
    int keep[2];
    Fork *picture;

    if (!check_pages(ram, error)) {
        return NULL;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        gc_set_error_errno(error, errno, "cannot make a pipe");
        return NULL;
    }
    picture = g_new0(Fork, 1);
    picture->host = ram->host;
    picture->end = ends[1];
    picture->child = gc_child_new(keep, list_kept(ends[0], ram->fd, keep), live,
                                  &ends[0], error);
    close(ends[0]);
    if (picture->child < 0) {
        free_fork(picture);
        return NULL;
    }
    picture->process = gc_process_new(picture->child, error);
    if (picture->process == NULL) {
        end_fork(picture, NULL);
        free_fork(picture);
        return NULL;
    }
    return picture;
}

static bool add_fork_block(void *opaque, GcMemory *memory, GcPaddr start,
                           uint64_t size, uint64_t offset, GError **error)
{
    Fork *picture = opaque;
    uint64_t address = (uintptr_t)picture->host + offset;
    const GcProcessMapping *mapping;
    GcProcessDoor door;

    if (picture->map == NULL) {
        picture->map = gc_process_map_read(picture->child, error);
    }
    if (picture->map == NULL) {
        return false;
    }
    mapping = gc_process_map_find(picture->map, address);
    if (mapping == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "process %d is gone",
                    (int)picture->child);
        return false;
    }
    return gc_process_memory_add(memory, start, size, picture->process, mapping,
                                 address, &door, error);
}

const GcPictureClass gc_picture_fork = {
    .take = take_fork,
    .add_block = add_fork_block,
    .end = end_fork,
    .free = free_fork,
};
