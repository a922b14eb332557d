/* SPDX-License-Identifier: MIT */
#include "dump/format/format.h"
#include "dump/format/kdump_head.h"
#include "dump/format/kdump_inspect.h"
#include "dump/format/kdump_pages.h"
#include "dump/format/kdump_read.h"
#include "dump/format/kdump_write.h"

const GcFormat gc_format_kdump = {
    .name = "kdump",
    .has_codec = true,
    .unused_page_cost = GC_KDUMP_MAX_DESC_SIZE,
    .can_stream = false,
    .probe = gc_kdump_probe,
    .open = gc_kdump_read,
    .inspect = gc_kdump_inspect,
    .write = gc_kdump_write,
};
