/* SPDX-License-Identifier: MIT */
#include "guest/attach/resumer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
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

/* What the child has. */
typedef struct Child {
    int end;
    int qmp;
} Child;

/* A GcChildRun. */
static void run_child(void *opaque)
{
    const Child *child = opaque;
    char byte;
    ssize_t n;

    setsid();
    prctl(PR_SET_NAME, "guestcore-cont");
    do {
        n = read(child->end, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        send_cont(child->qmp);
        await_answer(child->qmp);
    }
}

GcResumer *gc_resumer_new(int qmp_fd, GError **error)
{
    int ends[2];
    int keep[2];
    Child its;
    GcResumer *resumer;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        gc_set_error_errno(error, errno, "cannot make a pair of sockets");
        return NULL;
    }
    its = (Child){ends[0], qmp_fd};
    keep[0] = MIN(its.end, its.qmp);
    keep[1] = MAX(its.end, its.qmp);
    child = gc_child_new(keep, 2, run_child, &its, error);
    gc_close_fd(&ends[0]);
    if (child < 0) {
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
