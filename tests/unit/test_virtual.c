/* SPDX-License-Identifier: MIT */
/* What a kernel's addresses mean, for the page tables of all shapes. */
#include <string.h>

#include "guestcore/error.h"
#include "guestcore/registers.h"

#include "guest/guest.h"
#include "guest/virtual.h"
#include "tests/lib/tablegen.h"
#include "tests/unit/cmocka_all.h"

#define N_BYTES 200u

static void assert_no_data(const GcGuest *guest, uint64_t vaddr, size_t len)
{
    uint8_t buf[N_BYTES];
    g_autoptr(GError) error = NULL;

    assert_true(len <= sizeof(buf));
    assert_false(gc_guest_read_virtual(guest, vaddr, buf, len, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
}

static void assert_reads(const GcGuest *guest, uint64_t vaddr, Guestgen *gen,
                         GcPaddr paddr)
{
    uint8_t expected[N_BYTES];
    uint8_t found[N_BYTES];
    g_autoptr(GError) error = NULL;

    guestgen_read(gen, paddr, expected, N_BYTES);
    if (!gc_guest_read_virtual(guest, vaddr, found, N_BYTES, &error)) {
        fail_msg("%s", error->message);
    }
    assert_memory_equal(found, expected, N_BYTES);
}

/* Maps a page or a block of @level around the data, and reads these and
 * what is next to it. */
static void check_level(const TablegenShape *shape, unsigned level)
{
    g_autoptr(Guestgen) gen = tablegen_new_guest(shape);
    g_autoptr(GcGuest) guest = NULL;
    uint64_t size = UINT64_C(1) << tablegen_get_shift(shape, level);
    GcPaddr data = tablegen_get_data(shape);
    GcPaddr paddr = data & ~(size - 1);
    uint64_t vaddr = shape->vaddr & ~(size - 1);

    guestgen_fill_noise(gen, data, 0x10000);
    tablegen_map(shape, gen, vaddr, paddr, level);
    guest = tablegen_make_guest(shape, gen);
    assert_reads(guest, vaddr + (data - paddr) + 0x123, gen, data + 0x123);
    assert_reads(guest, vaddr + (data - paddr) + 0xf00, gen, data + 0xf00);
    assert_no_data(guest, vaddr - 1, 1);
    if (vaddr + size != 0) {
        assert_no_data(guest, vaddr + size, 1);
    }
    assert_no_data(guest, vaddr ^ UINT64_C(1) << (shape->va_bits - 2), 1);
}

/* *@state is the shape that was tried when the test ended too early. */
static int say_where(void **state)
{
    if (*state != NULL) {
        print_message("# %s\n", (const char *)*state);
        g_free(*state);
    }
    return 0;
}

static void test_every_shape_and_size_of_page(void **state)
{
    unsigned n = 0;

    for (const TablegenShape *shape = tablegen_shapes; shape->name != NULL;
         shape++) {
        for (unsigned level = 0; level <= shape->block_levels; level++, n++) {
            g_free(*state);
            *state = g_strdup_printf("%s, %s, level %u", shape->arch,
                                     shape->name, level);
            check_level(shape, level);
        }
    }
    g_clear_pointer(state, g_free);
    assert_true(n >= 50);
}

static void test_a_block_above_the_largest_is_none(void **state)
{
    (void)state;
    for (const TablegenShape *shape = tablegen_shapes; shape->name != NULL;
         shape++) {
        unsigned level = shape->block_levels + 1;
        g_autoptr(Guestgen) gen = tablegen_new_guest(shape);
        g_autoptr(GcGuest) guest = NULL;
        uint64_t size;

        if (level >= shape->levels) {
            continue;
        }
        size = UINT64_C(1) << tablegen_get_shift(shape, level);
        tablegen_map(shape, gen, shape->vaddr & ~(size - 1), 0, level);
        guest = tablegen_make_guest(shape, gen);
        assert_no_data(guest, shape->vaddr & ~(size - 1), 1);
    }
}

/* Tables that are their own children, all ones, or noise: every read ends,
 * whatever it says. */
static void test_hostile_tables_end(void **state)
{
    gint64 start = g_get_monotonic_time();

    (void)state;
    for (const TablegenShape *shape = tablegen_shapes; shape->name != NULL;
         shape++) {
        for (int kind = 0; kind < 3; kind++) {
            g_autoptr(Guestgen) gen = tablegen_new_guest(shape);
            g_autoptr(GcGuest) guest = NULL;
            uint8_t buf[N_BYTES];

            guestgen_fill_noise(gen, TABLEGEN_ROOT, 0x10000);
            for (uint64_t i = 0; kind < 2 && i < 0x10000 / 8; i++) {
                tablegen_put(gen, TABLEGEN_ROOT, i,
                             kind == 0 ? shape->make_table(TABLEGEN_ROOT)
                                       : UINT64_MAX);
            }
            guest = tablegen_make_guest(shape, gen);
            for (uint64_t i = 0; i < 50; i++) {
                gc_guest_read_virtual(guest, 0 - i * UINT64_C(0x1234567890abc),
                                      buf, 16, NULL);
            }
        }
    }
    assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
}

static void test_sixteen_pages_as_one_of_riscv(void **state)
{
    const TablegenShape *shape = tablegen_shapes;
    uint64_t last;

    (void)state;
    while (g_strcmp0(shape->name, "sv39") != 0) {
        shape++;
    }
    last = UINT64_C(1) << 63 | shape->make_page(tablegen_get_data(shape));
    for (unsigned mark = 0; mark < 16; mark++) {
        g_autoptr(Guestgen) gen = tablegen_new_guest(shape);
        g_autoptr(GcGuest) guest = NULL;
        uint64_t vaddr = shape->vaddr & ~UINT64_C(0x1ff000);
        GcPaddr data = tablegen_get_data(shape);

        guestgen_fill_noise(gen, data, 0x10000);
        tablegen_map(shape, gen, vaddr, data, 0);
        for (unsigned i = 0; i < 16; i++) {
            tablegen_put(gen, shape->high + 0x1000, i,
                         last | (uint64_t)mark << 10);
        }
        guest = tablegen_make_guest(shape, gen);
        for (uint64_t i = 0; i < 15; i++) {
            if (mark == 8) {
                assert_reads(guest, vaddr + i * 0x1000 + 0xfc0, gen,
                             data + i * 0x1000 + 0xfc0);
            } else {
                assert_no_data(guest, vaddr + i * 0x1000, 1);
            }
        }
    }
}

/* A guest of a few pages whose kernel is of @arch. */
static GcGuest *make_guest(const char *arch, GcMemory *memory, const char *text)
{
    GcGuest *guest = gc_guest_new(arch, memory, NULL);

    assert_non_null(guest);
    if (text != NULL) {
        g_autoptr(GBytes) desc = g_bytes_new(text, strlen(text));

        assert_true(gc_guest_add_note(guest, "VMCOREINFO", 0, desc, NULL));
    }
    return guest;
}

static void test_without_vmcoreinfo_a_cpu_tells(void **state)
{
    const TablegenShape *shape = &tablegen_shapes[0];
    g_autoptr(Guestgen) gen = tablegen_new_guest(shape);
    g_autoptr(GcMemory) memory = guestgen_make_memory(gen);
    g_autoptr(GcGuest) guest = make_guest("x86_64", memory, NULL);
    g_autoptr(GcRegisters) registers = gc_registers_new("x86_64", NULL);
    GcPaddr data = tablegen_get_data(shape);

    (void)state;
    guestgen_fill_noise(gen, data, 0x1000);
    tablegen_map(shape, gen, shape->vaddr, data, 0);
    gc_registers_set(registers, "cr0", 0x80050033, NULL);
    gc_registers_set(registers, "cr3", TABLEGEN_ROOT, NULL);
    gc_registers_set(registers, "cr4", 0x20, NULL);
    assert_true(gc_guest_add_cpu(guest, registers, NULL));
    assert_reads(guest, shape->vaddr + 7, gen, data + 7);
}

static void test_nothing_that_tells_is_an_error(void **state)
{
    static const struct {
        const char *arch;
        const char *text;
    } cases[] = {
        {"x86_64", NULL},
        {"x86_64", "OSRELEASE=6.1.0\n"},
        {"aarch64", "OSRELEASE=6.1.0\nNUMBER(VA_BITS)=48\n"},
        {"riscv64", NULL},
        {"s390x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GcMemory) memory = gc_memory_new();
        g_autoptr(GcGuest) guest =
            make_guest(cases[i].arch, memory, cases[i].text);
        g_autoptr(GError) error = NULL;
        uint8_t byte;

        assert_false(gc_guest_read_virtual(guest, 0x1000, &byte, 1, &error));
        if (strcmp(cases[i].arch, "aarch64") == 0 || cases[i].text == NULL) {
            assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_UNSUPPORTED));
        }
        assert_non_null(error);
    }
}

static void test_the_linear_map_where_tables_are_not_known(void **state)
{
    static const struct {
        const char *arch;
        uint64_t start;
    } cases[] = {
        {"i386", UINT64_C(0xc0000000)},
        {"s390x", 0},
        {"ppc64", UINT64_C(0xc000000000000000)},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autoptr(GcMemory) memory = NULL;
        g_autoptr(GcGuest) guest = NULL;

        guestgen_add_ram(gen, 0, GUESTGEN_MIB, GUESTGEN_HOST);
        guestgen_fill_noise(gen, 0, GUESTGEN_MIB);
        memory = guestgen_make_memory(gen);
        guest = make_guest(cases[i].arch, memory, "OSRELEASE=6.1.0\n");
        assert_reads(guest, cases[i].start + 0x1fff, gen, 0x1fff);
        assert_no_data(guest, cases[i].start - 1, 1);
        assert_no_data(guest, cases[i].start + GUESTGEN_MIB - 7, 8);
    }
}

/* Memory may end inside a page; what is before its end is read. */
static void test_small_reads_where_memory_ends(void **state)
{
    static const uint64_t lengths[] = {1, 2, 100, 0x1000, 0x1001, 0x1ffd};
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcMemory) memory = NULL;
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcVirtual) kernel = NULL;
    uint8_t found[0x2000];
    uint8_t expected[0x2000];

    (void)state;
    guestgen_add_ram(gen, 0, 0x40001, GUESTGEN_HOST);
    guestgen_fill_noise(gen, 0, 0x40001);
    memory = guestgen_make_memory(gen);
    guest = make_guest("s390x", memory, "OSRELEASE=6.1.0\n");
    kernel = gc_virtual_new(guest, NULL);
    assert_non_null(kernel);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
            size_t len = (size_t)lengths[i];

            for (uint64_t end = 0x40001; end > 0x30000; end -= 0xfff) {
                guestgen_read(gen, end - len, expected, len);
                assert_true(
                    gc_virtual_read(kernel, end - len, found, len, NULL));
                assert_memory_equal(found, expected, len);
            }
            assert_false(
                gc_virtual_read(kernel, 0x40002 - len, found, len, NULL));
        }
    }
    assert_true(gc_virtual_read(kernel, UINT64_MAX, found, 0, NULL));
    assert_no_data(guest, UINT64_MAX - 3, 8);
}

