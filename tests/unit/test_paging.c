/* SPDX-License-Identifier: MIT */
/* Page tables made by hand, and what is found through them. */
#include <string.h>

#include "guestcore/registers.h"

#include "guest/guest.h"
#include "guest/paging.h"
#include "tests/unit/cmocka_all.h"

#define MEMORY_SIZE (16u << 20)
#define PRESENT UINT64_C(3)
#define LARGE UINT64_C(0x80)

typedef struct World {
    uint8_t *bytes;
    GcGuest *guest;
    GcRanges *memory;
} World;

static void world_init(World *world, const char *arch)
{
    g_autoptr(GcMemory) memory = gc_memory_new();

    world->bytes = g_malloc0(MEMORY_SIZE);
    assert_true(gc_memory_add_host(memory, 0, MEMORY_SIZE, world->bytes, NULL));
    world->guest = gc_guest_new(arch, memory, NULL);
    world->memory = gc_ranges_new();
    gc_ranges_add(world->memory, 0, MEMORY_SIZE);
}

static void world_clear(World *world)
{
    gc_ranges_free(world->memory);
    gc_guest_free(world->guest);
    g_free(world->bytes);
}

static void put(World *world, GcPaddr table, unsigned index, uint64_t entry)
{
    for (unsigned i = 0; i < 8; i++) {
        world->bytes[table + 8 * index + i] = (uint8_t)(entry >> 8 * i);
    }
}

static void add_cpu(World *world, uint64_t cr3, uint64_t cr4)
{
    g_autoptr(GcRegisters) registers = gc_registers_new("x86_64", NULL);

    gc_registers_set(registers, "cr0", 0x80050033, NULL);
    gc_registers_set(registers, "cr3", cr3, NULL);
    gc_registers_set(registers, "cr4", cr4, NULL);
    assert_true(gc_guest_add_cpu(world->guest, registers, NULL));
}

static void add_vmcoreinfo(World *world, const char *text)
{
    g_autoptr(GBytes) desc = g_bytes_new(text, strlen(text));

    assert_true(gc_guest_add_note(world->guest, "VMCOREINFO", 0, desc, NULL));
}

static void assert_mappings(World *world, const GcMapping *expected, guint n)
{
    g_autoptr(GcPaging) paging = gc_paging_new(world->guest, world->memory);

    assert_false(paging->is_cut);
    assert_int_equal(paging->mappings->len, n);
    for (guint i = 0; i < n; i++) {
        GcMapping found = g_array_index(paging->mappings, GcMapping, i);

        assert_int_equal(found.vaddr, expected[i].vaddr);
        assert_int_equal(found.paddr, expected[i].paddr);
        assert_int_equal(found.size, expected[i].size);
    }
}

/* A root at 0x1000 that maps pages in both halves through tables of four
 * levels. */
static void put_tables(World *world)
{
    put(world, 0x1000, 0, 0x2000 | PRESENT);
    put(world, 0x2000, 0, 0x3000 | PRESENT);
    put(world, 0x3000, 2, 0x4000 | PRESENT);
    put(world, 0x4000, 0, 0x200000 | PRESENT);
    put(world, 0x4000, 1, 0x201000 | PRESENT | UINT64_C(1) << 63);
    put(world, 0x4000, 2, 0x300000 | PRESENT | UINT64_C(0x7ff) << 52);
    put(world, 0x1000, 256, 0x5000 | PRESENT);
    put(world, 0x5000, 0, 0x6000 | PRESENT);
    put(world, 0x6000, 0, 0x000000 | PRESENT | LARGE);
    put(world, 0x6000, 1, 0x200000 | PRESENT | LARGE);
    put(world, 0x1000, 511, 0x7000 | PRESENT);
    put(world, 0x7000, 511, 0x8000 | PRESENT);
    put(world, 0x8000, 511, 0x400000 | PRESENT | LARGE);
}

static const GcMapping both_halves[] = {
    {UINT64_C(0x400000), 0x200000, 0x2000},
    {UINT64_C(0x402000), 0x300000, 0x1000},
    {UINT64_C(0xffff800000000000), 0, 0x400000},
    {UINT64_C(0xffffffffffe00000), 0x400000, 0x200000},
};

static void test_both_halves_are_canonical_and_merged(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    add_cpu(&world, 0x1000, 0x20);
    assert_mappings(&world, both_halves, G_N_ELEMENTS(both_halves));
    world_clear(&world);
}

