/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"

/* Old kernels do not know the call; then what was open stays so. */
static void close_others(const int *keep, size_t n_keep)
{
    unsigned from = 0;

    for (size_t i = 0; i < n_keep; i++) {
        if ((unsigned)keep[i] > from) {
            close_range(from, (unsigned)keep[i] - 1, 0);
        }
        from = (unsigned)keep[i] + 1;
    }
    close_range(from, ~0U, 0);
}

pid_t gc_child_new(const int *keep, size_t n_keep, GcChildRun run, void *opaque,
                   GError **error)
{
    sigset_t all;
    sigset_t before;
    pid_t child;
    int saved_errno;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child = fork();
    if (child == 0) {
        close_others(keep, n_keep);
        run(opaque);
        _exit(0);
    }
    saved_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child < 0) {
        gc_set_error_errno(error, saved_errno, "cannot make a process");
    }
    return child;
}
