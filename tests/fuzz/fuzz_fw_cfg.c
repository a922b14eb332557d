/* SPDX-License-Identifier: MIT */
/* A guest that does anything at all with fw_cfg: its input is a program of
 * register accesses and memory writes over both transports.
 *
 * Besides what the sanitizers see it checks what docs/devices/fw_cfg.md
 * promises: reads yield no more than their width, a failed transfer changes
 * nothing, and the state can always be saved and restored. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "guestcore/vmcoreinfo.h"

#include "base/byteorder.h"

#define RAM_SIZE 0x4000
#define RAM_TOP (UINT64_MAX - RAM_SIZE + 1)
#define MAX_OPERATIONS 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Machine {
    uint8_t low[RAM_SIZE];
    uint8_t top[RAM_SIZE];
    GcFwCfg *cfg;
    GcVmcoreinfo *vmcoreinfo;
    unsigned n_heard; /* calls of a file's owner */
} Machine;

static uint8_t *find_memory(Machine *machine, GcPaddr paddr, size_t len)
{
    g_assert(len > 0 && len <= 65536 && paddr <= UINT64_MAX - (len - 1));
    if (paddr < RAM_SIZE) {
        return len <= RAM_SIZE - paddr ? machine->low + paddr : NULL;
    }
    return paddr >= RAM_TOP ? machine->top + (paddr - RAM_TOP) : NULL;
}

static bool read_memory(void *opaque, GcPaddr paddr, void *buf, size_t len)
{
    const uint8_t *from = find_memory(opaque, paddr, len);

    if (from != NULL) {
        memcpy(buf, from, len);
    }
    return from != NULL;
}

static bool write_memory(void *opaque, GcPaddr paddr, const void *buf,
                         size_t len)
{
    uint8_t *to = find_memory(opaque, paddr, len);

    if (to != NULL) {
        memcpy(to, buf, len);
    }
    return to != NULL;
}

static const GcFwCfgMemoryOps memory_ops = {.read = read_memory,
                                            .write = write_memory};

static void on_select(void *opaque)
{
    ((Machine *)opaque)->n_heard++;
}

static void on_write(void *opaque, uint8_t *data, size_t size, size_t offset,
                     size_t len)
{
    g_assert(len > 0 && offset < size && len <= size - offset);
    data[0] ^= 1; /* it may */
    on_select(opaque);
}

static const GcFwCfgFileOps file_ops = {on_select, on_write};

static void add_files(Machine *machine)
{
    g_autoptr(GBytes) text = g_bytes_new_static("0123456789abcdef", 16);
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);

    gc_fw_cfg_add_string(machine->cfg, 0x8000, "local", NULL);
    gc_fw_cfg_add_file(machine->cfg, "a", text, NULL);
    gc_fw_cfg_add_writable_file(machine->cfg, "b", text, NULL);
    gc_fw_cfg_add_writable_file(machine->cfg, "c", nothing, NULL);
    gc_fw_cfg_watch_file(machine->cfg, "a", &file_ops, machine, NULL);
    gc_fw_cfg_watch_file(machine->cfg, "b", &file_ops, machine, NULL);
    machine->vmcoreinfo = gc_vmcoreinfo_new(machine->cfg, NULL);
    g_assert(machine->vmcoreinfo != NULL);
}

static Machine *machine_new(void)
{
    Machine *machine = g_new0(Machine, 1);

    machine->cfg = gc_fw_cfg_new(&memory_ops, machine);
    add_files(machine);
    return machine;
}

static void machine_free(Machine *machine)
{
    gc_vmcoreinfo_free(machine->vmcoreinfo);
    gc_fw_cfg_free(machine->cfg);
    g_free(machine);
}

/* Everything that a failed transfer must leave alone. */
typedef struct Snapshot {
    GBytes *state;
    GBytes *writable;
    GBytes *note;
    unsigned n_heard;
} Snapshot;

static Snapshot take_snapshot(Machine *machine)
{
    return (Snapshot){
        .state = gc_fw_cfg_save(machine->cfg),
        .writable = gc_fw_cfg_dup_item(machine->cfg,
                                       gc_fw_cfg_find_file(machine->cfg, "b")),
        .note = gc_vmcoreinfo_save(machine->vmcoreinfo),
        .n_heard = machine->n_heard,
    };
}

