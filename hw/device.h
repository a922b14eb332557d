/* SPDX-License-Identifier: MIT */
/* What a machine knows of a device: its name, how to reset it, how to
 * describe it in a device tree or by ACPI, how to free it. */
#pragma once

#include "guestcore/types.h"

typedef struct GcAml GcAml;
typedef struct GcFdt GcFdt;
typedef struct GcMachine GcMachine;
typedef struct GcDevice GcDevice;

/**
 * GcDeviceOps:
 * @reset: (nullable): to the state after power-on
 * @write_fdt: (nullable): writes the device's own node; errors stay in @fdt
 * @write_acpi: (nullable): writes the device's own code, in the scope \_SB
 * @free: (nullable): called once with @opaque
 *
 * A device behind its name.
 */
typedef struct GcDeviceOps {
    void (*reset)(void *opaque);
    void (*write_fdt)(void *opaque, GcFdt *fdt);
    void (*write_acpi)(void *opaque, GcAml *aml);
    void (*free)(void *opaque);
} GcDeviceOps;

/**
 * gc_device_new:
 * @name: for people; must outlive the device
 * @ops: what it can do; must outlive the device
 * @opaque: (transfer full): passed to @ops
 *
 * Returns: (transfer full): the device
 */
GcDevice *gc_device_new(const char *name, const GcDeviceOps *ops, void *opaque);
void gc_device_free(GcDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcDevice, gc_device_free)

const char *gc_device_get_name(const GcDevice *device);
void gc_device_reset(GcDevice *device);
void gc_device_write_fdt(GcDevice *device, GcFdt *fdt);
void gc_device_write_acpi(GcDevice *device, GcAml *aml);

/**
 * GcDeviceType:
 * @name: as it stands after -device
 * @description: one line for people
 * @create: makes one and adds it to @machine with gc_machine_take_device()
 *
 * A device that a user can ask for.
 */
typedef struct GcDeviceType {
    const char *name;
    const char *description;
    bool (*create)(GcMachine *machine, GError **error);
} GcDeviceType;

/* All of them, ended by NULL; generated from hw/meson.build. */
extern const GcDeviceType *const gc_device_types[];

/* The type with that name, or NULL. */
const GcDeviceType *gc_device_type_find(const char *name);
