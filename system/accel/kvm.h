/* SPDX-License-Identifier: MIT */
/* What the files of the accelerator kvm share.
 *
 * A CPU is a thread.  It holds the VM's lock but for the time in KVM_RUN and
 * the time it stands still, so that all here belongs to whoever has that lock.
 * Linux describes KVM in Documentation/virt/kvm/api.rst. */
#pragma once

#include <linux/kvm.h>
#include <pthread.h>

#include "hw/machine/machine.h"
#include "system/vm.h"

typedef struct GcKvm GcKvm;

/* The registers of a CPU, or of the board, at one moment. */
typedef struct GcKvmState GcKvmState;

/**
 * GcKvmCpu:
 * @kvm: whose it is
 * @index: its number, from 0
 * @apic_id: its number for KVM and the guest
 * @fd: the CPU, for KVM; -1 if there is none
 * @run: what KVM and we tell each other about it
 * @run_size: of the mapping, in bytes
 * @power_on: what it was like when it was made
 * @thread: runs it, if @has_thread
 * @thread_id: the host's number of that; 0 until it runs
 * @is_parked: the thread waits, and the CPU stands still
 * @is_busy: KVM may have begun an access to a device that it will only
 *     complete when it is entered again
 *
 * A CPU of the guest.
 */
typedef struct GcKvmCpu {
    GcKvm *kvm;
    unsigned index;
    unsigned apic_id;
    int fd;
    struct kvm_run *run;
    size_t run_size;
    GcKvmState *power_on;
    pthread_t thread;
    bool has_thread;
    pid_t thread_id;
    bool is_parked;
    bool is_busy;
} GcKvmCpu;

/**
 * GcKvm:
 * @dev: /dev/kvm
 * @fd: the VM, for KVM
 * @vm: the VM, for us; NULL until it is created
 * @cpus: (array length=n_cpus)
 * @power_on: what interrupt controllers and timer were like at first
 * @is_running: CPUs may enter the guest
 * @is_ending: threads are to end
 * @clock: the guest's time when it was stopped, in ns, if @has_clock
 * @changed: @is_running or @is_ending is another now
 * @parked: a CPU stands still now
 */
struct GcKvm {
    int dev;
    int fd;
    GcVm *vm;
    GcKvmCpu *cpus;
    unsigned n_cpus;
    GcKvmState *power_on;
    bool is_running;
    bool is_ending;
    bool has_clock;
    uint64_t clock;
    pthread_cond_t changed;
    pthread_cond_t parked;
};

/* An ioctl whose name becomes part of the error.  The result is that of
 * ioctl().  Errors: GC_ERROR_IO. */
#define gc_kvm_call(fd, request, argument, error)                              \
    gc_kvm_ioctl((fd), (request), #request, (uintptr_t)(argument), (error))
int gc_kvm_ioctl(int fd, unsigned long request, const char *name,
                 uintptr_t argument, GError **error);

/* Makes a CPU and its thread, which waits; @index and @apic_id are set.
 * Errors: GC_ERROR_IO. */
bool gc_kvm_cpu_create(GcKvmCpu *cpu, GError **error);

/* Ends the thread, which @is_ending asked to, with the lock let go. */
void gc_kvm_cpu_clear(GcKvmCpu *cpu);

/* Gets a CPU out of the guest soon. */
void gc_kvm_cpu_kick(GcKvmCpu *cpu);

/* Says what the CPU can do.  Errors: GC_ERROR_IO. */
bool gc_kvm_set_cpuid(const GcKvmCpu *cpu, GError **error);

/* What a CPU, or the board of a VM, is like at this moment; to be freed with
 * g_free().  Errors: GC_ERROR_IO. */
GcKvmState *gc_kvm_save_cpu(const GcKvmCpu *cpu, GError **error);
GcKvmState *gc_kvm_save_board(const GcKvm *kvm, GError **error);

/* Makes it like that again. */
bool gc_kvm_load_cpu(const GcKvmCpu *cpu, const GcKvmState *state,
                     GError **error);
bool gc_kvm_load_board(const GcKvm *kvm, const GcKvmState *state,
                       GError **error);
void gc_kvm_state_free(GcKvmState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcKvmState, gc_kvm_state_free)

/* Lets a CPU that is in the state after power-on begin where @boot says. */
bool gc_kvm_boot_cpu(const GcKvmCpu *cpu, const GcMachineBoot *boot,
                     GError **error);

/* As GcAccelOps. */
bool gc_kvm_get_registers(const GcKvmCpu *cpu, GcRegisters *registers,
                          GError **error);
