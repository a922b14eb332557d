/* SPDX-License-Identifier: MIT */
/* The inside of a GcGuest, for the layers that read it. */
#pragma once

#include "guestcore/guest.h"

#include "guest/arch.h"
#include "guest/kernel.h"
#include "guest/notes.h"

/* What gc_guest_get_arch() names.  Borrowed. */
const GcArch *gc_guest_get_arch_info(const GcGuest *guest);

/* All notes in order.  (element-type GcNote) Borrowed. */
GPtrArray *gc_guest_get_notes(const GcGuest *guest);

/* Puts @memory, which must have the same in it, in the place of the guest's. */
void gc_guest_replace_memory(GcGuest *guest, GcMemory *memory);

/* Adds a sentence to gc_guest_get_warnings(). */
void gc_guest_add_warning(GcGuest *guest, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The lowest address of memory; 0 if there is none. */
GcPaddr gc_guest_get_memory_start(const GcGuest *guest);

/* The parsed VMCOREINFO; NULL if there is none.  Borrowed. */
const GcVmcoreinfoText *gc_guest_get_vmcoreinfo_text(const GcGuest *guest);

/* As the members of GcArch of these names; false also without VMCOREINFO or
 * such a member. */
bool gc_guest_get_page_table(const GcGuest *guest, GcPageTable *ret_table);
bool gc_guest_get_cpu_page_table(const GcGuest *guest, unsigned cpu,
                                 GcPageTable *ret_table);
bool gc_guest_get_image_map(const GcGuest *guest, GcImageMap *ret_map);

/* What a dump that the guest was opened from has not of its memory: what was
 * left out on purpose, as makedumpfile's -d has it, and whether its writing
 * was interrupted. */
void gc_guest_set_loss(GcGuest *guest, unsigned dump_level, bool is_incomplete);
unsigned gc_guest_get_dump_level(const GcGuest *guest);
bool gc_guest_is_incomplete(const GcGuest *guest);

/* What a dump that the guest was opened from says of its kernel, for where
 * the kernel itself cannot be read; NULL if it says nothing.  Borrowed. */
void gc_guest_set_told_utsname(GcGuest *guest, const GcUtsname *uts);
const GcUtsname *gc_guest_get_told_utsname(const GcGuest *guest);

/**
 * gc_guest_new_with_notes:
 * @arch: as gc_guest_new()
 * @memory: (transfer none): as gc_guest_new()
 * @notes: (element-type GcNote) (transfer none): its notes, in order
 * @error: (out) (optional): return location
 *
 * A VMCOREINFO note that is not usable is left out, with a warning: a guest
 * without it can still be dumped and looked at.
 *
 * Returns: (transfer full): a guest, or NULL
 * Errors: GC_ERROR_UNSUPPORTED; GC_ERROR_FORMAT if a note is too large
 */
GcGuest *gc_guest_new_with_notes(const char *arch, GcMemory *memory,
                                 GPtrArray *notes, GError **error);
