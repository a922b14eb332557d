/* SPDX-License-Identifier: MIT */
/* The log of a guest's Linux kernel, what dmesg shows, out of its memory. */
#pragma once

#include "guestcore/guest.h"

G_BEGIN_DECLS

/* What GcLogRecord has where the kernel does not tell. */
#define GC_LOG_UNKNOWN (-1)

/* The bit of GcLogRecord.caller that says that it is a CPU's number. */
#define GC_LOG_CALLER_IS_CPU UINT32_C(0x80000000)

/**
 * GcLogRecord:
 * @sequence: its number; where the kernel does not number them, they are
 *     counted from 0 on
 * @nanoseconds: when it was logged, since the kernel's clock began
 * @has_time: false if @nanoseconds is not known: before 3.5 the time, if
 *     there is one, is part of the text
 * @level: 0 (emergency) to 7 (debugging), or GC_LOG_UNKNOWN
 * @facility: as syslog has it, 0 for the kernel, or GC_LOG_UNKNOWN
 * @caller: the task that logged it, or with GC_LOG_CALLER_IS_CPU the CPU
 * @has_caller: false if @caller is not known
 * @text: (array length=text_len): the bytes, without an end of line; they
 *     may be anything, as the guest may log anything
 * @text_len: how many, at most 65535
 *
 * One record of the log.
 */
typedef struct GcLogRecord {
    uint64_t sequence;
    uint64_t nanoseconds;
    bool has_time;
    int level;
    int facility;
    uint32_t caller;
    bool has_caller;
    const char *text;
    size_t text_len;
} GcLogRecord;

/**
 * GcLogFunc:
 * @record: a record; valid during the call
 * @user_data: as given
 *
 * Called for each record, in the thread that reads.
 *
 * Returns: whether to go on
 */
typedef bool (*GcLogFunc)(const GcLogRecord *record, void *user_data);

/**
 * gc_guest_read_log:
 * @guest: the guest; must stand still
 * @each: called for each record, the oldest first
 * @user_data: passed to it
 * @ret_lost: (out) (optional): how many records are there and are not whole,
 *     because they were just being written or cannot be read
 * @error: (out) (optional): return location
 *
 * Reads the log of any kernel since 2.6.24: the ring of descriptors and data
 * of 5.10 and later, the records of 3.5 to 5.9, and the plain text before.
 * Only VMCOREINFO is needed.
 *
 * The log is the guest's, which may write there what it likes: no more text
 * is told than its buffer holds.
 *
 * Returns: whether there is a log; it may be empty, and @each may have ended
 *     the reading
 * Errors: GC_ERROR_NO_DATA if VMCOREINFO does not tell of a log, or it cannot
 *     be read; GC_ERROR_FORMAT if what it tells cannot be true;
 *     GC_ERROR_UNSUPPORTED as gc_guest_read_virtual()
 * Threads: any thread
 */
GC_API bool gc_guest_read_log(const GcGuest *guest, GcLogFunc each,
                              void *user_data, uint64_t *ret_lost,
                              GError **error);

G_END_DECLS
