/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "hw/bus.h"
#include "tests/unit/cmocka_all.h"

/* The accesses that a window got, as text. */
typedef struct Window {
    GString *log;
} Window;

static uint64_t read_window(void *opaque, uint64_t offset, unsigned size)
{
    Window *window = opaque;

    g_string_append_printf(window->log, "r%u@%u ", size, (unsigned)offset);
    return UINT64_C(0x8877665544332211);
}

static void write_window(void *opaque, uint64_t offset, unsigned size,
                         uint64_t value)
{
    Window *window = opaque;

    g_string_append_printf(window->log, "w%u@%u=%" G_GINT64_MODIFIER "x ", size,
                           (unsigned)offset, value);
}

static const GcBusOps window_ops = {read_window, write_window};
static const GcBusOps silent_ops = {NULL, NULL};

/* RAM at 0x0-0x1f and 0x20-0x2f (two pieces), a window at 0x30-0x3b, a
 * silent one at 0x50-0x57, RAM at the last 16 addresses. */
typedef struct Fixture {
    uint8_t ram[0x40];
    Window window;
    GcBus *bus;
} Fixture;

static void add_ram(Fixture *fixture, uint64_t start, uint64_t size,
                    uint64_t offset)
{
    const GcBusRange range = {
        .name = "ram",
        .start = start,
        .size = size,
        .host = fixture->ram + offset,
        .ram_offset = offset,
    };

    assert_true(gc_bus_add(fixture->bus, &range, NULL));
}

static void add_window(Fixture *fixture, uint64_t start, uint64_t size,
                       const GcBusOps *ops)
{
    const GcBusRange range = {
        .name = "window",
        .start = start,
        .size = size,
        .ops = ops,
        .opaque = &fixture->window,
    };

    assert_true(gc_bus_add(fixture->bus, &range, NULL));
}

static Fixture *fixture_new(void)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->window.log = g_string_new(NULL);
    fixture->bus = gc_bus_new("memory", 0xa5);
    add_ram(fixture, UINT64_MAX - 15, 16, 0x30);
    add_window(fixture, 0x50, 8, &silent_ops);
    add_ram(fixture, 0x20, 0x10, 0x20);
    add_window(fixture, 0x30, 12, &window_ops);
    add_ram(fixture, 0, 0x20, 0);
    for (unsigned i = 0; i < sizeof(fixture->ram); i++) {
        fixture->ram[i] = (uint8_t)i;
    }
    return fixture;
}

