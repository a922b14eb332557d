/* SPDX-License-Identifier: MIT */
/* The kernels, one for each form that something in struct page has had. */
#include <string.h>

#include "tests/lib/pagegen.h"

/* clang-format off */
/* The members of struct page until 4.17, and since. */
#define OLD_MEMBERS .size = 64, .mapping = 8, .mapcount = 24, .refcount = 28, \
                    .lru = 32, .private_data = 48
#define NEW_MEMBERS .size = 64, .lru = 8, .mapping = 24, .private_data = 40,  \
                    .mapcount = 48, .refcount = 52

#define OLD_FLAGS .flag_lru = 5, .flag_slab = 7, .flag_private = 11,          \
                  .flag_head = 14, .flag_swapcache = 16,                      \
                  .flag_swapbacked = PAGEGEN_NONE, .flag_poison = 23,         \
                  .flag_huge = PAGEGEN_NONE
#define MID_FLAGS .flag_lru = 4, .flag_slab = 9, .flag_private = 13,          \
                  .flag_head = 16, .flag_swapcache = 10,                      \
                  .flag_swapbacked = 19, .flag_poison = 23,                   \
                  .flag_huge = PAGEGEN_NONE
#define NEW_FLAGS .flag_lru = 5, .flag_slab = PAGEGEN_NONE,                   \
                  .flag_private = 13, .flag_head = 6, .flag_swapcache = 10,   \
                  .flag_swapbacked = 18, .flag_poison = 21,                   \
                  .flag_huge = PAGEGEN_NONE

#define COUNT .refcount_name = "page._count"
#define REFCOUNT .refcount_name = "page._refcount"
#define TAIL .tail_name = "page.compound_head"

#define X86(bits, told) .shape = "4 levels", .section_bits = bits,            \
                        .tells_section_bits = told, .ram_mib = 144

const PagegenKernel pagegen_kernels[] = {
    {.release = "3.10.0-el7", .shape = "4 levels, 4.9", .section_bits = 27,
     .ram_mib = 144, .model = PAGEGEN_VMEMMAP,
     OLD_MEMBERS, OLD_FLAGS, COUNT, .order = PAGEGEN_ORDER_LRU,
     .free = -128},
    {.release = "4.4.0", .shape = "4 levels, 4.9", .section_bits = 27,
     .ram_mib = 144, .model = PAGEGEN_CLASSIC,
     OLD_MEMBERS, OLD_FLAGS, COUNT, TAIL, .order = PAGEGEN_ORDER_MEMBERS,
     .dtor_offset = 40, .order_offset = 44, .order_width = 4, .free = -128},
    {.release = "4.9.0", X86(27, false), .model = PAGEGEN_VMEMMAP,
     OLD_MEMBERS, OLD_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_MEMBERS,
     .dtor_offset = 40, .order_offset = 42, .order_width = 2, .free = -128},
    {.release = "4.16.0", X86(27, false), .model = PAGEGEN_POINTER,
     OLD_MEMBERS, MID_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_MEMBERS,
     .dtor_offset = 40, .order_offset = 41, .order_width = 1, .free = -128},
    {.release = "5.10.0-arm64", .shape = "4K, 48 bits", .section_bits = 30,
     .ram_mib = 144, .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, MID_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_MEMBERS,
     .dtor_offset = 16, .order_offset = 17, .order_width = 1,
     .free = -129, .offline = -257},
    {.release = "5.15.0-riscv64", .shape = "sv39", .section_bits = 27,
     .tells_section_bits = true, .ram_mib = 144, .model = PAGEGEN_FLAT,
     NEW_MEMBERS, MID_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_MEMBERS,
     .dtor_offset = 16, .order_offset = 17, .order_width = 1,
     .free = -129, .offline = -257},
    {.release = "6.1.0", .shape = "4 levels", .section_bits = 27,
     .tells_section_bits = true, .ram_mib = 272, .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, MID_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_MEMBERS,
     .dtor_offset = 16, .order_offset = 17, .order_width = 1,
     .free = -129, .offline = -257},
    {.release = "6.4.0-5level", .shape = "5 levels, encrypted",
     .section_bits = 27, .tells_section_bits = true, .ram_mib = 144,
     .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, MID_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_FOLIO,
     .dtor_offset = 16, .order_offset = 17, .order_width = 1,
     .free = -129, .offline = -257},
    {.release = "6.6.0-64k", .shape = "64K, 52 bits", .section_bits = 29,
     .tells_section_bits = true, .ram_mib = 144, .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, .flag_lru = 5, .flag_slab = 8, .flag_private = 13,
     .flag_head = 6, .flag_swapcache = 10, .flag_swapbacked = 18,
     .flag_poison = 22, .flag_huge = 8, REFCOUNT, TAIL,
     .order = PAGEGEN_ORDER_FLAGS, .free = -129, .offline = -257},
    {.release = "6.9.0-16k", .shape = "16K, 47 bits", .section_bits = 27,
     .tells_section_bits = true, .ram_mib = 144, .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, .flag_lru = 5, .flag_slab = 8, .flag_private = 13,
     .flag_head = 6, .flag_swapcache = 10, .flag_swapbacked = 18,
     .flag_poison = 22, .flag_huge = PAGEGEN_NONE, REFCOUNT, TAIL,
     .order = PAGEGEN_ORDER_FLAGS, .free = -129, .offline = -257,
     .huge = -2049},
    {.release = "6.10.0", X86(27, true), .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, NEW_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_FLAGS,
     .free = -129, .offline = -257, .huge = -2049, .slab = -4097},
    {.release = "6.11.0", X86(27, true), .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, NEW_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_FLAGS,
     .free = -1073741825, .offline = -536870913, .huge = -67108865,
     .slab = -33554433},
    {.release = "6.12.0", X86(27, true), .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, NEW_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_FLAGS,
     .free = -268435456, .offline = -251658240, .huge = -201326592,
     .slab = -184549376},
    {.release = "6.16.0-sv57", .shape = "sv57", .section_bits = 27,
     .tells_section_bits = true, .ram_mib = 144, .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, NEW_FLAGS, REFCOUNT, TAIL, .order = PAGEGEN_ORDER_FLAGS,
     .free = -268435456, .offline = -251658240, .huge = -201326592,
     .slab = -184549376, .unaccepted = -150994944},
    {.release = "7.1.0", X86(27, true), .model = PAGEGEN_VMEMMAP,
     NEW_MEMBERS, NEW_FLAGS, REFCOUNT, .tail_name = "page.compound_info",
     .order = PAGEGEN_ORDER_FLAGS,
     .free = -268435456, .offline = -251658240, .huge = -201326592,
     .slab = -184549376, .unaccepted = -150994944},
    {0},
};
/* clang-format on */

#define SMALL_RAM_MIB 80

PagegenKernel pagegen_make_small(const PagegenKernel *kernel)
{
    PagegenKernel small = *kernel;

    if (strstr(kernel->shape, "64K") == NULL) {
        small.ram_mib = SMALL_RAM_MIB;
    }
    return small;
}
