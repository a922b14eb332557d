/* SPDX-License-Identifier: MIT */
#include "base/bitmap.h"

#include <string.h>

#define WORD_BITS 64

struct GcBitmap {
    uint64_t n_bits;
    uint64_t n_words;
    uint64_t *words; /* bit n is bit n % 64 of words[n / 64] */
};

GcBitmap *gc_bitmap_new(uint64_t n_bits)
{
    GcBitmap *bitmap = g_new0(GcBitmap, 1);

    bitmap->n_bits = n_bits;
    bitmap->n_words = n_bits / WORD_BITS + (n_bits % WORD_BITS != 0);
    bitmap->words = g_new0(uint64_t, bitmap->n_words);
    return bitmap;
}

void gc_bitmap_free(GcBitmap *bitmap)
{
    if (bitmap != NULL) {
        g_free(bitmap->words);
        g_free(bitmap);
    }
}

uint64_t gc_bitmap_get_n_bits(const GcBitmap *bitmap)
{
    return bitmap->n_bits;
}

bool gc_bitmap_test(const GcBitmap *bitmap, uint64_t bit)
{
    return bit < bitmap->n_bits &&
           (bitmap->words[bit / WORD_BITS] >> bit % WORD_BITS & 1) != 0;
}

/* The bits of word @word that belong to [@start, @end). */
static uint64_t word_mask(uint64_t word, uint64_t start, uint64_t end)
{
    uint64_t first = word * WORD_BITS;
    uint64_t mask = UINT64_MAX;

    if (start > first) {
        mask &= UINT64_MAX << (start - first);
    }
    if (end < first + WORD_BITS) {
        mask &= ~(UINT64_MAX << (end - first));
    }
    return mask;
}

/* One past the last word that [.., @end) touches. */
static uint64_t end_word(uint64_t end)
{
    return end / WORD_BITS + (end % WORD_BITS != 0);
}

void gc_bitmap_set_range(GcBitmap *bitmap, uint64_t start, uint64_t end)
{
    g_assert(start <= end && end <= bitmap->n_bits);
    for (uint64_t w = start / WORD_BITS; w < end_word(end); w++) {
        bitmap->words[w] |= word_mask(w, start, end);
    }
}

void gc_bitmap_clear_range(GcBitmap *bitmap, uint64_t start, uint64_t end)
{
    g_assert(start <= end && end <= bitmap->n_bits);
    for (uint64_t w = start / WORD_BITS; w < end_word(end); w++) {
        bitmap->words[w] &= ~word_mask(w, start, end);
    }
}

uint64_t gc_bitmap_count_range(const GcBitmap *bitmap, uint64_t start,
                               uint64_t end)
{
    uint64_t count = 0;

    g_assert(start <= end && end <= bitmap->n_bits);
    for (uint64_t w = start / WORD_BITS; w < end_word(end); w++) {
        uint64_t bits = bitmap->words[w] & word_mask(w, start, end);

        count += (uint64_t)__builtin_popcountll(bits);
    }
    return count;
}

/* The first bit of [@start, @end) that differs from @flip's bits. */
static uint64_t next_bit(const GcBitmap *bitmap, uint64_t start, uint64_t end,
                         uint64_t flip)
{
    g_assert(end <= bitmap->n_bits);
    for (uint64_t w = start / WORD_BITS; start < end && w < end_word(end);
         w++) {
        uint64_t bits = (bitmap->words[w] ^ flip) & word_mask(w, start, end);

        if (bits != 0) {
            return w * WORD_BITS + (uint64_t)__builtin_ctzll(bits);
        }
    }
    return end;
}

uint64_t gc_bitmap_next_set(const GcBitmap *bitmap, uint64_t start,
                            uint64_t end)
{
    return next_bit(bitmap, start, end, 0);
}

uint64_t gc_bitmap_next_clear(const GcBitmap *bitmap, uint64_t start,
                              uint64_t end)
{
    return next_bit(bitmap, start, end, UINT64_MAX);
}

void gc_bitmap_get_bytes(const GcBitmap *bitmap, uint64_t offset,
                         uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t word = (offset + i) / sizeof(uint64_t);
        unsigned shift = 8 * (unsigned)((offset + i) % sizeof(uint64_t));

        bytes[i] = word < bitmap->n_words
                       ? (uint8_t)(bitmap->words[word] >> shift)
                       : 0;
    }
}

void gc_bitmap_or_bytes(GcBitmap *bitmap, uint64_t offset, const uint8_t *bytes,
                        size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t word = (offset + i) / sizeof(uint64_t);
        unsigned shift = 8 * (unsigned)((offset + i) % sizeof(uint64_t));

        if (bytes[i] != 0 && word < bitmap->n_words) {
            uint64_t bits = (uint64_t)bytes[i] << shift;

            bitmap->words[word] |= bits & word_mask(word, 0, bitmap->n_bits);
        }
    }
}
