/* SPDX-License-Identifier: MIT */
/* The x86 machines pc and q35: RAM with a hole below 4 GiB, and fw_cfg
 * behind I/O ports. */
#include <string.h>

#include "base/byteorder.h"
#include "hw/machine/board.h"
#include "hw/machine/x86_acpi.h"
#include "hw/machine/x86_boot.h"
#include "hw/power.h"

#define FOUR_GIB (UINT64_C(4) << 30)
#define E820_ENTRY_SIZE 20
#define E820_RAM 1

/* RAM below 4 GiB: all of it if it is less than @limit, else @low_size. */
typedef struct Hole {
    uint64_t limit;
    uint64_t low_size;
} Hole;

static const Hole pc_hole = {.limit = 0xe0000000, .low_size = 0xc0000000};
static const Hole q35_hole = {.limit = 0xb0000000, .low_size = 0x80000000};

static uint64_t read_port(void *opaque, uint64_t offset, unsigned size)
{
    return gc_fw_cfg_io_read(opaque, offset, size);
}

static void write_port(void *opaque, uint64_t offset, unsigned size,
                       uint64_t value)
{
    gc_fw_cfg_io_write(opaque, offset, size, value);
}

static const GcBusOps port_ops = {.read = read_port, .write = write_port};

/* One more than the highest APIC id. */
static unsigned get_apic_id_limit(const GcMachine *machine)
{
    return gc_machine_get_apic_id(machine, machine->max_cpus - 1) + 1;
}

/* The number of nodes, the node of each APIC id, the memory of each node. */
static bool add_numa(GcMachine *machine, GError **error)
{
    size_t n_ids = get_apic_id_limit(machine);
    size_t n_nodes = machine->node_sizes->len;
    size_t size = (1 + n_ids + n_nodes) * sizeof(uint64_t);
    uint8_t *data = g_malloc0(size);
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);

    gc_put_uint(data, 8, false, n_nodes);
    for (unsigned i = 0; i < machine->max_cpus; i++) {
        if (machine->cpu_nodes[i] != GC_MACHINE_NO_NODE) {
            gc_put_uint(
                data + 8 * (1 + (size_t)gc_machine_get_apic_id(machine, i)), 8,
                false, machine->cpu_nodes[i]);
        }
    }
    for (size_t i = 0; i < n_nodes; i++) {
        gc_put_uint(data + 8 * (1 + n_ids + i), 8, false,
                    g_array_index(machine->node_sizes, uint64_t, i));
    }
    return gc_fw_cfg_add_bytes(machine->fw_cfg, GC_FW_CFG_NUMA, bytes, error);
}

static bool add_e820(GcMachine *machine, GError **error)
{
    size_t n = gc_bus_get_n_ranges(machine->memory);
    uint8_t *data = g_malloc0(n * E820_ENTRY_SIZE);
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, n * E820_ENTRY_SIZE);

    for (size_t i = 0; i < n; i++) {
        const GcBusRange *range = gc_bus_get_range(machine->memory, i);
        uint8_t *entry = data + i * E820_ENTRY_SIZE;

        gc_put_uint(entry, 8, false, range->start);
        gc_put_uint(entry + 8, 8, false, range->size);
        gc_put_uint(entry + 16, 4, false, E820_RAM);
    }
    return gc_fw_cfg_add_file(machine->fw_cfg, "etc/e820", bytes, error);
}

static bool add_items(GcMachine *machine, const GcMachineConfig *config,
                      uint64_t low_size, GError **error)
{
    GcFwCfg *cfg = machine->fw_cfg;

    return gc_fw_cfg_add_u64(cfg, GC_FW_CFG_RAM_SIZE, machine->ram_size,
                             error) &&
           gc_fw_cfg_add_u16(cfg, GC_FW_CFG_MAX_CPUS,
                             (uint16_t)get_apic_id_limit(machine), error) &&
           add_numa(machine, error) && add_e820(machine, error) &&
           (config->kernel == NULL ||
            gc_board_add_bzimage(cfg, config, low_size, error));
}

static bool add_serials(GcMachine *machine, const GcMachineConfig *config,
                        GError **error)
{
    for (unsigned i = 0; i < GC_SERIAL_MAX_PORTS; i++) {
        if (config->serials[i]) {
            machine->serials[i] = gc_serial_add(machine, i, error);
            if (machine->serials[i] == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* What only a guest that runs needs. */
static bool add_running(GcMachine *machine, const GcMachineConfig *config,
                        GError **error)
{
    if (!config->runs_cpus) {
        return true;
    }
    machine->ged = gc_ged_add(machine);
    return gc_power_add(machine, error) &&
           (config->kernel == NULL ||
            gc_x86_boot_prepare(machine, config, error));
}

static bool build(GcMachine *machine, const GcMachineConfig *config,
                  const Hole *hole, GError **error)
{
    uint64_t size = machine->ram_size;
    uint64_t low_size = size < hole->limit ? size : hole->low_size;
    const GcBoardFwCfg place = {
        .bus = machine->ports,
        .start = GC_FW_CFG_IO_BASE,
        .size_with_dma = GC_FW_CFG_IO_SIZE,
        .size_without_dma = 2,
        .ops = &port_ops,
    };

    return gc_board_add_ram(machine, 0, low_size, 0, error) &&
           (low_size == size ||
            gc_board_add_ram(machine, FOUR_GIB, size - low_size, low_size,
                             error)) &&
           gc_board_add_fw_cfg(machine, config, &place, error) &&
           add_items(machine, config, low_size, error) &&
           add_serials(machine, config, error) &&
           add_running(machine, config, error);
}

static bool build_pc(GcMachine *machine, const GcMachineConfig *config,
                     GError **error)
{
    return build(machine, config, &pc_hole, error);
}

static bool build_q35(GcMachine *machine, const GcMachineConfig *config,
                      GError **error)
{
    return build(machine, config, &q35_hole, error);
}

static const char *const targets[] = {"x86_64", "i386", NULL};

const GcMachineType gc_machine_pc = {
    .name = "pc",
    .description = "x86 PC; RAM has a hole from 3 to 4 GiB",
    .targets = targets,
    .max_cpus = 255,
    .ram_name = "pc.ram",
    .build = build_pc,
    .load_tables = gc_x86_acpi_load,
};

const GcMachineType gc_machine_q35 = {
    .name = "q35",
    .description = "x86 PC; RAM has a hole from 2 to 4 GiB",
    .targets = targets,
    .max_cpus = 288,
    .ram_name = "pc.ram",
    .build = build_q35,
    .load_tables = gc_x86_acpi_load,
};
