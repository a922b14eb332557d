/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "system/options/options.h"
#include "tests/unit/cmocka_all.h"

/* Parses @line, split at spaces. */
static GcConfig *parse(const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("guestcore-system-x86_64 ", line,
                                         line[0] != '\0' ? NULL : "-S", NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);

    return gc_options_parse((int)g_strv_length(words), words, error);
}

static GcConfig *parse_well(const char *line)
{
    g_autoptr(GError) error = NULL;
    GcConfig *config = parse(line, &error);

    assert_null(error);
    assert_non_null(config);
    return config;
}

static void test_every_option_has_help_and_one_row(void **state)
{
    g_autofree char *help = gc_options_dup_help();

    (void)state;
    for (const GcOption *at = gc_options; at->name != NULL; at++) {
        g_autofree char *head = g_strdup_printf("\n-%s ", at->name);

        assert_true(at->help[0] != '\0');
        assert_non_null(strstr(help, head));
        for (const GcOption *other = gc_options; other != at; other++) {
            assert_string_not_equal(at->name, other->name);
        }
    }
}

static void test_targets_come_from_the_name(void **state)
{
    static const char *const names[] = {"x86_64", "i386", "aarch64", "riscv64"};
    g_autoptr(GError) error = NULL;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *program = g_strdup_printf("foo-system-%s", names[i]);

        assert_string_equal(gc_options_find_target(program, NULL), names[i]);
    }
    assert_null(gc_options_find_target("guestcore-system", &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_null(gc_options_find_target("guestcore-", NULL));
    assert_null(gc_options_find_target("", NULL));
}

static void test_cpus_are_completed_as_qemu_does(void **state)
{
    static const struct {
        const char *text;
        GcConfigSmp smp;
    } cases[] = {
        {"-S", {1, 1, 1, 1, 1}},
        {"-smp 4", {4, 4, 1, 4, 1}},
        {"-smp 2,maxcpus=8", {2, 8, 1, 8, 1}},
        {"-smp 8,sockets=2", {8, 8, 2, 4, 1}},
        {"-smp 8,cores=2", {8, 8, 4, 2, 1}},
        {"-smp 8,threads=2", {8, 8, 1, 4, 2}},
        {"-smp sockets=2,cores=3,threads=2", {12, 12, 2, 3, 2}},
        {"-smp 8,sockets=2,cores=2,threads=2", {8, 8, 2, 2, 2}},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GcConfig) config = parse_well(cases[i].text);

        assert_memory_equal(&config->smp, &cases[i].smp, sizeof(config->smp));
    }
}

static void test_values_arrive(void **state)
{
    static const uint8_t uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
                                     0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
                                     0xcc, 0xdd, 0xee, 0xff};
    g_autoptr(GcConfig) config = parse_well(
        "-M q35,memory-backend=m -machine accel=kvm:qtest -m 1G -uuid "
        "00112233-4455-6677-8899-aabbccddeeff -boot menu=on,splash-time=7 "
        "-device vmcoreinfo -global fw_cfg.dma_enabled=off -fw_cfg "
        "opt/a,string=b -object memory-backend-memfd,id=m,size=2M,share=off "
        "-qmp stdio -qmp null -name guest=n -S -no-reboot");

    (void)state;
    assert_string_equal(config->machine, "q35");
    assert_string_equal(config->memory_backend, "m");
    assert_int_equal(config->accels->len, 2);
    assert_int_equal(config->ram_size, 1 << 30);
    assert_memory_equal(config->uuid, uuid, sizeof(uuid));
    assert_true(config->boot_menu);
    assert_int_equal(config->splash_time, 7);
    assert_int_equal(config->reboot_timeout, -1);
    assert_string_equal(config->devices->pdata[0], "vmcoreinfo");
    assert_false(config->fw_cfg_dma);
    assert_int_equal(config->files->len, 1);
    assert_int_equal(config->backends->len, 1);
    assert_false(((GcConfigBackend *)config->backends->pdata[0])->share);
    assert_int_equal(config->qmp->len, 2);
    assert_string_equal(config->name, "n");
    assert_true(config->paused);
    assert_int_equal(config->actions.reboot, GC_REBOOT_SHUTDOWN);
}

static void test_every_value_can_be_wrong(void **state)
{
    (void)state;
    for (const GcOption *at = gc_options; at->name != NULL; at++) {
        g_autofree char *alone = g_strdup_printf("-%s", at->name);
        g_autoptr(GError) error = NULL;
        g_autoptr(GcConfig) config = NULL;

        if (at->argument != NULL) {
            config = parse(alone, &error);
            assert_null(config);
            assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_has_help_and_one_row),
        cmocka_unit_test(test_targets_come_from_the_name),
        cmocka_unit_test(test_cpus_are_completed_as_qemu_does),
        cmocka_unit_test(test_values_arrive),
        cmocka_unit_test(test_every_value_can_be_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
