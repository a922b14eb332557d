/* SPDX-License-Identifier: MIT */
/* x-query-vmcoreinfo: what the guest told of its note, and whether a dump
 * could carry that. */
#include "base/byteorder.h"
#include "system/monitor/qmp.h"

/* A note is at least its header and at most 1 MiB, as QEMU has it. */
#define NOTE_HEADER_SIZE 12
#define NOTE_MAX_SIZE (1024 * 1024)

/* The bytes that a note with this header fills; its parts are padded to 4. */
static uint64_t get_note_size(const uint8_t *header)
{
    uint64_t name_size = gc_get_uint(header, 4, false);
    uint64_t desc_size = gc_get_uint(header + 4, 4, false);

    return NOTE_HEADER_SIZE + ((name_size + 3) & ~UINT64_C(3)) +
           ((desc_size + 3) & ~UINT64_C(3));
}

/* Why the note is of no use; NULL if it is fine. */
static const char *check_note(GcVm *vm, const GcVmcoreinfoState *state)
{
    const GcBus *bus = gc_machine_get_memory(gc_vm_get_machine(vm));
    uint8_t header[NOTE_HEADER_SIZE];

    if (!state->present) {
        return "the guest has given no note";
    }
    if (state->guest_format != GC_VMCOREINFO_FORMAT_ELF) {
        return "the note's format is not supported";
    }
    if (state->size < NOTE_HEADER_SIZE || state->size > NOTE_MAX_SIZE) {
        return "the note's size is impossible";
    }
    if (!gc_bus_read_ram(bus, state->paddr, header, sizeof(header))) {
        return "the note is not in guest memory";
    }
    if (get_note_size(header) > state->size) {
        return "the note's header does not fit its size";
    }
    return NULL;
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
    const char *reason = "the machine has no vmcoreinfo device";
    GcVmcoreinfoState state = {0};

    if (device != NULL) {
        state = gc_vmcoreinfo_get_state(device);
        reason = check_note(call->vm, &state);
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
