/* SPDX-License-Identifier: MIT */
/* One CPU of the guest: its thread, and what it does outside of the guest. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/accel/kvm.h"

/* Interrupts KVM_RUN; nobody else sends it to a thread of ours. */
#define KICK_SIGNAL SIGRTMIN

/* KVM reads it whenever it likes. */
static void set_immediate_exit(GcKvmCpu *cpu, bool value)
{
    __atomic_store_n(&cpu->run->immediate_exit, value, __ATOMIC_SEQ_CST);
}

void gc_kvm_cpu_kick(GcKvmCpu *cpu)
{
    set_immediate_exit(cpu, true);
    pthread_kill(cpu->thread, KICK_SIGNAL);
}

/* What the guest does that KVM leaves to us. */

static void do_io(GcKvmCpu *cpu)
{
    struct kvm_run *run = cpu->run;
    GcBus *ports = gc_machine_get_ports(gc_vm_get_machine(cpu->kvm->vm));
    uint8_t *data = (uint8_t *)run + run->io.data_offset;

    for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
        if (run->io.direction == KVM_EXIT_IO_OUT) {
            gc_bus_write(ports, run->io.port, data, run->io.size);
        } else {
            gc_bus_read(ports, run->io.port, data, run->io.size);
        }
    }
}

static void do_mmio(GcKvmCpu *cpu)
{
    struct kvm_run *run = cpu->run;
    GcBus *memory = gc_machine_get_memory(gc_vm_get_machine(cpu->kvm->vm));

    if (run->mmio.is_write) {
        gc_bus_write(memory, run->mmio.phys_addr, run->mmio.data,
                     run->mmio.len);
    } else {
        gc_bus_read(memory, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
    }
}

static void do_request(GcKvmCpu *cpu, GcMachineRequest request)
{
    cpu->is_busy = false;
    gc_machine_request(gc_vm_get_machine(cpu->kvm->vm), request);
}

static void do_system_event(GcKvmCpu *cpu)
{
    switch (cpu->run->system_event.type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
        do_request(cpu, GC_MACHINE_REQUEST_SHUTDOWN);
        break;
    case KVM_SYSTEM_EVENT_CRASH:
        do_request(cpu, GC_MACHINE_REQUEST_PANIC);
        break;
    default:
        do_request(cpu, GC_MACHINE_REQUEST_RESET);
        break;
    }
}

G_GNUC_PRINTF(2, 3)
static void fail(GcKvmCpu *cpu, const char *format, ...)
{
    va_list arguments;
    g_autofree char *what = NULL;
    g_autofree char *why = NULL;
    struct kvm_regs regs = {0};

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ioctl(cpu->fd, KVM_GET_REGS, &regs);
    why =
        g_strdup_printf("CPU %u cannot go on at 0x%" G_GINT64_MODIFIER "x: %s",
                        cpu->index, (uint64_t)regs.rip, what);
    cpu->is_busy = false;
    gc_vm_fail(cpu->kvm->vm, why);
}

static void fail_in_kvm(GcKvmCpu *cpu)
{
    uint32_t error = cpu->run->internal.suberror;

    if (error == KVM_INTERNAL_ERROR_EMULATION) {
        fail(cpu, "KVM cannot do what the guest wants there");
    } else {
        fail(cpu, "KVM has an internal error %u", error);
    }
}

static void handle_exit(GcKvmCpu *cpu)
{
    struct kvm_run *run = cpu->run;

    switch (run->exit_reason) {
    case KVM_EXIT_IO:
        do_io(cpu);
        break;
    case KVM_EXIT_MMIO:
        do_mmio(cpu);
        break;
    case KVM_EXIT_SHUTDOWN: /* a fault within the fault of a fault */
        do_request(cpu, GC_MACHINE_REQUEST_RESET);
        break;
    case KVM_EXIT_SYSTEM_EVENT:
        do_system_event(cpu);
        break;
    case KVM_EXIT_HLT: /* KVM itself waits for an interrupt */
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        fail_in_kvm(cpu);
        break;
    case KVM_EXIT_FAIL_ENTRY:
        fail(cpu, "the processor refuses it for reason 0x%llx",
             run->fail_entry.hardware_entry_failure_reason);
        break;
    default:
        fail(cpu, "KVM leaves the guest for reason %u, which is not known",
             run->exit_reason);
        break;
    }
}

/* The thread */

/* Runs the guest until it needs us.  Where it may not run, an access that
 * was begun is completed, and nothing more: only then are its registers
 * right. */
static void enter(GcKvmCpu *cpu)
{
    GcVm *vm = cpu->kvm->vm;
    int failed;

    set_immediate_exit(cpu, !cpu->kvm->is_running);
    cpu->is_busy = true;
    gc_vm_unlock(vm);
    failed = ioctl(cpu->fd, KVM_RUN, 0) < 0 ? errno : 0;
    gc_vm_lock(vm);
    if (failed == EINTR) {
        cpu->is_busy = false;
    } else if (failed == 0) {
        handle_exit(cpu);
    } else if (failed != EAGAIN) { /* it has just come out of its wait */
        fail(cpu, "KVM_RUN: %s", g_strerror(failed));
    }
}

static void park(GcKvmCpu *cpu)
{
    cpu->is_parked = true;
    pthread_cond_broadcast(&cpu->kvm->parked);
    gc_vm_wait(cpu->kvm->vm, &cpu->kvm->changed);
    cpu->is_parked = false;
}

static void *run_thread(void *opaque)
{
    GcKvmCpu *cpu = opaque;
    GcKvm *kvm = cpu->kvm;

    gc_vm_lock(kvm->vm);
    cpu->thread_id = gettid();
    while (!kvm->is_ending) {
        if (kvm->is_running || cpu->is_busy) {
            enter(cpu);
        } else {
            park(cpu);
        }
    }
    gc_vm_unlock(kvm->vm);
    return NULL;
}

static void on_kick(int number G_GNUC_UNUSED)
{
}

/* No signal but the kick comes to the thread of a CPU. */
static bool start_thread(GcKvmCpu *cpu, GError **error)
{
    struct sigaction action = {.sa_handler = on_kick};
    sigset_t others;
    sigset_t before;
    g_autofree char *name = NULL;
    int failed;

    sigaction(KICK_SIGNAL, &action, NULL);
    sigfillset(&others);
    sigdelset(&others, KICK_SIGNAL);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    failed = pthread_create(&cpu->thread, NULL, run_thread, cpu);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        gc_set_error_errno(error, failed, "cannot start a thread");
        return false;
    }
    cpu->has_thread = true;
    name = g_strdup_printf("CPU %u/KVM", cpu->index); /* as QEMU calls it */
    pthread_setname_np(cpu->thread, name);
    while (!cpu->is_parked) {
        gc_vm_wait(cpu->kvm->vm, &cpu->kvm->parked);
    }
    return true;
}

