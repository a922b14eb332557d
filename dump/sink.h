/* SPDX-License-Identifier: MIT */
/* Which kind of image a descriptor can take. */
#pragma once

#include "dump/output_format.h"

/**
 * gc_sink_open:
 * @fd: (transfer none): where to write
 * @format: what will be written
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): a writer of images of that format, from where
 *     @fd stands, or NULL
 * Errors: GC_ERROR_INVALID if @fd cannot take the format; GC_ERROR_IO
 */
GcImageWriter *gc_sink_open(int fd, const GcOutputFormat *format,
                            GError **error);

/* Makes what was written durable, if @fd is something that can be; and lets
 * it stand behind that, for whoever writes next.  Errors: GC_ERROR_IO. */
bool gc_sink_close(int fd, GError **error);
