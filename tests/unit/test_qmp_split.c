/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "system/monitor/qmp_split.h"
#include "tests/unit/cmocka_all.h"

/* All that comes out of @input, fed in pieces of @piece bytes: texts between
 * "<" and ">", errors as "!". */
static char *split(const char *input, size_t piece)
{
    g_autoptr(GcQmpSplitter) splitter = gc_qmp_splitter_new();
    GString *out = g_string_new(NULL);
    size_t len = strlen(input);

    for (size_t at = 0; at < len; at += piece) {
        const char *text = NULL;
        size_t text_len = 0;
        GcQmpSplit got;

        gc_qmp_splitter_push(splitter, input + at, MIN(piece, len - at));
        while ((got = gc_qmp_splitter_pull(splitter, &text, &text_len)) !=
               GC_QMP_NONE) {
            if (got == GC_QMP_ERROR) {
                g_string_append_c(out, '!');
            } else {
                g_string_append_printf(out, "<%.*s>", (int)text_len, text);
            }
        }
    }
    return g_string_free(out, FALSE);
}

static void test_texts_end_where_they_close(void **state)
{
    static const struct {
        const char *input;
        const char *output;
    } cases[] = {
        {"", ""},
        {" \r\n\t ", ""},
        {"{}", "<{}>"},
        {"{}{}[]", "<{}><{}><[]>"},
        {" {\"a\": [1, {}]}\r\n{", "<{\"a\": [1, {}]}>"},
        {"{\"a}\\\"}\": '}\\'}'}x", "<{\"a}\\\"}\": '}\\'}'}>"},
        {"{\n\"a\"\n:1\n}", "<{\n\"a\"\n:1\n}>"},
        {"foo bar\n{}", "<foo bar\n><{}>"},
        {"3\n", "<3\n>"},
        {"\"{\"\n", "<\"{\"\n>"},
        {"]]]\n{}", "<]]]\n><{}>"},
        {"{]", "<{]>"},
        {"[}", "<[}>"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *whole = split(cases[i].input, 1000);
        g_autofree char *bytes = split(cases[i].input, 1);

        assert_string_equal(whole, cases[i].output);
        assert_string_equal(bytes, cases[i].output);
    }
}

static void test_a_megabyte_of_brackets_is_one_error(void **state)
{
    g_autofree char *input = g_strnfill(1024 * 1024, '[');
    g_autofree char *deepest = g_strnfill(GC_QMP_MAX_DEPTH, '[');
    g_autofree char *deeper = g_strnfill(GC_QMP_MAX_DEPTH + 1, '[');
    g_autofree char *resynced = g_strconcat(input, "\n{}", NULL);
    g_autofree char *one = split(input, 4096);
    g_autofree char *two = split(resynced, 4096);
    g_autofree char *three = split(deepest, 4096);
    g_autofree char *four = split(deeper, 4096);

    (void)state;
    assert_string_equal(one, "!");
    assert_string_equal(two, "!<{}>");
    assert_string_equal(three, "");
    assert_string_equal(four, "!");
}

static void test_an_endless_text_is_one_error(void **state)
{
    static const char *const starts[] = {"{\"", "[", "x", "'"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_autofree char *fill = g_strnfill(3 * GC_QMP_MAX_SIZE, 'a');
        g_autofree char *input = g_strconcat(starts[i], fill, "\n{}", NULL);
        g_autofree char *output = split(input, 65536);

        assert_string_equal(output, "!<{}>");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_end_where_they_close),
        cmocka_unit_test(test_a_megabyte_of_brackets_is_one_error),
        cmocka_unit_test(test_an_endless_text_is_one_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
