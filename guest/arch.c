/* SPDX-License-Identifier: MIT */
#include "guest/arch.h"

#include <string.h>

static bool same_encoding(GcEncoding a, GcEncoding b)
{
    return a.is_64bit == b.is_64bit && a.big_endian == b.big_endian;
}

const GcArch *gc_arch_find(const char *name)
{
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        if (strcmp((*arch)->name, name) == 0) {
            return *arch;
        }
    }
    return NULL;
}

const GcArch *gc_arch_find_elf(uint16_t elf_machine, GcEncoding encoding)
{
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        if ((*arch)->elf_machine == elf_machine &&
            same_encoding((*arch)->encoding, encoding)) {
            return *arch;
        }
    }
    return NULL;
}

const GcArch *gc_arch_find_machine(const char *machine, GcEncoding encoding)
{
    if (machine[0] != '\0' && strcmp(machine, "Unknown") != 0) {
        return gc_arch_find(machine);
    }
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        if (same_encoding((*arch)->encoding, encoding)) {
            return *arch;
        }
    }
    return NULL;
}
