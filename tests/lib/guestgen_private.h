/* SPDX-License-Identifier: MIT */
/* The inside of a Guestgen, for its two source files. */
#pragma once

#include "tests/lib/guestgen.h"

typedef struct GuestgenBlock {
    Guestgen *gen;
    GcPaddr start;
    uint64_t size;
    GuestgenBacking backing;
    int fd; /* a memfd; every block has one, whatever its backing */
    uint8_t *bytes;
} GuestgenBlock;

typedef struct GuestgenNote {
    char *name;
    uint32_t type;
    GBytes *desc;
} GuestgenNote;

struct Guestgen {
    GPtrArray *blocks; /* of GuestgenBlock */
    GPtrArray *notes;  /* of GuestgenNote */
    unsigned n_cpus;
    GcPaddr broken_at; /* UINT64_MAX for nowhere */
    gint hole_reads;
};