static void clear_snapshot(Snapshot *snapshot)
{
    g_bytes_unref(snapshot->state);
    g_bytes_unref(snapshot->writable);
    g_bytes_unref(snapshot->note);
}

static void check_unchanged(Machine *machine, const Snapshot *before)
{
    Snapshot after = take_snapshot(machine);

    g_assert(g_bytes_equal(before->state, after.state));
    g_assert(g_bytes_equal(before->writable, after.writable));
    g_assert(g_bytes_equal(before->note, after.note));
    g_assert(before->n_heard == after.n_heard);
    clear_snapshot(&after);
}

/* A transfer from a descriptor at the start of memory. */
static void run_dma(Machine *machine, const uint8_t *descriptor)
{
    Snapshot before;

    gc_fw_cfg_io_write(machine->cfg, 4, 4, 0);
    before = take_snapshot(machine);
    memcpy(machine->low, descriptor, 16);
    gc_fw_cfg_mmio_write(machine->cfg, 16, 8, 0);
    g_assert(gc_get_uint(machine->low, 4, true) <= 1);
    if (gc_get_uint(machine->low, 4, true) == 1) {
        check_unchanged(machine, &before);
    }
    clear_snapshot(&before);
}

/* One access; the first byte says which window and how wide. */
static void run_access(Machine *machine, const uint8_t *operation)
{
    unsigned size = 1u << (operation[0] >> 4 & 3);
    bool is_write = (operation[0] & 0x40) != 0;
    bool is_mmio = (operation[0] & 0x80) != 0;
    uint64_t offset = operation[1];
    uint64_t value = gc_get_uint(operation + 2, 8, false);

    if (is_write && is_mmio) {
        gc_fw_cfg_mmio_write(machine->cfg, offset, size, value);
    } else if (is_write) {
        gc_fw_cfg_io_write(machine->cfg, offset, size, value);
    } else {
        value = is_mmio ? gc_fw_cfg_mmio_read(machine->cfg, offset, size)
                        : gc_fw_cfg_io_read(machine->cfg, offset, size);
        g_assert(size == 8 || value >> 8 * size == 0);
    }
}

static void save_and_restore(Machine *machine)
{
    g_autoptr(GBytes) state = gc_fw_cfg_save(machine->cfg);
    g_autoptr(GBytes) note = gc_vmcoreinfo_save(machine->vmcoreinfo);

    g_assert(gc_fw_cfg_restore(machine->cfg, state, NULL));
    g_assert(gc_vmcoreinfo_restore(machine->vmcoreinfo, note, NULL));
}

/* A saved state that the input made up. */
static void restore_anything(Machine *machine, const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);

    gc_fw_cfg_restore(machine->cfg, bytes, NULL);
    gc_vmcoreinfo_restore(machine->vmcoreinfo, bytes, NULL);
}

static void reset(Machine *machine)
{
    gc_fw_cfg_reset(machine->cfg);
    gc_vmcoreinfo_reset(machine->vmcoreinfo);
}

/* Does one operation; returns how many bytes of input it took, 0 at the
 * end. */
static size_t step(Machine *machine, const uint8_t *data, size_t size)
{
    uint8_t operation[40] = {0};

    if (size < 2) {
        return 0;
    }
    memcpy(operation, data, MIN(size, sizeof(operation)));
    switch (operation[0] & 0x0f) {
    case 0:
        run_dma(machine, operation + 1);
        return 17;
    case 1:
        memcpy(machine->low + operation[1] * 16, operation + 2, 16);
        return 18;
    case 2:
        memcpy(machine->top + RAM_SIZE - 32, operation + 1, 32);
        return 33;
    case 3:
        reset(machine);
        return 1;
    case 4:
        save_and_restore(machine);
        return 1;
    case 5:
        restore_anything(machine, data + 1, MIN(size - 1, 40));
        return 41;
    default:
        run_access(machine, operation);
        return 10;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Machine *machine = machine_new();
    size_t at = 0;

    for (unsigned i = 0; i < MAX_OPERATIONS && at < size; i++) {
        size_t used = step(machine, data + at, size - at);

        if (used == 0) {
            break;
        }
        at += used;
    }
    save_and_restore(machine);
    machine_free(machine);
    return 0;
}
