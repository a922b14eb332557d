/* SPDX-License-Identifier: MIT */
/* What runs the guest's CPUs, if anything does.  An accelerator is one file
 * in system/accel/ and one line in its meson.build. */
#pragma once

#include "guestcore/types.h"

/**
 * GcAccelClass:
 * @name: as it stands after -accel
 * @description: one line for people
 * @has_clock: whether a test client moves its clock
 *
 * A kind of accelerator.
 */
typedef struct GcAccelClass {
    const char *name;
    const char *description;
    bool has_clock;
} GcAccelClass;

/* All of them, ended by NULL; the first is the default. */
extern const GcAccelClass *const gc_accel_classes[];

/* The first of @names, a list of strings, that is built in; the default if
 * the list is empty.  Errors: GC_ERROR_UNSUPPORTED if none is, GC_ERROR_INVALID
 * if the last is no accelerator at all. */
const GcAccelClass *gc_accel_find(const GPtrArray *names, GError **error);
