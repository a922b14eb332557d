/* SPDX-License-Identifier: MIT */
/* Attaching to a running QEMU:
 *
 *   query-migrate, ...       what speaks against it
 *   query-status, stop       the guest stands still
 *   info mtree -f, gpa2hva   where the RAM is
 *   dump-guest-memory        of one byte, into a memfd of ours: half a
 *                            millisecond, and it has all registers and the
 *                            guest's note
 *   /proc/PID                the RAM itself, without touching its holes
 *   cont                     if it ran
 *
 * Whatever goes wrong after "stop", "cont" is sent: by gc_attach_resume(), or
 * by the resumer if this process dies or QEMU does not answer it. */
#include "guestcore/attach.h"

#include "base/error.h"
#include "guest/attach/attach_options.h"
#include "guest/attach/byte_order.h"
#include "guest/attach/checks.h"
#include "guest/attach/layout.h"
#include "guest/attach/process_memory.h"
#include "guest/attach/qemu_head.h"
#include "guest/attach/qemu_process.h"
#include "guest/attach/resumer.h"
#include "guest/attach/run_state.h"
#include "guest/guest.h"

struct GcAttach {
    char *qmp_path;
    GcQmpClient *client;
    GcResumer *resumer; /* while it must be resumed */
    bool must_resume;   /* it ran, and stands still because of us */
    gint64 stopped_at;  /* monotonic times; 0 if it was not stopped */
    gint64 resumed_at;
    GcProcess *process;
    GcGuest *guest;
    GcAttachIsCancelled is_cancelled;
    void *user_data;
    GPtrArray *warnings; /* of char *, with a NULL at the end once complete */
};

void gc_attach_free(GcAttach *attach)
{
    if (attach == NULL) {
        return;
    }
    gc_attach_resume(attach, NULL);
    gc_guest_free(attach->guest);
    gc_process_unref(attach->process);
    gc_qmp_client_free(attach->client);
    g_ptr_array_unref(attach->warnings);
    g_free(attach->qmp_path);
    g_free(attach);
}

GcGuest *gc_attach_get_guest(const GcAttach *attach)
{
    return attach->guest;
}

const char *const *gc_attach_get_warnings(const GcAttach *attach)
{
    return (const char *const *)attach->warnings->pdata;
}

uint64_t gc_attach_get_n_unreadable(const GcAttach *attach)
{
    return gc_process_get_n_unreadable(attach->process);
}

