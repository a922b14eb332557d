/* SPDX-License-Identifier: MIT */
/* "info …": what the machine is made of. */
#include <string.h>

#include "system/monitor/hmp.h"

/* One address space, in the form of QEMU's flat view. */
static void print_view(GString *out, unsigned number, const char *space,
                       const char *root, const GcBus *bus)
{
    g_string_append_printf(out,
                           "FlatView #%u\n AS \"%s\", root: %s\n"
                           " Root memory region: %s\n",
                           number, space, root, root);
    for (size_t i = 0; i < gc_bus_get_n_ranges(bus); i++) {
        const GcBusRange *range = gc_bus_get_range(bus, i);

        g_string_append_printf(out,
                               "  %016" G_GINT64_MODIFIER
                               "x-%016" G_GINT64_MODIFIER "x (prio 0, %s): %s",
                               range->start, range->start + (range->size - 1),
                               range->host != NULL ? "ram" : "i/o",
                               range->name);
        if (range->host != NULL && range->ram_offset != 0) {
            g_string_append_printf(out, " @%016" G_GINT64_MODIFIER "x",
                                   range->ram_offset);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

static bool run_mtree(GcHmpCall *call)
{
    GcMachine *machine = gc_vm_get_machine(call->vm);

    if (strcmp(call->rest, "-f") != 0) {
        g_string_append(call->out, "info mtree: there is only -f\n");
        return false;
    }
    print_view(call->out, 0, "memory", "system",
               gc_machine_get_memory(machine));
    print_view(call->out, 1, "I/O", "io", gc_machine_get_ports(machine));
    return true;
}

static bool run_ramblock(GcHmpCall *call)
{
    const GcRam *ram = gc_vm_get_ram(call->vm);

    g_string_append_printf(call->out, "%24s %8s  %18s %18s %18s\n",
                           "Block Name", "PSize", "Offset", "Used", "Total");
    g_string_append_printf(call->out,
                           "%24s %8s  0x%016x 0x%016" G_GINT64_MODIFIER
                           "x 0x%016" G_GINT64_MODIFIER "x\n",
                           ram->id, "4 KiB", 0, ram->size, ram->size);
    return true;
}

static bool run_status(GcHmpCall *call)
{
    GcRunState state = gc_vm_get_state(call->vm);

    if (state == GC_RUN_RUNNING || state == GC_RUN_PAUSED) {
        g_string_append_printf(call->out, "VM status: %s\n",
                               gc_run_state_get_name(state));
    } else {
        g_string_append_printf(call->out, "VM status: paused (%s)\n",
                               gc_run_state_get_name(state));
    }
    return true;
}

static const GcHmpCommand commands[] = {
    {"info mtree", "-f", "show the address spaces", run_mtree},
    {"info ramblock", "", "show the blocks of RAM", run_ramblock},
    {"info status", "", "show whether the VM runs", run_status},
    {NULL, NULL, NULL, NULL},
};

extern const GcHmpGroup gc_hmp_info;

const GcHmpGroup gc_hmp_info = {commands};
