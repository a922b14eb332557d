/* SPDX-License-Identifier: MIT */
/* A kdump file of anyone's making. */
#include "tests/fuzz/fuzz_guest_open.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_guest_open("KDUMP   ", data, size);
    return 0;
}