static void test_five_levels(void **state)
{
    static const GcMapping expected[] = {
        {UINT64_C(0x0001000000400000), 0x200000, 0x2000},
        {UINT64_C(0x0001000000402000), 0x300000, 0x1000},
        {UINT64_C(0x0001800000000000), 0, 0x400000},
        {UINT64_C(0x0001ffffffe00000), 0x400000, 0x200000},
        {UINT64_C(0xffff000000400000), 0x200000, 0x2000},
        {UINT64_C(0xffff000000402000), 0x300000, 0x1000},
        {UINT64_C(0xffff800000000000), 0, 0x400000},
        {UINT64_C(0xffffffffffe00000), 0x400000, 0x200000},
    };
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    put(&world, 0x9000, 1, 0x1000 | PRESENT);
    put(&world, 0x9000, 511, 0x1000 | PRESENT);
    add_cpu(&world, 0x9000, 0x1020);
    assert_mappings(&world, expected, G_N_ELEMENTS(expected));
    world_clear(&world);
}

/* As Linux maps its espfix stacks: 4 times 512 times 32 times the same page,
 * and other pages between. */
static void test_a_page_with_many_addresses_has_few_in_the_dump(void **state)
{
    g_autoptr(GcPaging) paging = NULL;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put(&world, 0x1000, 510, 0x2000 | PRESENT);
    for (unsigned i = 0; i < 4; i++) {
        put(&world, 0x2000, i, 0x3000 | PRESENT);
    }
    for (unsigned i = 0; i < 512; i++) {
        put(&world, 0x3000, i, 0x4000 | PRESENT);
    }
    for (unsigned i = 0; i < 512; i += 16) {
        put(&world, 0x4000, i, 0x200000 | PRESENT);
    }
    put(&world, 0x1000, 511, 0x5000 | PRESENT);
    put(&world, 0x5000, 511, 0x6000 | PRESENT);
    put(&world, 0x6000, 511, 0x400000 | PRESENT | LARGE);
    add_cpu(&world, 0x1000, 0x20);
    paging = gc_paging_new(world.guest, world.memory);
    assert_false(paging->is_cut);
    assert_int_equal(paging->mappings->len, 32 * GC_PAGING_MAX_ALIASES + 1);
    assert_int_equal(g_array_index(paging->mappings, GcMapping, 0).paddr,
                     0x200000);
    assert_int_equal(
        g_array_index(paging->mappings, GcMapping, 32 * GC_PAGING_MAX_ALIASES)
            .paddr,
        0x400000);
    world_clear(&world);
}

static void test_cpus_that_share_tables_and_pcids(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    memcpy(world.bytes + 0x9000, world.bytes + 0x1000, 4096);
    add_cpu(&world, 0x1000, 0x20);
    add_cpu(&world, 0x1005, 0x20020);
    add_cpu(&world, 0x9000, 0x20);
    assert_mappings(&world, both_halves, G_N_ELEMENTS(both_halves));
    world_clear(&world);
}

/* The user's table of a pair with the kernel's at 0xa000: it has the user's
 * half, and of the kernel's only its last entry. */
static void test_isolated_user_table_leads_to_the_kernels(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    memcpy(world.bytes + 0xa000, world.bytes + 0x1000, 4096);
    memcpy(world.bytes + 0xb000, world.bytes + 0x1000, 4096);
    put(&world, 0xb000, 256, 0);
    add_cpu(&world, 0xb000 | 0x800, 0x20020);
    assert_mappings(&world, both_halves, G_N_ELEMENTS(both_halves));
    world_clear(&world);
}

static void test_table_on_an_odd_page_without_isolation(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    memcpy(world.bytes + 0xb000, world.bytes + 0x1000, 4096);
    memcpy(world.bytes + 0xa000 + 2048, world.bytes + 0x1000 + 2048, 2048);
    add_cpu(&world, 0xb000, 0x20);
    assert_mappings(&world, both_halves, G_N_ELEMENTS(both_halves));
    world_clear(&world);
}

static void test_mappings_are_split_at_holes(void **state)
{
    static const GcMapping expected[] = {
        {UINT64_C(0x400000), 0x200000, 0x1000},
        {UINT64_C(0xffff800000000000), 0, 0xa0000},
        {UINT64_C(0xffff8000000c0000), 0xc0000, 0x141000},
    };
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    add_cpu(&world, 0x1000, 0x20);
    gc_ranges_free(world.memory);
    world.memory = gc_ranges_new();
    gc_ranges_add(world.memory, 0, 0xa0000);
    gc_ranges_add(world.memory, 0xc0000, 0x201000);
    assert_mappings(&world, expected, G_N_ELEMENTS(expected));
    world_clear(&world);
}

static void test_kernel_tables_of_vmcoreinfo(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    add_vmcoreinfo(&world, "OSRELEASE=6\nNUMBER(phys_base)=-4096\n"
                           "SYMBOL(init_top_pgt)=ffffffff80002000\n");
    assert_mappings(&world, both_halves, G_N_ELEMENTS(both_halves));
    world_clear(&world);
}

