/* SPDX-License-Identifier: MIT */
#include "guest/attach/resumer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

struct GcResumer {
    pid_t child;
    int end; /* closed without a word when this process ends */
};

/* How long the child waits for QEMU, which may have to write to a slow disk
 * before it listens. */
#define PATIENCE_MS (10 * 60 * 1000)

/* The parent may have been killed in the middle of a command: byte 0xff
 * makes QEMU's parser forget what it has of it. */
static const char cont_command[] =
    "\xff\n{\"execute\": \"cont\", \"id\": \"guestcore-resumer\"}\n";
static const char cont_answer[] = "\"guestcore-resumer\"";

static void send_cont(int qmp)
{
    size_t len = strlen(cont_command);
    const char *at = cont_command;

    while (len > 0) {
        ssize_t n = send(qmp, at, len, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            return;
        }
        at += MAX(n, 0);
        len -= (size_t)MAX(n, 0);
    }
}

/* QEMU drops commands that it has not begun when the connection ends, so the
 * answer must be seen.  What the parent did not read comes before it. */
static void await_answer(int qmp)
{
    enum { KEPT = sizeof(cont_answer) - 2 };
    char bytes[KEPT + 4096];
    size_t kept = 0;
    struct pollfd poll_fd = {.fd = qmp, .events = POLLIN};

    while (poll(&poll_fd, 1, PATIENCE_MS) > 0) {
        ssize_t n = recv(qmp, bytes + kept, sizeof(bytes) - kept, 0);
        size_t len = kept + (size_t)MAX(n, 0);

        if (n == 0 || (n < 0 && errno != EINTR) ||
            memmem(bytes, len, cont_answer, strlen(cont_answer)) != NULL) {
            return;
        }
        kept = MIN(len, (size_t)KEPT);
        memmove(bytes, bytes + len - kept, kept);
    }
}

/* Nobody must wait for the end of a file of the parent's because of us.  Old
 * kernels do not know the call; then somebody may. */
static void keep_only(unsigned a, unsigned b)
{
    unsigned low = MIN(a, b);
    unsigned high = MAX(a, b);

    if (low > 0) {
        close_range(0, low - 1, 0);
    }
    if (high > low + 1) {
        close_range(low + 1, high - 1, 0);
    }
    close_range(high + 1, ~0U, 0);
}

/* In the child.  The process may have had threads, so only functions that
 * are safe in a signal handler; all signals are blocked. */
static void run_child(int end, int qmp)
{
    char byte;
    ssize_t n;

    setsid();
    prctl(PR_SET_NAME, "guestcore-cont");
    keep_only((unsigned)end, (unsigned)qmp);
    do {
        n = read(end, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        send_cont(qmp);
        await_answer(qmp);
    }
    _exit(0);
}

GcResumer *gc_resumer_new(int qmp_fd, GError **error)
{
    int ends[2];
    sigset_t all;
    sigset_t before;
    GcResumer *resumer;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        gc_set_error_errno(error, errno, "cannot make a pair of sockets");
        return NULL;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child = fork();
    if (child == 0) {
        run_child(ends[0], qmp_fd);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    gc_close_fd(&ends[0]);
    if (child < 0) {
        gc_set_error_errno(error, errno, "cannot make a process");
        gc_close_fd(&ends[1]);
        return NULL;
    }
    resumer = g_new0(GcResumer, 1);
    resumer->child = child;
    resumer->end = ends[1];
    return resumer;
}

void gc_resumer_dismiss(GcResumer *resumer)
{
    ssize_t n;

    if (resumer == NULL) {
        return;
    }
    /* Should the child be gone, nobody is there to be dismissed. */
    do {
        n = send(resumer->end, "", 1, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    gc_close_fd(&resumer->end);
    while (waitpid(resumer->child, NULL, 0) < 0 && errno == EINTR) {
    }
    g_free(resumer);
}

void gc_resumer_entrust(GcResumer *resumer)
{
    if (resumer != NULL) {
        gc_close_fd(&resumer->end);
        g_free(resumer);
    }
}
