/* SPDX-License-Identifier: MIT */
/* The dump of a VM: at most one at a time, in a thread of its own, while the
 * VM stands still and the main loop goes on.  How the last one went is kept.
 *
 * Threads: everything here belongs to the main loop. */
#pragma once

#include <json-glib/json-glib.h>

#include "guestcore/dump.h"

#include "system/vm.h"

/* The most threads that a dump may be asked to have. */
#define GC_DUMP_TASK_MAX_THREADS 256

/**
 * GcDumpRequest:
 * @format: one of gc_dump_get_formats()
 * @path: (nullable): where to; NULL: to @fd
 * @fd: (transfer full): where to if there is no path, taken if the dump starts
 * @begin: as gc_dump_job_set_range()
 * @length: as gc_dump_job_set_range()
 * @paging: as gc_dump_job_set_paging()
 * @level: as gc_dump_job_set_dump_level()
 * @threads: as gc_dump_job_set_threads(); -1 for as many as there are CPUs
 * @keep_partial: as gc_dump_job_set_keep_partial()
 * @is_live: whether the VM runs on meanwhile; see system/picture/picture.h
 * @tells_path: whether the event at the end and query-dump say @path
 *
 * What is wanted of a dump.
 */
typedef struct GcDumpRequest {
    const char *format;
    const char *path;
    int fd;
    GcPaddr begin;
    uint64_t length;
    bool paging;
    unsigned level;
    int threads;
    bool keep_partial;
    bool is_live;
    bool tells_path;
} GcDumpRequest;

/* Called from the main loop when a dump has ended; @error is NULL if there
 * is one. */
typedef void (*GcDumpTaskDone)(void *opaque, const GError *error);

/* The dumps of @vm. */
GcDumpTask *gc_dump_task_new(GcVm *vm);

/* Cancels and waits for a dump that runs; of its end there is no event.  One
 * that is stuck, writing to a pipe that nobody reads, is waited for a moment
 * only.  Then the result is false, and what the VM is made of must stay. */
bool gc_dump_task_free(GcDumpTask *task);

/**
 * gc_dump_task_start:
 * @task: no dump runs
 * @request: what is wanted; read before this returns
 * @error: (out) (optional): return location
 *
 * Stops the VM and starts to dump it.  At the end come the event
 * DUMP_COMPLETED, and the start of the VM if it ran before; the start comes at
 * once if the dump is live.
 *
 * Returns: whether the dump runs; if not, neither comes
 * Errors: GC_ERROR_INVALID, GC_ERROR_UNSUPPORTED, GC_ERROR_IO
 */
bool gc_dump_task_start(GcDumpTask *task, const GcDumpRequest *request,
                        GError **error);

/* Wants to be told when the dump that runs has ended, after all else. */
void gc_dump_task_set_done(GcDumpTask *task, GcDumpTaskDone done, void *opaque);

/* Tells as of a dump that failed that one could not be started, because of
 * @error, and keeps that.  No dump runs. */
void gc_dump_task_fail(GcDumpTask *task, const GError *error);

/* Calls @idle when no dump runs: at once, or after all else when the one that
 * runs has ended.  A second call before that replaces the first. */
void gc_dump_task_when_idle(GcDumpTask *task, void (*idle)(void *opaque),
                            void *opaque);

bool gc_dump_task_is_active(const GcDumpTask *task);

/* Whether a dump runs for which the VM must stand still. */
bool gc_dump_task_is_holding(const GcDumpTask *task);

/* Lets a dump that runs fail soon; a pipe that nobody reads delays that. */
void gc_dump_task_cancel(GcDumpTask *task);

/* Adds status, completed and total to the object that @builder is at; of a
 * live dump, also for how many nanoseconds the VM was kept still. */
void gc_dump_task_put_result(const GcDumpTask *task, JsonBuilder *builder);

/* Of the last dump; all (nullable) and borrowed until the next one. */
const char *gc_dump_task_get_path(const GcDumpTask *task);
const char *gc_dump_task_get_error(const GcDumpTask *task);
const char *const *gc_dump_task_get_warnings(const GcDumpTask *task);

/* What the last dump that ended wrote. */
GcDumpStats gc_dump_task_get_stats(const GcDumpTask *task);
