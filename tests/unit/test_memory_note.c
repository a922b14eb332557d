/* SPDX-License-Identifier: MIT */
/* The guest's note in its memory.  Notes and page tables are made by hand
 * here, byte by byte, and not by what is tested. */
#include <string.h>

#include "guestcore/guest.h"

#include "guest/kernel.h"
#include "tests/unit/cmocka_all.h"

#define MEMORY_SIZE (4u << 20)
#define KERNEL_MAP UINT64_C(0xffffffff80000000)
#define HEADER_SIZE 12u

typedef struct World {
    uint8_t *bytes; /* all of memory, at address 0 */
    GcGuest *guest;
} World;

static void world_init(World *world, const char *arch)
{
    g_autoptr(GcMemory) memory = gc_memory_new();

    world->bytes = g_malloc0(MEMORY_SIZE);
    assert_true(gc_memory_add_host(memory, 0, MEMORY_SIZE, world->bytes, NULL));
    world->guest = gc_guest_new(arch, memory, NULL);
    assert_non_null(world->guest);
}

static void world_clear(World *world)
{
    gc_guest_free(world->guest);
    g_free(world->bytes);
}

static void put_u32(uint8_t *at, uint32_t value, bool big_endian)
{
    for (unsigned i = 0; i < 4; i++) {
        at[big_endian ? 3 - i : i] = (uint8_t)(value >> 8 * i);
    }
}

static void put_u64(uint8_t *at, uint64_t value)
{
    put_u32(at, (uint32_t)value, false);
    put_u32(at + 4, (uint32_t)(value >> 32), false);
}

/* Puts a note at @at and returns the bytes that it takes. */
static size_t put_note(uint8_t *at, bool big_endian, const char *name,
                       uint32_t type, const void *desc, size_t desc_size)
{
    size_t name_size = strlen(name) + 1;
    size_t name_room = (name_size + 3) / 4 * 4;

    put_u32(at, (uint32_t)name_size, big_endian);
    put_u32(at + 4, (uint32_t)desc_size, big_endian);
    put_u32(at + 8, type, big_endian);
    memcpy(at + HEADER_SIZE, name, name_size);
    memcpy(at + HEADER_SIZE + name_room, desc, desc_size);
    return HEADER_SIZE + name_room + (desc_size + 3) / 4 * 4;
}

static size_t put_vmcoreinfo(uint8_t *at, bool big_endian, const char *text)
{
    return put_note(at, big_endian, "VMCOREINFO", 0, text, strlen(text));
}

static void assert_warned(const World *world, const char *part)
{
    const char *const *warnings = gc_guest_get_warnings(world->guest);

    assert_non_null(warnings[0]);
    assert_non_null(strstr(warnings[0], part));
    assert_null(warnings[1]);
}

static void test_announced_note_is_trimmed_to_its_header(void **state)
{
    const char *text = "OSRELEASE=6.1\nNUMBER(phys_base)=-4096\n";
    int64_t phys_base;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_vmcoreinfo(world.bytes + 0x5000, false, text);
    assert_true(gc_guest_load_note(world.guest, 0x5000, 4132));
    assert_string_equal(gc_guest_get_vmcoreinfo(world.guest), text);
    assert_true(gc_guest_get_phys_base(world.guest, &phys_base));
    assert_int_equal(phys_base, -4096);
    assert_null(gc_guest_get_warnings(world.guest)[0]);
    world_clear(&world);
}

static void test_announced_note_in_every_byte_order_and_class(void **state)
{
    static const struct {
        const char *arch;
        bool big_endian;
    } cases[] = {{"i386", false},
                 {"ppc64", true},
                 {"s390x", true},
                 {"arm", false},
                 {"ppc64le", false}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world;

        world_init(&world, cases[i].arch);
        put_vmcoreinfo(world.bytes + 64, cases[i].big_endian, "OSRELEASE=5\n");
        assert_true(gc_guest_load_note(world.guest, 64, 4132));
        assert_string_equal(gc_guest_get_os_release(world.guest), "5");
        world_clear(&world);

        world_init(&world, cases[i].arch);
        put_vmcoreinfo(world.bytes + 64, !cases[i].big_endian, "OSRELEASE=5\n");
        assert_false(gc_guest_load_note(world.guest, 64, 4132));
        assert_warned(&world, "header");
        world_clear(&world);
    }
}

