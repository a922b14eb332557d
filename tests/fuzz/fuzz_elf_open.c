/* SPDX-License-Identifier: MIT */
/* An ELF file of anyone's making. */
#include "tests/fuzz/fuzz_guest_open.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_guest_open("\177ELF", data, size);
    return 0;
}