static void add_warning(GcAttach *attach, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void add_warning(GcAttach *attach, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(attach->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static bool execute(GcQmpClient *client, const char *command, GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, command, NULL, error);

    return result != NULL;
}

/* The connection broke, but the guest may still be there. */
static bool resume_anew(const GcAttach *attach, GError **error)
{
    g_autoptr(GcQmpClient) client =
        gc_qmp_client_new(attach->qmp_path, NULL, error);

    return client != NULL && execute(client, "cont", error);
}

/* The end of our part in a pause: whatever stands still does so because of
 * somebody else. */
static void dismiss_resumer(GcAttach *attach)
{
    attach->must_resume = false;
    attach->resumed_at = g_get_monotonic_time();
    gc_resumer_dismiss(g_steal_pointer(&attach->resumer));
}

bool gc_attach_resume(GcAttach *attach, GError **error)
{
    g_autoptr(GError) own_error = NULL;

    if (!attach->must_resume) {
        return true;
    }
    attach->must_resume = false;
    gc_qmp_client_clear_limits(attach->client);
    if (execute(attach->client, "cont", &own_error)) {
        dismiss_resumer(attach);
        return true;
    }
    if (gc_qmp_client_is_lost(attach->client)) {
        dismiss_resumer(attach);
        /* QEMU serves the next one only when we are gone. */
        g_clear_pointer(&attach->client, gc_qmp_client_free);
        return resume_anew(attach, error);
    }
    gc_resumer_entrust(g_steal_pointer(&attach->resumer));
    g_propagate_error(error, g_steal_pointer(&own_error));
    return false;
}

int64_t gc_attach_get_pause(const GcAttach *attach)
{
    gint64 end =
        attach->resumed_at != 0 ? attach->resumed_at : g_get_monotonic_time();

    return attach->stopped_at != 0 ? end - attach->stopped_at : 0;
}

void gc_attach_keep_paused(GcAttach *attach)
{
    dismiss_resumer(attach);
}

/* A guest that stopped by itself in the meantime, because it panicked or its
 * disk is full, is not ours to resume. */
static bool stop(GcAttach *attach, GError **error)
{
    GcRunState state;

    if (!gc_run_state_query(attach->client, &state, error)) {
        return false;
    }
    if (!state.runs) {
        return true;
    }
    attach->resumer =
        gc_resumer_new(gc_qmp_client_get_fd(attach->client), error);
    if (attach->resumer == NULL) {
        return false;
    }
    attach->must_resume = true;
    attach->stopped_at = g_get_monotonic_time();
    if (!execute(attach->client, "stop", error) ||
        !gc_run_state_query(attach->client, &state, error)) {
        return false;
    }
    if (!state.runs && !gc_run_state_is_paused(&state)) {
        dismiss_resumer(attach);
    }
    return true;
}

static void warn_of_door(GcAttach *attach, GcProcessDoor door, GcPaddr start)
{
    if (door == GC_PROCESS_DOOR_BLIND) {
        add_warning(attach,
                    "the file behind guest memory at 0x%" G_GINT64_MODIFIER
                    "x cannot be opened, so all of it is read, and QEMU's "
                    "resident memory may grow; as root it would not",
                    start);
    }
}

static bool add_range(GcAttach *attach, GcMemory *memory, const GArray *map,
                      const GcRamRange *range, GError **error)
{
    uint64_t part;

    for (uint64_t done = 0; done < range->size; done += part) {
        uint64_t address = range->address + done;
        const GcProcessMapping *mapping = gc_process_map_find(map, address);
        GcProcessDoor door;

        if (mapping == NULL) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "gpa2hva says that guest memory 0x%" G_GINT64_MODIFIER
                        "x is at 0x%" G_GINT64_MODIFIER
                        "x, where the process has nothing mapped",
                        range->start + done, address);
            return false;
        }
        part = MIN(range->size - done, mapping->end - address);
        if (!gc_process_memory_add(memory, range->start + done, part,
                                   attach->process, mapping, address, &door,
                                   error)) {
            return false;
        }
        warn_of_door(attach, door, range->start + done);
    }
    return true;
}

static GcMemory *make_memory(GcAttach *attach, const GArray *layout,
                             GError **error)
{
    g_autoptr(GArray) map =
        gc_process_map_read(gc_process_get_pid(attach->process), error);
    g_autoptr(GcMemory) memory = gc_memory_new();

    for (guint i = 0; map != NULL && i < layout->len; i++) {
        if (!add_range(attach, memory, map,
                       &g_array_index(layout, GcRamRange, i), error)) {
            return NULL;
        }
    }
    return map != NULL ? g_steal_pointer(&memory) : NULL;
}

/* QEMU may be wrong about the byte order; if a kernel of the other one left
 * its note in memory, the guest is of that. */
static bool try_other_byte_order(GcAttach *attach, const GcQemuNotes *qemu)
{
    const GcArch *twin = gc_byte_order_find_twin(qemu->arch);
    g_autoptr(GPtrArray) notes = NULL;
    g_autoptr(GcGuest) guest = NULL;

    if (twin == NULL) {
        return false;
    }
    notes = gc_byte_order_turn(qemu->notes, twin);
    guest = gc_guest_new_with_notes(
        twin->name, gc_guest_get_memory(attach->guest), notes, NULL);
    if (guest == NULL || !gc_guest_find_vmcoreinfo(guest, NULL)) {
        return false;
    }
    gc_guest_free(attach->guest);
    attach->guest = g_steal_pointer(&guest);
    return true;
}

/* A guest that announced nothing, for want of the device or of its driver,
 * may still have its note in memory. */