static void test_note_of_any_name_is_kept(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_note(world.bytes, false, "WIN_DUMP", 7, "x", 1);
    assert_true(gc_guest_load_note(world.guest, 0, 64));
    assert_null(gc_guest_get_vmcoreinfo(world.guest));
    world_clear(&world);
}

static void test_announced_sizes_from_12_bytes_to_1_mib(void **state)
{
    static const struct {
        uint64_t size;
        bool is_good;
    } cases[] = {{0, false},       {11, false},         {12, false},
                 {35, false},      {36, true},          {1u << 20, true},
                 {1048577, false}, {UINT32_MAX, false}, {UINT64_MAX, false}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world;

        world_init(&world, "x86_64");
        put_vmcoreinfo(world.bytes, false, "OSRELEASE=6\n");
        assert_int_equal(gc_guest_load_note(world.guest, 0, cases[i].size),
                         cases[i].is_good);
        if (!cases[i].is_good) {
            assert_warned(&world, "left out");
        }
        world_clear(&world);
    }
}

static void test_header_that_lies_is_left_out(void **state)
{
    static const struct {
        uint32_t name_size;
        uint32_t desc_size;
    } cases[] = {
        {0, 0},          {UINT32_MAX, 12},         {11, UINT32_MAX},
        {UINT32_MAX, 1}, {UINT32_MAX, UINT32_MAX}, {11, 4132 - 24 + 1}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        World world;

        world_init(&world, "x86_64");
        put_vmcoreinfo(world.bytes, false, "OSRELEASE=6\n");
        put_u32(world.bytes, cases[i].name_size, false);
        put_u32(world.bytes + 4, cases[i].desc_size, false);
        assert_false(gc_guest_load_note(world.guest, 0, 4132));
        assert_warned(&world, "its header counts");
        world_clear(&world);
    }
}

static void test_note_outside_of_memory_is_left_out(void **state)
{
    static const GcPaddr places[] = {MEMORY_SIZE, MEMORY_SIZE - 4,
                                     UINT64_MAX - 3, UINT64_C(1) << 63};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        World world;

        world_init(&world, "x86_64");
        assert_false(gc_guest_load_note(world.guest, places[i], 4132));
        assert_warned(&world, "left out");
        world_clear(&world);
    }
}

static void test_note_that_is_no_kernels_is_left_out(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_vmcoreinfo(world.bytes, false, "hello\n");
    assert_false(gc_guest_load_note(world.guest, 0, 4132));
    assert_warned(&world, "OSRELEASE");
    world_clear(&world);
}

/* A kernel at physical 0, mapped by one 1 GiB page, and its init_uts_ns. */
static char *put_kernel(World *world, GcPaddr tables, GcPaddr uts,
                        const char *release)
{
    static const char *const strings[] = {"Linux", "host",   NULL,
                                          "#1",    "x86_64", "(none)"};

    put_u64(world->bytes + tables + 8 * 511, (tables + 0x1000) | 3);
    put_u64(world->bytes + tables + 0x1000 + 8 * 510, 0x83);
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
        strcpy((char *)world->bytes + uts + 4 + i * 65,
               strings[i] != NULL ? strings[i] : release);
    }
    return g_strdup_printf("OSRELEASE=%s\nPAGESIZE=4096\n"
                           "NUMBER(phys_base)=0\n"
                           "SYMBOL(init_top_pgt)=%" G_GINT64_MODIFIER "x\n"
                           "SYMBOL(init_uts_ns)=%" G_GINT64_MODIFIER "x\n"
                           "OFFSET(uts_namespace.name)=4\n",
                           release, KERNEL_MAP + tables, KERNEL_MAP + uts);
}

static void test_search_finds_a_verified_note(void **state)
{
    g_autofree char *text = NULL;
    GError *error = NULL;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    text = put_kernel(&world, 0x10000, 0x20000, "6.1.0");
    put_vmcoreinfo(world.bytes + 0x30000, false, text);
    assert_true(gc_guest_find_vmcoreinfo(world.guest, &error));
    assert_null(error);
    assert_string_equal(gc_guest_get_vmcoreinfo(world.guest), text);
    assert_null(gc_guest_get_warnings(world.guest)[0]);
    assert_true(gc_kernel_is_verified(world.guest));
    world_clear(&world);
}

