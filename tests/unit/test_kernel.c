/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest/guest.h"
#include "guest/kernel.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define IMAGE_BASE UINT64_C(0xffffffff80000000)

/* Kernels of every shape, low and high, KASLR or not. */
static const GuestgenKernel kernels[] = {
    {IMAGE_BASE + 0x1e000000, 0x200000, 4, false, "6.1.0-a"},
    {IMAGE_BASE + 0x1e000000, 0x200000, 5, false, "6.1.0-b"},
    {IMAGE_BASE + 0x01000000, 0x1000000, 4, true, "6.1.0-c"}, /* no KASLR */
    {IMAGE_BASE + 0x3fe00000, 0x200000, 5, true, "6.1.0-d"},  /* last place */
    {IMAGE_BASE, 0x400000, 4, false, "6.1.0-e"},              /* first place */
    {IMAGE_BASE + 0x01000000, 0x140000000, 4, true, "6.1.0-f"},
};

static Guestgen *guest_with(const GuestgenKernel *kernel)
{
    Guestgen *gen = guestgen_new();

    guestgen_add_ram(gen, 0, 32 * GUESTGEN_MIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 0x140000000, 4 * GUESTGEN_MIB, GUESTGEN_FD);
    guestgen_add_kernel(gen, kernel);
    return gen;
}

/* Writes @text over one string of the kernel's init_uts_ns. */
static void change_utsname(Guestgen *gen, const GuestgenKernel *kernel,
                           unsigned i, const char *text, size_t size)
{
    memcpy(guestgen_at(gen, kernel->paddr + GUESTGEN_UTSNAME_OFFSET + 65 * i),
           text, size);
}

static void test_utsname_is_the_kernels_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kernels); i++) {
        g_autoptr(Guestgen) gen = guest_with(&kernels[i]);
        g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
        GcUtsname uts;

        memset(&uts, 0xff, sizeof(uts));
        gc_kernel_get_utsname(guest, &uts);
        assert_string_equal(uts.sysname, "Linux");
        assert_string_equal(uts.nodename, "generated");
        assert_string_equal(uts.release, kernels[i].release);
        assert_string_equal(uts.version, "#1 SMP Tested");
        assert_string_equal(uts.machine, "x86_64");
        assert_string_equal(uts.domainname, "(none)");
    }
}

static void test_one_that_is_not_plausible_is_made_up(void **state)
{
    static char unterminated[65];
    static const struct {
        unsigned string;
        const char *text;
        size_t size;
    } cases[] = {
        {0, "Minix", 6},
        {0, "", 1},
        {2, "6.1.0-other", 12},
        {3, "", 1},
        {4, "", 1},
        {1, unterminated, 65},
        {5, unterminated, 65},
        {2, unterminated, 65},
    };

    (void)state;
    memset(unterminated, 'x', sizeof(unterminated));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guest_with(&kernels[0]);
        g_autoptr(GcGuest) guest = NULL;
        GcUtsname uts;

        change_utsname(gen, &kernels[0], cases[i].string, cases[i].text,
                       cases[i].size);
        guest = guestgen_make_guest(gen);
        gc_kernel_get_utsname(guest, &uts);
        assert_string_equal(uts.sysname, "Linux");
        assert_string_equal(uts.release, kernels[0].release);
        assert_string_equal(uts.machine, "x86_64");
        assert_string_not_equal(uts.nodename, "generated");
        assert_string_not_equal(uts.version, "");
    }
}

/* As a dump's header has it. */
static const GcUtsname told = {"Linux",       "told",   "6.1.0-told",
                               "#2 SMP Told", "x86_64", "(none)"};

static GcGuest *guest_that_is_told_of(Guestgen *gen)
{
    GcGuest *guest = guestgen_make_guest(gen);

    gc_guest_set_told_utsname(guest, &told);
    return guest;
}

