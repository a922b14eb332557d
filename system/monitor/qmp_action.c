/* SPDX-License-Identifier: MIT */
/* set-action: what follows when the guest reboots, shuts down or panics. */
#include "system/monitor/qmp.h"
#include "system/panic.h"

/* All or nothing. */
static bool run_set_action(GcQmpCall *call, GError **error)
{
    GcActions actions = *gc_vm_get_actions(call->vm);

    for (size_t i = 0; gc_action_events[i] != NULL; i++) {
        const char *action = gc_qmp_get_string(call, gc_action_events[i]);

        if (action != NULL &&
            !gc_actions_set(&actions, gc_action_events[i], action, error)) {
            return false;
        }
    }
    return gc_vm_set_actions(call->vm, &actions, error);
}

static const GcQmpParam params[] = {
    {"reboot", GC_QMP_STRING, false},
    {"shutdown", GC_QMP_STRING, false},
    {"panic", GC_QMP_STRING, false},
    {NULL, GC_QMP_STRING, false},
};

static const GcQmpCommand commands[] = {
    {"set-action", params, run_set_action},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_action;

const GcQmpGroup gc_qmp_action = {commands};