static void test_symbols_are_those_of_vmcoreinfo(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest =
        make_guest("x86_64", memory, tablegen_shapes[0].text);
    g_autoptr(GcGuest) bare = make_guest("x86_64", memory, NULL);
    uint64_t vaddr = 0;

    (void)state;
    assert_true(gc_guest_get_symbol(guest, "init_top_pgt", &vaddr));
    assert_int_equal(vaddr, UINT64_C(0xffffffff9e040000));
    assert_false(gc_guest_get_symbol(guest, "init_uts_ns", &vaddr));
    assert_false(gc_guest_get_symbol(bare, "init_top_pgt", &vaddr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_every_shape_and_size_of_page, say_where),
        cmocka_unit_test(test_a_block_above_the_largest_is_none),
        cmocka_unit_test(test_hostile_tables_end),
        cmocka_unit_test(test_sixteen_pages_as_one_of_riscv),
        cmocka_unit_test(test_without_vmcoreinfo_a_cpu_tells),
        cmocka_unit_test(test_nothing_that_tells_is_an_error),
        cmocka_unit_test(test_the_linear_map_where_tables_are_not_known),
        cmocka_unit_test(test_small_reads_where_memory_ends),
        cmocka_unit_test(test_symbols_are_those_of_vmcoreinfo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
