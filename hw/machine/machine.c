/* SPDX-License-Identifier: MIT */
#include "hw/machine/machine.h"

#include <string.h>

#include "base/error.h"
#include "hw/machine/board.h"

#define RAM_UNIT 4096 /* its size is a multiple */

bool gc_machine_type_has_target(const GcMachineType *type, const char *target)
{
    return g_strv_contains(type->targets, target);
}

const GcMachineType *gc_machine_type_find(const char *name, const char *target)
{
    for (size_t i = 0; gc_machine_types[i] != NULL; i++) {
        const GcMachineType *type = gc_machine_types[i];

        if (strcmp(type->name, name) == 0 &&
            gc_machine_type_has_target(type, target)) {
            return type;
        }
    }
    return NULL;
}

static bool check_cpus(const GcMachineType *type, const GcMachineConfig *config,
                       GError **error)
{
    if (config->n_cpus == 0 || config->max_cpus < config->n_cpus) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%u CPUs of at most %u: there must be 1 or more",
                    config->n_cpus, config->max_cpus);
        return false;
    }
    if (config->cores > config->max_cpus ||
        config->threads > config->max_cpus) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%u cores of %u threads: there are at most %u CPUs",
                    config->cores, config->threads, config->max_cpus);
        return false;
    }
    if (config->max_cpus > type->max_cpus) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%u CPUs: machine %s has at most %u", config->max_cpus,
                    type->name, type->max_cpus);
        return false;
    }
    return true;
}

static bool check_ram(const GcMachineConfig *config, GError **error)
{
    if (config->ram_size < GC_MACHINE_MIN_RAM ||
        config->ram_size > GC_MACHINE_MAX_RAM ||
        config->ram_size % RAM_UNIT != 0) {
        g_set_error(
            error, GC_ERROR, GC_ERROR_INVALID,
            "%" G_GUINT64_FORMAT " bytes of RAM: must be %" G_GUINT64_FORMAT
            " to %" G_GUINT64_FORMAT " and a multiple of %d",
            config->ram_size, GC_MACHINE_MIN_RAM, GC_MACHINE_MAX_RAM, RAM_UNIT);
        return false;
    }
    return true;
}

/* Puts one CPU into a node. */
static bool place_cpu(GcMachine *machine, unsigned cpu, unsigned node,
                      GError **error)
{
    if (cpu >= machine->max_cpus) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "NUMA node %u: CPU %u: there are at most %u", node, cpu,
                    machine->max_cpus);
        return false;
    }
    if (machine->cpu_nodes[cpu] != GC_MACHINE_NO_NODE) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "NUMA node %u: CPU %u is in node %u already", node, cpu,
                    machine->cpu_nodes[cpu]);
        return false;
    }
    machine->cpu_nodes[cpu] = node;
    return true;
}

static bool check_node_sizes(const GcMachineConfig *config, GError **error)
{
    uint64_t rest = config->ram_size;

    for (size_t i = 0; i < config->n_numa && config->numa[i].size <= rest;
         i++) {
        rest -= config->numa[i].size;
        if (i + 1 == config->n_numa && rest == 0) {
            return true;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "memory of the NUMA nodes is not the %" G_GUINT64_FORMAT
                " bytes of RAM",
                config->ram_size);
    return false;
}

static bool take_numa(GcMachine *machine, const GcMachineConfig *config,
                      GError **error)
{
    for (unsigned i = 0; i < machine->max_cpus; i++) {
        machine->cpu_nodes[i] = GC_MACHINE_NO_NODE;
    }
    for (unsigned i = 0; i < config->n_numa; i++) {
        const GcMachineNumaNode *node = &config->numa[i];

        for (size_t k = 0; k < node->n_cpus; k++) {
            if (!place_cpu(machine, node->cpus[k], i, error)) {
                return false;
            }
        }
        g_array_append_val(machine->node_sizes, node->size);
    }
    return config->n_numa == 0 || check_node_sizes(config, error);
}

static bool check_config(const GcMachineType *type, const char *target,
                         const GcMachineConfig *config, GError **error)
{
    if (!gc_machine_type_has_target(type, target)) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "machine %s: not for %s", type->name, target);
        return false;
    }
    return check_cpus(type, config, error) && check_ram(config, error);
}

GcMachine *gc_machine_new(const GcMachineType *type, const char *target,
                          const GcMachineConfig *config, GError **error)
{
    g_autoptr(GcMachine) machine = NULL;

    if (!check_config(type, target, config, error)) {
        return NULL;
    }
    machine = g_new0(GcMachine, 1);
    machine->type = type;
    machine->target = target;
    machine->n_cpus = config->n_cpus;
    machine->max_cpus = config->max_cpus;
    machine->cores = config->cores;
    machine->threads = MAX(config->threads, 1);
    machine->ram = config->ram;
    machine->ram_size = config->ram_size;
    machine->ram_name =
        config->ram_name != NULL ? config->ram_name : type->ram_name;
    machine->cmdline = g_strdup(config->cmdline);
    machine->runs_cpus = config->runs_cpus;
    machine->node_sizes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    machine->cpu_nodes = g_new0(unsigned, config->max_cpus);
    machine->memory = gc_bus_new("memory", 0);
    machine->ports = gc_bus_new("I/O", 0xff);
    machine->devices =
        g_ptr_array_new_with_free_func((GDestroyNotify)gc_device_free);
    if (!take_numa(machine, config, error) ||
        !type->build(machine, config, error)) {
        return NULL;
    }
    return g_steal_pointer(&machine);
}

