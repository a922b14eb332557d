/* SPDX-License-Identifier: MIT */
/* -device vmcoreinfo: the public device as a machine's. */
#include "guestcore/error.h"

#include "hw/device.h"
#include "hw/machine/machine.h"

static void reset(void *opaque)
{
    gc_vmcoreinfo_reset(opaque);
}

static void free_device(void *opaque)
{
    gc_vmcoreinfo_free(opaque);
}

static const GcDeviceOps ops = {.reset = reset, .free = free_device};

static bool create(GcMachine *machine, GError **error)
{
    GcFwCfg *cfg = gc_machine_get_fw_cfg(machine);
    GcVmcoreinfo *vmcoreinfo;

    if (cfg == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "vmcoreinfo device requires fw_cfg with DMA");
        return false;
    }
    vmcoreinfo = gc_vmcoreinfo_new(cfg, error);
    if (vmcoreinfo == NULL) {
        return false;
    }
    gc_machine_take_device(machine,
                           gc_device_new("vmcoreinfo", &ops, vmcoreinfo));
    gc_machine_set_vmcoreinfo(machine, vmcoreinfo);
    return true;
}

const GcDeviceType gc_device_vmcoreinfo = {
    .name = "vmcoreinfo",
    .description = "tells the host where the guest's VMCOREINFO note is",
    .create = create,
};
