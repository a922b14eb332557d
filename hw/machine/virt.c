/* SPDX-License-Identifier: MIT */
/* The machine virt of aarch64 and riscv64: RAM, fw_cfg in memory, and a
 * device tree that describes them; at the addresses that QEMU uses. */
#include <string.h>

#include "hw/machine/board.h"

#define THREE_GIB (UINT64_C(3) << 30)
#define FDT_ALIGNMENT (UINT64_C(2) << 20)

/* What differs between the two. */
typedef struct Board {
    const char *target;
    const char *model;
    const char *compatible;
    GcPaddr ram_start;
    GcPaddr fw_cfg_start;
    void (*write_cpus)(GcMachine *machine, GcFdt *fdt);
    GcPaddr (*fdt_address)(GcMachine *machine, size_t size);
} Board;

static const Board *get_board(const char *target);

static uint64_t read_window(void *opaque, uint64_t offset, unsigned size)
{
    return gc_fw_cfg_mmio_read(opaque, offset, size);
}

static void write_window(void *opaque, uint64_t offset, unsigned size,
                         uint64_t value)
{
    gc_fw_cfg_mmio_write(opaque, offset, size, value);
}

static const GcBusOps window_ops = {.read = read_window, .write = write_window};

static bool build(GcMachine *machine, const GcMachineConfig *config,
                  GError **error)
{
    const Board *board = get_board(machine->target);
    const GcBoardFwCfg place = {
        .bus = machine->memory,
        .start = board->fw_cfg_start,
        .size_with_dma = GC_FW_CFG_MMIO_SIZE,
        .size_without_dma = GC_FW_CFG_MMIO_SIZE,
        .ops = &window_ops,
    };

    return gc_board_add_ram(machine, board->ram_start, machine->ram_size, 0,
                            error) &&
           gc_board_add_fw_cfg(machine, config, &place, error) &&
           (config->kernel == NULL ||
            gc_board_add_plain_kernel(machine->fw_cfg, config, error));
}

static void write_fw_cfg(GcPaddr start, GcFdt *fdt)
{
    gc_fdt_begin_node(fdt, "fw-cfg@%" G_GINT64_MODIFIER "x", start);
    gc_fdt_add_string(fdt, "compatible", "qemu,fw-cfg-mmio");
    gc_fdt_add_reg(fdt, start, GC_FW_CFG_MMIO_SIZE);
    gc_fdt_add_empty(fdt, "dma-coherent");
    gc_fdt_end_node(fdt);
}

static void write_memory_node(GcFdt *fdt, GcPaddr start, uint64_t size,
                              unsigned node)
{
    gc_fdt_begin_node(fdt, "memory@%" G_GINT64_MODIFIER "x", start);
    gc_fdt_add_string(fdt, "device_type", "memory");
    gc_fdt_add_reg(fdt, start, size);
    if (node != GC_MACHINE_NO_NODE) {
        gc_fdt_add_u32(fdt, "numa-node-id", node);
    }
    gc_fdt_end_node(fdt);
}

static void write_memory(GcMachine *machine, GcPaddr start, GcFdt *fdt)
{
    for (guint i = 0; i < machine->node_sizes->len; i++) {
        uint64_t size = g_array_index(machine->node_sizes, uint64_t, i);

        if (size > 0) {
            write_memory_node(fdt, start, size, i);
            start += size;
        }
    }
    if (machine->node_sizes->len == 0) {
        write_memory_node(fdt, start, machine->ram_size, GC_MACHINE_NO_NODE);
    }
}

static void write_numa_node_id(GcMachine *machine, unsigned cpu, GcFdt *fdt)
{
    if (machine->cpu_nodes[cpu] != GC_MACHINE_NO_NODE) {
        gc_fdt_add_u32(fdt, "numa-node-id", machine->cpu_nodes[cpu]);
    }
}

/* 16 CPUs in a cluster, as GICv3 numbers them. */
static uint32_t get_mpidr(unsigned cpu)
{
    return cpu / 16 << 8 | cpu % 16;
}

static void write_arm_cpus(GcMachine *machine, GcFdt *fdt)
{
    static const char *const psci[] = {"arm,psci-1.0", "arm,psci-0.2", NULL};

    gc_fdt_begin_node(fdt, "psci");
    gc_fdt_add_strings(fdt, "compatible", psci);
    gc_fdt_add_string(fdt, "method", "hvc");
    gc_fdt_end_node(fdt);
    gc_fdt_begin_node(fdt, "cpus");
    gc_fdt_add_u32(fdt, "#address-cells", 1);
    gc_fdt_add_u32(fdt, "#size-cells", 0);
    for (unsigned i = 0; i < machine->n_cpus; i++) {
        gc_fdt_begin_node(fdt, "cpu@%x", get_mpidr(i));
        gc_fdt_add_string(fdt, "device_type", "cpu");
        gc_fdt_add_string(fdt, "compatible", "arm,armv8");
        gc_fdt_add_u32(fdt, "reg", get_mpidr(i));
        gc_fdt_add_string(fdt, "enable-method", "psci");
        write_numa_node_id(machine, i, fdt);
        gc_fdt_end_node(fdt);
    }
    gc_fdt_end_node(fdt);
}

