/* SPDX-License-Identifier: MIT */
/* Dumps of guests of every architecture in every format: written, looked at
 * by hand, and read again. */
#include <glib/gstdio.h>
#include <string.h>

#include "guestcore/dump.h"
#include "guestcore/registers.h"

#include "dump/plan.h"
#include "guest/guest.h"
#include "tests/unit/cmocka_all.h"

/* Memory begins where a 32-bit address is a large number; its second block
 * begins and ends inside of a page. */
#define START UINT64_C(0x80000000)
#define SIZE (1u << 20)
#define SECOND_AT 0x180800u
#define SECOND_SIZE 0x2400u

typedef struct World {
    uint8_t *bytes; /* of both blocks */
    GcGuest *guest;
    char *dir;
    char *path;
} World;

static void fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = i / 4096 % 3 == 0 ? 0 : (uint8_t)(i * i >> 7 ^ i);
    }
}

static void add_cpus(World *world)
{
    const char *arch = gc_guest_get_arch(world->guest);
    g_auto(GStrv) names = gc_registers_get_names(arch);

    for (unsigned cpu = 0; cpu < 2; cpu++) {
        g_autoptr(GcRegisters) registers = gc_registers_new(arch, NULL);

        for (char **name = names; *name != NULL; name++) {
            gc_registers_set(registers, *name, 17 + cpu, NULL);
        }
        assert_true(gc_guest_add_cpu(world->guest, registers, NULL));
    }
}

static void add_vmcoreinfo(World *world, const char *text)
{
    g_autoptr(GBytes) desc = g_bytes_new(text, strlen(text));

    assert_true(gc_guest_add_note(world->guest, "VMCOREINFO", 0, desc, NULL));
}

static void world_init(World *world, const char *arch, const char *vmcoreinfo)
{
    g_autoptr(GcMemory) memory = gc_memory_new();

    world->bytes = g_malloc(SIZE + SECOND_SIZE);
    fill(world->bytes, SIZE + SECOND_SIZE);
    assert_true(gc_memory_add_host(memory, START, SIZE, world->bytes, NULL));
    assert_true(gc_memory_add_host(memory, START + SECOND_AT, SECOND_SIZE,
                                   world->bytes + SIZE, NULL));
    world->guest = gc_guest_new(arch, memory, NULL);
    assert_non_null(world->guest);
    add_cpus(world);
    if (vmcoreinfo != NULL) {
        add_vmcoreinfo(world, vmcoreinfo);
    }
    world->dir = g_dir_make_tmp("guestcore-arch-XXXXXX", NULL);
    assert_non_null(world->dir);
    world->path = g_build_filename(world->dir, "dump", NULL);
}

static void world_clear(World *world)
{
    g_unlink(world->path);
    g_rmdir(world->dir);
    g_free(world->path);
    g_free(world->dir);
    gc_guest_free(world->guest);
    g_free(world->bytes);
}

static void write_dump(World *world, const char *format)
{
    g_autoptr(GcDumpJob) job = gc_dump_job_new(world->guest);
    GError *error = NULL;

    assert_true(gc_dump_job_set_format(job, format, NULL));
    gc_dump_job_set_threads(job, 0);
    if (!gc_dump_job_run(job, world->path, &error)) {
        fail_msg("%s: %s", format, error->message);
    }
}

static void assert_same_notes(const GcGuest *a, const GcGuest *b)
{
    GPtrArray *left = gc_guest_get_notes(a);
    GPtrArray *right = gc_guest_get_notes(b);

    assert_int_equal(left->len, right->len);
    for (guint i = 0; i < left->len; i++) {
        const GcNote *l = g_ptr_array_index(left, i);
        const GcNote *r = g_ptr_array_index(right, i);

        assert_true(gc_note_is(l, r->name, r->type));
        assert_true(g_bytes_equal(l->desc, r->desc));
    }
}

static void assert_same_memory(const World *world, const GcGuest *guest)
{
    g_autofree uint8_t *bytes = g_malloc(SIZE + SECOND_SIZE);
    GcMemory *memory = gc_guest_get_memory(guest);

    assert_true(gc_memory_read(memory, START, bytes, SIZE, NULL));
    assert_true(gc_memory_read(memory, START + SECOND_AT, bytes + SIZE,
                               SECOND_SIZE, NULL));
    assert_memory_equal(bytes, world->bytes, SIZE + SECOND_SIZE);
}

static void check_round_trip(const char *arch, const char *format,
                             const char *vmcoreinfo)
{
    g_autoptr(GcGuest) guest = NULL;
    GError *error = NULL;
    World world;

    world_init(&world, arch, vmcoreinfo);
    write_dump(&world, format);
    guest = gc_guest_open(world.path, NULL, &error);
    if (guest == NULL) {
        fail_msg("%s as %s: %s", arch, format, error->message);
    }
    assert_string_equal(gc_guest_get_arch(guest), arch);
    assert_int_equal(gc_guest_get_n_cpus(guest), 2);
    assert_int_equal(gc_guest_get_page_size(guest),
                     gc_guest_get_page_size(world.guest));
    assert_same_notes(guest, world.guest);
    assert_same_memory(&world, guest);
    world_clear(&world);
}

