/* SPDX-License-Identifier: MIT */
/* The tables are those of ACPI 6.5, chapter 5.2. */
#include "hw/machine/x86_acpi.h"

#include <string.h>

#include "base/byteorder.h"
#include "hw/acpi_table.h"
#include "hw/aml_writer.h"
#include "hw/machine/x86_layout.h"
#include "hw/power.h"

#define RSDP_SIZE 36
#define RSDP_OLD_SIZE 20 /* what its first checksum is of */
#define RSDP_CHECKSUM 8
#define RSDP_EXTENDED_CHECKSUM 32
#define ALIGNMENT 64

/* FADT */
#define FADT_BOOT_ARCH 109
#define FADT_FLAGS 112
#define FADT_MINOR_VERSION 131
#define FADT_X_DSDT 140
#define FADT_SLEEP_CONTROL 244
#define FADT_SIZE 276
#define BOOT_ARCH_NO_VGA (1 << 2)
#define BOOT_ARCH_NO_CMOS_RTC (1 << 5)
#define FLAG_NO_FIXED_POWER_BUTTON (1 << 4)
#define FLAG_NO_FIXED_SLEEP_BUTTON (1 << 5)
#define FLAG_RESET_REGISTER (1 << 10)
#define FLAG_HARDWARE_REDUCED (1 << 20)

/* MADT */
#define LOCAL_APIC_ADDRESS 0xfee00000
#define IO_APIC_ADDRESS 0xfec00000
#define LOCAL_APIC 0
#define IO_APIC 1
#define LOCAL_X2APIC 9
#define MAX_LOCAL_APIC_ID 0xfe
#define CPU_ENABLED 1

/* Puts a table where the last one ends, and says where that is. */
static GcPaddr place_table(GcMachine *machine, GcPaddr *next, GBytes *table)
{
    GcPaddr start = (*next + ALIGNMENT - 1) & ~(GcPaddr)(ALIGNMENT - 1);
    size_t size;
    const void *data = g_bytes_get_data(table, &size);

    *next = start + size;
    g_assert(*next <= GC_X86_LAYOUT_BIOS_ENTRY);
    gc_bus_write_ram(machine->memory, start, data, size);
    g_bytes_unref(table);
    return start;
}

/* What every device says of itself. */
static GBytes *build_dsdt(GcMachine *machine)
{
    GByteArray *table = gc_acpi_table_new("DSDT", 2);
    g_autoptr(GcAml) aml = gc_aml_new();
    g_autoptr(GBytes) code = NULL;

    gc_aml_begin_scope(aml, "\\_SB_");
    for (guint i = 0; i < machine->devices->len; i++) {
        gc_device_write_acpi(g_ptr_array_index(machine->devices, i), aml);
    }
    gc_aml_end(aml);
    code = gc_aml_finish(aml);
    g_byte_array_append(table, g_bytes_get_data(code, NULL),
                        (guint)g_bytes_get_size(code));
    return gc_acpi_table_finish(table);
}

static GBytes *build_fadt(GcPaddr dsdt)
{
    GByteArray *table = gc_acpi_table_new("FACP", 6);

    gc_acpi_table_pad(table, FADT_BOOT_ARCH);
    gc_acpi_table_put(table, 2, BOOT_ARCH_NO_VGA | BOOT_ARCH_NO_CMOS_RTC);
    gc_acpi_table_pad(table, FADT_FLAGS);
    gc_acpi_table_put(table, 4,
                      FLAG_NO_FIXED_POWER_BUTTON | FLAG_NO_FIXED_SLEEP_BUTTON |
                          FLAG_RESET_REGISTER | FLAG_HARDWARE_REDUCED);
    gc_acpi_table_put_port(table, GC_POWER_RESET_PORT);
    gc_acpi_table_put(table, 1, GC_POWER_RESET_VALUE);
    gc_acpi_table_pad(table, FADT_MINOR_VERSION);
    gc_acpi_table_put(table, 1, 5);
    gc_acpi_table_pad(table, FADT_X_DSDT);
    gc_acpi_table_put(table, 8, dsdt);
    gc_acpi_table_pad(table, FADT_SLEEP_CONTROL);
    gc_acpi_table_put_port(table, GC_POWER_SLEEP_CONTROL_PORT);
    gc_acpi_table_put_port(table, GC_POWER_SLEEP_STATUS_PORT);
    gc_acpi_table_pad(table, FADT_SIZE);
    return gc_acpi_table_finish(table);
}

