/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_inspect.h"
#include "dump/format/elf_read.h"
#include "dump/format/elf_write.h"
#include "dump/format/format.h"
#include "guest/elf.h"

const GcFormat gc_format_elf = {
    .name = "elf",
    .has_codec = false,
    .can_stream = true,
    .probe = gc_elf_probe,
    .open = gc_elf_read,
    .inspect = gc_elf_inspect,
    .write = gc_elf_write,
};