static void test_round_trip_of_every_architecture_and_format(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    (void)state;
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        for (char **format = formats; *format != NULL; format++) {
            check_round_trip((*arch)->name, *format, NULL);
            check_round_trip((*arch)->name, *format, "OSRELEASE=6.1\n");
        }
    }
}

static void test_round_trip_of_every_page_size(void **state)
{
    (void)state;
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        for (uint32_t size = 4096; size <= 65536; size *= 2) {
            g_autofree char *text =
                g_strdup_printf("OSRELEASE=6.1\nPAGESIZE=%u\n", size);

            if ((size & (*arch)->page_sizes) != 0) {
                check_round_trip((*arch)->name, "elf", text);
                check_round_trip((*arch)->name, "kdump-raw-zlib", text);
            }
        }
    }
}

static uint64_t get(const uint8_t *bytes, size_t width, bool big_endian)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++) {
        value = value << 8 | bytes[big_endian ? i : width - 1 - i];
    }
    return value;
}

/* The bytes of a dump of @arch; to be freed. */
static char *load(const char *arch, const char *format, const char *vmcoreinfo)
{
    char *bytes = NULL;
    World world;

    world_init(&world, arch, vmcoreinfo);
    write_dump(&world, format);
    assert_true(g_file_get_contents(world.path, &bytes, NULL, NULL));
    world_clear(&world);
    return bytes;
}

typedef struct KdumpCase {
    const char *arch;
    bool big_endian;
    size_t block;
    size_t block_size_at; /* in the header */
    size_t word;          /* of the sub header's phys_base */
    uint64_t phys_base;
    size_t text_at; /* of offset_vmcoreinfo in the sub header */
    size_t note_at; /* of offset_note */
    size_t last_at; /* of max_mapnr_64 */
} KdumpCase;

static const KdumpCase kdump_cases[] = {
    {"x86_64", false, 4096, 428, 8, UINT64_MAX - 4095, 32, 48, 96},
    {"aarch64", false, 4096, 428, 8, 0x40000000, 32, 48, 96},
    {"riscv64", false, 4096, 428, 8, 0x80200000, 32, 48, 96},
    {"loongarch64", false, 16384, 428, 8, 0, 32, 48, 96},
    {"ppc64le", false, 65536, 428, 8, 0, 32, 48, 96},
    {"ppc64", true, 65536, 428, 8, 0, 32, 48, 96},
    {"s390x", true, 4096, 428, 8, 0, 32, 48, 96},
    {"i386", false, 4096, 416, 4, 0, 20, 32, 72},
    {"arm", false, 4096, 416, 4, START, 24, 40, 88},
    {"riscv32", false, 4096, 416, 4, 0x80200000, 24, 40, 88},
};

static void check_kdump(const KdumpCase *c)
{
    static const char text[] = "OSRELEASE=6.1\nNUMBER(phys_base)=-4096\n"
                               "NUMBER(PHYS_OFFSET)=0x40000000\n"
                               "NUMBER(phys_ram_base)=0x80200000\n";
    g_autofree char *dump = load(c->arch, "kdump-raw-zlib", text);
    const uint8_t *head = (const uint8_t *)dump;
    const uint8_t *sub = head + c->block;
    uint64_t note = get(sub + c->note_at, 8, c->big_endian);

    assert_memory_equal(head, "KDUMP   ", 8);
    assert_int_equal(get(head + 8, 4, c->big_endian), 6);
    assert_int_equal(get(head + c->block_size_at, 4, c->big_endian), c->block);
    assert_int_equal(get(sub, c->word, c->big_endian), c->phys_base);
    assert_int_equal(get(sub + c->last_at, 8, c->big_endian),
                     (START + SECOND_AT + SECOND_SIZE + c->block - 1) /
                         c->block);
    assert_int_equal(note, c->block + c->last_at + 8);
    assert_memory_equal(head + note + 12, "CORE", 5);
    assert_memory_equal(head + get(sub + c->text_at, 8, c->big_endian), text,
                        sizeof(text) - 1);
    assert_int_equal(get(sub + c->text_at + 8, c->word, c->big_endian),
                     sizeof(text) - 1);
}

static void test_kdump_headers_by_class_order_and_alignment(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kdump_cases); i++) {
        check_kdump(&kdump_cases[i]);
    }
}

static void test_physical_offset_without_vmcoreinfo(void **state)
{
    g_autofree char *dump = load("aarch64", "kdump-raw-zlib", NULL);

    (void)state;
    assert_int_equal(get((const uint8_t *)dump + 4096, 8, false), START);
}

