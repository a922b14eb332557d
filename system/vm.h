/* SPDX-License-Identifier: MIT */
/* The virtual machine as the program owns it: a machine, its RAM, what runs
 * it, and whether it runs.
 *
 * There is one lock.  The main loop holds it except while it waits; a thread
 * that is a CPU takes it for whatever it does outside of the guest.  So all of
 * a VM, its machine and its devices belong to whoever holds the lock, and need
 * none of their own.  All functions here are the main loop's, unless they say
 * otherwise. */
#pragma once

#include <pthread.h>

#include "guestcore/memory.h"
#include "guestcore/registers.h"

#include "hw/machine/machine.h"
#include "system/accel.h"
#include "system/events.h"
#include "system/options/config.h"
#include "system/picture/picture.h"
#include "system/ram.h"

/**
 * GcRunState:
 * @GC_RUN_PRELAUNCH: made, and never started
 * @GC_RUN_PAUSED: stopped by a monitor
 * @GC_RUN_RUNNING: runs
 * @GC_RUN_SAVE_VM: stopped as long as it is dumped, and will run again
 * @GC_RUN_SHUTDOWN: ended; the program is about to, or nothing but a reset
 *     helps
 * @GC_RUN_GUEST_PANICKED: stopped because the guest said that it panicked
 * @GC_RUN_INTERNAL_ERROR: a CPU cannot go on; nothing but a reset helps
 */
typedef enum GcRunState {
    GC_RUN_PRELAUNCH,
    GC_RUN_PAUSED,
    GC_RUN_RUNNING,
    GC_RUN_SAVE_VM,
    GC_RUN_SHUTDOWN,
    GC_RUN_GUEST_PANICKED,
    GC_RUN_INTERNAL_ERROR,
} GcRunState;

/* What QEMU calls it. */
const char *gc_run_state_get_name(GcRunState state);

/**
 * GcVmCause:
 *
 * Why the VM is reset or shut down.
 */
typedef enum GcVmCause {
    GC_VM_CAUSE_HOST_QMP_QUIT,
    GC_VM_CAUSE_HOST_QMP_RESET,
    GC_VM_CAUSE_HOST_SIGNAL,
    GC_VM_CAUSE_HOST_UI,
    GC_VM_CAUSE_GUEST_SHUTDOWN,
    GC_VM_CAUSE_GUEST_RESET,
    GC_VM_CAUSE_GUEST_PANIC,
} GcVmCause;

/* The dumps of a VM; see system/dump_task.h. */
typedef struct GcDumpTask GcDumpTask;

/* What a panic causes; see system/panic.h. */
typedef struct GcPanic GcPanic;

/* What to call when the VM has shut down. */
typedef void (*GcVmEnded)(void *opaque);

/* What to call when a CPU cannot go on; @why is one line for people. */
typedef void (*GcVmFailed)(void *opaque, const char *why);

/**
 * gc_vm_new:
 * @config: what it is to be like
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): a VM in prelaunch, reset once, with its lock held
 *     by the caller, which is to be its main loop; or NULL
 *
 * Errors: GC_ERROR_INVALID, GC_ERROR_UNSUPPORTED, GC_ERROR_IO
 */
GcVm *gc_vm_new(const GcConfig *config, GError **error);
void gc_vm_free(GcVm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcVm, gc_vm_free)

/* Calls @ended once, when the VM shuts down. */
void gc_vm_set_ended(GcVm *vm, GcVmEnded ended, void *opaque);

/* Calls @failed each time a CPU cannot go on. */
void gc_vm_set_failed(GcVm *vm, GcVmFailed failed, void *opaque);

/* The VM's lock, which is not recursive.  Threads: any thread */
void gc_vm_lock(GcVm *vm);
void gc_vm_unlock(GcVm *vm);

/* Waits for @cond with the lock let go.  Threads: any that holds the lock */
void gc_vm_wait(GcVm *vm, pthread_cond_t *cond);

/* Borrowed, valid as long as the VM. */
GcMachine *gc_vm_get_machine(GcVm *vm);
const GcRam *gc_vm_get_ram(const GcVm *vm);
GcAccel *gc_vm_get_accel(GcVm *vm);
GcEvents *gc_vm_get_events(GcVm *vm);
GcDumpTask *gc_vm_get_dump(GcVm *vm);
const char *gc_vm_get_name(const GcVm *vm); /* (nullable) */
const uint8_t *gc_vm_get_uuid(const GcVm *vm);
const GcConfigSmp *gc_vm_get_smp(const GcVm *vm);

/* Guest memory as a dump reads it: as it is, which is only sure as long as the
 * VM stands still, or as it was in @picture (nullable), which must outlive it.
 * Errors: as gc_ram_add_block() and gc_picture_add_block(). */
GcMemory *gc_vm_dup_memory(GcVm *vm, GcPicture *picture, GError **error);

/* What is in a CPU, which stands still meanwhile; zeros if nothing runs CPUs.
 * Errors: GC_ERROR_IO; GC_ERROR_UNSUPPORTED if no dump can be of it. */
GcRegisters *gc_vm_dup_registers(GcVm *vm, unsigned cpu, GError **error);

GcRunState gc_vm_get_state(const GcVm *vm);

/* Running or not; both do nothing if it is so already, shut down, or in need
 * of a reset.  Once it is stopped, nothing changes memory or registers. */
void gc_vm_start(GcVm *vm);
void gc_vm_stop(GcVm *vm);

/* As gc_vm_stop(), for a reason that @state says. */
void gc_vm_stop_as(GcVm *vm, GcRunState state);

/* Stops a VM that runs until gc_vm_start().  Whether it ran. */
bool gc_vm_hold(GcVm *vm);

/* What is done when the guest reboots, shuts down or panics. */
const GcActions *gc_vm_get_actions(const GcVm *vm);

/* Errors: as gc_panic_check(). */
bool gc_vm_set_actions(GcVm *vm, const GcActions *actions, GError **error);

/* Puts all devices into the state after power-on; a VM that stood still is
 * then as one that was never started.  With reboot=shutdown, shuts down
 * instead. */
void gc_vm_reset(GcVm *vm, GcVmCause cause);

/* Ends the VM; or, if @cause is the guest and with shutdown=pause, stops it
 * until a reset. */
void gc_vm_shutdown(GcVm *vm, GcVmCause cause);

/* For accelerators: a CPU cannot go on, for the reason @why.  It is not run
 * any further, and the main loop stops the VM.
 * Threads: any that holds the lock */
void gc_vm_fail(GcVm *vm, const char *why);
