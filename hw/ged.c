/* SPDX-License-Identifier: MIT */
#include "hw/ged.h"

#include "hw/aml_writer.h"
#include "hw/machine/machine.h"

#define POWER_BUTTON "PWRB"
#define BUTTON_PRESSED 0x80 /* while the machine is on */

struct GcGed {
    GcMachine *machine;
};

static void write_acpi(void *opaque G_GNUC_UNUSED, GcAml *aml)
{
    gc_aml_begin_device(aml, POWER_BUTTON);
    gc_aml_add_eisa_id(aml, "_HID", "PNP0C0C");
    gc_aml_end(aml);

    gc_aml_begin_device(aml, "GED_");
    gc_aml_add_string(aml, "_HID", "ACPI0013");
    gc_aml_begin_resources(aml);
    gc_aml_add_interrupt(aml, GC_GED_GSI);
    gc_aml_end(aml);
    gc_aml_begin_method(aml, "_EVT", 1); /* of the interrupt that came */
    gc_aml_begin_if_argument(aml, 0, GC_GED_GSI);
    gc_aml_add_notify(aml, POWER_BUTTON, BUTTON_PRESSED);
    gc_aml_end(aml);
    gc_aml_end(aml);
    gc_aml_end(aml);
}

/* It has no state: what is pending is so in the interrupt controllers, and
 * their reset clears it. */
static const GcDeviceOps ops = {.write_acpi = write_acpi, .free = g_free};

GcGed *gc_ged_add(GcMachine *machine)
{
    GcGed *ged = g_new0(GcGed, 1);

    ged->machine = machine;
    gc_machine_take_device(machine, gc_device_new("ged", &ops, ged));
    return ged;
}

void gc_ged_press_power_button(const GcGed *ged)
{
    gc_machine_set_irq(ged->machine, GC_GED_GSI, true);
    gc_machine_set_irq(ged->machine, GC_GED_GSI, false);
}
