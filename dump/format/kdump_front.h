/* SPDX-License-Identifier: MIT */
/* All of a kdump file that is known before the first page is read: headers,
 * notes and bitmaps. */
#pragma once

#include "dump/format/format.h"
#include "dump/format/kdump_layout.h"

/**
 * gc_kdump_write_front:
 * @request: what is written
 * @layout: where it lies
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_UNSUPPORTED if a value does not fit the format, GC_ERROR_IO
 */
bool gc_kdump_write_front(const GcWriteRequest *request,
                          const GcKdumpLayout *layout, GError **error);

/* Writes the header once more, now saying that the file has not all of its
 * pages.  Errors: GC_ERROR_IO. */
bool gc_kdump_mark_incomplete(const GcWriteRequest *request,
                              const GcKdumpLayout *layout, GError **error);
