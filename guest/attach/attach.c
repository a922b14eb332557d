/* SPDX-License-Identifier: MIT */
/* Attaching to a running QEMU:
 *
 *   query-status, stop       the guest stands still
 *   dump-guest-memory        of one byte, into a memfd of ours: half a
 *                            millisecond, and it has all registers and the
 *                            guest's note
 *   info mtree -f, gpa2hva   where the RAM is
 *   /proc/PID                the RAM itself, without touching its holes
 *   cont                     if it ran
 */
#include "guestcore/attach.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/fileio.h"
#include "guest/attach/layout.h"
#include "guest/attach/process_map.h"
#include "guest/attach/process_memory.h"
#include "guest/elf.h"
#include "guest/guest.h"

struct GcAttach {
    GcQmpClient *client;
    bool must_resume; /* it ran, and stands still because of us */
    GcGuest *guest;
    GPtrArray *warnings; /* of char *, with a NULL at the end once complete */
};

/* The name under which QEMU keeps our descriptor for a moment. */
#define FD_NAME "guestcore-notes"

void gc_attach_free(GcAttach *attach)
{
    if (attach == NULL) {
        return;
    }
    if (attach->client != NULL) {
        gc_attach_resume(attach, NULL);
    }
    gc_guest_free(attach->guest);
    gc_qmp_client_free(attach->client);
    g_ptr_array_unref(attach->warnings);
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

static void add_warning(GcAttach *attach, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void add_warning(GcAttach *attach, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(attach->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static bool execute(GcAttach *attach, const char *command, GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(attach->client, command, NULL, error);

    return result != NULL;
}

bool gc_attach_resume(GcAttach *attach, GError **error)
{
    if (!attach->must_resume) {
        return true;
    }
    attach->must_resume = false;
    return execute(attach, "cont", error);
}

static bool stop(GcAttach *attach, GError **error)
{
    g_autoptr(JsonNode) status =
        gc_qmp_client_execute(attach->client, "query-status", NULL, error);

    if (status == NULL) {
        return false;
    }
    if (!JSON_NODE_HOLDS_OBJECT(status) ||
        !json_object_has_member(json_node_get_object(status), "running")) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-status does not say whether the guest runs");
        return false;
    }
    attach->must_resume =
        json_object_get_boolean_member(json_node_get_object(status), "running");
    return !attach->must_resume || execute(attach, "stop", error);
}

static bool pass_fd(GcAttach *attach, int fd, GError **error)
{
    JsonObject *arguments = json_object_new();
    g_autoptr(JsonNode) result = NULL;

    json_object_set_string_member(arguments, "fdname", FD_NAME);
    result = gc_qmp_client_execute_with_fd(attach->client, "getfd", arguments,
                                           fd, error);
    return result != NULL;
}

/* Has QEMU dump the one byte at @paddr, and with it all notes. */
static bool dump_byte(GcAttach *attach, GcPaddr paddr, GError **error)
{
    JsonObject *arguments = json_object_new();
    g_autoptr(JsonNode) result = NULL;

    json_object_set_boolean_member(arguments, "paging", FALSE);
    json_object_set_string_member(arguments, "protocol", "fd:" FD_NAME);
    json_object_set_int_member(arguments, "begin", (gint64)paddr);
    json_object_set_int_member(arguments, "length", 1);
    result = gc_qmp_client_execute(attach->client, "dump-guest-memory",
                                   arguments, error);
    return result != NULL;
}

/* What QEMU's own dump says of the guest beside its memory. */
typedef struct Registers {
    const GcArch *arch;
    GPtrArray *notes; /* of GcNote */
} Registers;

static bool read_registers(GcAttach *attach, GcPaddr paddr,
                           Registers *ret_registers, GError **error)
{
    GC_AUTO_FD fd = memfd_create("guestcore-notes", MFD_CLOEXEC);
    g_autoptr(GcElf) elf = NULL;
    GcFile file;

    if (fd < 0) {
        gc_set_error_errno(error, errno, "cannot make a memfd");
        return false;
    }
    if (!pass_fd(attach, fd, error) || !dump_byte(attach, paddr, error) ||
        !gc_file_init_fd(&file, &fd, error)) {
        return false;
    }
    elf = gc_elf_open(&file, error);
    if (elf == NULL) {
        g_prefix_error(error, "QEMU's notes: ");
        return false;
    }
    ret_registers->arch = gc_arch_find_elf(elf->header.machine, elf->encoding);
    if (ret_registers->arch == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "the guest's architecture, ELF machine %u, is not "
                    "supported",
                    elf->header.machine);
        return false;
    }
    ret_registers->notes = gc_elf_read_notes(elf, &file, error);
    return ret_registers->notes != NULL;
}

/* Adds the part of a range that lies in one mapping of the process. */
static bool add_piece(GcAttach *attach, GcMemory *memory, GcPaddr start,
                      uint64_t size, uint64_t address,
                      const GcProcessMapping *mapping, GError **error)
{
    pid_t pid = gc_qmp_client_get_pid(attach->client);
    GC_AUTO_FD file = gc_process_map_open_file(pid, mapping);
    uint64_t offset = mapping->file_offset + (address - mapping->start);

    if (mapping->is_shared && file >= 0) {
        return gc_memory_add_fd(memory, start, size, file, offset, error);
    }
    if (mapping->is_shared || (mapping->inode != 0 && file < 0)) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO,
                    "the file behind guest memory at 0x%" G_GINT64_MODIFIER
                    "x cannot be opened through process %d; run as the user "
                    "that runs QEMU, or as root",
                    start, (int)pid);
        return false;
    }
    return gc_process_memory_add(memory, start, size, pid, address, file,
                                 offset, error);
}

