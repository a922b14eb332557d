/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <zlib.h>

#include "dump/codec/codec.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define SIZE 4096u

typedef struct Page {
    const char *name;
    bool shrinks;
    uint8_t bytes[SIZE];
} Page;

/* Pages of several kinds, in a block of their own each. */
static GPtrArray *make_pages(void)
{
    GPtrArray *pages = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Guestgen) gen = guestgen_new();

    guestgen_add_ram(gen, 0, 64 * SIZE, GUESTGEN_HOST);
    for (unsigned i = 0; i < 64; i++) {
        Page *page = g_new0(Page, 1);

        if (i < 30) {
            page->name = "memory";
            page->shrinks = true;
            guestgen_fill(gen, i * SIZE, SIZE);
        } else if (i < 34) {
            page->name = "noise";
            guestgen_fill_noise(gen, i * SIZE, SIZE);
        } else {
            page->name = "one value";
            page->shrinks = true;
            memset(guestgen_at(gen, i * SIZE), (int)i, SIZE - i);
        }
        memcpy(page->bytes, guestgen_at(gen, i * SIZE), SIZE);
        g_ptr_array_add(pages, page);
    }
    return pages;
}

static const GcCodec *zlib_codec(void)
{
    const GcCodec *codec = gc_codec_find("zlib");

    assert_non_null(codec);
    return codec;
}

static void *new_zlib_state(void)
{
    return zlib_codec()->new_state(SIZE, zlib_codec()->default_level);
}

static void test_codecs_are_found_by_name_and_flag(void **state)
{
    (void)state;
    assert_int_equal(zlib_codec()->page_flag, 1);
    assert_ptr_equal(gc_codec_find_flag(1), zlib_codec());
    assert_null(gc_codec_find("zlib2"));
    assert_null(gc_codec_find_flag(0));
    assert_null(gc_codec_find_flag(0x80));
}

static void test_names_and_flags_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; gc_codecs[i] != NULL; i++) {
        assert_ptr_equal(gc_codec_find(gc_codecs[i]->name), gc_codecs[i]);
        assert_ptr_equal(gc_codec_find_flag(gc_codecs[i]->page_flag),
                         gc_codecs[i]);
        assert_int_not_equal(gc_codecs[i]->page_flag, 0);
    }
}

/* What every codec promises, whatever it is. */
static void test_each_codec_unpacks_what_it_packed(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    uint8_t packed[SIZE];
    uint8_t out[SIZE];

    (void)state;
    for (size_t c = 0; gc_codecs[c] != NULL; c++) {
        const GcCodec *codec = gc_codecs[c];
        void *codec_state = codec->new_state(SIZE, codec->default_level);

        for (guint i = 0; i < pages->len; i++) {
            const Page *page = g_ptr_array_index(pages, i);
            size_t size = codec->compress(codec_state, page->bytes, SIZE,
                                          packed, SIZE - 1);

            assert_true(size < SIZE);
            assert_int_equal(size != 0, page->shrinks);
            if (size != 0) {
                memset(out, 0xa5, SIZE);
                assert_true(codec->decompress(packed, size, out, SIZE));
                assert_memory_equal(out, page->bytes, SIZE);
            }
        }
        codec->free_state(codec_state);
    }
}

static void test_each_level_unpacks_what_it_packed(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    const Page *page = g_ptr_array_index(pages, 0);
    uint8_t packed[SIZE];
    uint8_t out[SIZE];

    (void)state;
    for (size_t c = 0; gc_codecs[c] != NULL; c++) {
        const GcCodec *codec = gc_codecs[c];

        for (int level = codec->min_level; level <= codec->max_level; level++) {
            void *codec_state = codec->new_state(SIZE, level);
            size_t size = codec->compress(codec_state, page->bytes, SIZE,
                                          packed, SIZE - 1);

            codec->free_state(codec_state);
            if (size != 0) {
                memset(out, 0xa5, SIZE);
                assert_true(codec->decompress(packed, size, out, SIZE));
                assert_memory_equal(out, page->bytes, SIZE);
            }
        }
    }
}

/* A dump must not depend on who packed which page. */
static void test_a_page_is_packed_the_same_by_every_state(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    uint8_t packed[SIZE];
    uint8_t again[SIZE];

    (void)state;
    for (size_t c = 0; gc_codecs[c] != NULL; c++) {
        const GcCodec *codec = gc_codecs[c];
        void *one = codec->new_state(SIZE, codec->default_level);

        for (guint i = 0; i < pages->len; i++) {
            const Page *page = g_ptr_array_index(pages, i);
            void *other = codec->new_state(SIZE, codec->default_level);
            size_t size =
                codec->compress(one, page->bytes, SIZE, packed, SIZE - 1);

            assert_int_equal(
                codec->compress(other, page->bytes, SIZE, again, SIZE - 1),
                size);
            assert_memory_equal(packed, again, size);
            codec->free_state(other);
        }
        codec->free_state(one);
    }
}

static void test_zlib_reads_our_pages(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    void *codec_state = new_zlib_state();
    uint8_t packed[SIZE];
    uint8_t out[SIZE];

    (void)state;
    for (guint i = 0; i < pages->len; i++) {
        const Page *page = g_ptr_array_index(pages, i);
        size_t size = zlib_codec()->compress(codec_state, page->bytes, SIZE,
                                             packed, SIZE - 1);
        uLongf out_size = SIZE;

        if (size != 0) {
            assert_int_equal(uncompress(out, &out_size, packed, size), Z_OK);
            assert_int_equal(out_size, SIZE);
            assert_memory_equal(out, page->bytes, SIZE);
        }
    }
    zlib_codec()->free_state(codec_state);
}

