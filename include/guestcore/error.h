/* SPDX-License-Identifier: MIT */
/* One GError domain for the whole library; its codes are what a caller can
 * act on.  Messages are lower case, carry the values, and end without a
 * period; each level of a call prefixes its own context. */
#pragma once

#include "guestcore/types.h"

G_BEGIN_DECLS

#define GC_ERROR (gc_error_quark())

/**
 * GcError:
 * @GC_ERROR_IO: the host refused a system call or a peer went away
 * @GC_ERROR_FORMAT: a file, a note or an answer does not mean what it must
 * @GC_ERROR_UNSUPPORTED: well-formed, but not something guestcore can do
 * @GC_ERROR_INVALID: an argument of the caller is wrong
 * @GC_ERROR_NO_DATA: no memory or no information there
 * @GC_ERROR_CANCELLED: the caller asked to stop
 */
typedef enum GcError {
    GC_ERROR_IO,
    GC_ERROR_FORMAT,
    GC_ERROR_UNSUPPORTED,
    GC_ERROR_INVALID,
    GC_ERROR_NO_DATA,
    GC_ERROR_CANCELLED,
} GcError;

/**
 * gc_error_quark:
 *
 * Returns: the error domain of guestcore
 * Threads: any thread
 */
GC_API GQuark gc_error_quark(void);

G_END_DECLS
