/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>

#include "guestcore/dump.h"

#include "base/error.h"
#include "base/output.h"
#include "dump/output_format.h"

struct GcDumpJob {
    GcGuest *guest;
    GcOutputFormat format;
    unsigned threads;
    bool paging;
    GcDumpProgress progress;
    void *progress_data;
    GcDumpMemoryDone memory_done;
    void *memory_done_data;
    GcDumpStats stats;

    /* While it runs. */
    uint64_t pages_done;
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
    return gc_output_format_find(format, &job->format, error);
}

void gc_dump_job_set_threads(GcDumpJob *job, unsigned threads)
{
    job->threads = threads;
}

void gc_dump_job_set_paging(GcDumpJob *job, bool paging)
{
    job->paging = paging;
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
                       job->stats.pages * job->page_size, job->progress_data)) {
        g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}

static bool write_guest(GcDumpJob *job, int fd, GError **error)
{
    g_autoptr(GcPlan) plan = gc_plan_new(job->guest, error);
    g_autoptr(GcImageWriter) image = gc_image_writer_new_plain(fd, 0);
    GcWriteRequest request = {
        .guest = job->guest,
        .plan = plan,
        .codec = job->format.codec,
        .level =
            job->format.codec != NULL ? job->format.codec->default_level : 0,
        .threads = job->threads,
        .image = image,
        .paging = job->paging,
        .ret_paging_is_cut = &job->stats.paging_is_cut,
        .advance = advance,
        .opaque = job,
    };

    if (plan == NULL) {
        return false;
    }
    job->page_size = plan->page_size;
    job->pages_done = 0;
    job->stats = (GcDumpStats){.pages = plan->n_keep};
    return advance(job, 0, 0, error) &&
           job->format.format->write(&request, error);
}

static void measure(GcDumpJob *job, int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0) {
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
    if (!write_guest(job, gc_output_get_fd(output), error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    if (job->memory_done != NULL) {
        job->memory_done(job->memory_done_data);
    }
    measure(job, gc_output_get_fd(output));
    return gc_output_commit(output, error);
}
