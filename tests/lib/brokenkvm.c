/* SPDX-License-Identifier: MIT */
/* Loaded before a program, stands between it and KVM:
 *
 *   KVM_VERSION=N  /dev/kvm, whatever it is, speaks this version of KVM's
 *                  interface and has all extensions
 *   KVM_LACKS=N    but this one
 *   KVM_FAILS=N    the N-th request to KVM, from 0, is an error; those of one
 *                  kind that follow each other count as one
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number that a variable is, -1 without it. */
static long get_number(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? strtol(text, NULL, 10) : -1;
}

/* CPUs that are not started ask for nothing, so there is one thread. */
static bool is_to_fail(unsigned long request)
{
    static unsigned long last;
    static long number = -1;

    number += request != last;
    last = request;
    return number == get_number("KVM_FAILS");
}

static long answer(int fd, unsigned long request, unsigned long argument)
{
    long version = get_number("KVM_VERSION");

    if (_IOC_TYPE(request) == KVMIO && is_to_fail(request)) {
        errno = EIO;
        return -1;
    }
    if (version >= 0 && request == KVM_GET_API_VERSION) {
        return version;
    }
    if (version >= 0 && request == KVM_CHECK_EXTENSION) {
        return (long)argument != get_number("KVM_LACKS");
    }
    return syscall(SYS_ioctl, fd, request, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    unsigned long argument;

    va_start(args, request);
    argument = va_arg(args, unsigned long);
    va_end(args);
    return (int)answer(fd, request, argument);
}
