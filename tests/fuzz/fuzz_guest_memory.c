/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_guest_memory.h"

#include <string.h>

static const struct {
    char letter;
    const char *arch;
} arches[] = {
    {'x', "x86_64"}, {'a', "aarch64"}, {'r', "riscv64"},
    {'i', "i386"},   {'p', "ppc64le"}, {'s', "s390x"},
};

static const char *find_arch(char letter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(arches); i++) {
        if (arches[i].letter == letter) {
            return arches[i].arch;
        }
    }
    return NULL;
}

GcGuest *fuzz_guest_memory_new(const uint8_t *data, size_t size)
{
    const char *arch = size > 0 ? find_arch((char)data[0]) : NULL;
    const uint8_t *end = size > 1 ? memchr(data + 1, '\0', size - 1) : NULL;
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GBytes) text = NULL;
    uint64_t memory_size;

    if (arch == NULL || end == NULL || end + 1 == data + size) {
        return NULL;
    }
    memory_size = (uint64_t)(data + size - (end + 1));
    if (!gc_memory_add_host(memory, 0, memory_size, end + 1, NULL)) {
        return NULL;
    }
    guest = gc_guest_new(arch, memory, NULL);
    text = g_bytes_new(data + 1, (size_t)(end - (data + 1)));
    if (guest == NULL ||
        !gc_guest_add_note(guest, "VMCOREINFO", 0, text, NULL)) {
        return NULL;
    }
    return g_steal_pointer(&guest);
}