void gc_machine_free(GcMachine *machine)
{
    if (machine == NULL) {
        return;
    }
    while (machine->devices->len > 0) { /* the last one first */
        g_ptr_array_remove_index(machine->devices, machine->devices->len - 1);
    }
    g_ptr_array_unref(machine->devices);
    gc_boot_image_free(machine->boot_image);
    gc_bus_free(machine->memory);
    gc_bus_free(machine->ports);
    g_clear_pointer(&machine->fdt, g_bytes_unref);
    g_array_unref(machine->node_sizes);
    g_free(machine->cpu_nodes);
    g_free(machine->cmdline);
    g_free(machine);
}

bool gc_machine_add_device(GcMachine *machine, const char *name, GError **error)
{
    const GcDeviceType *type = gc_device_type_find(name);

    if (type == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "'%s' is not a valid device model name", name);
        return false;
    }
    return type->create(machine, error);
}

void gc_machine_take_device(GcMachine *machine, GcDevice *device)
{
    g_ptr_array_add(machine->devices, device);
}

void gc_machine_set_vmcoreinfo(GcMachine *machine, GcVmcoreinfo *vmcoreinfo)
{
    machine->vmcoreinfo = vmcoreinfo;
}

/* The tree, made when it is asked for first. */
static GBytes *get_fdt(GcMachine *machine, GError **error)
{
    if (machine->fdt == NULL) {
        g_autoptr(GcFdt) fdt = gc_fdt_new();

        machine->type->build_fdt(machine, fdt);
        machine->fdt = gc_fdt_finish(fdt, error);
    }
    return machine->fdt;
}

/* Puts the tree into guest memory; a machine whose RAM has no room for it
 * has none there. */
static void load_fdt(GcMachine *machine)
{
    GBytes *fdt = get_fdt(machine, NULL);
    size_t size;
    const void *data;

    if (fdt == NULL) {
        return;
    }
    data = g_bytes_get_data(fdt, &size);
    gc_bus_write_ram(machine->memory, machine->type->fdt_address(machine, size),
                     data, size);
}

void gc_machine_reset(GcMachine *machine)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        gc_device_reset(g_ptr_array_index(machine->devices, i));
    }
    if (machine->type->build_fdt != NULL) {
        load_fdt(machine);
    }
    if (machine->has_boot) {
        gc_boot_image_load(machine->boot_image, machine->memory);
    }
    if (machine->has_boot && machine->type->load_tables != NULL) {
        machine->type->load_tables(machine);
    }
}

const GcMachineBoot *gc_machine_get_boot(const GcMachine *machine)
{
    return machine->has_boot ? &machine->boot : NULL;
}

void gc_machine_set_host(GcMachine *machine, const GcMachineHost *host,
                         void *opaque)
{
    machine->host = host;
    machine->host_opaque = opaque;
}

void gc_machine_request(GcMachine *machine, GcMachineRequest request)
{
    if (machine->host != NULL && machine->host->request != NULL) {
        machine->host->request(machine->host_opaque, request);
    }
}

void gc_machine_set_irq(GcMachine *machine, unsigned gsi, bool level)
{
    if (machine->host != NULL && machine->host->set_irq != NULL) {
        machine->host->set_irq(machine->host_opaque, gsi, level);
    }
}

GBytes *gc_machine_dup_fdt(GcMachine *machine, GError **error)
{
    GBytes *fdt;

    if (machine->type->build_fdt == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "machine %s has no device tree", machine->type->name);
        return NULL;
    }
    fdt = get_fdt(machine, error);
    return fdt != NULL ? g_bytes_ref(fdt) : NULL;
}

const GcMachineType *gc_machine_get_type(const GcMachine *machine)
{
    return machine->type;
}

const char *gc_machine_get_target(const GcMachine *machine)
{
    return machine->target;
}

unsigned gc_machine_get_n_cpus(const GcMachine *machine)
{
    return machine->n_cpus;
}

unsigned gc_machine_get_max_cpus(const GcMachine *machine)
{
    return machine->max_cpus;
}

/* The bits that number @n things. */
static unsigned get_width(unsigned n)
{
    unsigned width = 0;

    while (n > 1 && (n - 1) >> width != 0) {
        width++;
    }
    return width;
}

unsigned gc_machine_get_apic_id(const GcMachine *machine, unsigned cpu)
{
    unsigned threads = machine->threads;
    unsigned cores = machine->cores != 0 ? machine->cores
                                         : MAX(machine->max_cpus / threads, 1);
    unsigned thread = cpu % threads;
    unsigned core = cpu / threads % cores;
    unsigned socket = cpu / threads / cores;

    return (socket << get_width(cores) | core) << get_width(threads) | thread;
}

GcBus *gc_machine_get_memory(GcMachine *machine)
{
    return machine->memory;
}

GcBus *gc_machine_get_ports(GcMachine *machine)
{
    return machine->ports;
}

GcFwCfg *gc_machine_get_fw_cfg(GcMachine *machine)
{
    return machine->fw_cfg;
}

GcSerial *gc_machine_get_serial(GcMachine *machine, unsigned index)
{
    return index < GC_SERIAL_MAX_PORTS ? machine->serials[index] : NULL;
}

GcGed *gc_machine_get_ged(GcMachine *machine)
{
    return machine->ged;
}

GcVmcoreinfo *gc_machine_get_vmcoreinfo(GcMachine *machine)
{
    return machine->vmcoreinfo;
}
