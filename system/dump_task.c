/* SPDX-License-Identifier: MIT */
/* The main loop makes the guest and the job and lends them to the thread;
 * the thread writes to the descriptor @ended when it gives them back. */
#include "system/dump_task.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"
#include "system/dump_guest.h"

/* How long the end of the program waits for a dump that was cancelled. */
#define STUCK_MS 3000

typedef enum Status {
    STATUS_NONE,
    STATUS_ACTIVE,
    STATUS_COMPLETED,
    STATUS_FAILED,
} Status;

struct GcDumpTask {
    GcVm *vm;
    Status status;
    char *error;     /* (nullable) */
    char **warnings; /* (nullable) */
    GcDumpStats stats;
    int64_t standstill;         /* in ns; -1 if it was not live */
    char *told_path;            /* (nullable) what to say of where it went */
    void (*idle)(void *opaque); /* (nullable) */
    void *idle_opaque;

    /* While a dump runs. */
    GcGuest *guest;
    GcDumpJob *job;
    GcPicture *picture; /* (nullable): of a live dump */
    char *path;         /* (nullable) */
    int fd;             /* -1 if it is a path */
    bool resume;        /* the VM ran before */
    GcDumpTaskDone done;
    void *opaque;
    pthread_t thread;
    int ended; /* an eventfd */
    guint source;
    GError *result; /* the thread's until it has ended */

    /* Shared with the thread. */
    atomic_bool cancelled;
    _Atomic uint64_t n_done;
    _Atomic uint64_t n_total;
};

GcDumpTask *gc_dump_task_new(GcVm *vm)
{
    GcDumpTask *task = g_new0(GcDumpTask, 1);

    task->vm = vm;
    task->ended = -1;
    task->standstill = -1;
    task->fd = -1;
    return task;
}

/* Forgets the dump that was, but for how it went. */
static void clear_run(GcDumpTask *task)
{
    g_clear_handle_id(&task->source, g_source_remove);
    gc_close_fd(&task->ended);
    g_clear_pointer(&task->job, gc_dump_job_free);
    g_clear_pointer(&task->guest, gc_guest_free);
    g_clear_pointer(&task->picture, gc_picture_free);
    g_clear_pointer(&task->path, g_free);
    gc_close_fd(&task->fd);
    g_clear_error(&task->result);
}

static void tell_done(const GcDumpTask *task, const GError *error)
{
    if (task->done != NULL) {
        task->done(task->opaque, error);
    }
}

/* False if the thread is stuck. */
static bool end_thread(GcDumpTask *task)
{
    struct pollfd ended = {.fd = task->ended, .events = POLLIN};

    atomic_store(&task->cancelled, true);
    if (poll(&ended, 1, STUCK_MS) == 0) {
        pthread_detach(task->thread);
        return false;
    }
    pthread_join(task->thread, NULL);
    return true;
}

bool gc_dump_task_free(GcDumpTask *task)
{
    g_autoptr(GError) error = NULL;

    if (task == NULL) {
        return true;
    }
    if (task->status == STATUS_ACTIVE) {
        g_set_error(&error, GC_ERROR, GC_ERROR_CANCELLED, "cancelled");
        tell_done(task, error);
        if (!end_thread(task)) {
            g_clear_handle_id(&task->source, g_source_remove);
            return false;
        }
    }
    clear_run(task);
    g_free(task->error);
    g_free(task->told_path);
    g_strfreev(task->warnings);
    g_free(task);
    return true;
}

/* In the thread */

static bool on_progress(uint64_t done, uint64_t total, void *opaque)
{
    GcDumpTask *task = opaque;

    atomic_store(&task->n_total, total);
    atomic_store(&task->n_done, done);
    return !atomic_load(&task->cancelled);
}

/* A picture that was lost is why the dump failed, whatever that says. */
static void end_picture(GcDumpTask *task)
{
    g_autoptr(GError) error = NULL;

    if (!gc_picture_end(task->picture, &error) && task->result != NULL) {
        g_clear_error(&task->result);
        task->result = g_steal_pointer(&error);
    }
}

