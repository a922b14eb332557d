/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "base/byteorder.h"
#include "hw/machine/machine.h"
#include "tests/unit/cmocka_all.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SETUP_SIZE 1024
#define KERNEL_ADDR 0x100000
#define PREFERRED (8 * MIB)
#define INIT_SIZE (4 * MIB)

/* Not touched but for what a test writes: as sparse as the allocator makes
 * it. */
static uint8_t ram[64 * MIB];

static void put(uint8_t *data, size_t at, size_t width, uint64_t value)
{
    gc_put_uint(data + at, width, false, value);
}

static uint64_t peek(GcMachine *machine, GcPaddr addr, unsigned width)
{
    return gc_bus_read_uint(gc_machine_get_memory(machine), addr, width);
}

/* A file that calls itself a relocatable kernel of protocol 2.15, with the
 * bytes 0, 1, 2… as its code. */
static uint8_t *make_bzimage(size_t code_size)
{
    uint8_t *data = g_malloc0(SETUP_SIZE + code_size);

    data[0x1f1] = SETUP_SIZE / 512 - 1;
    data[0x201] = 0x6a; /* the header ends at 0x26c */
    memcpy(data + 0x202, "HdrS", 4);
    put(data, 0x206, 2, 0x20f);
    data[0x211] = 0x01;              /* high */
    put(data, 0x22c, 4, 0x7fffffff); /* the initrd's highest address */
    put(data, 0x236, 2, 0x01);       /* has a 64-bit entry */
    put(data, 0x238, 4, 2047);       /* of the command line */
    put(data, 0x258, 8, PREFERRED);
    put(data, 0x260, 4, INIT_SIZE);
    put(data, 0x268, 4, 0xc0ffee);
    put(data, 0x26c, 4, 0xbadbad); /* not part of the header */
    for (size_t i = 0; i < code_size; i++) {
        data[SETUP_SIZE + i] = (uint8_t)i;
    }
    return data;
}

/* The configuration of a test, and what it owns. */
typedef struct Fixture {
    GcMachineConfig config;
    uint8_t *file; /* the kernel's, to be changed by a test */
    size_t file_size;
    const char *target;
    GBytes *kernel;
    GBytes *initrd;
} Fixture;

static int set_up(void **state)
{
    Fixture *f = g_new0(Fixture, 1);

    memset(ram, 0xee, sizeof(ram)); /* what was there before */
    f->config = (GcMachineConfig)GC_MACHINE_CONFIG_INIT;
    f->config.ram = ram;
    f->config.ram_size = sizeof(ram);
    f->config.runs_cpus = true;
    f->target = "x86_64";
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;

    g_clear_pointer(&f->kernel, g_bytes_unref);
    g_clear_pointer(&f->initrd, g_bytes_unref);
    g_free(f->file);
    g_free(f);
    return 0;
}

static void take_file(Fixture *f, uint8_t *data, size_t size)
{
    g_free(f->file);
    f->file = data;
    f->file_size = size;
}

static GcMachine *make_machine(Fixture *f, const char *type, GError **error)
{
    g_clear_pointer(&f->kernel, g_bytes_unref);
    f->kernel = g_bytes_new(f->file, f->file_size);
    f->config.kernel = f->kernel;
    f->config.initrd = f->initrd;
    return gc_machine_new(gc_machine_type_find(type, f->target), f->target,
                          &f->config, error);
}

/* A machine in the state in which its first CPU starts. */
static GcMachine *start(Fixture *f, const char *type)
{
    g_autoptr(GError) error = NULL;
    GcMachine *machine = make_machine(f, type, &error);

    if (machine == NULL) {
        fail_msg("%s", error->message);
    }
    gc_machine_reset(machine);
    assert_non_null(gc_machine_get_boot(machine));
    return machine;
}

static void expect_refusal(Fixture *f, GcError code, const char *message)
{
    g_autoptr(GError) error = NULL;
    GcMachine *machine = make_machine(f, "pc", &error);

    assert_null(machine);
    if (strstr(error->message, message) == NULL) {
        fail_msg("\"%s\", not \"%s\"", error->message, message);
    }
    assert_int_equal(error->code, code);
}

