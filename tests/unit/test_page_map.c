/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/dump.h"
#include "guestcore/filter.h"

#include "dump/plan.h"
#include "tests/lib/pagegen.h"
#include "tests/unit/cmocka_all.h"

/* The kernel that tests of one take: the one that the real guest has. */
static const PagegenKernel *find_kernel(const char *release)
{
    const PagegenKernel *kernel = pagegen_kernels;

    while (strcmp(kernel->release, release) != 0) {
        kernel++;
    }
    return kernel;
}

static GcPageMap *map_of(Pagegen *pages, unsigned threads, GError **error)
{
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);

    return gc_page_map_new(guest, threads, NULL, NULL, error);
}

static GcPageKind get_kind(const GcPageMap *map, GcPfn pfn)
{
    GcPageRun run;

    assert_true(gc_page_map_get_run(map, pfn, &run));
    return run.kind;
}

static void assert_as_expected(const GcPageMap *map, const Pagegen *pages)
{
    uint64_t counts[GC_PAGE_KINDS] = {0};
    GcPageRun run;

    assert_int_equal(gc_page_map_get_end(map), pages->n_pages);
    for (GcPfn pfn = 0; pfn < pages->n_pages; pfn += run.length) {
        assert_true(gc_page_map_get_run(map, pfn, &run));
        assert_int_equal(run.start, pfn);
        counts[run.kind] += run.length;
        for (GcPfn i = pfn; i < pfn + run.length; i++) {
            if (pages->kinds[i] != (uint8_t)run.kind) {
                fail_msg("%s: page 0x%x is %s, not %s", pages->kernel->release,
                         (unsigned)i, gc_page_kind_get_name(run.kind),
                         gc_page_kind_get_name(pages->kinds[i]));
            }
        }
        assert_true(pfn + run.length == pages->n_pages ||
                    pages->kinds[pfn + run.length] != (uint8_t)run.kind);
    }
    assert_false(gc_page_map_get_run(map, pages->n_pages, &run));
    for (int kind = 0; kind < GC_PAGE_KINDS; kind++) {
        assert_int_equal(gc_page_map_count(map, (GcPageKind)kind),
                         counts[kind]);
    }
}

static void test_pages_of_every_kernel_are_what_they_are(void **state)
{
    (void)state;
    for (const PagegenKernel *kernel = pagegen_kernels; kernel->release != NULL;
         kernel++) {
        g_autoptr(Pagegen) pages = pagegen_new_full(kernel);

        for (unsigned threads = 0; threads < 4; threads += 3) {
            g_autoptr(GError) error = NULL;
            g_autoptr(GcPageMap) map = map_of(pages, threads, &error);

            if (map == NULL) {
                fail_msg("%s: %s", kernel->release, error->message);
            }
            assert_as_expected(map, pages);
        }
    }
}

static void test_each_level_leaves_out_its_kinds(void **state)
{
    static const struct {
        unsigned level;
        const char *kinds;
    } cases[] = {
        {0, ""},
        {1, "offline poisoned "},
        {2, "cache offline poisoned "},
        {4, "cache cache-private offline poisoned "},
        {8, "user huge offline poisoned "},
        {16, "free offline poisoned "},
        {31, "cache cache-private user huge free offline poisoned "},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) kinds = g_string_new(NULL);

        for (int kind = 0; kind < GC_PAGE_KINDS; kind++) {
            if (gc_page_kind_is_left_out((GcPageKind)kind, cases[i].level)) {
                g_string_append_printf(kinds, "%s ",
                                       gc_page_kind_get_name((GcPageKind)kind));
            }
        }
        assert_string_equal(kinds->str, cases[i].kinds);
    }
}

static void assert_untrusted(Pagegen *pages, int code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GcPageMap) map = map_of(pages, 0, &error);

    assert_null(map);
    assert_true(g_error_matches(error, GC_ERROR, code));
    if (strstr(error->message, words) == NULL) {
        fail_msg("'%s' is not in '%s'", words, error->message);
    }
}

static void test_kernels_of_other_times_are_not_known(void **state)
{
    static const char *const releases[] = {"2.6.32", "3.9.0", "7.2.0-rc1",
                                           "19.1",   "next",  "6"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        PagegenKernel kernel = *find_kernel("6.1.0");
        g_autoptr(Pagegen) pages = NULL;

        kernel.release = releases[i];
        pages = pagegen_new(&kernel);
        assert_untrusted(pages, GC_ERROR_UNSUPPORTED, releases[i]);
    }
}

static void test_text_that_was_cut_off_is_not_believed(void **state)
{
    g_autoptr(Pagegen) pages = pagegen_new(find_kernel("6.1.0"));

    (void)state;
    g_string_truncate(pages->text, pages->text->len - 1);
    assert_untrusted(pages, GC_ERROR_FORMAT, "was cut off");
    while (pages->text->len < 4095) {
        g_string_append_c(pages->text, 'x');
    }
    g_string_append_c(pages->text, '\n');
    assert_untrusted(pages, GC_ERROR_FORMAT, "4096 bytes was cut off");
}