/* A table of addresses is larger by a compressor that does not find repeats of
 * three bytes, by half; ours does, where zlib does. */
static void test_zlib_packs_tables_as_well_as_zlib_does(void **state)
{
    void *codec_state = new_zlib_state();
    uint8_t page[SIZE];
    uint8_t packed[2 * SIZE];
    uLongf theirs = sizeof(packed);
    uint32_t value = 0x81234567;
    size_t ours;

    (void)state;
    for (size_t at = 0; at < SIZE; at += sizeof(value)) {
        memcpy(page + at, &value, sizeof(value));
        value += 1 + (uint32_t)(at * at) % 97;
    }
    assert_int_equal(compress2(packed, &theirs, page, SIZE, 1), Z_OK);
    ours = zlib_codec()->compress(codec_state, page, SIZE, packed, SIZE - 1);
    assert_in_range(ours, 1, theirs + theirs / 100);
    zlib_codec()->free_state(codec_state);
}

static void test_we_read_the_pages_of_zlib_at_every_level(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    uint8_t packed[2 * SIZE];
    uint8_t out[SIZE];

    (void)state;
    for (guint i = 0; i < pages->len; i++) {
        const Page *page = g_ptr_array_index(pages, i);

        for (int level = 0; level <= 9; level++) {
            uLongf size = sizeof(packed);

            assert_int_equal(compress2(packed, &size, page->bytes, SIZE, level),
                             Z_OK);
            assert_true(zlib_codec()->decompress(packed, size, out, SIZE));
            assert_memory_equal(out, page->bytes, SIZE);
        }
    }
}

/* Never a byte past the room that there is, however little. */
static void test_a_page_is_packed_into_the_room_or_not_at_all(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    const Page *page = g_ptr_array_index(pages, 0);
    uint8_t packed[SIZE + 16];

    (void)state;
    for (size_t c = 0; gc_codecs[c] != NULL; c++) {
        const GcCodec *codec = gc_codecs[c];
        void *codec_state = codec->new_state(SIZE, codec->default_level);

        for (size_t max = 1; max < SIZE; max += 7) {
            size_t size;

            memset(packed, 0xa5, sizeof(packed));
            size = codec->compress(codec_state, page->bytes, SIZE, packed, max);
            assert_true(size <= max);
            assert_int_equal(packed[max], 0xa5);
            assert_int_equal(packed[max + 15], 0xa5);
        }
        codec->free_state(codec_state);
    }
}

static void test_a_cut_or_wrong_stream_is_refused(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    const Page *page = g_ptr_array_index(pages, 0);

    (void)state;
    for (size_t c = 0; gc_codecs[c] != NULL; c++) {
        const GcCodec *codec = gc_codecs[c];
        void *codec_state = codec->new_state(SIZE, codec->default_level);
        uint8_t packed[SIZE + 1] = {0};
        uint8_t out[SIZE + 1];
        size_t size =
            codec->compress(codec_state, page->bytes, SIZE, packed, SIZE - 1);

        for (size_t cut = 0; cut < size; cut++) {
            g_autofree uint8_t *exact = g_memdup2(packed, cut);

            assert_false(codec->decompress(exact, cut, out, SIZE));
        }
        assert_false(codec->decompress(packed, size, out, SIZE - 1));
        assert_false(codec->decompress(packed, size, out, SIZE + 1));
        assert_false(codec->decompress(packed, size + 1, out, SIZE));
        codec->free_state(codec_state);
    }
}

/* zlib's checksum finds every single flipped bit. */
static void test_zlib_refuses_every_flipped_bit(void **state)
{
    g_autoptr(GPtrArray) pages = make_pages();
    const Page *page = g_ptr_array_index(pages, 0);
    void *codec_state = new_zlib_state();
    uint8_t packed[SIZE];
    uint8_t out[SIZE];
    size_t size = zlib_codec()->compress(codec_state, page->bytes, SIZE, packed,
                                         SIZE - 1);

    (void)state;
    for (size_t i = 16; i < size * 8; i++) {
        packed[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(zlib_codec()->decompress(packed, size, out, SIZE) &&
                     memcmp(out, page->bytes, SIZE) != 0);
        packed[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    zlib_codec()->free_state(codec_state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codecs_are_found_by_name_and_flag),
        cmocka_unit_test(test_names_and_flags_are_unique),
        cmocka_unit_test(test_each_codec_unpacks_what_it_packed),
        cmocka_unit_test(test_each_level_unpacks_what_it_packed),
        cmocka_unit_test(test_a_page_is_packed_the_same_by_every_state),
        cmocka_unit_test(test_zlib_reads_our_pages),
        cmocka_unit_test(test_zlib_packs_tables_as_well_as_zlib_does),
        cmocka_unit_test(test_we_read_the_pages_of_zlib_at_every_level),
        cmocka_unit_test(test_a_page_is_packed_into_the_room_or_not_at_all),
        cmocka_unit_test(test_a_cut_or_wrong_stream_is_refused),
        cmocka_unit_test(test_zlib_refuses_every_flipped_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