static void set_initrd(Fixture *f, size_t size)
{
    uint8_t *data = g_malloc(size);

    memset(data, 0x5a, size);
    g_clear_pointer(&f->initrd, g_bytes_unref);
    f->initrd = g_bytes_new_take(data, size);
}

static void assert_descriptors(GcMachine *machine, uint64_t code)
{
    const GcMachineBoot *boot = gc_machine_get_boot(machine);

    assert_int_equal(boot->cs, 0x10); /* Linux's __BOOT_CS and __BOOT_DS */
    assert_int_equal(boot->ds, 0x18);
    assert_int_equal(boot->gdt_size, 32);
    assert_int_equal(peek(machine, boot->gdt, 8), 0);
    assert_int_equal(peek(machine, boot->gdt + boot->cs, 8), code);
    assert_int_equal(peek(machine, boot->gdt + boot->ds, 8),
                     0x00cf93000000ffff);
}

static void test_bzimage_starts_at_its_64bit_entry(void **state)
{
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;
    const GcMachineBoot *boot;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    machine = start(f, "pc");
    boot = gc_machine_get_boot(machine);
    assert_true(boot->long_mode);
    assert_int_equal(boot->entry, KERNEL_ADDR + 0x200);
    assert_descriptors(machine, 0x00af9b000000ffff);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(peek(machine, KERNEL_ADDR + i, 1), (uint8_t)i);
    }
}

/* Follows the tables as a CPU does. */
static uint64_t translate(GcMachine *machine, uint64_t addr)
{
    const uint64_t frame = UINT64_C(0x000ffffffffff000);
    uint64_t cr3 = gc_machine_get_boot(machine)->cr3;
    uint64_t entry = peek(machine, cr3 + (addr >> 39 & 0x1ff) * 8, 8);

    assert_int_equal(entry & 3, 3);
    entry = peek(machine, (entry & frame) + (addr >> 30 & 0x1ff) * 8, 8);
    assert_int_equal(entry & 0x83, 3);
    entry = peek(machine, (entry & frame) + (addr >> 21 & 0x1ff) * 8, 8);
    assert_int_equal(entry & 0x83, 0x83);
    return (entry & frame) | (addr & 0x1fffff);
}

static void test_the_first_4_gib_are_mapped_as_they_are(void **state)
{
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    machine = start(f, "pc");
    for (uint64_t addr = 0x123; addr < 4 * GIB; addr += 2 * MIB) {
        assert_int_equal(translate(machine, addr), addr);
    }
    assert_int_equal(peek(machine, gc_machine_get_boot(machine)->cr3 + 8, 8),
                     0);
}

static void assert_e820(GcMachine *machine, GcPaddr zero_page,
                        const uint64_t (*ranges)[3], unsigned n)
{
    assert_int_equal(peek(machine, zero_page + 0x1e8, 1), n);
    for (unsigned i = 0; i < n; i++) {
        GcPaddr entry = zero_page + 0x2d0 + i * 20;

        assert_int_equal(peek(machine, entry, 8), ranges[i][0]);
        assert_int_equal(peek(machine, entry + 8, 8), ranges[i][1]);
        assert_int_equal(peek(machine, entry + 16, 4), ranges[i][2]);
    }
}

static void test_the_zero_page_says_what_is_where(void **state)
{
    static const uint64_t ranges[][3] = {
        {0, 0x9f000, 1}, {0x9f000, 0x61000, 2}, {MIB, 63 * MIB, 1}};
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;
    char text[16];
    GcPaddr page;
    GcPaddr initrd;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    set_initrd(f, 12345);
    f->config.cmdline = "console=ttyS0";
    machine = start(f, "pc");
    page = gc_machine_get_boot(machine)->rsi;
    assert_int_equal(peek(machine, page + 0x202, 4), 0x53726448);
    assert_int_equal(peek(machine, page + 0x268, 4), 0xc0ffee);
    assert_int_equal(peek(machine, page + 0x26c, 4), 0);
    assert_int_equal(peek(machine, page + 0x210, 1), 0xff);
    assert_int_equal(peek(machine, page + 0x70, 8), 0xe0000);
    gc_bus_read(gc_machine_get_memory(machine), peek(machine, page + 0x228, 4),
                text, sizeof(text));
    assert_string_equal(text, "console=ttyS0");
    initrd = peek(machine, page + 0x218, 4);
    assert_int_equal(peek(machine, page + 0x21c, 4), 12345);
    assert_int_equal(initrd, 64 * MIB - 0x4000);
    assert_int_equal(peek(machine, initrd, 1), 0x5a);
    assert_int_equal(peek(machine, initrd + 12344, 1), 0x5a);
    assert_int_equal(peek(machine, initrd + 12345, 1), 0xee);
    assert_e820(machine, page, ranges, G_N_ELEMENTS(ranges));
}

