/* SPDX-License-Identifier: MIT */
#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

struct GcPidfile {
    char *path;
    int fd;
};

void gc_pidfile_free(GcPidfile *pidfile)
{
    if (pidfile == NULL) {
        return;
    }
    if (pidfile->fd >= 0) {
        unlink(pidfile->path);
    }
    gc_close_fd(&pidfile->fd);
    g_free(pidfile->path);
    g_free(pidfile);
}

static bool fill_pidfile(int fd, GError **error)
{
    g_autofree char *line = g_strdup_printf("%d\n", (int)getpid());

    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        gc_set_error_errno(error, errno, "another process has it");
        return false;
    }
    if (ftruncate(fd, 0) != 0) {
        gc_set_error_errno(error, errno, "cannot empty it");
        return false;
    }
    return gc_pwrite_all(fd, line, strlen(line), 0, error);
}

GcPidfile *gc_pidfile_new(const char *path, GError **error)
{
    g_autoptr(GcPidfile) pidfile = g_new0(GcPidfile, 1);
    GC_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);

    pidfile->fd = -1;
    if (fd < 0) {
        gc_set_error_errno(error, errno, "cannot create pid file %s", path);
        return NULL;
    }
    if (!fill_pidfile(fd, error)) {
        g_prefix_error(error, "pid file %s: ", path);
        return NULL;
    }
    /* The program may have another directory by the time it ends. */
    pidfile->path = g_canonicalize_filename(path, NULL);
    pidfile->fd = fd;
    fd = -1;
    return g_steal_pointer(&pidfile);
}

/* The parent's part: the child's byte, or the end of the pipe. */
static void wait_and_exit(int fd)
{
    char byte;
    ssize_t n;

    do {
        n = read(fd, &byte, 1);
    } while (n < 0 && errno == EINTR);
    _exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool gc_daemon_fork(int *ret_ready_fd, GError **error)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) {
        gc_set_error_errno(error, errno, "cannot make a pipe");
        return false;
    }
    pid = fork();
    if (pid > 0) {
        close(fds[1]);
        wait_and_exit(fds[0]);
    }
    close(fds[0]);
    if (pid < 0 || setsid() < 0) {
        gc_set_error_errno(error, errno, "cannot go to the background");
        close(fds[1]);
        return false;
    }
    *ret_ready_fd = fds[1];
    return true;
}

bool gc_daemon_ready(int ready_fd, GError **error)
{
    GC_AUTO_FD ready = ready_fd;
    GC_AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || chdir("/") != 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
        write(ready, "", 1) != 1) {
        gc_set_error_errno(error, errno, "cannot leave the terminal");
        return false;
    }
    return true;
}

bool gc_exit_with_parent(GError **error)
{
    pid_t parent = getppid();

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        gc_set_error_errno(error, errno, "cannot follow the parent process");
        return false;
    }
    if (getppid() != parent) {
        raise(SIGTERM);
    }
    return true;
}