static void test_cpu_without_paging_maps_nothing(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_tables(&world);
    add_cpu(&world, 0x1000, 0);
    assert_mappings(&world, NULL, 0);
    world_clear(&world);

    world_init(&world, "x86_64");
    add_cpu(&world, UINT64_C(0xffffffffff000), 0x20);
    assert_mappings(&world, NULL, 0);
    world_clear(&world);
}

/* Every entry of the table leads back to it, so that it maps all there is,
 * page by page. */
static void test_table_of_itself_is_shown_a_few_times(void **state)
{
    g_autoptr(GcPaging) paging = NULL;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    for (unsigned i = 0; i < 512; i++) {
        put(&world, 0x1000, i, 0x1000 | PRESENT);
    }
    add_cpu(&world, 0x1000, 0x20);
    paging = gc_paging_new(world.guest, world.memory);
    assert_false(paging->is_cut);
    assert_true(paging->mappings->len <= 512 * GC_PAGING_MAX_ALIASES);
    world_clear(&world);
}

/* Memory in which every page is a table of 512 others. */
static bool read_endless_tables(void *opaque, uint64_t offset, void *buf,
                                size_t len, GError **error)
{
    uint8_t *to = buf;

    (void)opaque, (void)error;
    for (; len >= 8; len -= 8, offset += 8, to += 8) {
        uint64_t next = (offset / 8 * 2 + 1) % (UINT64_C(1) << 28);
        uint64_t entry = GUINT64_TO_LE(next << 12 | PRESENT);

        memcpy(to, &entry, 8);
    }
    return true;
}

static void test_endless_tables_are_cut(void **state)
{
    static const GcMemoryOps ops = {.read = read_endless_tables};
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcPaging) paging = NULL;
    World world = {.memory = gc_ranges_new()};

    (void)state;
    gc_ranges_add(world.memory, 0, UINT64_C(1) << 40);
    assert_true(gc_memory_add(memory, 0, UINT64_C(1) << 40, &ops, NULL, NULL));
    world.guest = gc_guest_new("x86_64", memory, NULL);
    add_cpu(&world, 0x1000, 0x20);
    paging = gc_paging_new(world.guest, world.memory);
    assert_true(paging->is_cut);
    assert_true(paging->mappings->len <= GC_PAGING_MAX_MAPPINGS);
    world_clear(&world);
}

/* aarch64, 39 bits, 4 KiB: a block of 2 MiB and a page, in the one half. */
static void test_aarch64_with_4k_pages(void **state)
{
    static const GcMapping expected[] = {
        {UINT64_C(0xffffff8000200000), 0x200000, 0x200000},
        {UINT64_C(0xffffff8000400000), 0x405000, 0x1000},
    };
    World world;

    (void)state;
    world_init(&world, "aarch64");
    put(&world, 0x1000, 0, 0x2003);
    put(&world, 0x2000, 1, UINT64_C(0x0060000000200701));
    put(&world, 0x2000, 2, 0x3003);
    put(&world, 0x3000, 0, UINT64_C(0x0068000000405703));
    put(&world, 0x3000, 1, 0x406001); /* reserved at the last level */
    put(&world, 0x3000, 2, 0x407002); /* not valid */
    add_vmcoreinfo(&world, "OSRELEASE=6\nPAGESIZE=4096\n"
                           "NUMBER(VA_BITS)=39\nNUMBER(TCR_EL1_T1SZ)=0x19\n"
                           "NUMBER(kimage_voffset)=0xffffffc008000000\n"
                           "SYMBOL(_stext)=ffffffc008010000\n"
                           "SYMBOL(swapper_pg_dir)=ffffffc008001000\n");
    assert_mappings(&world, expected, G_N_ELEMENTS(expected));
    world_clear(&world);
}

/* 64 KiB pages and 52 bits: the physical address in two parts. */
static void test_aarch64_with_64k_pages(void **state)
{
    static const GcMapping expected[] = {
        {UINT64_C(0xfff0000000010000), 0x20000, 0x10000},
        {UINT64_C(0xfff0000000020000), UINT64_C(0x000f000000030000), 0x10000},
    };
    World world;

    (void)state;
    world_init(&world, "aarch64");
    gc_ranges_add(world.memory, UINT64_C(0x000f000000000000),
                  UINT64_C(0x000f000000100000));
    put(&world, 0x100000, 0, 0x110003);
    put(&world, 0x110000, 0, 0x120003);
    put(&world, 0x120000, 1, 0x20003);
    put(&world, 0x120000, 2, 0x3f003);
    add_vmcoreinfo(&world, "OSRELEASE=6\nPAGESIZE=65536\n"
                           "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
                           "NUMBER(kimage_voffset)=0xffffffc008000000\n"
                           "SYMBOL(_stext)=ffffffc008010000\n"
                           "SYMBOL(swapper_pg_dir)=ffffffc008100000\n");
    assert_mappings(&world, expected, G_N_ELEMENTS(expected));
    world_clear(&world);
}

