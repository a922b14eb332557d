/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "system/accel/kvm.h"

int gc_kvm_ioctl(int fd, unsigned long request, const char *name,
                 uintptr_t argument, GError **error)
{
    int result;

    do {
        result = ioctl(fd, request, argument);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        gc_set_error_errno(error, errno, "%s", name);
    }
    return result;
}
