/* SPDX-License-Identifier: MIT */
/* No CPU runs: what is in the machine is looked at from outside. */
#include "system/accel.h"

extern const GcAccelClass gc_accel_none;

const GcAccelClass gc_accel_none = {
    .name = "none",
    .description = "no CPU runs",
};
