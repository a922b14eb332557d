/* SPDX-License-Identifier: MIT */
/* What the fuzz targets of the dump readers share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Opens a file that holds @magic and then @data from there on, and looks at
 * all that comes of it.  There must be a guest or an error that
 * gc_guest_open() announces, never neither and never both. */
void fuzz_guest_open(const char *magic, const uint8_t *data, size_t size);
