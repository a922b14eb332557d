/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "hw/aml_writer.h"
#include "hw/machine/board.h"
#include "tests/unit/cmocka_all.h"

#define MIB (UINT64_C(1) << 20)

static uint8_t ram[MIB];

/* What the lines of the interrupt controllers did. */
typedef struct Lines {
    unsigned n_changes;
    struct {
        unsigned gsi;
        bool level;
    } changes[8];
} Lines;

static void note_irq(void *opaque, unsigned gsi, bool level)
{
    Lines *lines = opaque;

    assert_true(lines->n_changes < G_N_ELEMENTS(lines->changes));
    lines->changes[lines->n_changes].gsi = gsi;
    lines->changes[lines->n_changes].level = level;
    lines->n_changes++;
}

static const GcMachineHost host = {.set_irq = note_irq};

static GcMachine *new_machine(const char *type, const char *target,
                              bool runs_cpus)
{
    GcMachineConfig config = GC_MACHINE_CONFIG_INIT;

    config.ram = ram;
    config.ram_size = sizeof(ram);
    config.runs_cpus = runs_cpus;
    return gc_machine_new(gc_machine_type_find(type, target), target, &config,
                          NULL);
}

static void test_a_press_is_a_pulse(void **state)
{
    g_autoptr(GcMachine) machine = new_machine("pc", "x86_64", true);
    Lines lines = {0};

    (void)state;
    gc_machine_set_host(machine, &host, &lines);
    for (unsigned i = 0; i < 2; i++) {
        gc_ged_press_power_button(gc_machine_get_ged(machine));
    }
    assert_int_equal(lines.n_changes, 4);
    for (unsigned i = 0; i < lines.n_changes; i++) {
        assert_int_equal(lines.changes[i].gsi, 16);
        assert_int_equal(lines.changes[i].level, i % 2 == 0);
    }
}

/* The line is low after a press, so that a reset has nothing to lower. */
static void test_a_reset_leaves_the_line(void **state)
{
    g_autoptr(GcMachine) machine = new_machine("q35", "x86_64", true);
    Lines lines = {0};

    (void)state;
    gc_ged_press_power_button(gc_machine_get_ged(machine)); /* nobody hears */
    gc_machine_set_host(machine, &host, &lines);
    gc_machine_reset(machine);
    assert_int_equal(lines.n_changes, 0);
}

static void test_who_has_none(void **state)
{
    static const char *const machines[][2] = {
        {"pc", "x86_64"},
        {"q35", "i386"},
        {"virt", "aarch64"},
        {"none", "x86_64"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        g_autoptr(GcMachine) machine =
            new_machine(machines[i][0], machines[i][1], false);

        assert_non_null(machine);
        assert_null(gc_machine_get_ged(machine));
    }
}

static GcDevice *find_device(const GcMachine *machine, const char *name)
{
    for (guint i = 0; i < machine->devices->len; i++) {
        GcDevice *device = g_ptr_array_index(machine->devices, i);

        if (strcmp(gc_device_get_name(device), name) == 0) {
            return device;
        }
    }
    return NULL;
}

/* The two devices as iasl makes them. */
static void test_what_acpi_says_of_it(void **state)
{
    static const uint8_t bytes[] = {
        0x5b, 0x82, 0x0f, 'P',  'W',  'R',  'B',        /* Device (PWRB) */
        0x08, '_',  'H',  'I',  'D',                    /* Name (_HID, */
        0x0c, 0x41, 0xd0, 0x0c, 0x0c,                   /* "PNP0C0C") */
        0x5b, 0x82, 0x3c, 'G',  'E',  'D',  '_',        /* Device (GED) */
        0x08, '_',  'H',  'I',  'D',                    /* Name (_HID, */
        0x0d, 'A',  'C',  'P',  'I',                    /* "ACPI */
        '0',  '0',  '1',  '3',  0x00,                   /* 0013") */
        0x08, '_',  'C',  'R',  'S',  0x11, 0x0e, 0x0a, /* Name (_CRS, */
        0x0b, 0x89, 0x06, 0x00, 0x03, 0x01, 0x10, 0x00, /* Interrupt */
        0x00, 0x00, 0x79, 0x00,                         /* {16}) */
        0x14, 0x13, '_',  'E',  'V',  'T',  0x01,       /* Method (_EVT, 1) */
        0xa0, 0x0c, 0x93, 0x68, 0x0a, 0x10,             /* If (Arg0 == 16) */
        0x86, 'P',  'W',  'R',  'B',  0x0a, 0x80,       /* Notify (PWRB, 128) */
    };
    g_autoptr(GcMachine) machine = new_machine("pc", "x86_64", true);
    g_autoptr(GcAml) aml = gc_aml_new();
    g_autoptr(GBytes) code = NULL;

    (void)state;
    gc_device_write_acpi(find_device(machine, "ged"), aml);
    code = gc_aml_finish(aml);
    assert_int_equal(g_bytes_get_size(code), sizeof(bytes));
    assert_memory_equal(g_bytes_get_data(code, NULL), bytes, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_press_is_a_pulse),
        cmocka_unit_test(test_a_reset_leaves_the_line),
        cmocka_unit_test(test_who_has_none),
        cmocka_unit_test(test_what_acpi_says_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
