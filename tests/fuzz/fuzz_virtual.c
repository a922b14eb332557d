/* SPDX-License-Identifier: MIT */
/* Page tables, in memory that anyone wrote, and a VMCOREINFO that names any
 * of it as their root. */
#include "guestcore/error.h"

#include "guest/virtual.h"
#include "tests/fuzz/fuzz_guest_memory.h"

/* Reads at @vaddr and across the end of its page. */
static void read_at(GcVirtual *kernel, uint64_t vaddr)
{
    uint8_t buf[8192];

    gc_virtual_read(kernel, vaddr, buf, 1, NULL);
    gc_virtual_read(kernel, vaddr | 0xffc, buf, 8, NULL);
    gc_virtual_read(kernel, vaddr, buf, sizeof(buf), NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GcGuest) guest = fuzz_guest_memory_new(data, size);
    g_autoptr(GcVirtual) kernel = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t symbol = 0;

    if (guest == NULL) {
        return 0;
    }
    kernel = gc_virtual_new(guest, &error);
    g_assert((kernel == NULL) == (error != NULL));
    if (kernel == NULL) {
        g_assert(g_error_matches(error, GC_ERROR, GC_ERROR_UNSUPPORTED));
        return 0;
    }
    gc_guest_get_symbol(guest, "_stext", &symbol);
    read_at(kernel, symbol);
    for (unsigned bit = 0; bit < 64; bit++) {
        read_at(kernel, UINT64_C(1) << bit);
        read_at(kernel, UINT64_MAX << bit);
    }
    return 0;
}
