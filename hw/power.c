/* SPDX-License-Identifier: MIT */
#include "hw/power.h"

#include "base/trace.h"
#include "hw/aml_writer.h"
#include "hw/machine/machine.h"

/* The sleep control register: ACPI 6.5, chapter 4.8.3.7. */
#define SLEEP_ENABLE 0x20
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_TYPE_MASK 7
#define SLEEP_TYPE_OFF 5 /* what \_S5 says */

#define SLEEP_SIZE 2 /* control and status */

/* The other commands of a keyboard controller that is not there, which reads
 * as all ones. */
static uint64_t read_reset(void *opaque G_GNUC_UNUSED,
                           uint64_t offset G_GNUC_UNUSED,
                           unsigned size G_GNUC_UNUSED)
{
    return UINT64_MAX;
}

static void write_reset(void *opaque, uint64_t offset G_GNUC_UNUSED,
                        unsigned size G_GNUC_UNUSED, uint64_t value)
{
    if ((value & 0xff) == GC_POWER_RESET_VALUE) {
        gc_machine_request(opaque, GC_MACHINE_REQUEST_RESET);
    } else {
        gc_trace(GUEST, "power: 0x%x written to the reset register",
                 (unsigned)value);
    }
}

/* Nothing sleeps, so nothing woke up. */
static uint64_t read_sleep(void *opaque G_GNUC_UNUSED,
                           uint64_t offset G_GNUC_UNUSED,
                           unsigned size G_GNUC_UNUSED)
{
    return 0;
}

static void write_sleep(void *opaque, uint64_t offset,
                        unsigned size G_GNUC_UNUSED, uint64_t value)
{
    unsigned type = value >> SLEEP_TYPE_SHIFT & SLEEP_TYPE_MASK;

    if (offset != 0 || (value & SLEEP_ENABLE) == 0) {
        return;
    }
    if (type == SLEEP_TYPE_OFF) {
        gc_machine_request(opaque, GC_MACHINE_REQUEST_SHUTDOWN);
    } else {
        gc_trace(GUEST, "power: there is no sleep of type %u", type);
    }
}

static const GcBusOps reset_ops = {.read = read_reset, .write = write_reset};
static const GcBusOps sleep_ops = {.read = read_sleep, .write = write_sleep};

static void write_acpi(void *opaque G_GNUC_UNUSED, GcAml *aml)
{
    static const uint32_t off[] = {SLEEP_TYPE_OFF, 0, 0, 0};

    gc_aml_add_package(aml, "\\_S5_", off, G_N_ELEMENTS(off));
}

static const GcDeviceOps ops = {.write_acpi = write_acpi};

bool gc_power_add(GcMachine *machine, GError **error)
{
    const GcBusRange reset_range = {
        .name = "reset register",
        .start = GC_POWER_RESET_PORT,
        .size = 1,
        .ops = &reset_ops,
        .opaque = machine,
    };
    const GcBusRange sleep_range = {
        .name = "sleep registers",
        .start = GC_POWER_SLEEP_CONTROL_PORT,
        .size = SLEEP_SIZE,
        .ops = &sleep_ops,
        .opaque = machine,
    };
    GcBus *ports = gc_machine_get_ports(machine);

    gc_machine_take_device(machine, gc_device_new("power", &ops, machine));
    return gc_bus_add(ports, &reset_range, error) &&
           gc_bus_add(ports, &sleep_range, error);
}
