/* SPDX-License-Identifier: MIT */
#pragma once

#include "guestcore/attach.h"

struct GcAttachOptions {
    int pid; /* 0: whoever serves the socket */
    bool pause;
    bool force;
    unsigned timeout; /* in seconds; 0: none */
    GcAttachIsCancelled is_cancelled;
    void *user_data;
};