static void
test_what_a_dump_tells_counts_if_the_kernel_is_not_there(void **state)
{
    static const struct {
        const char *vmcoreinfo; /* NULL for none */
        const char *nodename;
    } cases[] = {
        {NULL, "told"},
        {"OSRELEASE=6.1.0-told\n", "told"},
        {"OSRELEASE=6.1.0-other\n", "(none)"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autoptr(GcGuest) guest = NULL;
        GcUtsname uts;

        guestgen_add_ram(gen, 0, GUESTGEN_PAGE, GUESTGEN_HOST);
        if (cases[i].vmcoreinfo != NULL) {
            guestgen_add_note(gen, "VMCOREINFO", 0, cases[i].vmcoreinfo);
        }
        guest = guest_that_is_told_of(gen);
        gc_kernel_get_utsname(guest, &uts);
        assert_string_equal(uts.nodename, cases[i].nodename);
    }
}

static void test_the_kernel_knows_better_than_a_dump(void **state)
{
    g_autoptr(Guestgen) gen = guest_with(&kernels[0]);
    g_autoptr(GcGuest) guest = guest_that_is_told_of(gen);
    GcUtsname uts;

    (void)state;
    gc_kernel_get_utsname(guest, &uts);
    assert_string_equal(uts.nodename, "generated");
}

/* QEMU fills in the machine alone. */
static void test_what_a_dump_tells_in_part_does_not_count(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = NULL;
    GcUtsname part = {.machine = "x86_64"};
    GcUtsname uts;

    (void)state;
    guestgen_add_ram(gen, 0, GUESTGEN_PAGE, GUESTGEN_HOST);
    guestgen_add_note(gen, "VMCOREINFO", 0, "OSRELEASE=6.1.0-told\n");
    guest = guestgen_make_guest(gen);
    gc_guest_set_told_utsname(guest, &part);
    gc_kernel_get_utsname(guest, &uts);
    assert_string_equal(uts.sysname, "Linux");
    assert_string_equal(uts.release, "6.1.0-told");
    memset(&part, 'x', sizeof(part));
    gc_guest_set_told_utsname(guest, &part);
    gc_kernel_get_utsname(guest, &uts);
    assert_string_equal(uts.sysname, "Linux");
}

static void test_without_vmcoreinfo_it_need_not_be_linux(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = NULL;
    GcUtsname uts;

    (void)state;
    guestgen_add_ram(gen, 0, GUESTGEN_PAGE, GUESTGEN_HOST);
    guest = guestgen_make_guest(gen);
    gc_kernel_get_utsname(guest, &uts);
    assert_string_equal(uts.sysname, "");
    assert_string_equal(uts.release, "");
    assert_string_equal(uts.machine, "x86_64");
}

static void test_a_release_too_long_for_utsname_is_cut(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = NULL;
    g_autofree char *release = g_strnfill(200, 'r');
    g_autofree char *text = g_strdup_printf("OSRELEASE=%s\n", release);
    GcUtsname uts;

    (void)state;
    guestgen_add_ram(gen, 0, GUESTGEN_PAGE, GUESTGEN_HOST);
    guestgen_add_note(gen, "VMCOREINFO", 0, text);
    guest = guestgen_make_guest(gen);
    gc_kernel_get_utsname(guest, &uts);
    assert_int_equal(strlen(uts.release), 64);
}

static void test_the_image_is_found_where_it_is_mapped(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kernels); i++) {
        g_autoptr(Guestgen) gen = guest_with(&kernels[i]);
        g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
        GcMapping image = {0};

        assert_true(gc_kernel_find_image(guest, &image));
        assert_int_equal(image.vaddr, kernels[i].vaddr);
        assert_int_equal(image.paddr, kernels[i].paddr);
        assert_int_equal(image.size, GUESTGEN_IMAGE_SIZE);
    }
}

/* The last table's entries; an image need not be mapped from its start. */
static uint8_t *last_table(Guestgen *gen, const GuestgenKernel *kernel)
{
    return guestgen_at(gen,
                       kernel->paddr + GUESTGEN_TABLES_OFFSET + 3 * 0x1000);
}

static void test_pages_that_are_not_the_images_do_not_count(void **state)
{
    const GuestgenKernel *kernel = &kernels[0];
    g_autoptr(Guestgen) gen = guest_with(kernel);
    g_autoptr(GcGuest) guest = NULL;
    GcMapping image;

    (void)state;
    memset(last_table(gen, kernel), 0, 8);           /* not mapped */
    last_table(gen, kernel)[8 + 1] ^= 0x10;          /* elsewhere */
    memset(last_table(gen, kernel) + 8 * 300, 0, 8); /* a hole inside */
    memset(last_table(gen, kernel) + 8 * 511, 0, 8); /* the last one */
    guest = guestgen_make_guest(gen);
    assert_true(gc_kernel_find_image(guest, &image));
    assert_int_equal(image.vaddr, kernel->vaddr + 0x2000);
    assert_int_equal(image.paddr, kernel->paddr + 0x2000);
    assert_int_equal(image.size, GUESTGEN_IMAGE_SIZE - 0x3000);
}

