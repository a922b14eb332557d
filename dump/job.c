/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>

#include "guestcore/dump.h"

#include "base/error.h"
#include "base/output.h"
#include "dump/other_memory.h"
#include "dump/sink.h"

struct GcDumpJob {
    GcGuest *guest;
    GcOutputFormat format;
    int level;
    unsigned threads;
    GcPaddr begin;
    uint64_t length;
    bool paging;
    bool ram_only;
    bool keep_partial;
    GcDumpProgress progress;
    void *progress_data;
    GcDumpMemoryDone memory_done;
    void *memory_done_data;
    GcDumpStats stats;

    /* While it runs. */
    uint64_t pages_done;
    uint64_t pages_total;
    uint32_t page_size;
};

GcDumpJob *gc_dump_job_new(GcGuest *guest)
{
    GcDumpJob *job = g_new0(GcDumpJob, 1);
    bool known = gc_output_format_find("elf", &job->format, NULL);

    g_assert(known);
    job->guest = guest;
    job->threads = g_get_num_processors();
    return job;
}

void gc_dump_job_free(GcDumpJob *job)
{
    g_free(job);
}

bool gc_dump_job_set_format(GcDumpJob *job, const char *format, GError **error)
{
    if (!gc_output_format_find(format, &job->format, error)) {
        return false;
    }
    if (job->format.codec != NULL) {
        job->level = job->format.codec->default_level;
    }
    return true;
}

bool gc_dump_job_set_level(GcDumpJob *job, int level, GError **error)
{
    if (!gc_output_format_check_level(&job->format, level, error)) {
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

static GcPlan *make_plan(GcDumpJob *job, GError **error)
{
    uint32_t cost = job->format.format->unused_page_cost;
    g_autoptr(GcRanges) other =
        job->ram_only ? gc_other_memory_find(job->guest) : NULL;
    GcPlanOptions options = {
        .begin = job->begin,
        .length = job->length,
        .except = other,
        .max_unused = cost != 0 ? MAX_UNUSED_COST / cost : UINT64_MAX,
    };
    GcPlan *plan = gc_plan_new_part(job->guest, &options, error);

    if (plan != NULL) {
        job->page_size = plan->page_size;
        job->pages_done = 0;
        job->stats = (GcDumpStats){
            .pages = plan->n_exist,
            .zero_pages = plan->unused_left_out
                              ? plan->n_exist - plan->n_absent - plan->n_keep
                              : 0,
            .absent_pages = plan->n_absent,
            .other_bytes = other != NULL ? gc_ranges_count(other) : 0,
        };
        job->pages_total = plan->n_keep;
    }
    return plan;
}

static bool write_guest(GcDumpJob *job, int fd, GError **error)
{
    g_autoptr(GcPlan) plan = make_plan(job, error);
    g_autoptr(GcImageWriter) image =
        plan != NULL ? gc_sink_open(fd, &job->format, error) : NULL;
    GcWriteRequest request = {
        .guest = job->guest,
        .plan = plan,
        .codec = job->format.codec,
        .level = job->level,
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

static void measure(GcDumpJob *job, int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        job->stats.file_size = (uint64_t)st.st_size;
        job->stats.file_used = (uint64_t)st.st_blocks * 512;
    }
}

static void tell_memory_done(const GcDumpJob *job)
{
    if (job->memory_done != NULL) {
        job->memory_done(job->memory_done_data);
    }
}

bool gc_dump_job_run(GcDumpJob *job, const char *path, GError **error)
{
    g_autoptr(GcOutput) output = gc_output_new(path, error);

    if (output == NULL) {
        return false;
    }
    job->stats = (GcDumpStats){.pages = 0};
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
    job->stats = (GcDumpStats){.pages = 0};
    if (!write_guest(job, fd, error)) {
        return false;
    }
    tell_memory_done(job);
    measure(job, fd);
    return gc_sink_close(fd, error);
}
