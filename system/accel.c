/* SPDX-License-Identifier: MIT */
#include "system/accel.h"

#include <string.h>
#include <unistd.h>

#include "guestcore/error.h"

struct GcAccel {
    const GcAccelClass *class;
    void *state; /* NULL if it runs no CPUs */
};

static const GcAccelClass *find_class(const char *name, GError **error)
{
    static const char *const elsewhere[] = {"kvm", "tcg",  "hvf",
                                            "xen", "whpx", NULL};

    for (size_t i = 0; gc_accel_classes[i] != NULL; i++) {
        if (strcmp(gc_accel_classes[i]->name, name) == 0) {
            return gc_accel_classes[i];
        }
    }
    if (g_strv_contains(elsewhere, name)) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "accelerator is not built in");
    } else {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "invalid accelerator");
    }
    return NULL;
}

static GcAccel *open_class(const GcAccelClass *class, const char *target,
                           GError **error)
{
    GcAccel *accel;
    void *state = NULL;

    if (class->ops != NULL) {
        state = class->ops->open(target, error);
        if (state == NULL) {
            return NULL;
        }
    }
    accel = g_new0(GcAccel, 1);
    accel->class = class;
    accel->state = state;
    return accel;
}

GcAccel *gc_accel_new(const GPtrArray *names, const char *target,
                      GError **error)
{
    if (names->len == 0) {
        return open_class(gc_accel_classes[0], target, error);
    }
    for (guint i = 0; i < names->len; i++) {
        bool is_last = i + 1 == names->len;
        const char *name = names->pdata[i];
        GError **why = is_last ? error : NULL;
        const GcAccelClass *class = find_class(name, why);
        GcAccel *accel = class != NULL ? open_class(class, target, why) : NULL;

        if (accel != NULL) {
            return accel;
        }
        g_prefix_error(why, "-accel %s: ", name);
    }
    return NULL;
}

void gc_accel_free(GcAccel *accel)
{
    if (accel == NULL) {
        return;
    }
    if (gc_accel_runs_cpus(accel)) {
        accel->class->ops->free(accel->state);
    }
    g_free(accel);
}

const GcAccelClass *gc_accel_get_class(const GcAccel *accel)
{
    return accel->class;
}

bool gc_accel_runs_cpus(const GcAccel *accel)
{
    return accel->class->ops != NULL;
}

bool gc_accel_create(GcAccel *accel, GcVm *vm, GError **error)
{
    return !gc_accel_runs_cpus(accel) ||
           accel->class->ops->create(accel->state, vm, error);
}

bool gc_accel_reset(GcAccel *accel, const GcMachineBoot *boot, GError **error)
{
    return !gc_accel_runs_cpus(accel) ||
           accel->class->ops->reset(accel->state, boot, error);
}

void gc_accel_start(GcAccel *accel)
{
    if (gc_accel_runs_cpus(accel)) {
        accel->class->ops->start(accel->state);
    }
}

void gc_accel_pause(GcAccel *accel)
{
    if (gc_accel_runs_cpus(accel)) {
        accel->class->ops->pause(accel->state);
    }
}

void gc_accel_stop(GcAccel *accel)
{
    if (gc_accel_runs_cpus(accel)) {
        accel->class->ops->stop(accel->state);
    }
}

bool gc_accel_get_registers(GcAccel *accel, unsigned cpu,
                            GcRegisters *registers, GError **error)
{
    return !gc_accel_runs_cpus(accel) ||
           accel->class->ops->get_registers(accel->state, cpu, registers,
                                            error);
}

pid_t gc_accel_get_thread_id(const GcAccel *accel, unsigned cpu)
{
    return gc_accel_runs_cpus(accel)
               ? accel->class->ops->get_thread_id(accel->state, cpu)
               : getpid();
}

void gc_accel_set_irq(GcAccel *accel, unsigned gsi, bool level)
{
    if (gc_accel_runs_cpus(accel)) {
        accel->class->ops->set_irq(accel->state, gsi, level);
    }
}