static void test_an_image_that_is_not_in_one_block_is_none(void **state)
{
    static const GuestgenKernel kernel = {IMAGE_BASE + 0x1000000, 0x200000, 4,
                                          false, "6.1.0"};
    static const uint64_t ends[] = {0x3ff000, 0x300000, 0x3fffff};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        for (int split = 0; split < 2; split++) {
            g_autoptr(Guestgen) full = guestgen_new();
            g_autoptr(GcMemory) memory = gc_memory_new();
            g_autoptr(GcGuest) guest = gc_guest_new("x86_64", memory, NULL);
            g_autofree char *text = guestgen_make_vmcoreinfo(&kernel);
            g_autoptr(GBytes) desc = g_bytes_new(text, strlen(text));
            GcMapping image;

            guestgen_add_ram(full, 0x200000, 0x200000, GUESTGEN_HOST);
            guestgen_add_kernel(full, &kernel);
            assert_true(gc_memory_add_host(memory, 0x200000, ends[i] - 0x200000,
                                           guestgen_at(full, 0x200000), NULL));
            assert_true(split == 0 ||
                        gc_memory_add_host(memory, ends[i], 0x400000 - ends[i],
                                           guestgen_at(full, ends[i]), NULL));
            assert_true(gc_guest_add_note(guest, "VMCOREINFO", 0, desc, NULL));
            assert_false(gc_kernel_find_image(guest, &image));
        }
    }
}

/* Texts that point the walk at nothing, or at places that hurt. */
static void test_a_vmcoreinfo_that_lies_is_survived(void **state)
{
    static const char *const lies[] = {
        "NUMBER(phys_base)=junk\n",
        "NUMBER(phys_base)=-9223372036854775808\n",
        "NUMBER(phys_base)=9223372036854775807\n",
        "SYMBOL(init_top_pgt)=0\n",
        "SYMBOL(init_top_pgt)=ffffffffffffffff\n",
        "SYMBOL(init_top_pgt)=ffffffff9e010001\n", /* not aligned */
        "SYMBOL(init_uts_ns)=ffffffffffffffff\n",
        "OFFSET(uts_namespace.name)=-9223372036854775808\n",
        "NUMBER(pgtable_l5_enabled)=1\n",
        "NUMBER(sme_mask)=-1\n",
        "NUMBER(sme_mask)=0x000ffffffffff000\n",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autofree char *honest = guestgen_make_vmcoreinfo(&kernels[0]);
        g_autofree char *text = g_strconcat(lies[i], honest, NULL);
        g_autoptr(GcGuest) guest = NULL;
        GcMapping image;
        GcUtsname uts;

        guestgen_add_ram(gen, 0, 8 * GUESTGEN_MIB, GUESTGEN_FD);
        guestgen_add_kernel(gen, &kernels[0]);
        guestgen_clear_notes(gen);
        guestgen_add_note(gen, "VMCOREINFO", 0, text);
        guest = guestgen_make_guest(gen);
        gc_kernel_get_utsname(guest, &uts);
        assert_string_equal(uts.release, kernels[0].release);
        gc_kernel_find_image(guest, &image);
    }
}

/* The whole gibibyte mapped, each page by its own walk through tables that
 * are all the same one: slow, but it ends. */
static void test_hostile_tables_are_walked_in_bounded_time(void **state)
{
    const GuestgenKernel *kernel = &kernels[0];
    g_autoptr(Guestgen) gen = guest_with(kernel);
    g_autoptr(GcGuest) guest = NULL;
    GcPaddr root = kernel->paddr + GUESTGEN_TABLES_OFFSET;
    gint64 start = g_get_monotonic_time();
    GcMapping image;

    (void)state;
    for (unsigned i = 0; i < 512; i++) {
        uint64_t entry = GUINT64_TO_LE(root | 1);

        memcpy(guestgen_at(gen, root + i * 8), &entry, sizeof(entry));
    }
    guest = guestgen_make_guest(gen);
    gc_kernel_find_image(guest, &image);
    assert_true(g_get_monotonic_time() - start < 20 * G_USEC_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utsname_is_the_kernels_own),
        cmocka_unit_test(test_one_that_is_not_plausible_is_made_up),
        cmocka_unit_test(
            test_what_a_dump_tells_counts_if_the_kernel_is_not_there),
        cmocka_unit_test(test_the_kernel_knows_better_than_a_dump),
        cmocka_unit_test(test_what_a_dump_tells_in_part_does_not_count),
        cmocka_unit_test(test_without_vmcoreinfo_it_need_not_be_linux),
        cmocka_unit_test(test_a_release_too_long_for_utsname_is_cut),
        cmocka_unit_test(test_the_image_is_found_where_it_is_mapped),
        cmocka_unit_test(test_pages_that_are_not_the_images_do_not_count),
        cmocka_unit_test(test_an_image_that_is_not_in_one_block_is_none),
        cmocka_unit_test(test_a_vmcoreinfo_that_lies_is_survived),
        cmocka_unit_test(test_hostile_tables_are_walked_in_bounded_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
