/* SPDX-License-Identifier: MIT */
/* The log of a kernel, in memory that anyone wrote. */
#include "guestcore/error.h"
#include "guestcore/log.h"

#include "tests/fuzz/fuzz_guest_memory.h"

static bool add_up(const GcLogRecord *record, void *user_data)
{
    size_t *total = user_data;
    unsigned sum = 0;

    g_assert(record->text_len <= 65535);
    for (size_t i = 0; i < record->text_len; i++) {
        sum += (unsigned char)record->text[i];
    }
    g_assert(sum <= 255 * record->text_len);
    *total += record->text_len;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GcGuest) guest = fuzz_guest_memory_new(data, size);
    g_autoptr(GError) error = NULL;
    size_t total = 0;
    bool ok;

    if (guest == NULL) {
        return 0;
    }
    ok = gc_guest_read_log(guest, add_up, &total, NULL, &error);
    g_assert(ok == (error == NULL));
    g_assert(total <= size);
    return 0;
}
