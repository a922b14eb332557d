/* SPDX-License-Identifier: MIT */
/* How the first CPU begins: in the kernel that a boot loader has put into
 * memory, and not in firmware. */
#include <sys/ioctl.h>

#include "system/accel/kvm.h"

#define CR0_PE UINT64_C(0x00000001)
#define CR0_ET UINT64_C(0x00000010)
#define CR0_NE UINT64_C(0x00000020)
#define CR0_PG UINT64_C(0x80000000)
#define CR4_PAE UINT64_C(0x20)
#define EFER_LME UINT64_C(0x100)
#define EFER_LMA UINT64_C(0x400)
#define RFLAGS_FIXED UINT64_C(0x2)

#define TYPE_DATA 3  /* read and write, accessed */
#define TYPE_CODE 11 /* execute and read, accessed */

/* A segment of all memory. */
static struct kvm_segment make_segment(uint16_t selector, uint8_t type,
                                       bool is_64bit)
{
    return (struct kvm_segment){
        .limit = UINT32_MAX,
        .selector = selector,
        .type = type,
        .present = 1,
        .db = !is_64bit,
        .s = 1,
        .l = is_64bit,
        .g = 1,
    };
}

static void set_segments(struct kvm_sregs *sregs, const GcMachineBoot *boot)
{
    const struct kvm_segment data = make_segment(boot->ds, TYPE_DATA, false);

    sregs->cs = make_segment(boot->cs, TYPE_CODE, boot->long_mode);
    sregs->ds = data;
    sregs->es = data;
    sregs->fs = data;
    sregs->gs = data;
    sregs->ss = data;
    sregs->gdt = (struct kvm_dtable){
        .base = boot->gdt,
        .limit = (uint16_t)(boot->gdt_size - 1),
    };
    sregs->idt = (struct kvm_dtable){0};
}

static void set_mode(struct kvm_sregs *sregs, const GcMachineBoot *boot)
{
    sregs->cr0 = CR0_PE | CR0_ET | CR0_NE;
    sregs->cr3 = boot->cr3;
    if (boot->long_mode) {
        sregs->cr0 |= CR0_PG;
        sregs->cr4 = CR4_PAE;
        sregs->efer = EFER_LME | EFER_LMA;
    }
}

bool gc_kvm_boot_cpu(const GcKvmCpu *cpu, const GcMachineBoot *boot,
                     GError **error)
{
    const struct kvm_regs regs = {
        .rip = boot->entry,
        .rsi = boot->rsi,
        .rbx = boot->rbx,
        .rflags = RFLAGS_FIXED,
    };
    struct kvm_sregs sregs;

    if (gc_kvm_call(cpu->fd, KVM_GET_SREGS, &sregs, error) < 0) {
        return false;
    }
    set_segments(&sregs, boot);
    set_mode(&sregs, boot);
    return gc_kvm_call(cpu->fd, KVM_SET_SREGS, &sregs, error) >= 0 &&
           gc_kvm_call(cpu->fd, KVM_SET_REGS, &regs, error) >= 0;
}
