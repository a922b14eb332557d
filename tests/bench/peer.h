/* SPDX-License-Identifier: MIT */
/* zlib's compress2() for each page in one thread, as QEMU and makedumpfile do,
 * for comparison. */
#pragma once

#include "tests/bench/pages.h"

typedef struct PeerResult {
    double seconds;
    uint64_t packed; /* bytes */
} PeerResult;

/* How malloc does what compress2() asks of it for each page. */
typedef enum PeerMalloc {
    PEER_MALLOC_PLAIN, /* as it comes: pages go back to the kernel each time */
    PEER_MALLOC_KEEPS, /* as in a program that is large already, as QEMU is */
} PeerMalloc;

/* Says on stderr what goes wrong and exits. */
PeerResult peer_compress2(const BenchPages *pages, PeerMalloc how);
