/* SPDX-License-Identifier: MIT */
#include "guest/attach/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

struct GcProcess {
    pid_t pid;
    size_t page_size;
    int mem;            /* /proc/PID/mem */
    gint only_mem;      /* atomic; process_vm_readv() is forbidden */
    guint n_unreadable; /* atomic */
};

static void set_open_error(GError **error, pid_t pid, int saved_errno)
{
    if (saved_errno == ENOENT || saved_errno == ESRCH) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "there is no process %d",
                    (int)pid);
    } else if (saved_errno == EACCES || saved_errno == EPERM) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO,
                    "the memory of process %d may not be read: run as root, "
                    "or as the user that runs QEMU if "
                    "kernel.yama.ptrace_scope is 0",
                    (int)pid);
    } else {
        gc_set_error_errno(error, saved_errno,
                           "cannot open the memory of process %d", (int)pid);
    }
}

GcProcess *gc_process_new(pid_t pid, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/mem", (int)pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    GcProcess *process;

    if (mem < 0) {
        set_open_error(error, pid, errno);
        return NULL;
    }
    process = g_atomic_rc_box_new0(GcProcess);
    process->pid = pid;
    process->page_size = (size_t)sysconf(_SC_PAGESIZE);
    process->mem = mem;
    return process;
}

GcProcess *gc_process_ref(GcProcess *process)
{
    return g_atomic_rc_box_acquire(process);
}

static void clear_process(gpointer data)
{
    GcProcess *process = data;

    gc_close_fd(&process->mem);
}

void gc_process_unref(GcProcess *process)
{
    if (process != NULL) {
        g_atomic_rc_box_release_full(process, clear_process);
    }
}

pid_t gc_process_get_pid(const GcProcess *process)
{
    return process->pid;
}

size_t gc_process_get_page_size(const GcProcess *process)
{
    return process->page_size;
}

uint64_t gc_process_get_n_unreadable(GcProcess *process)
{
    return (guint)g_atomic_int_get(&process->n_unreadable);
}

static ssize_t read_mem(const GcProcess *process, uint64_t address, void *buf,
                        size_t len)
{
    return pread(process->mem, buf, len, (off_t)address);
}

/* As read(2): how many bytes, 0 if the process is gone, -1 with errno. */
static ssize_t read_some(GcProcess *process, uint64_t address, void *buf,
                         size_t len)
{
    struct iovec local = {buf, len};
    struct iovec remote = {(void *)(uintptr_t)address, len};
    ssize_t n;

    if (g_atomic_int_get(&process->only_mem)) {
        return read_mem(process, address, buf, len);
    }
    n = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);
    if (n < 0 && errno == ESRCH) {
        return 0;
    }
    if (n < 0 && (errno == EPERM || errno == ENOSYS)) {
        g_atomic_int_set(&process->only_mem, 1);
        return read_mem(process, address, buf, len);
    }
    return n;
}

/* The part of [@address, @address + @len) that is in the first page. */
static size_t first_page_part(const GcProcess *process, uint64_t address,
                              size_t len)
{
    return MIN(len,
               process->page_size - (size_t)(address % process->page_size));
}

/* Reads what is in one page, which could not be read the first way.  False
 * if the process is gone. */
static bool read_bad_page(GcProcess *process, uint64_t address, uint8_t *buf,
                          size_t len)
{
    ssize_t n = read_mem(process, address, buf, len);

    if (n != (ssize_t)len && n != 0) {
        memset(buf, 0, len);
        g_atomic_int_inc(&process->n_unreadable);
    }
    return n != 0;
}

static void set_gone(const GcProcess *process, GError **error)
{
    g_set_error(error, GC_ERROR, GC_ERROR_IO, "process %d is gone",
                (int)process->pid);
}

bool gc_process_read(GcProcess *process, uint64_t address, void *buf,
                     size_t len, GError **error)
{
    uint8_t *to = buf;

    while (len > 0) {
        ssize_t n = read_some(process, address, to, len);
        size_t part = (size_t)n;

        if (n == 0) {
            set_gone(process, error);
            return false;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            part = first_page_part(process, address, len);
            if (!read_bad_page(process, address, to, part)) {
                set_gone(process, error);
                return false;
            }
        }
        to += part;
        address += part;
        len -= part;
    }
    return true;
}
