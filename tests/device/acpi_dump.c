/* SPDX-License-Identifier: MIT */
/* Writes the ACPI tables of a machine into a folder, one file each, as its
 * kernel finds them: from the RSDP on.
 *
 *   acpi_dump FOLDER MACHINE CPUS DEVICE… */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "hw/machine/machine.h"

#define MIB (UINT64_C(1) << 20)
#define RSDP 0xe0000
#define RSDP_SIZE 36
#define HEADER_SIZE 36
#define FADT_X_DSDT 140

static uint8_t ram[32 * MIB];

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "acpi_dump: %s\n", what);
        exit(1);
    }
}

static uint8_t sum(const uint8_t *data, size_t size)
{
    uint8_t total = 0;

    for (size_t i = 0; i < size; i++) {
        total = (uint8_t)(total + data[i]);
    }
    return total;
}

static uint64_t get(GcPaddr addr, size_t width)
{
    return gc_get_uint(ram + addr, width, false);
}

/* The least that is a kernel. */
static GBytes *make_kernel(void)
{
    size_t size = 4096;
    uint8_t *data = g_malloc0(size);

    data[0x1f1] = 1;
    memcpy(data + 0x202, "HdrS", 4);
    gc_put_uint(data + 0x206, 2, false, 0x20f);
    data[0x211] = 1;
    return g_bytes_new_take(data, size);
}

static GcPaddr dump_table(const char *folder, GcPaddr addr)
{
    size_t size = get(addr + 4, 4);
    g_autofree char *name = g_strndup((char *)ram + addr, 4);
    g_autofree char *path = g_strdup_printf("%s/%s.dat", folder, name);

    check(addr >= RSDP && addr + size <= MIB && size >= HEADER_SIZE,
          "a table is not where it should be");
    check(sum(ram + addr, size) == 0, "a table's checksum is wrong");
    check(g_file_set_contents(path, (char *)ram + addr, (gssize)size, NULL),
          "cannot write a table");
    return addr;
}

static void dump_tables(const char *folder)
{
    GcPaddr xsdt;

    check(memcmp(ram + RSDP, "RSD PTR ", 8) == 0, "there is no RSDP");
    check(sum(ram + RSDP, 20) == 0, "the RSDP's checksum is wrong");
    check(sum(ram + RSDP, RSDP_SIZE) == 0, "its other checksum is wrong");
    xsdt = dump_table(folder, get(RSDP + 24, 8));
    for (GcPaddr at = HEADER_SIZE; at < get(xsdt + 4, 4); at += 8) {
        GcPaddr table = dump_table(folder, get(xsdt + at, 8));

        if (memcmp(ram + table, "FACP", 4) == 0) {
            dump_table(folder, get(table + FADT_X_DSDT, 8));
        }
    }
}

int main(int argc, char **argv)
{
    GcMachineConfig config = GC_MACHINE_CONFIG_INIT;
    g_autoptr(GBytes) kernel = make_kernel();
    g_autoptr(GcMachine) machine = NULL;
    g_autoptr(GError) error = NULL;

    check(argc >= 4, "usage: acpi_dump FOLDER MACHINE CPUS DEVICE…");
    config.ram = ram;
    config.ram_size = sizeof(ram);
    config.n_cpus = config.max_cpus = (unsigned)atoi(argv[3]);
    config.kernel = kernel;
    config.serials[0] = config.serials[1] = true;
    config.runs_cpus = true;
    machine = gc_machine_new(gc_machine_type_find(argv[2], "x86_64"), "x86_64",
                             &config, &error);
    check(machine != NULL, error != NULL ? error->message : "");
    for (int i = 4; i < argc; i++) {
        check(gc_machine_add_device(machine, argv[i], NULL), argv[i]);
    }
    gc_machine_reset(machine);
    dump_tables(argv[1]);
    return 0;
}
