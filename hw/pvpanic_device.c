/* SPDX-License-Identifier: MIT */
/* -device pvpanic: one port at which the guest says that it has panicked, or
 * that it loads another kernel because of that.  docs/devices/pvpanic.md has
 * the bytes. */
#include "guestcore/error.h"

#include "base/trace.h"
#include "hw/access.h"
#include "hw/aml_writer.h"
#include "hw/device.h"
#include "hw/machine/machine.h"

#define PORT 0x505
#define PORT_FILE "etc/pvpanic-port"

#define EVENT_PANICKED 1
#define EVENT_CRASH_LOADED 2
#define EVENTS (EVENT_PANICKED | EVENT_CRASH_LOADED)

static uint64_t read_byte(void *opaque G_GNUC_UNUSED,
                          uint64_t offset G_GNUC_UNUSED,
                          unsigned width G_GNUC_UNUSED)
{
    return EVENTS;
}

/* A panic is more than what may follow it. */
static void write_byte(void *opaque, uint64_t offset G_GNUC_UNUSED,
                       unsigned width G_GNUC_UNUSED, uint64_t value)
{
    GcMachine *machine = opaque;

    if ((value & ~(uint64_t)EVENTS) != 0) {
        gc_trace(GUEST, "pvpanic: unknown event 0x%02x", (unsigned)value);
    }
    if ((value & EVENT_PANICKED) != 0) {
        gc_machine_request(machine, GC_MACHINE_REQUEST_PANIC);
    } else if ((value & EVENT_CRASH_LOADED) != 0) {
        gc_machine_request(machine, GC_MACHINE_REQUEST_CRASH_LOADED);
    }
}

static uint64_t read_port(void *opaque, uint64_t offset, unsigned size)
{
    return gc_access_read(read_byte, opaque, offset, size, 1);
}

static void write_port(void *opaque, uint64_t offset, unsigned size,
                       uint64_t value)
{
    gc_access_write(write_byte, opaque, offset, size, value, 1);
}

static const GcBusOps port_ops = {.read = read_port, .write = write_port};

static void write_acpi(void *opaque G_GNUC_UNUSED, GcAml *aml)
{
    gc_aml_begin_device(aml, "PEVT");
    gc_aml_add_string(aml, "_HID", "QEMU0001");
    gc_aml_add_integer(aml, "_STA", 0x0b); /* works, but is not for users */
    gc_aml_begin_resources(aml);
    gc_aml_add_ports(aml, PORT, 1);
    gc_aml_end(aml);
    gc_aml_end(aml);
}

/* It has no state. */
static const GcDeviceOps ops = {.write_acpi = write_acpi};

/* Tells firmware and guest where the port is; a machine without fw_cfg has
 * nobody to tell. */
static bool add_port_file(GcMachine *machine, GError **error)
{
    static const uint8_t port[] = {PORT & 0xff, PORT >> 8};
    g_autoptr(GBytes) bytes = g_bytes_new_static(port, sizeof(port));
    GcFwCfg *cfg = gc_machine_get_fw_cfg(machine);

    return cfg == NULL || gc_fw_cfg_add_file(cfg, PORT_FILE, bytes, error);
}

static bool create(GcMachine *machine, GError **error)
{
    GcBus *ports = gc_machine_get_ports(machine);
    const GcBusRange window = {
        .name = "pvpanic",
        .start = PORT,
        .size = 1,
        .ops = &port_ops,
        .opaque = machine,
    };

    if (gc_bus_get_n_ranges(ports) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "machine %s has no I/O ports",
                    gc_machine_get_type(machine)->name);
        return false;
    }
    if (!add_port_file(machine, error) || !gc_bus_add(ports, &window, error)) {
        return false;
    }
    gc_machine_take_device(machine, gc_device_new("pvpanic", &ops, machine));
    return true;
}

const GcDeviceType gc_device_pvpanic = {
    .name = "pvpanic",
    .description = "tells the host that the guest has panicked",
    .create = create,
};
