/* SPDX-License-Identifier: MIT */
/* A guest out of a running, unmodified QEMU. */
#pragma once

#include "guestcore/guest.h"

G_BEGIN_DECLS

typedef struct GcAttachOptions GcAttachOptions;

/**
 * gc_attach_options_new:
 *
 * Returns: (transfer full): options as gc_attach_qemu() has them without any
 * Threads: owner thread
 */
GC_API GcAttachOptions *gc_attach_options_new(void);

/**
 * gc_attach_options_free:
 * @options: (transfer full) (nullable): the options
 *
 * Threads: owner thread
 */
GC_API void gc_attach_options_free(GcAttachOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcAttachOptions, gc_attach_options_free)

/**
 * gc_attach_options_set_pid:
 * @options: the options
 * @pid: QEMU's process as this process sees it; 0 to find out, which works
 *     unless QEMU runs in another PID namespace
 *
 * Threads: owner thread
 */
GC_API void gc_attach_options_set_pid(GcAttachOptions *options, int pid);

/**
 * gc_attach_options_set_pause:
 * @options: the options
 * @pause: false to let the guest run while its memory is read.  What is then
 *     read is not consistent: data structures are torn, and the registers
 *     are older than the memory.
 *
 * Threads: owner thread
 */
GC_API void gc_attach_options_set_pause(GcAttachOptions *options, bool pause);

/**
 * gc_attach_options_set_force:
 * @options: the options
 * @force: whether a guest that would be refused, because it is being migrated
 *     or its memory is encrypted, is only warned of
 *
 * Threads: owner thread
 */
GC_API void gc_attach_options_set_force(GcAttachOptions *options, bool force);

/**
 * gc_attach_options_set_timeout:
 * @options: the options
 * @seconds: after how many attaching is given up; 0 for no limit but those
 *     of each command
 *
 * Threads: owner thread
 */
GC_API void gc_attach_options_set_timeout(GcAttachOptions *options,
                                          unsigned seconds);

/**
 * GcAttachIsCancelled:
 * @user_data: as given
 *
 * Asked now and then while QEMU is waited for, in the thread that attaches,
 * and while memory is copied, in any thread.
 *
 * Returns: whether to give up
 */
typedef bool (*GcAttachIsCancelled)(void *user_data);

/**
 * gc_attach_options_set_cancel:
 * @options: the options
 * @is_cancelled: (nullable): asked while attaching
 * @user_data: passed to it
 *
 * Threads: owner thread
 */
GC_API void gc_attach_options_set_cancel(GcAttachOptions *options,
                                         GcAttachIsCancelled is_cancelled,
                                         void *user_data);

typedef struct GcAttach GcAttach;

/**
 * gc_attach_qemu:
 * @qmp_path: a unix socket on which QEMU serves QMP (-qmp unix:PATH,server=on)
 * @options: (nullable): how; only read
 * @error: (out) (optional): return location
 *
 * Stops the guest and makes its memory, registers and VMCOREINFO readable.
 * Nothing is changed in the guest, and memory that it never used is not
 * touched.  The guest stands still until gc_attach_resume().  A small child
 * process sees to it that the guest goes on even if this process is killed.
 *
 * Returns: (transfer full): the attachment, or NULL; then the guest runs on
 *     as before
 * Errors: GC_ERROR_IO if QEMU cannot be reached or its memory not be read;
 *     GC_ERROR_FORMAT if what it says contradicts itself;
 *     GC_ERROR_UNSUPPORTED if the guest is of an unknown architecture, is
 *     being migrated or is encrypted; GC_ERROR_CANCELLED
 * Threads: any thread
 */
GC_API GcAttach *gc_attach_qemu(const char *qmp_path,
                                const GcAttachOptions *options, GError **error);

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
 * Should the connection have broken, it is made anew.
 * Errors: GC_ERROR_IO if QEMU went away, GC_ERROR_FORMAT if it refuses
 * Threads: owner thread
 */
GC_API bool gc_attach_resume(GcAttach *attach, GError **error);

/**
 * gc_attach_resume_qemu:
 * @qmp_path: a unix socket on which QEMU serves QMP
 * @options: (nullable): of these force, timeout and cancel
 * @error: (out) (optional): return location
 *
 * Lets a guest go on that somebody left paused, without attaching to it.  One
 * that stands still for another reason, such as a panic, a failed disk or a
 * migration, is refused unless that is overruled.  QEMU does not tell who
 * paused a guest, so nobody else may want it to stand still.
 *
 * Returns: (transfer full): in which state the guest was found, by QEMU's
 *     word: "running", when nothing had to be done, or "paused"
 * Errors: GC_ERROR_UNSUPPORTED if the guest is not paused; GC_ERROR_IO;
 *     GC_ERROR_FORMAT if QEMU refuses; GC_ERROR_CANCELLED
 * Threads: any thread
 */
GC_API char *gc_attach_resume_qemu(const char *qmp_path,
                                   const GcAttachOptions *options,
                                   GError **error);

/**
 * gc_attach_keep_paused:
 * @attach: the attachment
 *
 * The guest stands still also after gc_attach_free(), until somebody tells
 * QEMU to go on.
 * Threads: owner thread
 */
GC_API void gc_attach_keep_paused(GcAttach *attach);

/**
 * gc_attach_get_pause:
 * @attach: the attachment
 *
 * Returns: for how many microseconds the guest stood still because of the
 *     attachment: until it went on, or until now
 * Threads: owner thread
 */
GC_API int64_t gc_attach_get_pause(const GcAttach *attach);

/**
 * gc_attach_get_n_unreadable:
 * @attach: the attachment
 *
 * Returns: how many pages of the host could not be read so far, such as ones
 *     that its hardware lost; they were read as zeros
 * Threads: any thread
 */
GC_API uint64_t gc_attach_get_n_unreadable(const GcAttach *attach);

G_END_DECLS
