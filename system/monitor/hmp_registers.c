/* SPDX-License-Identifier: MIT */
/* "info registers" and "info cpus": what is in the CPUs. */
#include <string.h>

#include "system/monitor/hmp.h"

/* A register as QEMU prints it: what stands before its value, and how many
 * digits that has.  No name: text alone. */
typedef struct Field {
    const char *before;
    const char *name;
    int digits;
} Field;

#define SEGMENT(label, segment)                                                \
    {label, segment, 4}, {" ", segment "_base", 16},                           \
        {" ", segment "_limit", 8},                                            \
    {                                                                          \
        " ", segment "_flags", 8                                               \
    }
#define TABLE(label, table)                                                    \
    {label "     ", table "_base", 16},                                        \
    {                                                                          \
        " ", table "_limit", 8                                                 \
    }

/* clang-format off */
static const Field x86_64_fields[] = {
    {"RAX=", "rax", 16}, {" RBX=", "rbx", 16}, {" RCX=", "rcx", 16}, {" RDX=", "rdx", 16},
    {"\nRSI=", "rsi", 16}, {" RDI=", "rdi", 16}, {" RBP=", "rbp", 16}, {" RSP=", "rsp", 16},
    {"\nR8 =", "r8", 16}, {" R9 =", "r9", 16}, {" R10=", "r10", 16}, {" R11=", "r11", 16},
    {"\nR12=", "r12", 16}, {" R13=", "r13", 16}, {" R14=", "r14", 16}, {" R15=", "r15", 16},
    {"\nRIP=", "rip", 16}, {" RFL=", "rflags", 8},
    SEGMENT("\nES =", "es"), SEGMENT("\nCS =", "cs"), SEGMENT("\nSS =", "ss"),
    SEGMENT("\nDS =", "ds"), SEGMENT("\nFS =", "fs"), SEGMENT("\nGS =", "gs"),
    SEGMENT("\nLDT=", "ldt"), SEGMENT("\nTR =", "tr"),
    TABLE("\nGDT=", "gdt"), TABLE("\nIDT=", "idt"),
    {"\nCR0=", "cr0", 8}, {" CR2=", "cr2", 16}, {" CR3=", "cr3", 16}, {" CR4=", "cr4", 8},
    {"\nKERNEL_GS_BASE=", "kernel_gs_base", 16},
};
/* clang-format on */

static void print_fields(const GcRegisters *registers, GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(x86_64_fields); i++) {
        const Field *field = &x86_64_fields[i];
        uint64_t value;

        if (gc_registers_get(registers, field->name, &value)) {
            g_string_append_printf(out, "%s%0*" G_GINT64_MODIFIER "x",
                                   field->before, field->digits, value);
        }
    }
    g_string_append_c(out, '\n');
}

static void print_cpu(GcHmpCall *call, unsigned cpu)
{
    GcAccel *accel = gc_vm_get_accel(call->vm);
    g_autoptr(GcRegisters) registers = NULL;
    g_autoptr(GError) error = NULL;

    g_string_append_printf(call->out, "\nCPU#%u\n", cpu);
    if (!gc_accel_runs_cpus(accel)) {
        g_string_append_printf(
            call->out, "no registers: accelerator '%s' runs no guest code\n",
            gc_accel_get_class(accel)->name);
        return;
    }
    registers = gc_vm_dup_registers(call->vm, cpu, &error);
    if (registers == NULL) {
        g_string_append_printf(call->out, "no registers: %s\n", error->message);
        return;
    }
    print_fields(registers, call->out);
}

static unsigned get_n_cpus(const GcHmpCall *call)
{
    return gc_machine_get_n_cpus(gc_vm_get_machine(call->vm));
}

static bool run_registers(GcHmpCall *call)
{
    g_autofree char *word = gc_hmp_take_word(call);
    bool all = g_strcmp0(word, "-a") == 0;
    unsigned n = all ? get_n_cpus(call) : 1;

    for (unsigned i = 0; i < n; i++) {
        print_cpu(call, i);
    }
    return true;
}

static bool run_cpus(GcHmpCall *call)
{
    for (unsigned i = 0; i < get_n_cpus(call); i++) {
        pid_t thread = gc_accel_get_thread_id(gc_vm_get_accel(call->vm), i);

        g_string_append_printf(call->out, "%c CPU #%u: thread_id=%d\n",
                               i == 0 ? '*' : ' ', i, (int)thread);
    }
    return true;
}

static const GcHmpCommand commands[] = {
    {"info cpus", "", "show the threads of the CPUs", run_cpus},
    {"info registers", "[-a]", "show the registers of the CPUs", run_registers},
    {NULL, NULL, NULL, NULL},
};

extern const GcHmpGroup gc_hmp_registers;

const GcHmpGroup gc_hmp_registers = {commands};
