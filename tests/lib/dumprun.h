/* SPDX-License-Identifier: MIT */
/* Dumps of synthetic guests, written and opened again. */
#pragma once

#include "guestcore/dump.h"

#include "tests/lib/guestgen.h"

/* Writes @gen as @format to a new file in @dir; returns its path, to be
 * freed.  Fails the test if that does not work. */
char *dumprun_write(Guestgen *gen, const char *dir, const char *format,
                    unsigned threads);

/* Opens the file; fails the test if that does not work. */
GcGuest *dumprun_open(const char *path);

/* Fails the test unless all memory of @guest is that of @gen, and all of
 * @gen's is there. */
void dumprun_assert_memory(const GcGuest *guest, Guestgen *gen);

/* Opens what may be anything, and looks at all that came of it, within
 * bounds.  Fails the test if there is neither a guest nor an error, or if the
 * error is not one that gc_guest_open() announces.  Returns whether there was
 * a guest. */
bool dumprun_try_open(const char *path);