/* 5 GiB of RAM of which the first MiBs alone are there. */
static void test_ram_above_the_hole_is_told(void **state)
{
    static const uint64_t ranges[][3] = {{0, 0x9f000, 1},
                                         {0x9f000, 0x61000, 2},
                                         {MIB, 3 * GIB - MIB, 1},
                                         {4 * GIB, 2 * GIB, 1}};
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;
    GcPaddr page;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    f->config.ram_size = 5 * GIB;
    machine = start(f, "pc");
    page = gc_machine_get_boot(machine)->rsi;
    assert_e820(machine, page, ranges, G_N_ELEMENTS(ranges));
    assert_int_equal(peek(machine, page + 0x218, 4), 0);
    assert_int_equal(peek(machine, page + 0x21c, 4), 0);
}

/* The initrd ends at the highest address that the kernel takes, and is not
 * above low memory. */
static void test_the_initrd_obeys_the_kernel(void **state)
{
    static const struct {
        uint64_t max;
        uint16_t xloadflags;
        uint64_t start;
    } cases[] = {
        {0x1ffffff, 0x01, 32 * MIB - 0x2000},
        {0x1fffffe, 0x01, 32 * MIB - 0x3000},
        {0x7fffffff, 0x01, 64 * MIB - 0x2000},
        {0x1ffffff, 0x03, 64 * MIB - 0x2000}, /* may be above 4 GiB */
    };
    Fixture *f = *state;

    set_initrd(f, 0x2000);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GcMachine) machine = NULL;

        take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
        put(f->file, 0x22c, 4, cases[i].max);
        put(f->file, 0x236, 2, cases[i].xloadflags);
        machine = start(f, "pc");
        assert_int_equal(
            peek(machine, gc_machine_get_boot(machine)->rsi + 0x218, 4),
            cases[i].start);
    }
}

static void test_a_kernel_without_a_64bit_entry(void **state)
{
    static const char *const targets[] = {"x86_64", "i386"};
    Fixture *f = *state;

    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GcMachine) machine = NULL;
        const GcMachineBoot *boot;

        take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
        put(f->file, 0x236, 2, i); /* an i386 cannot use one that is there */
        f->target = targets[i];
        machine = start(f, "q35");
        boot = gc_machine_get_boot(machine);
        assert_false(boot->long_mode);
        assert_int_equal(boot->entry, KERNEL_ADDR);
        assert_int_equal(boot->rsi, 0x7000);
        assert_int_equal(boot->cr3, 0);
        assert_descriptors(machine, 0x00cf9b000000ffff);
    }
}

static void test_a_reset_loads_all_again(void **state)
{
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    machine = start(f, "pc");
    memset(ram, 0xcc, 2 * MIB);
    gc_machine_reset(machine);
    assert_int_equal(peek(machine, KERNEL_ADDR + 255, 1), 255);
    assert_int_equal(peek(machine, 0x7000 + 0x268, 4), 0xc0ffee);
    assert_int_equal(peek(machine, 0x7000 + 0xfff, 1), 0);
    assert_int_equal(translate(machine, 0x123456), 0x123456);
}

/* Linux jumps there to restart. */
static void test_the_bios_entry_resets(void **state)
{
    static const uint8_t code[] = {0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd};
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    machine = start(f, "pc");
    assert_memory_equal(ram + 0xffff0, code, sizeof(code));
}

