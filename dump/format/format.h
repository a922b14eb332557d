/* SPDX-License-Identifier: MIT */
/* How a guest lies in a file.
 *
 * To add a format: a writer and a reader here, one line in
 * dump/format/meson.build. */
#pragma once

#include "guestcore/dump.h"
#include "guestcore/inspect.h"

#include "dump/codec/codec.h"
#include "dump/image/image_reader.h"
#include "dump/image/image_writer.h"
#include "dump/plan.h"
#include "guest/guest.h"

/* What a writer is told to write, and how. */
typedef struct GcWriteRequest {
    const GcGuest *guest;
    const GcPlan *plan;
    const GcCodec *codec; /* NULL if the format has none */
    int level;            /* of the codec */
    unsigned threads;     /* as gc_pipeline_run() takes it */
    GcImageWriter *image;
    bool paging;             /* as gc_dump_job_set_paging() */
    bool *ret_paging_is_cut; /* (nullable): as in GcDumpStats */

    /* Told of each @pages more pages that are dealt with, @zeros of them
     * only zeros, in the thread of the writer.  Errors: GC_ERROR_CANCELLED
     * to stop. */
    bool (*advance)(void *opaque, uint64_t pages, uint64_t zeros,
                    GError **error);
    void *opaque;

    /* (nullable) Then a writer that fails makes what it has written a file
     * that says it is not complete, and sets it if it could. */
    bool *ret_partial;
} GcWriteRequest;

typedef struct GcFormat {
    const char *name;
    bool has_codec; /* then a user calls it NAME-CODEC if it is flattened, and
                     * NAME-raw-CODEC if it is plain */

    /* Bytes of the file that a page takes which the guest never used. */
    uint32_t unused_page_cost;

    /* Whether a file that begins so is of this format.  @size is at least
     * GC_FORMAT_PROBE_SIZE, unless the file is smaller. */
    bool (*probe)(const uint8_t *head, size_t size);

    /* The guest in @images, of which there is at least one, and what only
     * this format knows of @ret_info.  Errors: as gc_guest_open_files(). */
    GcGuest *(*open)(GcImageReader *const *images, size_t n_images,
                     GcDumpInfo *ret_info, GError **error);

    /* Counts the pages of the dump that @guest was opened from, and adds what
     * readers of this format will object to.  Errors: GC_ERROR_FORMAT,
     * GC_ERROR_IO. */
    bool (*inspect)(GcImageReader *const *images, size_t n_images,
                    const GcGuest *guest, GcDumpInspection *inspection,
                    GError **error);

    /* Whether the file can be written in a rising order of offsets. */
    bool can_stream;

    /* Writes the whole file.  Errors: GC_ERROR_IO, GC_ERROR_UNSUPPORTED,
     * what advance says, what memory says. */
    bool (*write)(const GcWriteRequest *request, GError **error);
} GcFormat;

#define GC_FORMAT_PROBE_SIZE 64

/* All formats of this build; ends with NULL. */
extern const GcFormat *const gc_formats[];
