/* SPDX-License-Identifier: MIT */
/* What is read out of the guest's Linux kernel through its own page tables.
 * All of it is best effort: a guest that cannot be understood has no kernel
 * here, and is dumped all the same. */
#pragma once

#include "guestcore/guest.h"

#define GC_UTSNAME_LENGTH 65 /* __NEW_UTS_LEN + 1 in Linux */

/* As Linux's struct new_utsname: each a string with its NUL. */
typedef struct GcUtsname {
    char sysname[GC_UTSNAME_LENGTH];
    char nodename[GC_UTSNAME_LENGTH];
    char release[GC_UTSNAME_LENGTH];
    char version[GC_UTSNAME_LENGTH];
    char machine[GC_UTSNAME_LENGTH];
    char domainname[GC_UTSNAME_LENGTH];
} GcUtsname;

/* A run of virtual addresses over a run of physical ones. */
typedef struct GcMapping {
    uint64_t vaddr;
    GcPaddr paddr;
    uint64_t size;
} GcMapping;

/**
 * gc_kernel_get_utsname:
 * @guest: the guest
 * @ret_uts: (out): the kernel's init_uts_ns if it can be read and is that of
 *     the VMCOREINFO; else what the dump says that the guest is from, if it
 *     does not contradict it; else what VMCOREINFO and the architecture tell;
 *     with no VMCOREINFO only the machine, since it need not be Linux
 */
void gc_kernel_get_utsname(const GcGuest *guest, GcUtsname *ret_uts);

/* Whether @guest's VMCOREINFO is that of a kernel in its memory: init_uts_ns
 * stands where it tells, and is of the same release. */
bool gc_kernel_is_verified(const GcGuest *guest);

/**
 * gc_kernel_get_phys_base:
 * @guest: the guest
 *
 * Returns: gc_guest_get_phys_base(), or what is usual on its architecture
 *     where the kernel does not say
 */
int64_t gc_kernel_get_phys_base(const GcGuest *guest);

/**
 * gc_kernel_find_image:
 * @guest: the guest
 * @ret_mapping: (out): where the kernel image is mapped, and what over
 *
 * The mapping ends are pages that the page tables really map; all of it lies
 * in one block of memory.
 *
 * Returns: whether it was found
 */
bool gc_kernel_find_image(const GcGuest *guest, GcMapping *ret_mapping);
