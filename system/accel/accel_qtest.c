/* SPDX-License-Identifier: MIT */
/* A test client plays the CPUs, and moves the clock. */
#include "system/accel.h"

extern const GcAccelClass gc_accel_qtest;

const GcAccelClass gc_accel_qtest = {
    .name = "qtest",
    .description = "a test client plays the CPUs",
    .has_clock = true,
};
