/* SPDX-License-Identifier: MIT */
/* ACPI's generic event device (GED), by which reduced hardware tells its
 * guest of events: an interrupt, and code that says what it means.  Here it
 * has one event, a press of the power button.  ACPI 6.5, chapters 4.8.2.2.1.2
 * and 5.6.9. */
#pragma once

#include "hw/device.h"

typedef struct GcGed GcGed;

/* The input of the interrupt controllers that it has: the first one that is
 * the I/O APIC's alone.  A guest that leaves the old controller (PIC) as it
 * was at power-on gets nothing that it does not ask for. */
#define GC_GED_GSI 16

/* Makes a machine's; borrowed, valid as long as the machine. */
GcGed *gc_ged_add(GcMachine *machine);

/* Presses the power button: a pulse on the interrupt's line, which is low
 * again afterwards.  The interrupt controllers remember its edge if the guest
 * listens, whether its CPUs run or not; else it is lost. */
void gc_ged_press_power_button(const GcGed *ged);
