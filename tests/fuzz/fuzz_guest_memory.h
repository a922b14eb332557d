/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share that look into a guest's memory. */
#pragma once

#include "guestcore/guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The guest that an input is: a letter that says which architecture, the
 * text of its VMCOREINFO up to a byte of zero, and its memory from address 0
 * on.  NULL if that is not a guest.  It must not outlive @data. */
GcGuest *fuzz_guest_memory_new(const uint8_t *data, size_t size);
