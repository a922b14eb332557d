/* SPDX-License-Identifier: MIT */
#include "dump/format/format.h"
#include "dump/format/kdump_read.h"
#include "dump/format/kdump_write.h"

const GcFormat gc_format_kdump = {
    .name = "kdump-raw",
    .has_codec = true,
    .probe = gc_kdump_probe,
    .open = gc_kdump_read,
    .write = gc_kdump_write,
};