static void test_a_kernel_that_is_not_there_is_not_believed(void **state)
{
    g_autoptr(Pagegen) pages = pagegen_new(find_kernel("6.1.0"));

    (void)state;
    *guestgen_at(pages->gen, PAGEGEN_UTSNAME + 130) = '5';
    assert_untrusted(pages, GC_ERROR_FORMAT, "is not in the guest's memory");
}

static void test_a_kernel_whose_image_is_free_is_not_believed(void **state)
{
    g_autoptr(Pagegen) pages = pagegen_new(find_kernel("6.1.0"));

    (void)state;
    pagegen_put_free(pages, PAGEGEN_UTSNAME / 4096, 0);
    assert_untrusted(pages, GC_ERROR_FORMAT, "not where VMCOREINFO tells");
}

static void test_a_kernel_that_knows_little_memory_is_not_believed(void **state)
{
    g_autoptr(Pagegen) pages = pagegen_new(find_kernel("6.1.0"));
    g_autoptr(GcPageMap) map = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    /* Of three sections of memory the last two: as long as nothing is there,
     * it need not know them. */
    memset(guestgen_at(pages->gen, PAGEGEN_SECTION_PAGE + PAGEGEN_SECTION_SIZE),
           0, 2 * PAGEGEN_SECTION_SIZE);
    map = map_of(pages, 0, &error);
    assert_non_null(map);
    assert_int_equal(gc_page_map_count(map, GC_PAGE_UNKNOWN), 36864);
    guestgen_fill(pages->gen, 200 * GUESTGEN_MIB, 20 * GUESTGEN_MIB);
    assert_untrusted(pages, GC_ERROR_FORMAT, "as one does that dumps another");
}

static void test_a_guest_that_tells_nothing_has_no_map(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_tiny();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    guestgen_clear_notes(gen);
    guest = guestgen_make_guest(gen);
    assert_null(gc_page_map_new(guest, 0, NULL, NULL, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
}

/* @text without the line that begins at @line, up to *@ret_next. */
static char *cut_line(const char *text, const char *line, const char **ret_next)
{
    const char *end = strchr(line, '\n') + 1;

    *ret_next = end;
    return g_strdup_printf("%.*s%s", (int)(line - text), text, end);
}

/* A key that is missing makes less of a dump be left out, and never more. */
static void test_without_any_key_more_is_kept(void **state)
{
    (void)state;
    for (const PagegenKernel *kernel = pagegen_kernels; kernel->release != NULL;
         kernel++) {
        PagegenKernel small = pagegen_make_small(kernel);
        g_autoptr(Pagegen) pages = pagegen_new_full(&small);
        g_autofree char *text = g_strdup(pages->text->str);
        const char *next;

        for (const char *line = text; *line != '\0'; line = next) {
            g_autofree char *cut = cut_line(text, line, &next);
            g_autoptr(GcPageMap) map = NULL;

            g_string_assign(pages->text, cut);
            map = map_of(pages, 0, NULL);
            for (GcPfn pfn = 0; map != NULL && pfn < pages->n_pages; pfn++) {
                if (gc_page_kind_is_left_out(get_kind(map, pfn), 31) &&
                    !gc_page_kind_is_left_out(pages->kinds[pfn], 31)) {
                    fail_msg("%s: page 0x%x would be left out without %.40s",
                             kernel->release, (unsigned)pfn, line);
                }
            }
        }
    }
}

static bool stop_at_once(uint64_t done, uint64_t total, void *user_data)
{
    unsigned *calls = user_data;

    assert_true(done > 0 && done <= total);
    return ++*calls < 2;
}

static void test_a_map_can_be_cancelled(void **state)
{
    g_autoptr(Pagegen) pages = pagegen_new(find_kernel("6.1.0"));
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);

    (void)state;
    for (unsigned threads = 0; threads < 3; threads++) {
        g_autoptr(GError) error = NULL;
        unsigned calls = 0;

        assert_null(
            gc_page_map_new(guest, threads, stop_at_once, &calls, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_CANCELLED));
        assert_int_equal(calls, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_of_every_kernel_are_what_they_are),
        cmocka_unit_test(test_each_level_leaves_out_its_kinds),
        cmocka_unit_test(test_kernels_of_other_times_are_not_known),
        cmocka_unit_test(test_text_that_was_cut_off_is_not_believed),
        cmocka_unit_test(test_a_kernel_that_is_not_there_is_not_believed),
        cmocka_unit_test(test_a_kernel_whose_image_is_free_is_not_believed),
        cmocka_unit_test(
            test_a_kernel_that_knows_little_memory_is_not_believed),
        cmocka_unit_test(test_a_guest_that_tells_nothing_has_no_map),
        cmocka_unit_test(test_without_any_key_more_is_kept),
        cmocka_unit_test(test_a_map_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