static void write_riscv_cpu(GcMachine *machine, unsigned cpu, GcFdt *fdt)
{
    gc_fdt_begin_node(fdt, "cpu@%x", cpu);
    gc_fdt_add_string(fdt, "device_type", "cpu");
    gc_fdt_add_string(fdt, "compatible", "riscv");
    gc_fdt_add_u32(fdt, "reg", cpu);
    gc_fdt_add_string(fdt, "status", "okay");
    gc_fdt_add_string(fdt, "riscv,isa", "rv64imafdc");
    gc_fdt_add_string(fdt, "mmu-type", "riscv,sv48");
    write_numa_node_id(machine, cpu, fdt);
    gc_fdt_begin_node(fdt, "interrupt-controller");
    gc_fdt_add_string(fdt, "compatible", "riscv,cpu-intc");
    gc_fdt_add_u32(fdt, "#address-cells", 0);
    gc_fdt_add_u32(fdt, "#interrupt-cells", 1);
    gc_fdt_add_empty(fdt, "interrupt-controller");
    gc_fdt_end_node(fdt);
    gc_fdt_end_node(fdt);
}

static void write_riscv_cpus(GcMachine *machine, GcFdt *fdt)
{
    gc_fdt_begin_node(fdt, "cpus");
    gc_fdt_add_u32(fdt, "#address-cells", 1);
    gc_fdt_add_u32(fdt, "#size-cells", 0);
    gc_fdt_add_u32(fdt, "timebase-frequency", 10000000);
    for (unsigned i = 0; i < machine->n_cpus; i++) {
        write_riscv_cpu(machine, i, fdt);
    }
    gc_fdt_end_node(fdt);
}

static void write_chosen(GcMachine *machine, GcFdt *fdt)
{
    gc_fdt_begin_node(fdt, "chosen");
    if (machine->cmdline != NULL) {
        gc_fdt_add_string(fdt, "bootargs", machine->cmdline);
    }
    gc_fdt_end_node(fdt);
}

static void build_fdt(GcMachine *machine, GcFdt *fdt)
{
    const Board *board = get_board(machine->target);

    gc_fdt_add_u32(fdt, "#address-cells", 2);
    gc_fdt_add_u32(fdt, "#size-cells", 2);
    gc_fdt_add_string(fdt, "compatible", board->compatible);
    gc_fdt_add_string(fdt, "model", board->model);
    write_chosen(machine, fdt);
    write_memory(machine, board->ram_start, fdt);
    board->write_cpus(machine, fdt);
    write_fw_cfg(board->fw_cfg_start, fdt);
}

/* Firmware for Arm looks at the start of RAM. */
static GcPaddr get_arm_fdt_address(GcMachine *machine, size_t size)
{
    (void)size;
    return get_board(machine->target)->ram_start;
}

/* On RISC-V it lies at the end of what 32 bits of RAM there are. */
static GcPaddr get_riscv_fdt_address(GcMachine *machine, size_t size)
{
    GcPaddr start = get_board(machine->target)->ram_start;
    GcPaddr end = MIN(start + machine->ram_size, THREE_GIB);

    return MAX(start, (end - size) & ~(FDT_ALIGNMENT - 1));
}

static GcPaddr get_fdt_address(GcMachine *machine, size_t size)
{
    return get_board(machine->target)->fdt_address(machine, size);
}

static const Board boards[] = {
    {
        .target = "aarch64",
        .model = "linux,dummy-virt",
        .compatible = "linux,dummy-virt",
        .ram_start = 0x40000000,
        .fw_cfg_start = 0x09020000,
        .write_cpus = write_arm_cpus,
        .fdt_address = get_arm_fdt_address,
    },
    {
        .target = "riscv64",
        .model = "riscv-virtio,qemu",
        .compatible = "riscv-virtio",
        .ram_start = 0x80000000,
        .fw_cfg_start = 0x10100000,
        .write_cpus = write_riscv_cpus,
        .fdt_address = get_riscv_fdt_address,
    },
};

static const Board *get_board(const char *target)
{
    for (size_t i = 0; i < G_N_ELEMENTS(boards); i++) {
        if (strcmp(boards[i].target, target) == 0) {
            return &boards[i];
        }
    }
    g_assert_not_reached(); /* the type has just these targets */
}

static const char *const targets[] = {"aarch64", "riscv64", NULL};

const GcMachineType gc_machine_virt = {
    .name = "virt",
    .description = "no hardware's machine: RAM, fw_cfg and a device tree",
    .targets = targets,
    .max_cpus = 512,
    .ram_name = "virt.ram",
    .build = build,
    .build_fdt = build_fdt,
    .fdt_address = get_fdt_address,
};
