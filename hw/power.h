/* SPDX-License-Identifier: MIT */
/* The registers by which a guest restarts or switches off its machine: a
 * reset by what PCs have at the keyboard controller's port, which ACPI names
 * too, and ACPI's sleep registers. */
#pragma once

#include "hw/device.h"

#define GC_POWER_RESET_PORT 0x64
#define GC_POWER_RESET_VALUE 0xfe
#define GC_POWER_SLEEP_CONTROL_PORT 0x600
#define GC_POWER_SLEEP_STATUS_PORT 0x601

/* Adds the registers to a machine.  Errors: as gc_bus_add(). */
bool gc_power_add(GcMachine *machine, GError **error);
