/* SPDX-License-Identifier: MIT */
/* A guest that never pauses: it writes how often it has written, in RCX, to
 * one page after the other, and again from the first.  So memory and registers
 * of one moment are known from RCX: page n - 1 of the sweep has RCX - 1, and so
 * on downwards; the page whose turn it is has RCX, or what it had before.
 *
 *   pages=N    a power of two, from FIRST on
 *   panic=1    says at the pvpanic port that it has panicked instead, once it
 *              has been through all of them
 *
 * At TIMES stands the time-stamp counter of the last round.  Behind it, for
 * each period of 2^31 of these, stands the longest time between two rounds of
 * which the second was in it; after 256 periods they are used again. */
#include "bare.h"

#define FIRST 0x1000000u
#define TIMES BARE_SCRATCH
#define PERIODS 256
#define PVPANIC 0x505

#define ROUND                                                                  \
    "mov %%rcx, %%r9\n\t"                                                      \
    "and %[mask], %%r9\n\t"                                                    \
    "shl $12, %%r9\n\t"                                                        \
    "mov %%rcx, (%[first], %%r9)\n\t"                                          \
    "inc %%rcx\n\t"

/* Counts from *@count to @end; never if that is 0. */
static void sweep(uint64_t *count, uint64_t end, uint64_t mask)
{
    __asm__ volatile("rdtsc\n\t"
                     "shl $32, %%rdx\n\t"
                     "or %%rdx, %%rax\n\t"
                     "mov %%rax, (%[times])\n"
                     "1:\n\t" ROUND "rdtsc\n\t"
                     "shl $32, %%rdx\n\t"
                     "or %%rdx, %%rax\n\t"
                     "mov %%rax, %%rdx\n\t"
                     "sub (%[times]), %%rdx\n\t"
                     "mov %%rax, (%[times])\n\t"
                     "shr $31, %%rax\n\t"
                     "movzbl %%al, %%eax\n\t"
                     "cmp 8(%[times], %%rax, 8), %%rdx\n\t"
                     "jbe 2f\n\t"
                     "mov %%rdx, 8(%[times], %%rax, 8)\n"
                     "2:\n\t"
                     "cmp %[end], %%rcx\n\t"
                     "jne 1b"
                     : "+c"(*count)
                     : [first] "r"((uint64_t)FIRST), [mask] "r"(mask),
                       [times] "r"((uint64_t)TIMES), [end] "r"(end)
                     : "rax", "rdx", "r9", "memory", "cc");
}

void guest_main(void)
{
    volatile uint64_t *longest = (volatile uint64_t *)(uintptr_t)(TIMES + 8);
    uint64_t pages = get_option("pages", 1024);
    uint64_t count = 1;

    for (unsigned i = 0; i < PERIODS; i++) {
        longest[i] = 0;
    }
    sweep(&count, pages + 1, pages - 1);
    say("swept\n");
    if (get_option("panic", 0) != 0) {
        out8(PVPANIC, 1);
    }
    sweep(&count, 0, pages - 1);
}

void guest_other(unsigned cpu)
{
    bare_halt(cpu);
}
