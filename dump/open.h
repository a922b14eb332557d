/* SPDX-License-Identifier: MIT */
/* The steps in which a dump is opened. */
#pragma once

#include "dump/format/format.h"

/* Returns: (transfer full) (element-type GcImageReader): the files, or NULL */
GPtrArray *gc_open_images(const char *const *paths, GError **error);

/* The format of @images, which must all be of the same; NULL if it is not
 * known. */
const GcFormat *gc_open_probe(const GPtrArray *images, const char *const *paths,
                              GError **error);

/* Returns: (transfer full): the guest in @images, or NULL */
GcGuest *gc_open_guest(const GPtrArray *images, const GcFormat *format,
                       GcDumpInfo *ret_info, GError **error);
