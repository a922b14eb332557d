/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>

#include "guestcore/dump.h"

#include "base/error.h"
#include "base/output.h"
#include "dump/copy_first.h"
#include "dump/other_memory.h"
#include "dump/sink.h"

struct GcDumpJob {
    GcGuest *guest;
    GcOutputFormat format;
    int compression;
    unsigned level; /* of what is left out */
    unsigned threads;
    GcPaddr begin;
    uint64_t length;
    bool paging;
    bool ram_only;
    bool keep_partial;
    bool copy_first;
    GcDumpProgress progress;
    void *progress_data;
    GcDumpMemoryDone memory_done;
    void *memory_done_data;
    GcDumpStats stats;
    GPtrArray *warnings; /* of char *, and NULL */

    /* While it runs. */
    uint64_t pages_done;
    uint64_t pages_total;
    uint32_t page_size;
    bool is_memory_done;
};

GcDumpJob *gc_dump_job_new(GcGuest *guest)
{
    GcDumpJob *job = g_new0(GcDumpJob, 1);
    bool known = gc_output_format_find("elf", &job->format, NULL);

    g_assert(known);
    job->guest = guest;
    job->threads = g_get_num_processors();
    job->warnings = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(job->warnings, NULL);
    return job;
}

void gc_dump_job_free(GcDumpJob *job)
{
    if (job != NULL) {
        g_ptr_array_unref(job->warnings);
        g_free(job);
    }
}

bool gc_dump_job_set_format(GcDumpJob *job, const char *format, GError **error)
{
    if (!gc_output_format_find(format, &job->format, error)) {
        return false;
    }
    if (job->format.codec != NULL) {
        job->compression = job->format.codec->default_level;
    }
    return true;
}

bool gc_dump_job_set_compression(GcDumpJob *job, int level, GError **error)
{
    if (!gc_output_format_check_level(&job->format, level, error)) {
        return false;
    }
    job->compression = level;
    return true;
}

bool gc_dump_job_set_dump_level(GcDumpJob *job, unsigned level, GError **error)
{
    if (level > GC_DUMP_LEVEL_MAX) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "dump levels are from 0 to %u, but not %u",
                    GC_DUMP_LEVEL_MAX, level);
        return false;
    }
    job->level = level;
    return true;
}

void gc_dump_job_set_paging(GcDumpJob *job, bool paging)
{
    job->paging = paging;
}

void gc_dump_job_set_range(GcDumpJob *job, GcPaddr begin, uint64_t length)
{
    job->begin = begin;
    job->length = length;
}

void gc_dump_job_set_ram_only(GcDumpJob *job, bool ram_only)
{
    job->ram_only = ram_only;
}

void gc_dump_job_set_keep_partial(GcDumpJob *job, bool keep)
{
    job->keep_partial = keep;
}

void gc_dump_job_set_copy_first(GcDumpJob *job, bool copy_first)
{
    job->copy_first = copy_first;
}

void gc_dump_job_set_threads(GcDumpJob *job, unsigned threads)
{
    job->threads = threads;
}

void gc_dump_job_set_progress(GcDumpJob *job, GcDumpProgress progress,
                              void *user_data)
{
    job->progress = progress;
    job->progress_data = user_data;
}

void gc_dump_job_set_memory_done(GcDumpJob *job, GcDumpMemoryDone done,
                                 void *user_data)
{
    job->memory_done = done;
    job->memory_done_data = user_data;
}

GcDumpStats gc_dump_job_get_stats(const GcDumpJob *job)
{
    return job->stats;
}

const char *const *gc_dump_job_get_warnings(const GcDumpJob *job)
{
    return (const char *const *)job->warnings->pdata;
}

static void add_warning(GcDumpJob *job, char *warning)
{
    g_ptr_array_insert(job->warnings, (gint)job->warnings->len - 1, warning);
}

