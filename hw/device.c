/* SPDX-License-Identifier: MIT */
#include "hw/device.h"

#include <string.h>

struct GcDevice {
    const char *name;
    const GcDeviceOps *ops;
    void *opaque;
};

GcDevice *gc_device_new(const char *name, const GcDeviceOps *ops, void *opaque)
{
    GcDevice *device = g_new0(GcDevice, 1);

    device->name = name;
    device->ops = ops;
    device->opaque = opaque;
    return device;
}

void gc_device_free(GcDevice *device)
{
    if (device == NULL) {
        return;
    }
    if (device->ops->free != NULL) {
        device->ops->free(device->opaque);
    }
    g_free(device);
}

const char *gc_device_get_name(const GcDevice *device)
{
    return device->name;
}

void gc_device_reset(GcDevice *device)
{
    if (device->ops->reset != NULL) {
        device->ops->reset(device->opaque);
    }
}

void gc_device_write_fdt(GcDevice *device, GcFdt *fdt)
{
    if (device->ops->write_fdt != NULL) {
        device->ops->write_fdt(device->opaque, fdt);
    }
}

void gc_device_write_acpi(GcDevice *device, GcAml *aml)
{
    if (device->ops->write_acpi != NULL) {
        device->ops->write_acpi(device->opaque, aml);
    }
}

const GcDeviceType *gc_device_type_find(const char *name)
{
    for (size_t i = 0; gc_device_types[i] != NULL; i++) {
        if (strcmp(gc_device_types[i]->name, name) == 0) {
            return gc_device_types[i];
        }
    }
    return NULL;
}
