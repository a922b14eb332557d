/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "system/monitor/hmp.h"
#include "system/monitor/qmp.h"
#include "system/monitor/qmp_json.h"
#include "tests/unit/cmocka_all.h"

static void test_json_is_written_as_qemu_does(void **state)
{
    static const struct {
        const char *input;
        const char *output;
    } cases[] = {
        {"{}", "{}"},
        {"[]", "[]"},
        {"{\"a\":1,\"b\":[true,null,-5]}",
         "{\"a\": 1, \"b\": [true, null, -5]}"},
        {"[\"a\\\"\\\\\\n\\u0001\\u00e4\\ud83d\\ude00\"]",
         "[\"a\\\"\\\\\\n\\u0001\\u00e4\\ud83d\\ude00\"]"},
        {"{'a': 'b'}", "{\"a\": \"b\"}"},
        {"[1.5]", "[1.5]"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonNode) node =
            gc_qmp_json_parse(cases[i].input, strlen(cases[i].input), NULL);
        g_autoptr(GString) out = g_string_new(NULL);

        assert_non_null(node);
        gc_qmp_json_write(out, node);
        assert_string_equal(out->str, cases[i].output);
    }
}

static void test_strings_that_are_no_utf8_are_written_safely(void **state)
{
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    gc_qmp_json_write_string(out, "a\xff\xe2\x82");
    assert_string_equal(out->str, "\"a\\ufffd\\ufffd\\ufffd\"");
}

static void test_what_is_no_json_is_an_error(void **state)
{
    static const char *const texts[] = {"",        "foo",  "{",
                                        "{\"a\"}", "[1,]", "\"\xff\""};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(gc_qmp_json_parse(texts[i], strlen(texts[i]), &error));
        assert_true(g_str_has_prefix(error->message, "JSON parse error, "));
    }
}

static void test_every_command_answers_an_empty_request(void **state)
{
    g_autoptr(GcConfig) config = gc_config_new("x86_64");
    g_autoptr(GcVm) vm = gc_vm_new(config, NULL);
    g_autoptr(GcQmp) qmp = gc_qmp_new(vm);

    (void)state;
    for (size_t i = 0; gc_qmp_groups[i] != NULL; i++) {
        for (const GcQmpCommand *at = gc_qmp_groups[i]->commands;
             at->name != NULL; at++) {
            g_autofree char *request =
                g_strdup_printf("{\"execute\": \"%s\", \"id\": 7}", at->name);
            GString *line = gc_qmp_execute(qmp, NULL, request, strlen(request));

            assert_ptr_equal(gc_qmp_find_command(at->name), at);
            assert_true(g_str_has_prefix(line->str, "{\"return\": ") ||
                        at->params != NULL);
            assert_true(g_str_has_suffix(line->str, ", \"id\": 7}\r\n"));
            g_string_free(line, TRUE);
        }
    }
    assert_int_equal(gc_vm_get_state(vm), GC_RUN_SHUTDOWN);
}

static void test_commands_for_people_take_any_arguments(void **state)
{
    static const char *const args[] = {"",
                                       " x",
                                       " /",
                                       " /99999999999x 0",
                                       " -f",
                                       " 0",
                                       " 0xffffffffffffffff",
                                       " /8gx 0",
                                       " /4xb 18446744073709551614",
                                       " a b c d e f g h i j k",
                                       "\t\n\v\f\r",
                                       " \"",
                                       " \"\\",
                                       " \"\\\xff\"",
                                       " \" \"x"};
    g_autoptr(GcConfig) config = gc_config_new("x86_64");
    g_autoptr(GcVm) vm = gc_vm_new(config, NULL);

    (void)state;
    for (size_t i = 0; gc_hmp_groups[i] != NULL; i++) {
        for (const GcHmpCommand *at = gc_hmp_groups[i]->commands;
             at->name != NULL; at++) {
            for (size_t j = 0; j < G_N_ELEMENTS(args); j++) {
                g_autofree char *line = g_strconcat(at->name, args[j], NULL);
                g_autofree char *text = gc_hmp_execute(vm, NULL, line);

                assert_null(strstr(text, "unknown command"));
                assert_true(g_str_has_suffix(text, "\r\n"));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_is_written_as_qemu_does),
        cmocka_unit_test(test_strings_that_are_no_utf8_are_written_safely),
        cmocka_unit_test(test_what_is_no_json_is_an_error),
        cmocka_unit_test(test_every_command_answers_an_empty_request),
        cmocka_unit_test(test_commands_for_people_take_any_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
