/* SPDX-License-Identifier: MIT */
#include <libfdt.h>
#include <string.h>

#include "guestcore/error.h"

#include "hw/fdt_writer.h"
#include "tests/unit/cmocka_all.h"

static void test_properties_of_every_kind(void **state)
{
    static const char *const names[] = {"one", "two", NULL};
    g_autoptr(GcFdt) writer = gc_fdt_new();
    g_autoptr(GBytes) tree = NULL;
    const void *fdt;
    int node;
    int len;

    (void)state;
    gc_fdt_begin_node(writer, "node@%x", 0x10);
    gc_fdt_add_empty(writer, "empty");
    gc_fdt_add_u32(writer, "u32", 0x01020304);
    gc_fdt_add_string(writer, "string", "text");
    gc_fdt_add_strings(writer, "strings", names);
    gc_fdt_add_reg(writer, 0x10, UINT64_C(0x100000000));
    gc_fdt_end_node(writer);
    tree = gc_fdt_finish(writer, NULL);
    assert_non_null(tree);
    fdt = g_bytes_get_data(tree, NULL);
    assert_int_equal(fdt_check_full(fdt, g_bytes_get_size(tree)), 0);
    node = fdt_path_offset(fdt, "/node@10");
    assert_non_null(fdt_getprop(fdt, node, "empty", &len));
    assert_int_equal(len, 0);
    assert_memory_equal(fdt_getprop(fdt, node, "u32", &len), "\1\2\3\4", 4);
    assert_string_equal(fdt_getprop(fdt, node, "string", &len), "text");
    assert_memory_equal(fdt_getprop(fdt, node, "strings", &len), "one\0two\0",
                        8);
    assert_int_equal(len, 8);
    assert_memory_equal(fdt_getprop(fdt, node, "reg", &len),
                        "\0\0\0\0\0\0\0\x10\0\0\0\1\0\0\0\0", 16);
}

static void test_a_tree_grows(void **state)
{
    g_autoptr(GcFdt) writer = gc_fdt_new();
    g_autoptr(GBytes) tree = NULL;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        gc_fdt_begin_node(writer, "a-node-of-some-name@%x", i);
        gc_fdt_add_u32(writer, "reg", i);
        gc_fdt_end_node(writer);
    }
    tree = gc_fdt_finish(writer, NULL);
    assert_non_null(tree);
    assert_true(fdt_path_offset(g_bytes_get_data(tree, NULL),
                                "/a-node-of-some-name@3e7") > 0);
}

static void test_the_first_error_comes_out_at_the_end(void **state)
{
    g_autoptr(GcFdt) writer = gc_fdt_new();
    g_autofree char *huge = g_strnfill(3 * 1024 * 1024, 'x');
    g_autoptr(GError) error = NULL;

    (void)state;
    gc_fdt_add_string(writer, "too-long", huge);
    gc_fdt_add_string(writer, "fine", "x");
    assert_null(gc_fdt_finish(writer, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_non_null(strstr(error->message, "too-long"));
    gc_fdt_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties_of_every_kind),
        cmocka_unit_test(test_a_tree_grows),
        cmocka_unit_test(test_the_first_error_comes_out_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
