/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "system/qtest/qtest.h"
#include "tests/unit/cmocka_all.h"

typedef struct Fixture {
    GcConfig *config;
    GcVm *vm;
    GcQtest *qtest;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->config = gc_config_new("x86_64");
    g_ptr_array_add(fixture->config->accels, g_strdup("qtest"));
    fixture->vm = gc_vm_new(fixture->config, NULL);
    assert_non_null(fixture->vm);
    fixture->qtest = gc_qtest_new(fixture->vm, NULL, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    gc_qtest_free(fixture->qtest);
    gc_vm_free(fixture->vm);
    gc_config_free(fixture->config);
    g_free(fixture);
    return 0;
}

static void expect(void **state, const char *line, const char *expected)
{
    const Fixture *fixture = *state;
    g_autoptr(GString) reply = g_string_new(NULL);

    gc_qtest_execute(fixture->qtest, line, strlen(line), reply);
    assert_string_equal(reply->str, expected);
}

static void test_lines_are_answered(void **state)
{
    expect(state, "endianness", "OK little\n");
    expect(state, "outw 0x510 0x0", "OK\n");
    expect(state, "inb 0x511", "OK 0x0051\n");
    expect(state, "foo", "FAIL Unknown command 'foo'\n");
    expect(state, "read 0 0", "ERR size must be 1 to 16777216\n");
    expect(state, "inb", "ERR inb takes 1 to 1 arguments\n");
}

static void test_a_command_has_no_more_arguments_than_it_takes(void **state)
{
    expect(state, "endianness a", "ERR endianness takes 0 to 0 arguments\n");
    expect(state, "set_irq_in a b c d e f g",
           "ERR set_irq_in takes 4 to 4 arguments\n");
    expect(state, "inb  0x511", "ERR inb takes 1 to 1 arguments\n");
}

static void test_zero_bytes_are_refused(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GString) reply = g_string_new(NULL);

    gc_qtest_execute(fixture->qtest, "endianness\0", 11, reply);
    assert_string_equal(reply->str, "ERR line holds a zero byte\n");
}

static void test_the_clock_goes_forward_only(void **state)
{
    expect(state, "clock_step 100", "OK 100\n");
    expect(state, "clock_set 99", "FAIL 100\n");
    expect(state, "clock_step 9223372036854775707", "OK 9223372036854775807\n");
    expect(state, "clock_step 1", "FAIL could not advance time\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines_are_answered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_command_has_no_more_arguments_than_it_takes, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_zero_bytes_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_clock_goes_forward_only,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