static bool add_range(GcAttach *attach, GcMemory *memory, const GArray *map,
                      const GcRamRange *range, GError **error)
{
    uint64_t part;

    for (uint64_t done = 0; done < range->size; done += part) {
        uint64_t address = range->address + done;
        const GcProcessMapping *mapping = gc_process_map_find(map, address);

        if (mapping == NULL) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "gpa2hva says that guest memory 0x%" G_GINT64_MODIFIER
                        "x is at 0x%" G_GINT64_MODIFIER
                        "x, where the process has nothing mapped",
                        range->start + done, address);
            return false;
        }
        part = MIN(range->size - done, mapping->end - address);
        if (!add_piece(attach, memory, range->start + done, part, address,
                       mapping, error)) {
            return false;
        }
    }
    return true;
}

static GcMemory *make_memory(GcAttach *attach, const GArray *layout,
                             GError **error)
{
    pid_t pid = gc_qmp_client_get_pid(attach->client);
    g_autoptr(GArray) map = gc_process_map_read(pid, error);
    g_autoptr(GcMemory) memory = gc_memory_new();

    for (guint i = 0; map != NULL && i < layout->len; i++) {
        if (!add_range(attach, memory, map,
                       &g_array_index(layout, GcRamRange, i), error)) {
            return NULL;
        }
    }
    return map != NULL ? g_steal_pointer(&memory) : NULL;
}

static bool add_notes(GcAttach *attach, GPtrArray *notes, GError **error)
{
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);
        g_autoptr(GError) note_error = NULL;

        if (gc_guest_add_note(attach->guest, note->name, note->type, note->desc,
                              &note_error)) {
            continue;
        }
        if (!gc_note_is_vmcoreinfo(note)) {
            g_propagate_error(error, g_steal_pointer(&note_error));
            return false;
        }
        add_warning(attach, "the guest's note is left out: %s",
                    note_error->message);
    }
    if (gc_guest_get_vmcoreinfo(attach->guest) == NULL) {
        add_warning(attach,
                    "the guest announced no VMCOREINFO, which most readers "
                    "need: give QEMU -device vmcoreinfo, and load "
                    "qemu_fw_cfg in the guest");
    }
    return true;
}

static bool make_guest(GcAttach *attach, GError **error)
{
    g_autoptr(GArray) layout = gc_layout_read(attach->client, error);
    g_autoptr(GcMemory) memory = NULL;
    g_autoptr(GPtrArray) notes = NULL;
    Registers registers = {0};

    if (layout == NULL) {
        return false;
    }
    if (layout->len == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "the guest has no memory");
        return false;
    }
    if (!read_registers(attach, g_array_index(layout, GcRamRange, 0).start,
                        &registers, error)) {
        return false;
    }
    notes = registers.notes;
    memory = make_memory(attach, layout, error);
    if (memory == NULL) {
        return false;
    }
    attach->guest = gc_guest_new(registers.arch->name, memory, error);
    return attach->guest != NULL && add_notes(attach, notes, error);
}

GcAttach *gc_attach_qemu(const char *qmp_path, GError **error)
{
    g_autoptr(GcAttach) attach = g_new0(GcAttach, 1);

    attach->warnings = g_ptr_array_new_with_free_func(g_free);
    attach->client = gc_qmp_client_new(qmp_path, error);
    if (attach->client == NULL) {
        return NULL;
    }
    if (gc_qmp_client_get_pid(attach->client) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO,
                    "%s: QEMU runs where this process cannot see it (in "
                    "another PID namespace)",
                    qmp_path);
        return NULL;
    }
    if (!stop(attach, error) || !make_guest(attach, error)) {
        g_prefix_error(error, "%s: ", qmp_path);
        return NULL;
    }
    g_ptr_array_add(attach->warnings, NULL);
    return g_steal_pointer(&attach);
}
