/* SPDX-License-Identifier: MIT */
/* The ACPI tables of an x86 machine that runs CPUs.  Its hardware is
 * "reduced": interrupt controllers, the registers of hw/power.h, and what the
 * devices say of themselves. */
#pragma once

#include "hw/device.h"

/* Puts the tables into RAM, from GC_X86_LAYOUT_ACPI on. */
void gc_x86_acpi_load(GcMachine *machine);