static void *run(void *opaque)
{
    GcDumpTask *task = opaque;
    uint64_t one = 1;
    ssize_t n;

    if (task->path != NULL) {
        gc_dump_job_run(task->job, task->path, &task->result);
    } else {
        gc_dump_job_run_fd(task->job, task->fd, &task->result);
    }
    end_picture(task);
    do {
        n = write(task->ended, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
    g_assert(n == sizeof(one));
    return NULL;
}

/* In the main loop */

void gc_dump_task_put_result(const GcDumpTask *task, JsonBuilder *builder)
{
    static const char *const names[] = {"none", "active", "completed",
                                        "failed"};

    json_builder_set_member_name(builder, "status");
    json_builder_add_string_value(builder, names[task->status]);
    json_builder_set_member_name(builder, "completed");
    json_builder_add_int_value(builder, (gint64)atomic_load(&task->n_done));
    json_builder_set_member_name(builder, "total");
    json_builder_add_int_value(builder, (gint64)atomic_load(&task->n_total));
    if (task->standstill >= 0) {
        json_builder_set_member_name(builder, "x-standstill");
        json_builder_add_int_value(builder, task->standstill);
    }
}

/* What there is to say of the guest and, once it has run, of @job. */
static char **copy_warnings(const GcGuest *guest, const GcDumpJob *job)
{
    const char *const *warnings = gc_guest_get_warnings(guest);
    g_autoptr(GStrvBuilder) copy = g_strv_builder_new();

    for (; *warnings != NULL; warnings++) {
        g_strv_builder_add(copy, *warnings);
    }
    warnings = job != NULL ? gc_dump_job_get_warnings(job) : NULL;
    for (; warnings != NULL && *warnings != NULL; warnings++) {
        g_strv_builder_add(copy, *warnings);
    }
    if (job != NULL && gc_dump_job_get_stats(job).paging_is_cut) {
        g_strv_builder_add(copy, "the guest's page tables map more than the "
                                 "dump shows");
    }
    return g_strv_builder_end(copy);
}

static JsonNode *describe_end(const GcDumpTask *task)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "result");
    json_builder_begin_object(builder);
    gc_dump_task_put_result(task, builder);
    json_builder_end_object(builder);
    if (task->told_path != NULL) {
        json_builder_set_member_name(builder, "x-file");
        json_builder_add_string_value(builder, task->told_path);
    }
    if (task->error != NULL) {
        json_builder_set_member_name(builder, "error");
        json_builder_add_string_value(builder, task->error);
    }
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static void let_go(GcDumpTask *task)
{
    if (task->resume) {
        task->resume = false;
        gc_vm_start(task->vm);
    }
}

static void tell_end(GcDumpTask *task)
{
    gc_events_emit(gc_vm_get_events(task->vm), "DUMP_COMPLETED",
                   describe_end(task));
}

static void tell_idle(GcDumpTask *task)
{
    void (*idle)(void *opaque) = task->idle;

    if (idle != NULL && task->status != STATUS_ACTIVE) {
        task->idle = NULL;
        idle(task->idle_opaque);
    }
}

static gboolean on_ended(gint fd G_GNUC_UNUSED,
                         GIOCondition condition G_GNUC_UNUSED, gpointer opaque)
{
    GcDumpTask *task = opaque;
    g_autoptr(GError) error = NULL;

    pthread_join(task->thread, NULL);
    error = g_steal_pointer(&task->result);
    task->source = 0;
    g_strfreev(task->warnings);
    task->warnings = copy_warnings(task->guest, task->job);
    task->stats = gc_dump_job_get_stats(task->job);
    clear_run(task);
    task->status = error != NULL ? STATUS_FAILED : STATUS_COMPLETED;
    task->error = error != NULL ? g_strdup(error->message) : NULL;
    tell_end(task);
    let_go(task);
    tell_done(task, error);
    tell_idle(task);
    return G_SOURCE_REMOVE;
}

static uint64_t count_bytes(const GcGuest *guest)
{
    const GcMemory *memory = gc_guest_get_memory(guest);
    uint64_t n = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        n += gc_memory_get_block(memory, i).size;
    }
    return n;
}

static int64_t get_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What a dump is of is what there is when the VM stands still; a live one lets
 * it go as soon as that is safe. */
static bool hold(GcDumpTask *task, bool is_live, GError **error)
{
    int64_t begin = get_time();
    g_autoptr(GPtrArray) cpus = NULL;

    task->resume = gc_vm_hold(task->vm);
    if (is_live) {
        task->picture = gc_picture_new(gc_vm_get_ram(task->vm), error);
    }
    if (is_live && task->picture == NULL) {
        return false;
    }
    cpus = gc_dump_guest_read_cpus(task->vm, error);
    if (cpus == NULL) {
        return false;
    }
    if (is_live) {
        let_go(task);
        task->standstill = get_time() - begin;
    }
    task->guest = gc_dump_guest_new_of(task->vm, cpus, task->picture, error);
    return task->guest != NULL;
}

