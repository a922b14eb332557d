/* SPDX-License-Identifier: MIT */
/* Notes of anyone's making; the first byte chooses their byte order.  What
 * was parsed once is the same after it was written and parsed again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "guest/notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_same(GPtrArray *notes, GPtrArray *again)
{
    g_assert(notes->len == again->len);
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *a = g_ptr_array_index(notes, i);
        const GcNote *b = g_ptr_array_index(again, i);

        g_assert(a->type == b->type && strcmp(a->name, b->name) == 0);
        g_assert(g_bytes_equal(a->desc, b->desc));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    g_autoptr(GPtrArray) again = gc_notes_new();
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GError) error = NULL;
    bool big_endian = size > 0 && (data[0] & 1) != 0;
    size_t vmcoreinfo;
    bool ok;

    if (size == 0) {
        return 0;
    }
    ok = gc_notes_parse(notes, data + 1, size - 1, big_endian, &error);
    g_assert(ok == (error == NULL));
    bytes = gc_notes_serialize(notes, big_endian, &vmcoreinfo);
    g_assert(vmcoreinfo <= bytes->len);
    ok = gc_notes_parse(again, bytes->data, bytes->len, big_endian, NULL);
    g_assert(ok);
    assert_same(notes, again);
    return 0;
}