static void put_cpu(GByteArray *table, uint32_t cpu, uint32_t apic_id)
{
    if (apic_id <= MAX_LOCAL_APIC_ID) {
        gc_acpi_table_put(table, 1, LOCAL_APIC);
        gc_acpi_table_put(table, 1, 8);
        gc_acpi_table_put(table, 1, cpu);
        gc_acpi_table_put(table, 1, apic_id);
        gc_acpi_table_put(table, 4, CPU_ENABLED);
    } else {
        gc_acpi_table_put(table, 1, LOCAL_X2APIC);
        gc_acpi_table_put(table, 1, 16);
        gc_acpi_table_put(table, 2, 0);
        gc_acpi_table_put(table, 4, apic_id);
        gc_acpi_table_put(table, 4, CPU_ENABLED);
        gc_acpi_table_put(table, 4, cpu);
    }
}

static GBytes *build_madt(const GcMachine *machine)
{
    GByteArray *table = gc_acpi_table_new("APIC", 5);

    gc_acpi_table_put(table, 4, LOCAL_APIC_ADDRESS);
    gc_acpi_table_put(table, 4, 0); /* flags */
    for (unsigned i = 0; i < machine->n_cpus; i++) {
        put_cpu(table, i, gc_machine_get_apic_id(machine, i));
    }
    gc_acpi_table_put(table, 1, IO_APIC);
    gc_acpi_table_put(table, 1, 12);
    gc_acpi_table_put(table, 2, 0); /* id, and a reserved byte */
    gc_acpi_table_put(table, 4, IO_APIC_ADDRESS);
    gc_acpi_table_put(table, 4, 0); /* its first GSI */
    return gc_acpi_table_finish(table);
}

static GBytes *build_xsdt(GcPaddr fadt, GcPaddr madt)
{
    GByteArray *table = gc_acpi_table_new("XSDT", 1);

    gc_acpi_table_put(table, 8, fadt);
    gc_acpi_table_put(table, 8, madt);
    return gc_acpi_table_finish(table);
}

/* Where all the others are found from; it has a form of its own. */
static GBytes *build_rsdp(GcPaddr xsdt)
{
    uint8_t *rsdp = g_malloc0(RSDP_SIZE);

    memcpy(rsdp, "RSD PTR ", 8);
    memcpy(rsdp + 9, GC_ACPI_OEM_ID, strlen(GC_ACPI_OEM_ID));
    rsdp[15] = 2; /* revision */
    gc_put_uint(rsdp + 20, 4, false, RSDP_SIZE);
    gc_put_uint(rsdp + 24, 8, false, xsdt);
    rsdp[RSDP_CHECKSUM] = gc_acpi_get_checksum(rsdp, RSDP_OLD_SIZE);
    rsdp[RSDP_EXTENDED_CHECKSUM] = gc_acpi_get_checksum(rsdp, RSDP_SIZE);
    return g_bytes_new_take(rsdp, RSDP_SIZE);
}

void gc_x86_acpi_load(GcMachine *machine)
{
    GcPaddr next = GC_X86_LAYOUT_ACPI + RSDP_SIZE;
    GcPaddr rsdp = GC_X86_LAYOUT_ACPI;
    GcPaddr dsdt = place_table(machine, &next, build_dsdt(machine));
    GcPaddr fadt = place_table(machine, &next, build_fadt(dsdt));
    GcPaddr madt = place_table(machine, &next, build_madt(machine));
    GcPaddr xsdt = place_table(machine, &next, build_xsdt(fadt, madt));

    place_table(machine, &rsdp, build_rsdp(xsdt));
}