static void test_memory_is_left_alone_without_cpus(void **state)
{
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    f->config.runs_cpus = false;
    machine = make_machine(f, "pc", NULL);
    gc_machine_reset(machine);
    assert_null(gc_machine_get_boot(machine));
    for (size_t i = 0; i < 2 * MIB; i++) {
        assert_int_equal(ram[i], 0xee);
    }
}

/* What a hostile or wrong file says. */
static void test_bad_bzimages(void **state)
{
    static const struct {
        size_t at;
        size_t width;
        uint64_t value;
        GcError code;
        const char *message;
    } cases[] = {
        {0x202, 4, 0, GC_ERROR_FORMAT, "neither a Linux bzImage nor an ELF"},
        {0x206, 2, 0x209, GC_ERROR_UNSUPPORTED, "boot protocol 2.9"},
        {0x211, 1, 0x00, GC_ERROR_UNSUPPORTED, "a zImage"},
        {0x1f1, 1, 0xff, GC_ERROR_FORMAT, "131072 bytes of setup in a file"},
        {0x1f1, 1, 0x0a, GC_ERROR_FORMAT, "ends 392 bytes after its setup"},
        {0x238, 4, 3, GC_ERROR_INVALID, "command line: 4 bytes"},
        {0x258, 8, UINT64_MAX, GC_ERROR_INVALID, "0xffffffffffffffff"},
        {0x258, 8, 60 * MIB + 1, GC_ERROR_INVALID,
         "4194304 bytes at 0x3c00001"},
        {0x260, 4, UINT32_MAX, GC_ERROR_INVALID, "starts in 4294967295 bytes"},
        {0x260, 4, 56 * MIB, GC_ERROR_INVALID, "initrd: 12345 bytes"},
        {0x22c, 4, 0, GC_ERROR_INVALID, "only 0 fit"},
        {0x22c, 4, 12 * MIB + 12343, GC_ERROR_INVALID, "leaves has 12344"},
    };
    Fixture *f = *state;

    set_initrd(f, 12345);
    f->config.cmdline = "quie";
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
        put(f->file, cases[i].at, cases[i].width, cases[i].value);
        expect_refusal(f, cases[i].code, cases[i].message);
    }
}

static void test_ram_too_small_for_the_kernel(void **state)
{
    Fixture *f = *state;

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    f->config.ram_size = 1 * MIB;
    expect_refusal(f, GC_ERROR_INVALID, "ends at 0x100000");
    f->config.ram_size = 12 * MIB - 4096;
    expect_refusal(f, GC_ERROR_INVALID, "4194304 bytes at 0x800000");
}

static void test_a_command_line_without_an_end(void **state)
{
    Fixture *f = *state;
    g_autofree char *text = g_strnfill(0x10000, 'x');

    take_file(f, make_bzimage(5000), SETUP_SIZE + 5000);
    put(f->file, 0x238, 4, UINT32_MAX);
    f->config.cmdline = text;
    expect_refusal(f, GC_ERROR_INVALID, "65536 bytes: at most 65535 fit");
}

/* Every prefix of a file is refused or has all that it needs. */
static void test_cut_bzimages(void **state)
{
    Fixture *f = *state;

    take_file(f, make_bzimage(1000), SETUP_SIZE + 1000);
    for (size_t size = 0; size < SETUP_SIZE + 1000; size++) {
        g_autoptr(GcMachine) machine = NULL;

        f->file_size = size;
        machine = make_machine(f, "pc", NULL);
        assert_true((machine != NULL) == (size > SETUP_SIZE + 0x200));
    }
}

/* An ELF kernel: two segments, the second with memory behind its bytes, and
 * a note whose content is the entry. */
#define ELF_SIZE 0x2000
#define ENTRY (4 * MIB + 0x10)

static void put_segment(uint8_t *data, unsigned i, const uint64_t values[5])
{
    uint8_t *segment = data + 0x40 + i * 56;

    put(segment, 0, 4, values[0]);  /* type */
    put(segment, 8, 8, values[1]);  /* offset */
    put(segment, 24, 8, values[2]); /* where in memory */
    put(segment, 32, 8, values[3]); /* bytes in the file */
    put(segment, 40, 8, values[4]); /* bytes in memory */
    put(segment, 48, 8, 4);         /* alignment */
}

