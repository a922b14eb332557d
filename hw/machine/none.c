/* SPDX-License-Identifier: MIT */
/* The machine without anything: for asking a program what it can do. */
#include "guestcore/error.h"

#include "hw/machine/board.h"

static bool build_none(GcMachine *machine G_GNUC_UNUSED,
                       const GcMachineConfig *config, GError **error)
{
    if (config->n_files > 0 || config->kernel != NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "machine none has no fw_cfg device to carry files or a "
                    "kernel");
        return false;
    }
    return true;
}

static const char *const targets[] = {"x86_64", "i386", "aarch64", "riscv64",
                                      NULL};

extern const GcMachineType gc_machine_none;

const GcMachineType gc_machine_none = {
    .name = "none",
    .description = "empty machine",
    .targets = targets,
    .max_cpus = 1,
    .ram_name = "ram",
    .build = build_none,
};
