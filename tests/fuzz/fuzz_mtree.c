/* SPDX-License-Identifier: MIT */
/* Whatever answers "info mtree -f". */
#include <stddef.h>
#include <stdint.h>

#include "guest/attach/mtree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text =
        size > 0 ? g_strndup((const char *)data, size) : g_strdup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) ranges = gc_mtree_parse(text, &error);
    GcPaddr last = 0;

    g_assert((ranges == NULL) == (error != NULL));
    for (guint i = 0; ranges != NULL && i < ranges->len; i++) {
        const GcMtreeRange *range = g_ptr_array_index(ranges, i);

        g_assert(range->size != 0 && range->kind != NULL &&
                 range->name != NULL);
        g_assert(i == 0 || range->start > last);
        last = range->start + (range->size - 1);
        g_assert(last >= range->start);
    }
    return 0;
}
