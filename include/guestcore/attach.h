/* SPDX-License-Identifier: MIT */
/* A guest out of a running, unmodified QEMU. */
#pragma once

#include "guestcore/guest.h"

G_BEGIN_DECLS

typedef struct GcAttach GcAttach;

/**
 * gc_attach_qemu:
 * @qmp_path: a unix socket on which QEMU serves QMP (-qmp unix:PATH,server=on)
 * @error: (out) (optional): return location
 *
 * Stops the guest and makes its memory, registers and VMCOREINFO readable.
 * Nothing is changed in the guest, and memory that it never used is not
 * touched.  The guest stands still until gc_attach_resume().
 *
 * Returns: (transfer full): the attachment, or NULL; then the guest runs on
 *     as before
 * Errors: GC_ERROR_IO if QEMU cannot be reached or its memory not be read;
 *     GC_ERROR_FORMAT if what it says contradicts itself; GC_ERROR_UNSUPPORTED
 * Threads: any thread
 */
GC_API GcAttach *gc_attach_qemu(const char *qmp_path, GError **error);

/**
 * gc_attach_free:
 * @attach: (transfer full) (nullable): the attachment
 *
 * Resumes the guest if that was not done, and lets go of QEMU.
 * Threads: owner thread
 */
GC_API void gc_attach_free(GcAttach *attach);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcAttach, gc_attach_free)

/**
 * gc_attach_get_guest:
 * @attach: the attachment
 *
 * Returns: (transfer none): the guest; its memory stands still until
 *     gc_attach_resume()
 * Threads: owner thread
 */
GC_API GcGuest *gc_attach_get_guest(const GcAttach *attach);

/**
 * gc_attach_get_warnings:
 * @attach: the attachment
 *
 * Returns: (transfer none) (array zero-terminated=1): what the operator
 *     should know, each a sentence; may be empty
 * Threads: owner thread
 */
GC_API const char *const *gc_attach_get_warnings(const GcAttach *attach);

/**
 * gc_attach_resume:
 * @attach: the attachment
 * @error: (out) (optional): return location
 *
 * Lets the guest run again, if it ran before; a second call does nothing.
 * Errors: GC_ERROR_IO if QEMU went away, GC_ERROR_FORMAT if it refuses
 * Threads: owner thread
 */
GC_API bool gc_attach_resume(GcAttach *attach, GError **error);

G_END_DECLS