static bool map_run(GcKvmCpu *cpu, GError **error)
{
    int size = gc_kvm_call(cpu->kvm->dev, KVM_GET_VCPU_MMAP_SIZE, 0, error);
    void *run;

    if (size < 0) {
        return false;
    }
    run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd,
               0);
    if (run == MAP_FAILED) {
        gc_set_error_errno(error, errno, "cannot map %d bytes of KVM", size);
        return false;
    }
    cpu->run = run;
    cpu->run_size = (size_t)size;
    return true;
}

/* As firmware leaves it: the old interrupt controller and the button of
 * non-maskable interrupts are connected. */
static bool connect_lapic(const GcKvmCpu *cpu, GError **error)
{
    static const struct {
        size_t offset;
        uint32_t value;
    } lines[] = {{0x350, 0x700}, {0x360, 0x400}};
    struct kvm_lapic_state lapic;

    if (gc_kvm_call(cpu->fd, KVM_GET_LAPIC, &lapic, error) < 0) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        memcpy(lapic.regs + lines[i].offset, &lines[i].value,
               sizeof(lines[i].value));
    }
    return gc_kvm_call(cpu->fd, KVM_SET_LAPIC, &lapic, error) >= 0;
}

bool gc_kvm_cpu_create(GcKvmCpu *cpu, GError **error)
{
    cpu->fd = gc_kvm_call(cpu->kvm->fd, KVM_CREATE_VCPU, cpu->apic_id, error);
    if (cpu->fd < 0 || !map_run(cpu, error) || !gc_kvm_set_cpuid(cpu, error) ||
        !connect_lapic(cpu, error)) {
        return false;
    }
    cpu->power_on = gc_kvm_save_cpu(cpu, error);
    return cpu->power_on != NULL && start_thread(cpu, error);
}

void gc_kvm_cpu_clear(GcKvmCpu *cpu)
{
    if (cpu->has_thread) {
        gc_kvm_cpu_kick(cpu);
        gc_vm_unlock(cpu->kvm->vm);
        pthread_join(cpu->thread, NULL);
        gc_vm_lock(cpu->kvm->vm);
    }
    if (cpu->run != NULL) {
        munmap(cpu->run, cpu->run_size);
    }
    gc_kvm_state_free(cpu->power_on);
    gc_close_fd(&cpu->fd);
}
