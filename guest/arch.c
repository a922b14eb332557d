/* SPDX-License-Identifier: MIT */
#include "guest/arch.h"

#include <string.h>

static bool same_encoding(GcEncoding a, GcEncoding b)
{
    return a.is_64bit == b.is_64bit && a.big_endian == b.big_endian;
}

size_t gc_arch_get_prstatus_size(const GcArch *arch)
{
    return arch->notes[0].size;
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

static const GcArch *find_exact_elf(uint16_t elf_machine, GcEncoding encoding)
{
    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        if ((*arch)->elf_machine == elf_machine &&
            same_encoding((*arch)->encoding, encoding)) {
            return *arch;
        }
    }
    return NULL;
}

const GcArch *gc_arch_find_elf(uint16_t elf_machine, GcEncoding encoding)
{
    const GcArch *found = find_exact_elf(elf_machine, encoding);

    if (found == NULL && encoding.is_64bit) {
        encoding.is_64bit = false;
        found = find_exact_elf(elf_machine, encoding);
    }
    return found;
}

/* @machine is whatever a file has there; a pattern wants UTF-8. */
static bool is_named(const GcArch *arch, const char *machine)
{
    return g_ascii_strcasecmp(arch->name, machine) == 0 ||
           g_ascii_strcasecmp(arch->machine, machine) == 0 ||
           (arch->machine_pattern != NULL && g_str_is_ascii(machine) &&
            g_pattern_match_simple(arch->machine_pattern, machine));
}

/* How much speaks for @arch. */
static unsigned get_evidence(const GcArch *arch, const char *machine,
                             GcEncoding encoding, size_t prstatus_size)
{
    unsigned evidence = 0;

    if (arch->encoding.big_endian != encoding.big_endian) {
        return 0;
    }
    if (prstatus_size != 0 &&
        gc_arch_get_prstatus_size(arch) == prstatus_size) {
        evidence += 4;
    }
    if (is_named(arch, machine)) {
        evidence += 2;
    }
    if (same_encoding(arch->encoding, encoding)) {
        evidence += 1;
    }
    return evidence;
}

const GcArch *gc_arch_find_machine(const char *machine, GcEncoding encoding,
                                   size_t prstatus_size)
{
    bool says = machine[0] != '\0' && strcmp(machine, "Unknown") != 0;
    unsigned best = says && prstatus_size == 0 ? 1 : 0;
    const GcArch *found = NULL;

    for (const GcArch *const *arch = gc_arches; *arch != NULL; arch++) {
        unsigned evidence =
            get_evidence(*arch, machine, encoding, prstatus_size);

        if (evidence > best) {
            best = evidence;
            found = *arch;
        }
    }
    return found;
}