static void test_search_prefers_the_kernel_that_is_there(void **state)
{
    g_autofree char *text = NULL;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    text = put_kernel(&world, 0x10000, 0x20000, "6.1.0");
    put_vmcoreinfo(world.bytes + 0x8000, false, "OSRELEASE=5.10\n");
    put_vmcoreinfo(world.bytes + 0x30000, false, text);
    put_vmcoreinfo(world.bytes + 0x40000, false, text);
    assert_true(gc_guest_find_vmcoreinfo(world.guest, NULL));
    assert_string_equal(gc_guest_get_os_release(world.guest), "6.1.0");
    world_clear(&world);
}

static void test_search_says_when_it_cannot_verify(void **state)
{
    World world;

    (void)state;
    world_init(&world, "s390x");
    put_vmcoreinfo(world.bytes + 0x8000, true, "OSRELEASE=5.10\n");
    assert_true(gc_guest_find_vmcoreinfo(world.guest, NULL));
    assert_warned(&world, "at 0x8000");
    world_clear(&world);
}

static void test_search_takes_none_of_several_kernels(void **state)
{
    GError *error = NULL;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_vmcoreinfo(world.bytes + 0x8000, false, "OSRELEASE=5.10\n");
    put_vmcoreinfo(world.bytes + 0x9000, false, "OSRELEASE=6.1\n");
    assert_false(gc_guest_find_vmcoreinfo(world.guest, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
    assert_non_null(strstr(error->message, "0x8000, 0x9000"));
    assert_null(gc_guest_get_vmcoreinfo(world.guest));
    g_clear_error(&error);
    world_clear(&world);
}

static void test_search_looks_only_at_page_starts_and_whole_notes(void **state)
{
    GError *error = NULL;
    World world;

    (void)state;
    world_init(&world, "x86_64");
    put_vmcoreinfo(world.bytes + 0x8010, false, "OSRELEASE=5.10\n");
    put_vmcoreinfo(world.bytes + 0xa000, true, "OSRELEASE=5.10\n");
    put_vmcoreinfo(world.bytes + 0xb000, false, "NOTHING=5.10\n");
    put_vmcoreinfo(world.bytes + 0xc000, false, "OSRELEASE=5.10\n");
    put_u32(world.bytes + 0xc004, UINT32_MAX, false);
    put_vmcoreinfo(world.bytes + MEMORY_SIZE - 0x1000, false, "OSRELEASE=5\n");
    put_u32(world.bytes + MEMORY_SIZE - 0x1000 + 4, 0x2000, false);
    assert_false(gc_guest_find_vmcoreinfo(world.guest, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
    g_clear_error(&error);
    world_clear(&world);
}

static void test_search_of_a_guest_full_of_notes_ends(void **state)
{
    World world;

    (void)state;
    world_init(&world, "x86_64");
    for (size_t at = 0; at < MEMORY_SIZE; at += 0x1000) {
        char text[32];

        g_snprintf(text, sizeof(text), "OSRELEASE=%zu\n", at);
        put_vmcoreinfo(world.bytes + at, false, text);
    }
    assert_false(gc_guest_find_vmcoreinfo(world.guest, NULL));
    world_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_announced_note_is_trimmed_to_its_header),
        cmocka_unit_test(test_announced_note_in_every_byte_order_and_class),
        cmocka_unit_test(test_note_of_any_name_is_kept),
        cmocka_unit_test(test_announced_sizes_from_12_bytes_to_1_mib),
        cmocka_unit_test(test_header_that_lies_is_left_out),
        cmocka_unit_test(test_note_outside_of_memory_is_left_out),
        cmocka_unit_test(test_note_that_is_no_kernels_is_left_out),
        cmocka_unit_test(test_search_finds_a_verified_note),
        cmocka_unit_test(test_search_prefers_the_kernel_that_is_there),
        cmocka_unit_test(test_search_says_when_it_cannot_verify),
        cmocka_unit_test(test_search_takes_none_of_several_kernels),
        cmocka_unit_test(test_search_looks_only_at_page_starts_and_whole_notes),
        cmocka_unit_test(test_search_of_a_guest_full_of_notes_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
