/* SPDX-License-Identifier: MIT */
/* The one place where an errno becomes a GError. */
#pragma once

#include "guestcore/error.h"

/**
 * gc_set_error_errno:
 * @error: (out) (optional): where the error goes
 * @saved_errno: the errno value that a system call left
 * @format: what was tried and on what, in printf form
 *
 * Sets a GC_ERROR_IO error that reads "what: why".
 */
void gc_set_error_errno(GError **error, int saved_errno, const char *format,
                        ...) G_GNUC_PRINTF(3, 4);
