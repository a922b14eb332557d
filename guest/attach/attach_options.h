/* SPDX-License-Identifier: MIT */
#pragma once

#include "guestcore/attach.h"

#include "guest/attach/qmp_client.h"

struct GcAttachOptions {
    int pid; /* 0: whoever serves the socket */
    bool pause;
    bool force;
    unsigned timeout; /* in seconds; 0: none */
    GcAttachIsCancelled is_cancelled;
    void *user_data;
};

/* What bounds the waiting for QEMU from now on. */
GcQmpLimits gc_attach_options_get_limits(const GcAttachOptions *options);
