/* SPDX-License-Identifier: MIT */
/* The registers of a CPU as a dump has them. */
#include <stddef.h>
#include <sys/ioctl.h>

#include "system/accel/kvm.h"

#define MSR_KERNEL_GS_BASE 0xc0000102u

/* A register of 64 bits, and where KVM's struct has it. */
typedef struct Place {
    const char *name;
    size_t offset;
} Place;

static const Place general[] = {
    {"rax", offsetof(struct kvm_regs, rax)},
    {"rbx", offsetof(struct kvm_regs, rbx)},
    {"rcx", offsetof(struct kvm_regs, rcx)},
    {"rdx", offsetof(struct kvm_regs, rdx)},
    {"rsi", offsetof(struct kvm_regs, rsi)},
    {"rdi", offsetof(struct kvm_regs, rdi)},
    {"rsp", offsetof(struct kvm_regs, rsp)},
    {"rbp", offsetof(struct kvm_regs, rbp)},
    {"r8", offsetof(struct kvm_regs, r8)},
    {"r9", offsetof(struct kvm_regs, r9)},
    {"r10", offsetof(struct kvm_regs, r10)},
    {"r11", offsetof(struct kvm_regs, r11)},
    {"r12", offsetof(struct kvm_regs, r12)},
    {"r13", offsetof(struct kvm_regs, r13)},
    {"r14", offsetof(struct kvm_regs, r14)},
    {"r15", offsetof(struct kvm_regs, r15)},
    {"rip", offsetof(struct kvm_regs, rip)},
    {"rflags", offsetof(struct kvm_regs, rflags)},
};

static const Place control[] = {
    {"cr0", offsetof(struct kvm_sregs, cr0)},
    {"cr2", offsetof(struct kvm_sregs, cr2)},
    {"cr3", offsetof(struct kvm_sregs, cr3)},
    {"cr4", offsetof(struct kvm_sregs, cr4)},
};

static const Place segments[] = {
    {"cs", offsetof(struct kvm_sregs, cs)},
    {"ds", offsetof(struct kvm_sregs, ds)},
    {"es", offsetof(struct kvm_sregs, es)},
    {"fs", offsetof(struct kvm_sregs, fs)},
    {"gs", offsetof(struct kvm_sregs, gs)},
    {"ss", offsetof(struct kvm_sregs, ss)},
    {"ldt", offsetof(struct kvm_sregs, ldt)},
    {"tr", offsetof(struct kvm_sregs, tr)},
};

static const Place tables[] = {
    {"gdt", offsetof(struct kvm_sregs, gdt)},
    {"idt", offsetof(struct kvm_sregs, idt)},
};

static bool set_all(GcRegisters *registers, const Place *places, size_t n,
                    const void *from, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        const void *at = (const char *)from + places[i].offset;

        if (!gc_registers_set(registers, places[i].name, *(const uint64_t *)at,
                              error)) {
            return false;
        }
    }
    return true;
}

/* The attributes of a segment where its descriptor has them: bits 8 to 23 of
 * the upper half. */
static uint32_t get_attributes(const struct kvm_segment *segment)
{
    return (uint32_t)segment->type << 8 | (uint32_t)segment->s << 12 |
           (uint32_t)segment->dpl << 13 | (uint32_t)segment->present << 15 |
           (uint32_t)segment->avl << 20 | (uint32_t)segment->l << 21 |
           (uint32_t)segment->db << 22 | (uint32_t)segment->g << 23;
}

/* A register whose name is that of a segment, a dash below, and @what. */
static bool set_part(GcRegisters *registers, const char *name, const char *what,
                     uint64_t value, GError **error)
{
    g_autofree char *full = g_strdup_printf("%s_%s", name, what);

    return gc_registers_set(registers, full, value, error);
}

static bool set_segments(GcRegisters *registers, const struct kvm_sregs *sregs,
                         GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        const char *name = segments[i].name;
        const void *at = (const char *)sregs + segments[i].offset;
        const struct kvm_segment *from = at;

        if (!gc_registers_set(registers, name, from->selector, error) ||
            !set_part(registers, name, "limit", from->limit, error) ||
            !set_part(registers, name, "flags", get_attributes(from), error) ||
            !set_part(registers, name, "base", from->base, error)) {
            return false;
        }
    }
    return true;
}

static bool set_tables(GcRegisters *registers, const struct kvm_sregs *sregs,
                       GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        const void *at = (const char *)sregs + tables[i].offset;
        const struct kvm_dtable *from = at;

        if (!set_part(registers, tables[i].name, "limit", from->limit, error) ||
            !set_part(registers, tables[i].name, "base", from->base, error)) {
            return false;
        }
    }
    return true;
}

static bool set_kernel_gs_base(const GcKvmCpu *cpu, GcRegisters *registers,
                               GError **error)
{
    union {
        struct kvm_msrs head;
        char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
    } msrs = {.head = {.nmsrs = 1}};

    msrs.head.entries[0].index = MSR_KERNEL_GS_BASE;
    return gc_kvm_call(cpu->fd, KVM_GET_MSRS, &msrs, error) >= 0 &&
           gc_registers_set(registers, "kernel_gs_base",
                            msrs.head.entries[0].data, error);
}

bool gc_kvm_get_registers(const GcKvmCpu *cpu, GcRegisters *registers,
                          GError **error)
{
    struct kvm_regs regs;
    struct kvm_sregs sregs;

    return gc_kvm_call(cpu->fd, KVM_GET_REGS, &regs, error) >= 0 &&
           gc_kvm_call(cpu->fd, KVM_GET_SREGS, &sregs, error) >= 0 &&
           set_all(registers, general, G_N_ELEMENTS(general), &regs, error) &&
           set_all(registers, control, G_N_ELEMENTS(control), &sregs, error) &&
           set_segments(registers, &sregs, error) &&
           set_tables(registers, &sregs, error) &&
           set_kernel_gs_base(cpu, registers, error);
}