static uint8_t *make_elf(void)
{
    uint8_t *data = g_malloc0(ELF_SIZE);

    memcpy(data, "\177ELF\2\1\1", 7);
    put(data, 16, 2, 2);
    put(data, 18, 2, 62);
    put(data, 32, 8, 0x40);
    put(data, 54, 2, 56);
    put(data, 56, 2, 3);
    put_segment(data, 0, (uint64_t[]){1, 0x1000, 4 * MIB, 0x800, 0x800});
    put_segment(data, 1, (uint64_t[]){1, 0x1800, 6 * MIB, 0x100, 0x3000});
    put_segment(data, 2, (uint64_t[]){4, 0x200, 0, 60, 60});
    /* a note of somebody else's, then the one */
    put(data, 0x200, 4, 4);
    put(data, 0x204, 4, 6);
    put(data, 0x208, 4, 18);
    memcpy(data + 0x20c, "GNU", 4);
    put(data, 0x218, 4, 4);
    put(data, 0x21c, 4, 8);
    put(data, 0x220, 4, 18);
    memcpy(data + 0x224, "Xen", 4);
    put(data, 0x228, 8, ENTRY);
    memset(data + 0x1000, 0x11, 0x800);
    memset(data + 0x1800, 0x22, 0x100);
    return data;
}

static void test_elf_starts_at_its_pvh_entry(void **state)
{
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;
    const GcMachineBoot *boot;

    take_file(f, make_elf(), ELF_SIZE);
    machine = start(f, "pc");
    boot = gc_machine_get_boot(machine);
    assert_false(boot->long_mode);
    assert_int_equal(boot->entry, ENTRY);
    assert_int_equal(boot->cr3, 0);
    assert_descriptors(machine, 0x00cf9b000000ffff);
    assert_int_equal(peek(machine, 4 * MIB, 1), 0x11);
    assert_int_equal(peek(machine, 4 * MIB + 0x7ff, 1), 0x11);
    assert_int_equal(peek(machine, 4 * MIB + 0x800, 1), 0xee);
    assert_int_equal(peek(machine, 6 * MIB + 0xff, 1), 0x22);
    assert_int_equal(peek(machine, 6 * MIB + 0x100, 1), 0x00);
    assert_int_equal(peek(machine, 6 * MIB + 0x2fff, 1), 0x00);
    assert_int_equal(peek(machine, 6 * MIB + 0x3000, 1), 0xee);
}

static void test_start_info_says_what_is_where(void **state)
{
    static const uint64_t ranges[][3] = {
        {0, 0x9f000, 1}, {0x9f000, 0x61000, 2}, {MIB, 63 * MIB, 1}};
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;
    GcPaddr info;
    GcPaddr module;
    GcPaddr map;
    char text[8];

    take_file(f, make_elf(), ELF_SIZE);
    set_initrd(f, 12345);
    f->config.cmdline = "quiet";
    machine = start(f, "pc");
    info = gc_machine_get_boot(machine)->rbx;
    assert_int_equal(peek(machine, info, 4), 0x336ec578);
    assert_int_equal(peek(machine, info + 4, 4), 1);
    assert_int_equal(peek(machine, info + 8, 4), 0);
    assert_int_equal(peek(machine, info + 12, 4), 1);
    module = peek(machine, info + 16, 8);
    assert_int_equal(peek(machine, module, 8), 64 * MIB - 0x4000);
    assert_int_equal(peek(machine, module + 8, 8), 12345);
    assert_int_equal(peek(machine, 64 * MIB - 0x4000, 1), 0x5a);
    gc_bus_read(gc_machine_get_memory(machine), peek(machine, info + 24, 8),
                text, sizeof(text));
    assert_string_equal(text, "quiet");
    assert_int_equal(peek(machine, info + 32, 8), 0xe0000);
    map = peek(machine, info + 40, 8);
    assert_int_equal(peek(machine, info + 48, 4), G_N_ELEMENTS(ranges));
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        assert_int_equal(peek(machine, map + i * 24, 8), ranges[i][0]);
        assert_int_equal(peek(machine, map + i * 24 + 8, 8), ranges[i][1]);
        assert_int_equal(peek(machine, map + i * 24 + 16, 4), ranges[i][2]);
    }
}

