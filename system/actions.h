/* SPDX-License-Identifier: MIT */
/* What the VM does when the guest reboots, shuts down or panics. */
#pragma once

#include "guestcore/types.h"

/**
 * GcPanicAction:
 * @GC_PANIC_SHUTDOWN: the program ends
 * @GC_PANIC_PAUSE: the guest stands still
 * @GC_PANIC_NONE: nothing
 * @GC_PANIC_RESET: the guest is reset
 * @GC_PANIC_DUMP: the guest is dumped; see system/panic.h
 */
typedef enum GcPanicAction {
    GC_PANIC_SHUTDOWN,
    GC_PANIC_PAUSE,
    GC_PANIC_NONE,
    GC_PANIC_RESET,
    GC_PANIC_DUMP,
} GcPanicAction;

typedef enum GcRebootAction {
    GC_REBOOT_RESET,
    GC_REBOOT_SHUTDOWN,
} GcRebootAction;

typedef enum GcShutdownAction {
    GC_SHUTDOWN_POWEROFF,
    GC_SHUTDOWN_PAUSE,
} GcShutdownAction;

/* All zeros is what QEMU does, too, when it is told nothing. */
typedef struct GcActions {
    GcPanicAction panic;
    GcRebootAction reboot;
    GcShutdownAction shutdown;
} GcActions;

/* The events that have an action, ended by NULL. */
extern const char *const gc_action_events[];

/**
 * gc_actions_set:
 * @actions: where it is noted down
 * @event: one of gc_action_events
 * @action: what is to be done then, by its name
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_INVALID, in QEMU's words, if that event has no such action
 */
bool gc_actions_set(GcActions *actions, const char *event, const char *action,
                    GError **error);
