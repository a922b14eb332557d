/* SPDX-License-Identifier: MIT */
/* A guest that was left standing still: what an operator does when nobody is
 * there any more who would. */
#include <string.h>

#include "guestcore/attach.h"

#include "base/error.h"
#include "guest/attach/attach_options.h"
#include "guest/attach/qmp_client.h"
#include "guest/attach/run_state.h"

/* Why a guest that nobody paused should not simply go on, by QEMU's word for
 * its state. */
static const struct {
    const char *status;
    const char *reason;
} reasons[] = {
    {"colo", "another QEMU runs it"},
    {"debug", "a debugger holds it"},
    {"finish-migrate", "it is on its way to another QEMU"},
    {"guest-panicked", "its kernel has panicked"},
    {"inmigrate", "it waits for an incoming migration"},
    {"internal-error", "QEMU met an error that it cannot emulate"},
    {"io-error", "one of its disks failed, which has to be put right first"},
    {"postmigrate", "it went to another QEMU, where it may run"},
    {"prelaunch", "it was never started"},
    {"restore-vm", "a snapshot of it is being loaded"},
    {"save-vm", "a snapshot or a dump of it is being made"},
    {"shutdown", "it was shut down"},
    {"suspended", "it sleeps, and wants to be woken up"},
    {"watchdog", "its watchdog found it hung"},
};

static const char *find_reason(const char *status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (strcmp(status, reasons[i].status) == 0) {
            return reasons[i].reason;
        }
    }
    return "nobody paused it";
}

static bool cont(GcQmpClient *client, GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "cont", NULL, error);
    GcRunState state;

    if (result == NULL || !gc_run_state_query(client, &state, error)) {
        return false;
    }
    if (!state.runs) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "cont: QEMU took it, but the guest does not run (%s)",
                    state.status);
    }
    return state.runs;
}

static bool may_go_on(const GcRunState *state, bool force, GError **error)
{
    if (gc_run_state_is_paused(state) || force) {
        return true;
    }
    g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                "the guest was not paused, so it is left as it is: %s (%s)",
                find_reason(state->status), state->status);
    return false;
}

static bool resume(GcQmpClient *client, bool force, GcRunState *ret_found,
                   GError **error)
{
    return gc_run_state_query(client, ret_found, error) &&
           (ret_found->runs ||
            (may_go_on(ret_found, force, error) && cont(client, error)));
}

char *gc_attach_resume_qemu(const char *qmp_path,
                            const GcAttachOptions *options, GError **error)
{
    g_autoptr(GcAttachOptions) defaults = gc_attach_options_new();
    g_autoptr(GcQmpClient) client = NULL;
    GcQmpLimits limits;
    GcRunState found;

    options = options != NULL ? options : defaults;
    limits = gc_attach_options_get_limits(options);
    client = gc_qmp_client_new(qmp_path, &limits, error);
    if (client == NULL) {
        return NULL;
    }
    if (!resume(client, options->force, &found, error)) {
        g_prefix_error(error, "%s: ", qmp_path);
        return NULL;
    }
    return g_strdup(found.status);
}