/* As GcWriteRequest.advance. */
static bool advance(void *opaque, uint64_t pages, uint64_t zeros,
                    GError **error)
{
    GcDumpJob *job = opaque;

    job->pages_done += pages;
    job->stats.zero_pages += zeros;
    if (job->progress != NULL &&
        !job->progress(job->pages_done * job->page_size,
                       job->pages_total * job->page_size, job->progress_data)) {
        g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}

/* Descriptors of never-used pages may take this much of a file, in bytes;
 * beyond that such pages are left out.  docs/formats/kdump.md says why. */
#define MAX_UNUSED_COST (UINT64_C(256) * 1024 * 1024)

/* As GcPageMapProgress: nothing is dealt with yet, but a cancel is heard. */
static bool on_map_progress(uint64_t done G_GNUC_UNUSED, uint64_t total,
                            void *user_data)
{
    const GcDumpJob *job = user_data;

    return job->progress == NULL ||
           job->progress(0, total * gc_guest_get_page_size(job->guest),
                         job->progress_data);
}

/* What the pages are used for, if the level asks and it can be known; if not,
 * the dump has them all.  False only if the job was cancelled. */
static bool make_page_map(GcDumpJob *job, GcPageMap **ret_map, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (job->level == 0) {
        return true;
    }
    *ret_map =
        gc_page_map_new(job->guest, job->threads, on_map_progress, job, &why);
    if (*ret_map != NULL) {
        return true;
    }
    if (g_error_matches(why, GC_ERROR, GC_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    add_warning(
        job, g_strdup_printf("no page was left out for what it is used for: %s",
                             why->message));
    return true;
}

static void start_counting(GcDumpJob *job, const GcPlan *plan,
                           const GcRanges *other)
{
    job->page_size = plan->page_size;
    job->pages_done = 0;
    job->pages_total = plan->n_keep;
    job->stats = (GcDumpStats){
        .pages = plan->n_exist,
        .absent_pages = plan->n_absent,
        .other_bytes = other != NULL ? gc_ranges_count(other) : 0,
        .dump_level = plan->level,
    };
    for (size_t i = 0; i < GC_PAGE_KINDS; i++) {
        job->stats.left_out[i] = plan->n_left_out[i];
        job->stats.left_out_pages += plan->n_left_out[i];
    }
    if (plan->unused_left_out) {
        job->stats.zero_pages = plan->n_exist - plan->n_absent - plan->n_keep -
                                job->stats.left_out_pages;
    }
}

static GcPlan *make_plan(GcDumpJob *job, const GcPageMap *kinds, GError **error)
{
    uint32_t cost = job->format.format->unused_page_cost;
    g_autoptr(GcRanges) other =
        job->ram_only ? gc_other_memory_find(job->guest) : NULL;
    GcPlanOptions options = {
        .begin = job->begin,
        .length = job->length,
        .except = other,
        .max_unused = cost != 0 ? MAX_UNUSED_COST / cost : UINT64_MAX,
        .kinds = kinds,
        .level = job->level,
    };
    GcPlan *plan = gc_plan_new_part(job->guest, &options, error);

    if (plan != NULL) {
        start_counting(job, plan, other);
    }
    return plan;
}

/* Forgets how the job went before. */
static void clear_result(GcDumpJob *job)
{
    job->stats = (GcDumpStats){.pages = 0};
    g_ptr_array_set_size(job->warnings, 0);
    g_ptr_array_add(job->warnings, NULL);
    job->is_memory_done = false;
}

static void tell_memory_done(GcDumpJob *job)
{
    if (job->memory_done != NULL && !job->is_memory_done) {
        job->memory_done(job->memory_done_data);
    }
    job->is_memory_done = true;
}

/* As gc_memory_copy() asks it. */
static bool is_cancelled(void *user_data)
{
    return !on_map_progress(0, 1, user_data);
}

/* Puts a copy into the place of the guest's memory.  If there can be none, all
 * is as without. */
static bool copy_memory(GcDumpJob *job, const GcPageMap *kinds, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GcMemory) copy = gc_copy_first(
        job->guest, kinds, job->level, job->threads, is_cancelled, job, &why);

    if (copy != NULL) {
        gc_guest_replace_memory(job->guest, copy);
        tell_memory_done(job);
        return true;
    }
    if (!g_error_matches(why, GC_ERROR, GC_ERROR_UNSUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    add_warning(
        job, g_strdup_printf("memory was not copied first: %s", why->message));
    return true;
}

static bool write_plan(GcDumpJob *job, const GcPlan *plan, int fd,
                       GError **error)
{
    g_autoptr(GcImageWriter) image = gc_sink_open(fd, &job->format, error);
    GcWriteRequest request = {
        .guest = job->guest,
        .plan = plan,
        .codec = job->format.codec,
        .level = job->compression,
        .threads = job->threads,
        .image = image,
        .paging = job->paging,
        .ret_paging_is_cut = &job->stats.paging_is_cut,
        .advance = advance,
        .opaque = job,
        .ret_partial = job->keep_partial ? &job->stats.is_partial : NULL,
    };

    return image != NULL && advance(job, 0, 0, error) &&
           job->format.format->write(&request, error);
}

static bool write_guest(GcDumpJob *job, int fd, GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_ref(gc_guest_get_memory(job->guest));
    g_autoptr(GcPageMap) kinds = NULL;
    g_autoptr(GcPlan) plan = NULL;
    bool ok;

    if (make_page_map(job, &kinds, error)) {
        plan = make_plan(job, kinds, error);
    }
    ok = plan != NULL && (!job->copy_first || copy_memory(job, kinds, error));
    g_clear_pointer(&kinds, gc_page_map_free);
    ok = ok && write_plan(job, plan, fd, error);
    gc_guest_replace_memory(job->guest, memory);
    return ok;
}

static void measure(GcDumpJob *job, int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        job->stats.file_size = (uint64_t)st.st_size;
        job->stats.file_used = (uint64_t)st.st_blocks * 512;
    }
}

bool gc_dump_job_run(GcDumpJob *job, const char *path, GError **error)
{
    g_autoptr(GcOutput) output = gc_output_new(path, error);

    if (output == NULL) {
        return false;
    }
    clear_result(job);
    if (!write_guest(job, gc_output_get_fd(output), error)) {
        g_prefix_error(error, "%s: ", path);
        job->stats.is_partial =
            job->stats.is_partial && gc_output_commit(output, NULL);
        return false;
    }
    tell_memory_done(job);
    measure(job, gc_output_get_fd(output));
    return gc_output_commit(output, error);
}

bool gc_dump_job_run_fd(GcDumpJob *job, int fd, GError **error)
{
    clear_result(job);
    if (!write_guest(job, fd, error)) {
        return false;
    }
    tell_memory_done(job);
    measure(job, fd);
    return gc_sink_close(fd, error);
}
