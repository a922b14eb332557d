/* SPDX-License-Identifier: MIT */
#include "dump/codec/page_guess.h"

#include <string.h>

#define VALUES 256u /* of a byte */

/* A sample is several runs of bytes, all over the page. */
#define SAMPLE_RUNS 8u
#define SAMPLE_RUN_SIZE 128u
#define SAMPLE_MAX_DISTANCE 4u
#define SAMPLE_PAIRS (SAMPLE_RUNS * SAMPLE_RUN_SIZE * SAMPLE_MAX_DISTANCE)

/* Several counters of a value, for one that was written just now is slow to
 * read. */
#define LANES 4u

static void count_bytes(uint32_t *counts, const uint8_t *bytes, size_t size)
{
    uint32_t lanes[LANES][VALUES] = {0};

    for (size_t i = 0; i < size; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes[lane][bytes[i + lane]]++;
        }
    }
    for (size_t i = 0; i < VALUES; i++) {
        counts[i] = lanes[0][i] + lanes[1][i] + lanes[2][i] + lanes[3][i];
    }
}

/* Among @n bytes, how many ordered pairs are of equal value. */
static uint64_t count_equal_pairs(const uint32_t *counts, size_t n)
{
    uint64_t squares = 0;

    for (size_t i = 0; i < VALUES; i++) {
        squares += (uint64_t)counts[i] * counts[i];
    }
    return squares - n;
}

/* How many of @run are equal to the byte @distance further on. */
static uint8_t count_equal_bytes(const uint8_t *run, size_t distance)
{
    uint8_t n = 0; /* so narrow that the loop becomes one of wide vectors */

    for (size_t i = 0; i < SAMPLE_RUN_SIZE; i++) {
        n += run[i] == run[i + distance];
    }
    return n;
}

/* A glance that lets random pages pass, but for one of a million, and hardly
 * any other: of pairs of random bytes, one in 256 is equal. */
static bool is_sample_random(const uint8_t *page, size_t size)
{
    unsigned n = 0;

    for (size_t i = 0; i < SAMPLE_RUNS; i++) {
        for (size_t distance = 1; distance <= SAMPLE_MAX_DISTANCE; distance++) {
            n += count_equal_bytes(page + i * (size / SAMPLE_RUNS), distance);
        }
    }
    return n < SAMPLE_PAIRS / VALUES * 2;
}

/* Of random bytes, one pair in 256 is equal, a percent more or less.  A sixth
 * more is let pass: such a page would shrink by two percent.  Less means that
 * the bytes are not random but counted through. */
static bool is_even(const uint8_t *page, size_t size)
{
    uint32_t counts[VALUES];
    uint64_t expected = (uint64_t)size * (size - 1) / VALUES;
    uint64_t pairs;

    count_bytes(counts, page, size);
    pairs = count_equal_pairs(counts, size);
    return pairs > expected - expected / 32 && pairs < expected + expected / 6;
}

/* Whether aligned words come again, by their hashes: two or three in a page
 * of 4096 bytes do by chance. */
static bool has_repeats(const uint8_t *page, size_t size)
{
    enum { HASH_BITS = 16, MAX_CHANCE = 16 /* words in one */ };
    uint64_t seen[(1u << HASH_BITS) / 64] = {0};
    size_t n = 0;

    size = MIN(size, 4096);
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word;
        uint32_t hash;

        memcpy(&word, page + at, sizeof(word));
        /* 2^64 by the golden ratio spreads what differs over the top bits. */
        hash =
            (uint32_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - HASH_BITS));
        n += seen[hash / 64] >> (hash % 64) & 1;
        seen[hash / 64] |= UINT64_C(1) << (hash % 64);
    }
    return n > MAX_CHANCE;
}

bool gc_page_looks_random(const uint8_t *page, size_t size)
{
    return is_sample_random(page, size) && is_even(page, size) &&
           !has_repeats(page, size);
}

bool gc_page_is_table(const uint8_t *page, size_t size)
{
    enum { DISTANCE = 2 * sizeof(uint32_t) };
    uint32_t n = 0;

    for (size_t at = 0; at < size - DISTANCE; at += sizeof(uint32_t)) {
        uint32_t word;
        uint32_t next;
        uint32_t difference;

        memcpy(&word, page + at, sizeof(word));
        memcpy(&next, page + at + DISTANCE, sizeof(next));
        difference = word ^ next;
        /* one half of the word, whichever is the upper one */
        n += (difference != 0) &
             (((difference & 0xffff) == 0) | (difference >> 16 == 0));
    }
    return n >= size / sizeof(uint32_t) / 2;
}
