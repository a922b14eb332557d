/* SPDX-License-Identifier: MIT */
/* What runs the guest's CPUs, if anything does.  An accelerator is one file
 * in system/accel/ and one line in its meson.build. */
#pragma once

#include <sys/types.h>

#include "guestcore/registers.h"

typedef struct GcAccel GcAccel;
typedef struct GcMachineBoot GcMachineBoot;
typedef struct GcVm GcVm;

/**
 * GcAccelOps:
 * @open: takes hold of what the host offers; @target is what the CPUs are.
 *     Returns the state that all others get, or NULL
 * @create: makes the CPUs and the memory of @vm, whose machine is there;
 *     nothing runs yet
 * @reset: puts all CPUs into the state after power-on, the first one to
 *     where @boot says; they stand still
 * @start: lets all CPUs run
 * @pause: keeps all CPUs from running any further, but does not wait
 * @stop: the same, and waits until they stand still, with no access to a
 *     device half done; lets go of the VM's lock meanwhile
 * @get_registers: sets all that @registers can hold; the CPUs stand still
 * @get_thread_id: the host's number of the thread that is the CPU
 * @set_irq: raises or lowers an interrupt line
 * @free: (nullable state): stops and frees everything
 *
 * How CPUs are run.  Everything is called with the VM's lock held, and all
 * but @pause and @set_irq from the main loop.
 */
typedef struct GcAccelOps {
    void *(*open)(const char *target, GError **error);
    bool (*create)(void *state, GcVm *vm, GError **error);
    bool (*reset)(void *state, const GcMachineBoot *boot, GError **error);
    void (*start)(void *state);
    void (*pause)(void *state);
    void (*stop)(void *state);
    bool (*get_registers)(void *state, unsigned cpu, GcRegisters *registers,
                          GError **error);
    pid_t (*get_thread_id)(const void *state, unsigned cpu);
    void (*set_irq)(void *state, unsigned gsi, bool level);
    void (*free)(void *state);
} GcAccelOps;

/**
 * GcAccelClass:
 * @name: as it stands after -accel
 * @description: one line for people
 * @has_clock: whether a test client moves its clock
 * @ops: (nullable): how it runs CPUs; NULL if it runs none
 *
 * A kind of accelerator.
 */
typedef struct GcAccelClass {
    const char *name;
    const char *description;
    bool has_clock;
    const GcAccelOps *ops;
} GcAccelClass;

/* All of them, ended by NULL; the first is the default. */
extern const GcAccelClass *const gc_accel_classes[];

/**
 * gc_accel_new:
 * @names: (element-type utf8): to be tried in order; empty: the default
 * @target: what the CPUs are: "x86_64"
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the first that works here, or NULL
 *
 * Errors: what the last one said; GC_ERROR_UNSUPPORTED if it is not built in
 *     or cannot run @target, GC_ERROR_INVALID if it is no accelerator at
 *     all, GC_ERROR_IO if the host refuses
 */
GcAccel *gc_accel_new(const GPtrArray *names, const char *target,
                      GError **error);
void gc_accel_free(GcAccel *accel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcAccel, gc_accel_free)

const GcAccelClass *gc_accel_get_class(const GcAccel *accel);

/* Whether it runs CPUs.  Where it runs none, the functions below do nothing,
 * and are successful. */
bool gc_accel_runs_cpus(const GcAccel *accel);

/* As in GcAccelOps. */
bool gc_accel_create(GcAccel *accel, GcVm *vm, GError **error);
bool gc_accel_reset(GcAccel *accel, const GcMachineBoot *boot, GError **error);
void gc_accel_start(GcAccel *accel);
void gc_accel_pause(GcAccel *accel);
void gc_accel_stop(GcAccel *accel);
bool gc_accel_get_registers(GcAccel *accel, unsigned cpu,
                            GcRegisters *registers, GError **error);
void gc_accel_set_irq(GcAccel *accel, unsigned gsi, bool level);

/* The process's own number if no CPU runs. */
pid_t gc_accel_get_thread_id(const GcAccel *accel, unsigned cpu);