static void test_elf_headers_by_class_and_order(void **state)
{
    static const struct {
        const char *arch;
        uint8_t class;
        uint8_t data;
        uint16_t machine;
    } cases[] = {{"x86_64", 2, 1, 62},   {"i386", 1, 1, 3},
                 {"aarch64", 2, 1, 183}, {"arm", 1, 1, 40},
                 {"riscv64", 2, 1, 243}, {"riscv32", 1, 1, 243},
                 {"ppc64", 2, 2, 21},    {"ppc64le", 2, 1, 21},
                 {"s390x", 2, 2, 22},    {"loongarch64", 2, 1, 258}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *dump = load(cases[i].arch, "elf", NULL);
        const uint8_t *head = (const uint8_t *)dump;
        bool big_endian = cases[i].data == 2;
        size_t header = cases[i].class == 2 ? 64 : 52;

        assert_memory_equal(head, "\177ELF", 4);
        assert_int_equal(head[4], cases[i].class);
        assert_int_equal(head[5], cases[i].data);
        assert_int_equal(get(head + 16, 2, big_endian), 4);
        assert_int_equal(get(head + 18, 2, big_endian), cases[i].machine);
        assert_int_equal(get(head + header - 12, 2, big_endian), header);
        assert_int_equal(get(head + header, 4, big_endian), 4);
    }
}

static bool read_zeros(void *opaque G_GNUC_UNUSED,
                       uint64_t offset G_GNUC_UNUSED, void *buf, size_t len,
                       GError **error G_GNUC_UNUSED)
{
    memset(buf, 0, len);
    return true;
}

static bool no_data(void *opaque G_GNUC_UNUSED, uint64_t offset G_GNUC_UNUSED,
                    uint64_t end, uint64_t *ret_start, uint64_t *ret_end,
                    GError **error G_GNUC_UNUSED)
{
    *ret_start = end;
    *ret_end = end;
    return true;
}

static const GcMemoryOps unused_memory = {
    .read = read_zeros,
    .next_data = no_data,
};

/* A 32-bit PC with more than 4 GiB: its ELF file is of 64 bits. */
static void test_elf_file_of_a_large_32bit_machine(void **state)
{
    g_autoptr(GcGuest) guest = NULL;
    g_autofree char *dump = NULL;
    World world;

    (void)state;
    world_init(&world, "i386", NULL);
    assert_true(gc_memory_add(gc_guest_get_memory(world.guest),
                              UINT64_C(0x100000000), 4096, &unused_memory, NULL,
                              NULL));
    write_dump(&world, "elf");
    assert_true(g_file_get_contents(world.path, &dump, NULL, NULL));
    assert_int_equal(dump[4], 2);
    assert_int_equal(dump[18], 3);
    guest = gc_guest_open(world.path, NULL, NULL);
    assert_non_null(guest);
    assert_string_equal(gc_guest_get_arch(guest), "i386");
    assert_same_notes(guest, world.guest);
    assert_same_memory(&world, guest);
    world_clear(&world);
}

static void test_two_blocks_in_one_page_are_one_page(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GBytes) text =
        g_bytes_new_static("OSRELEASE=6\nPAGESIZE=65536\n", 27);
    g_autoptr(GcPlan) plan = NULL;

    (void)state;
    assert_true(
        gc_memory_add(memory, 0x40000000, 0x8000, &unused_memory, NULL, NULL));
    assert_true(
        gc_memory_add(memory, 0x4000c000, 0x4000, &unused_memory, NULL, NULL));
    guest = gc_guest_new("aarch64", memory, NULL);
    assert_true(gc_guest_add_note(guest, "VMCOREINFO", 0, text, NULL));
    plan = gc_plan_new(guest, NULL);
    assert_non_null(plan);
    assert_int_equal(plan->page_size, 65536);
    assert_int_equal(plan->n_keep, 1);
}

static void test_page_frames_beyond_32_bits(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcPlan) plan = NULL;

    (void)state;
    assert_true(gc_memory_add(memory, UINT64_C(17) << 40, 0x2000,
                              &unused_memory, NULL, NULL));
    guest = gc_guest_new("x86_64", memory, NULL);
    plan = gc_plan_new(guest, NULL);
    assert_non_null(plan);
    assert_int_equal(plan->end_pfn, (UINT64_C(17) << 28) + 2);
    assert_int_equal(plan->n_keep, 2);
}

static void test_page_size_that_the_architecture_has_not(void **state)
{
    static const char *const bad[] = {"0",     "12288", "8192", "4097",
                                      "65536", "-4096", "x",    "4294971392"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf("OSRELEASE=6\nPAGESIZE=%s\n", bad[i]);
        World world;

        world_init(&world, "x86_64", text);
        assert_int_equal(gc_guest_get_page_size(world.guest), 4096);
        world_clear(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_every_architecture_and_format),
        cmocka_unit_test(test_round_trip_of_every_page_size),
        cmocka_unit_test(test_kdump_headers_by_class_order_and_alignment),
        cmocka_unit_test(test_physical_offset_without_vmcoreinfo),
        cmocka_unit_test(test_elf_headers_by_class_and_order),
        cmocka_unit_test(test_elf_file_of_a_large_32bit_machine),
        cmocka_unit_test(test_two_blocks_in_one_page_are_one_page),
        cmocka_unit_test(test_page_frames_beyond_32_bits),
        cmocka_unit_test(test_page_size_that_the_architecture_has_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