static void fixture_free(Fixture *fixture)
{
    gc_bus_free(fixture->bus);
    g_string_free(fixture->window.log, TRUE);
    g_free(fixture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static void expect_log(Fixture *fixture, const char *log)
{
    assert_string_equal(fixture->window.log->str, log);
    g_string_truncate(fixture->window.log, 0);
}

static void test_ranges_are_sorted(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    static const uint64_t starts[] = {0, 0x20, 0x30, 0x50, UINT64_MAX - 15};

    (void)state;
    assert_int_equal(gc_bus_get_n_ranges(fixture->bus), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(gc_bus_get_range(fixture->bus, i)->start, starts[i]);
    }
    assert_int_equal(gc_bus_find(fixture->bus, 0x3b)->start, 0x30);
    assert_null(gc_bus_find(fixture->bus, 0x3c));
    assert_int_equal(gc_bus_find(fixture->bus, UINT64_MAX)->ram_offset, 0x30);
    assert_string_equal(gc_bus_get_name(fixture->bus), "memory");
    gc_bus_free(NULL);
}

static void test_impossible_ranges_are_refused(void **state)
{
    static const struct {
        uint64_t start;
        uint64_t size;
    } cases[] = {{0x40, 0},       {0x2f, 1},          {0x3b, 2},
                 {0x3c, 0x15},    {0x3c, UINT64_MAX}, {0x40, 0x100},
                 {UINT64_MAX, 1}, {UINT64_MAX, 2},    {0, UINT64_MAX}};
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const GcBusRange range = {.name = "bad",
                                  .start = cases[i].start,
                                  .size = cases[i].size,
                                  .ops = &silent_ops};

        assert_false(gc_bus_add(fixture->bus, &range, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    }
    assert_int_equal(gc_bus_get_n_ranges(fixture->bus), 5);
}

static void test_a_read_crosses_everything(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint8_t buf[0x40];

    (void)state;
    gc_bus_read(fixture->bus, 0x1e, buf, sizeof(buf));
    for (unsigned i = 0; i < 0x12; i++) {
        assert_int_equal(buf[i], 0x1e + i);
    }
    /* a window access may reach past the end of the window */
    expect_log(fixture, "r8@0 r8@8 ");
    assert_memory_equal(buf + 0x12, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
    for (unsigned i = 0x22; i < 0x32; i++) {
        assert_int_equal(buf[i], 0xa5);
    }
    assert_memory_equal(buf + 0x32, "\0\0\0\0\0\0\0\0\xa5", 9);
}

static void test_windows_get_aligned_accesses(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint8_t buf[16];

    (void)state;
    gc_bus_read(fixture->bus, 0x31, buf, 7);
    expect_log(fixture, "r1@1 r2@2 r4@4 ");
    gc_bus_read(fixture->bus, 0x30, buf, 3);
    expect_log(fixture, "r2@0 r1@2 ");
    gc_bus_write(fixture->bus, 0x2e, "\1\2\3\4\5\6", 6);
    expect_log(fixture, "w4@0=6050403 ");
    assert_memory_equal(fixture->ram + 0x2e, "\1\2", 2);
    gc_bus_write_uint(fixture->bus, 0x36, 4, 0x11223344);
    expect_log(fixture, "w2@6=3344 w2@8=1122 ");
    assert_int_equal(gc_bus_read_uint(fixture->bus, 0x34, 2), 0x2211);
}

static void test_nothing_reads_as_the_unassigned_byte(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    assert_int_equal(gc_bus_read_uint(fixture->bus, 0x100, 4), 0xa5a5a5a5);
    gc_bus_write_uint(fixture->bus, 0x100, 4, 0);
    assert_int_equal(gc_bus_read_uint(fixture->bus, 0x100, 4), 0xa5a5a5a5);
    expect_log(fixture, "");
}

static void test_the_last_address_is_followed_by_the_first(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint8_t buf[4];

    (void)state;
    gc_bus_read(fixture->bus, UINT64_MAX - 1, buf, 4);
    assert_memory_equal(buf, "\x3e\x3f\0\1", 4);
    gc_bus_write(fixture->bus, UINT64_MAX, "ab", 2);
    assert_int_equal(fixture->ram[0x3f], 'a');
    assert_int_equal(fixture->ram[0], 'b');
}

static void test_dma_reaches_memory_alone(void **state)
{
    static const struct {
        uint64_t addr;
        size_t len;
        bool ok;
    } cases[] = {
        {0, 0x30, true},
        {0x1f, 2, true}, /* over the seam of two pieces */
        {UINT64_MAX, 1, true},
        {UINT64_MAX - 15, 16, true},
        {0x100, 0, true},
        {0x2f, 2, false}, /* into a window */
        {0x30, 1, false},
        {0x100, 1, false},
        {UINT64_MAX, 2, false}, /* around */
        {UINT64_MAX - 16, 2, false},
    };
    g_autoptr(Fixture) fixture = fixture_new();
    uint8_t ram[0x40];
    uint8_t buf[0x40];

    (void)state;
    memcpy(ram, fixture->ram, sizeof(ram));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        memset(buf, 0xee, sizeof(buf));
        assert_int_equal(
            gc_bus_is_ram(fixture->bus, cases[i].addr, cases[i].len),
            cases[i].ok);
        assert_int_equal(
            gc_bus_read_ram(fixture->bus, cases[i].addr, buf, cases[i].len),
            cases[i].ok);
        assert_true(cases[i].ok || buf[0] == 0xee);
        assert_int_equal(
            gc_bus_write_ram(fixture->bus, cases[i].addr, buf, cases[i].len),
            cases[i].ok);
        assert_memory_equal(fixture->ram, ram, sizeof(ram));
    }
    expect_log(fixture, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_are_sorted),
        cmocka_unit_test(test_impossible_ranges_are_refused),
        cmocka_unit_test(test_a_read_crosses_everything),
        cmocka_unit_test(test_windows_get_aligned_accesses),
        cmocka_unit_test(test_nothing_reads_as_the_unassigned_byte),
        cmocka_unit_test(test_the_last_address_is_followed_by_the_first),
        cmocka_unit_test(test_dma_reaches_memory_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