static void test_no_initrd_is_no_module(void **state)
{
    Fixture *f = *state;
    g_autoptr(GcMachine) machine = NULL;

    take_file(f, make_elf(), ELF_SIZE);
    machine = start(f, "pc");
    assert_int_equal(peek(machine, gc_machine_get_boot(machine)->rbx + 12, 4),
                     0);
}

static void test_bad_elf_kernels(void **state)
{
    static const struct {
        size_t at;
        size_t width;
        uint64_t value;
        GcError code;
        const char *message;
    } cases[] = {
        {5, 1, 2, GC_ERROR_FORMAT, "not of x86"},
        {18, 2, 183, GC_ERROR_FORMAT, "not of x86"},
        {32, 8, UINT64_MAX, GC_ERROR_FORMAT, "3 program headers of 56 bytes"},
        {32, 8, ELF_SIZE - 3 * 56 + 1, GC_ERROR_FORMAT, "program headers"},
        {54, 2, 55, GC_ERROR_FORMAT, "program headers of 55 bytes"},
        {56, 2, 65, GC_ERROR_FORMAT, "65 program headers"},
        {56, 2, 2, GC_ERROR_UNSUPPORTED, "without a usable entry for PVH"},
        {0x40 + 8, 8, ELF_SIZE, GC_ERROR_FORMAT, "segment 0: 2048 bytes at"},
        {0x40 + 32, 8, 0x900, GC_ERROR_FORMAT, "segment 0: 2304 bytes at"},
        {0x40 + 24, 8, UINT64_MAX, GC_ERROR_INVALID, "do not fit into RAM"},
        {0x40 + 24, 8, 0x7000, GC_ERROR_INVALID, "overlap the kernel"},
        {0x40 + 40, 8, UINT64_MAX, GC_ERROR_INVALID, "do not fit into RAM"},
        {0x40 + 24, 8, 6 * MIB, GC_ERROR_INVALID, "overlap the kernel"},
        {0x220, 4, 17, GC_ERROR_UNSUPPORTED, "without a usable entry"},
        {0x21c, 4, UINT32_MAX, GC_ERROR_UNSUPPORTED, "without a usable"},
        {0x228, 8, 64 * MIB, GC_ERROR_UNSUPPORTED, "without a usable entry"},
    };
    Fixture *f = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        take_file(f, make_elf(), ELF_SIZE);
        put(f->file, cases[i].at, cases[i].width, cases[i].value);
        expect_refusal(f, cases[i].code, cases[i].message);
    }
}

static void test_cut_elf_kernels(void **state)
{
    Fixture *f = *state;

    take_file(f, make_elf(), ELF_SIZE);
    for (size_t size = 0; size < ELF_SIZE; size++) {
        g_autoptr(GcMachine) machine = NULL;

        f->file_size = size;
        machine = make_machine(f, "pc", NULL);
        assert_true((machine != NULL) == (size >= 0x1900));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_bzimage_starts_at_its_64bit_entry),
        TEST(test_the_first_4_gib_are_mapped_as_they_are),
        TEST(test_the_zero_page_says_what_is_where),
        TEST(test_ram_above_the_hole_is_told),
        TEST(test_the_initrd_obeys_the_kernel),
        TEST(test_a_kernel_without_a_64bit_entry),
        TEST(test_a_reset_loads_all_again),
        TEST(test_the_bios_entry_resets),
        TEST(test_memory_is_left_alone_without_cpus),
        TEST(test_bad_bzimages),
        TEST(test_ram_too_small_for_the_kernel),
        TEST(test_a_command_line_without_an_end),
        TEST(test_cut_bzimages),
        TEST(test_elf_starts_at_its_pvh_entry),
        TEST(test_start_info_says_what_is_where),
        TEST(test_no_initrd_is_no_module),
        TEST(test_bad_elf_kernels),
        TEST(test_cut_elf_kernels),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