/* 16 KiB pages and 47 bits: three levels; a block of 32 MiB is above. */
static void test_aarch64_with_16k_pages(void **state)
{
    static const GcMapping expected[] = {
        {UINT64_C(0xffff800000000000), 0, 0x1000000},
        {UINT64_C(0xffff800002004000), 0x8000, 0x4000},
    };
    World world;

    (void)state;
    world_init(&world, "aarch64");
    put(&world, 0x4000, 0, 0x8003);
    put(&world, 0x8000, 0, 0x701);
    put(&world, 0x8000, 1, 0xc003);
    put(&world, 0xc000, 1, 0x8703);
    add_vmcoreinfo(&world, "OSRELEASE=6\nPAGESIZE=16384\n"
                           "NUMBER(VA_BITS)=47\n"
                           "NUMBER(kimage_voffset)=0xffffffc008000000\n"
                           "SYMBOL(_stext)=ffffffc008010000\n"
                           "SYMBOL(swapper_pg_dir)=ffffffc008004000\n");
    assert_mappings(&world, expected, G_N_ELEMENTS(expected));
    world_clear(&world);
}

static void check_riscv64(unsigned va_bits, uint64_t upper)
{
    unsigned levels = (va_bits - 12) / 9;
    g_autofree char *text =
        g_strdup_printf("OSRELEASE=6\nNUMBER(VA_BITS)=%u\n"
                        "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n"
                        "NUMBER(va_kernel_pa_offset)=0xffffffff80000000\n"
                        "SYMBOL(swapper_pg_dir)=ffffffff80001000\n",
                        va_bits);
    const GcMapping expected[] = {
        {0x3000, 0x9000, 0x1000},
        {upper, 0x200000, 0x200000},
    };
    World world;

    world_init(&world, "riscv64");
    for (unsigned i = 1; i < levels; i++) {
        put(&world, 0x1000 * i, 0, (0x1000 * (i + 1)) >> 2 | 1);
    }
    put(&world, 0x1000 * levels, 3, 0x9000 >> 2 | 0xcf);
    put(&world, 0x1000, 256, 0x10000 >> 2 | 1);
    for (unsigned i = 0; i + 3 < levels; i++) {
        put(&world, 0x10000 + 0x1000 * i, 0, (0x11000 + 0x1000 * i) >> 2 | 1);
    }
    put(&world, 0x10000 + 0x1000 * (levels - 3), 0, 0x200000 >> 2 | 0xef);
    add_vmcoreinfo(&world, text);
    assert_mappings(&world, expected, 2);
    world_clear(&world);
}

static void test_riscv64_of_every_depth(void **state)
{
    (void)state;
    check_riscv64(39, UINT64_C(0xffffffc000000000));
    check_riscv64(48, UINT64_C(0xffff800000000000));
    check_riscv64(57, UINT64_C(0xff00000000000000));
}

static void test_architecture_without_known_tables_maps_nothing(void **state)
{
    World world;

    (void)state;
    world_init(&world, "s390x");
    add_vmcoreinfo(&world, "OSRELEASE=6\nSYMBOL(swapper_pg_dir)=1000\n");
    assert_mappings(&world, NULL, 0);
    world_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_halves_are_canonical_and_merged),
        cmocka_unit_test(test_five_levels),
        cmocka_unit_test(test_a_page_with_many_addresses_has_few_in_the_dump),
        cmocka_unit_test(test_cpus_that_share_tables_and_pcids),
        cmocka_unit_test(test_isolated_user_table_leads_to_the_kernels),
        cmocka_unit_test(test_table_on_an_odd_page_without_isolation),
        cmocka_unit_test(test_mappings_are_split_at_holes),
        cmocka_unit_test(test_kernel_tables_of_vmcoreinfo),
        cmocka_unit_test(test_cpu_without_paging_maps_nothing),
        cmocka_unit_test(test_table_of_itself_is_shown_a_few_times),
        cmocka_unit_test(test_endless_tables_are_cut),
        cmocka_unit_test(test_aarch64_with_4k_pages),
        cmocka_unit_test(test_aarch64_with_64k_pages),
        cmocka_unit_test(test_aarch64_with_16k_pages),
        cmocka_unit_test(test_riscv64_of_every_depth),
        cmocka_unit_test(test_architecture_without_known_tables_maps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
