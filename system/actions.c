/* SPDX-License-Identifier: MIT */
#include "system/actions.h"

#include <string.h>

#include "guestcore/error.h"

const char *const gc_action_events[] = {"panic", "reboot", "shutdown", NULL};

static const char *const panic_names[] = {"shutdown", "pause", "none",
                                          "reset",    "dump",  NULL};
static const char *const reboot_names[] = {"reset", "shutdown", NULL};
static const char *const shutdown_names[] = {"poweroff", "pause", NULL};

/* Where @action stands among @names; -1 if it does not. */
static int find_name(const char *const *names, const char *action)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], action) == 0) {
            return i;
        }
    }
    return -1;
}

bool gc_actions_set(GcActions *actions, const char *event, const char *action,
                    GError **error)
{
    int at = -1;

    if (strcmp(event, "panic") == 0) {
        at = find_name(panic_names, action);
        actions->panic = at >= 0 ? (GcPanicAction)at : actions->panic;
    } else if (strcmp(event, "reboot") == 0) {
        at = find_name(reboot_names, action);
        actions->reboot = at >= 0 ? (GcRebootAction)at : actions->reboot;
    } else if (strcmp(event, "shutdown") == 0) {
        at = find_name(shutdown_names, action);
        actions->shutdown = at >= 0 ? (GcShutdownAction)at : actions->shutdown;
    }
    if (at < 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Parameter '%s' does not accept value '%s'", event, action);
    }
    return at >= 0;
}