static bool find_vmcoreinfo(GcAttach *attach, const GcQemuNotes *qemu,
                            GError **error)
{
    g_autoptr(GError) own_error = NULL;

    if (gc_guest_find_vmcoreinfo(attach->guest, &own_error) ||
        try_other_byte_order(attach, qemu)) {
        return true;
    }
    if (g_error_matches(own_error, GC_ERROR, GC_ERROR_IO)) {
        g_propagate_error(error, g_steal_pointer(&own_error));
        return false;
    }
    add_warning(attach,
                "the dump has no VMCOREINFO, which most readers need: the "
                "guest announced none, and %s; give QEMU -device "
                "vmcoreinfo, and load qemu_fw_cfg in the guest",
                own_error->message);
    return true;
}

/* What the guest's own parts had to say. */
static void add_guest_warnings(GcAttach *attach)
{
    for (const char *const *warning = gc_guest_get_warnings(attach->guest);
         *warning != NULL; warning++) {
        add_warning(attach, "%s", *warning);
    }
}

static bool make_guest(GcAttach *attach, GError **error)
{
    g_autoptr(GArray) layout = gc_layout_read(attach->client, error);
    g_autoptr(GcMemory) memory = NULL;
    g_autoptr(GPtrArray) notes = NULL;
    GcQemuNotes qemu;

    if (layout == NULL ||
        !gc_qemu_head_read_notes(attach->client,
                                 g_array_index(layout, GcRamRange, 0).start,
                                 &qemu, error)) {
        return false;
    }
    notes = qemu.notes;
    memory = make_memory(attach, layout, error);
    if (memory == NULL) {
        return false;
    }
    attach->guest =
        gc_guest_new_with_notes(qemu.arch->name, memory, notes, error);
    return attach->guest != NULL &&
           (gc_guest_get_vmcoreinfo(attach->guest) != NULL ||
            find_vmcoreinfo(attach, &qemu, error));
}

static bool attach_guest(GcAttach *attach, const GcAttachOptions *options,
                         GError **error)
{
    pid_t pid;

    if (!gc_qemu_process_find(attach->client, options->pid, &pid, error)) {
        return false;
    }
    attach->process = gc_process_new(pid, error);
    if (attach->process == NULL ||
        !gc_checks_run(attach->client, options->force, attach->warnings,
                       error)) {
        return false;
    }
    if (options->pause) {
        if (!stop(attach, error)) {
            return false;
        }
    } else {
        add_warning(attach, "the guest runs while its memory is read: the "
                            "dump is not consistent");
    }
    return make_guest(attach, error);
}

/* After a failure: the guest goes on, or the error says that it does not. */
static void undo(GcAttach *attach, GError **error)
{
    g_autoptr(GError) own_error = NULL;

    if (!gc_attach_resume(attach, &own_error)) {
        g_prefix_error(error, "the guest could not be resumed (%s) after: ",
                       own_error->message);
    }
    g_prefix_error(error, "%s: ", attach->qmp_path);
}

GcAttach *gc_attach_qemu(const char *qmp_path, const GcAttachOptions *options,
                         GError **error)
{
    g_autoptr(GcAttachOptions) defaults = gc_attach_options_new();
    g_autoptr(GcAttach) attach = g_new0(GcAttach, 1);
    GcQmpLimits limits;

    attach->qmp_path = g_strdup(qmp_path);
    attach->warnings = g_ptr_array_new_with_free_func(g_free);
    options = options != NULL ? options : defaults;
    attach->is_cancelled = options->is_cancelled;
    attach->user_data = options->user_data;
    limits = gc_attach_options_get_limits(options);
    attach->client = gc_qmp_client_new(qmp_path, &limits, error);
    if (attach->client == NULL) {
        return NULL;
    }
    if (!attach_guest(attach, options, error)) {
        undo(attach, error);
        return NULL;
    }
    add_guest_warnings(attach);
    g_ptr_array_add(attach->warnings, NULL);
    return g_steal_pointer(&attach);
}
