/* SPDX-License-Identifier: MIT */
/* x-query-vmcoreinfo: what the guest told of its note, and whether a dump
 * could carry that. */
#include "system/dump_guest.h"
#include "system/monitor/qmp.h"

/* Why a dump would be without the note; NULL if it would not.  A dump's own
 * eyes look, so that it cannot turn out otherwise. */
static char *find_reason(GcVm *vm)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GcGuest) guest = gc_dump_guest_new(vm, &error);

    if (guest == NULL) {
        return g_strdup(error->message);
    }
    return g_strdup(gc_guest_get_warnings(guest)[0]);
}

static void put_state(JsonBuilder *reply, const GcVmcoreinfoState *state)
{
    gc_qmp_put_boolean(reply, "present", state->present);
    gc_qmp_put_integer(reply, "host-format", state->host_format);
    gc_qmp_put_integer(reply, "guest-format", state->guest_format);
    gc_qmp_put_integer(reply, "size", state->size);
    gc_qmp_put_integer(reply, "paddr", state->paddr);
}

static bool run_query_vmcoreinfo(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const GcVmcoreinfo *device =
        gc_machine_get_vmcoreinfo(gc_vm_get_machine(call->vm));
    GcVmcoreinfoState state = {0};
    g_autofree char *reason = NULL;

    if (device != NULL) {
        state = gc_vmcoreinfo_get_state(device);
        reason = find_reason(call->vm);
    } else {
        reason = g_strdup("the machine has no vmcoreinfo device");
    }
    json_builder_begin_object(call->reply);
    put_state(call->reply, &state);
    gc_qmp_put_boolean(call->reply, "usable", reason == NULL);
    if (reason != NULL) {
        gc_qmp_put_string(call->reply, "reason", reason);
    }
    json_builder_end_object(call->reply);
    return true;
}

static const GcQmpCommand commands[] = {
    {"x-query-vmcoreinfo", NULL, run_query_vmcoreinfo},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_vmcoreinfo;

const GcQmpGroup gc_qmp_vmcoreinfo = {commands};