static bool prepare(GcDumpTask *task, const GcDumpRequest *request,
                    GError **error)
{
    if (!hold(task, request->is_live, error)) {
        return false;
    }
    task->job = gc_dump_job_new(task->guest);
    task->path = g_strdup(request->path);
    gc_dump_job_set_range(task->job, request->begin, request->length);
    gc_dump_job_set_paging(task->job, request->paging);
    gc_dump_job_set_keep_partial(task->job, request->keep_partial);
    gc_dump_job_set_progress(task->job, on_progress, task);
    if (request->threads >= 0) {
        gc_dump_job_set_threads(task->job, (unsigned)request->threads);
    }
    return gc_dump_job_set_format(task->job, request->format, error) &&
           gc_dump_job_set_dump_level(task->job, request->level, error);
}

static bool start_thread(GcDumpTask *task, const GcDumpRequest *request,
                         GError **error)
{
    int failed;

    task->ended = eventfd(0, EFD_CLOEXEC);
    if (task->ended < 0) {
        gc_set_error_errno(error, errno, "cannot make an event descriptor");
        return false;
    }
    atomic_store(&task->cancelled, false);
    atomic_store(&task->n_done, 0);
    atomic_store(&task->n_total, count_bytes(task->guest));
    task->fd = request->path == NULL ? request->fd : -1;
    failed = pthread_create(&task->thread, NULL, run, task);
    if (failed != 0) {
        task->fd = -1;
        gc_set_error_errno(error, failed, "cannot start a thread");
        return false;
    }
    task->source = g_unix_fd_add(task->ended, G_IO_IN, on_ended, task);
    return true;
}

static void forget_last(GcDumpTask *task)
{
    g_clear_pointer(&task->error, g_free);
    g_clear_pointer(&task->told_path, g_free);
    g_clear_pointer(&task->warnings, g_strfreev);
}

bool gc_dump_task_start(GcDumpTask *task, const GcDumpRequest *request,
                        GError **error)
{
    int64_t last_standstill = task->standstill;

    g_assert(task->status != STATUS_ACTIVE);
    task->standstill = -1;
    if (!prepare(task, request, error) || !start_thread(task, request, error)) {
        clear_run(task);
        task->standstill = last_standstill;
        let_go(task);
        return false;
    }
    task->done = NULL;
    task->status = STATUS_ACTIVE;
    forget_last(task);
    task->told_path = request->tells_path ? g_strdup(request->path) : NULL;
    task->warnings = copy_warnings(task->guest, NULL);
    task->stats = (GcDumpStats){.pages = 0};
    return true;
}

void gc_dump_task_set_done(GcDumpTask *task, GcDumpTaskDone done, void *opaque)
{
    task->done = done;
    task->opaque = opaque;
}

void gc_dump_task_fail(GcDumpTask *task, const GError *error)
{
    g_assert(task->status != STATUS_ACTIVE);
    forget_last(task);
    task->standstill = -1;
    task->status = STATUS_FAILED;
    task->error = g_strdup(error->message);
    atomic_store(&task->n_done, 0);
    atomic_store(&task->n_total, 0);
    tell_end(task);
}

void gc_dump_task_when_idle(GcDumpTask *task, void (*idle)(void *opaque),
                            void *opaque)
{
    task->idle = idle;
    task->idle_opaque = opaque;
    tell_idle(task);
}

bool gc_dump_task_is_holding(const GcDumpTask *task)
{
    return task->status == STATUS_ACTIVE && task->picture == NULL;
}

bool gc_dump_task_is_active(const GcDumpTask *task)
{
    return task->status == STATUS_ACTIVE;
}

void gc_dump_task_cancel(GcDumpTask *task)
{
    atomic_store(&task->cancelled, true);
}

const char *gc_dump_task_get_path(const GcDumpTask *task)
{
    return task->told_path;
}

const char *gc_dump_task_get_error(const GcDumpTask *task)
{
    return task->error;
}

const char *const *gc_dump_task_get_warnings(const GcDumpTask *task)
{
    return (const char *const *)task->warnings;
}

GcDumpStats gc_dump_task_get_stats(const GcDumpTask *task)
{
    return task->stats;
}
