/* SPDX-License-Identifier: MIT */
/* Dump files: a job that writes a guest into one, and the way back from a
 * file to a guest. */
#pragma once

#include "guestcore/filter.h"
#include "guestcore/guest.h"

G_BEGIN_DECLS

/**
 * gc_dump_get_formats:
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of all
 *     formats that this build can write, such as "elf" and "kdump-raw-zlib";
 *     to be freed with g_strfreev()
 * Threads: any thread
 */
GC_API char **gc_dump_get_formats(void);

/**
 * gc_dump_get_codecs:
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of all codecs
 *     of this build, for reading and writing; to be freed with g_strfreev()
 * Threads: any thread
 */
GC_API char **gc_dump_get_codecs(void);

/**
 * GcDumpInfo:
 * @format: "elf" or "kdump"
 * @codec: (nullable): how its pages are packed, if they are and it is known
 * @is_flattened: it is a stream of records
 * @is_incomplete: it was not written to its end, so that pages are missing
 * @dump_level: what was left out of it, as makedumpfile's -d has it
 * @page_size: in bytes; 0 if the file does not say
 * @is_64bit: the class of its structures
 * @is_big_endian: their byte order
 *
 * How a dump lies in its files.
 */
typedef struct GcDumpInfo {
    const char *format;
    const char *codec;
    bool is_flattened;
    bool is_incomplete;
    unsigned dump_level;
    uint32_t page_size;
    bool is_64bit;
    bool is_big_endian;
} GcDumpInfo;

/**
 * gc_guest_open_files:
 * @paths: (array zero-terminated=1): the files of a dump: one, or all parts
 *     of a kdump that was split, in any order
 * @ret_info: (out) (optional): how it lies in them
 * @error: (out) (optional): return location
 *
 * Opens a dump in any format that this build can read, plain or flattened;
 * its memory is read from the files when it is asked for.  What was left out
 * of a dump cannot be read, GC_ERROR_NO_DATA.
 *
 * Returns: (transfer full): the guest in it, or NULL
 * Errors: GC_ERROR_FORMAT if it is not a dump or contradicts itself;
 *     GC_ERROR_INVALID if the files do not belong together, or one is a
 *     directory, a pipe or a device;
 *     GC_ERROR_UNSUPPORTED, GC_ERROR_IO
 * Threads: any thread
 */
GC_API GcGuest *gc_guest_open_files(const char *const *paths,
                                    GcDumpInfo *ret_info, GError **error);

/**
 * gc_guest_open:
 * @path: a dump file in any format that this build can read
 * @ret_format: (out) (optional) (transfer none): "elf" or "kdump"
 * @error: (out) (optional): return location
 *
 * As gc_guest_open_files(), for a dump that is one file.
 *
 * Returns: (transfer full): the guest in it, or NULL
 * Errors: GC_ERROR_FORMAT if it is not a dump or contradicts itself;
 *     GC_ERROR_INVALID if it is one part of a split dump, or no regular file;
 *     GC_ERROR_UNSUPPORTED, GC_ERROR_IO
 * Threads: any thread
 */
GC_API GcGuest *gc_guest_open(const char *path, const char **ret_format,
                              GError **error);

typedef struct GcDumpJob GcDumpJob;

/**
 * GcDumpProgress:
 * @done: bytes of guest memory that are dealt with
 * @total: bytes of guest memory that will be
 * @user_data: as given
 *
 * Told now and then while a job runs, in the thread that runs it.
 *
 * Returns: whether to go on; false cancels the job
 */
typedef bool (*GcDumpProgress)(uint64_t done, uint64_t total, void *user_data);

/**
 * GcDumpMemoryDone:
 * @user_data: as given
 *
 * Told once, in the thread that runs the job, when the job will read no more
 * guest memory: the guest may run again while the file is made durable.  Not
 * told if the job fails before.
 */
typedef void (*GcDumpMemoryDone)(void *user_data);

/**
 * GcDumpStats:
 * @pages: pages of the guest that the dump is of
 * @zero_pages: those of them in the dump that hold only zeros or were never
 *     used
 * @absent_pages: those of them that could not be had: the guest was itself
 *     opened from a dump that has them not
 * @other_bytes: memory that was left out because it is not the kernel's
 * @file_size: of the dump, in bytes, holes included; 0 if it went to a pipe
 * @file_used: of the dump, in bytes, as the file system stores it
 * @paging_is_cut: the guest's page tables map more than the dump shows
 * @is_partial: the job failed, and left a dump that says it is incomplete
 * @dump_level: what was really left out, as gc_dump_job_set_dump_level()
 * @left_out_pages: those of @pages that were left out for their kind
 * @left_out: of them, those of each GcPageKind
 */
typedef struct GcDumpStats {
    uint64_t pages;
    uint64_t zero_pages;
    uint64_t absent_pages;
    uint64_t other_bytes;
    uint64_t file_size;
    uint64_t file_used;
    bool paging_is_cut;
    bool is_partial;
    unsigned dump_level;
    uint64_t left_out_pages;
    uint64_t left_out[GC_PAGE_KINDS];
} GcDumpStats;

/**
 * gc_dump_job_new:
 * @guest: (transfer none): what to dump; must stand still and outlive the job
 *
 * Returns: (transfer full): a job that writes ELF with as many threads as
 *     this process may use CPUs
 * Threads: owner thread
 */
GC_API GcDumpJob *gc_dump_job_new(GcGuest *guest);

/**
 * gc_dump_job_free:
 * @job: (transfer full) (nullable): a job that is not running
 *
 * Threads: owner thread
 */
GC_API void gc_dump_job_free(GcDumpJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcDumpJob, gc_dump_job_free)

/**
 * gc_dump_job_set_format:
 * @job: the job
 * @format: one of gc_dump_get_formats()
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_INVALID if there is no such format
 * Threads: owner thread
 */
GC_API bool gc_dump_job_set_format(GcDumpJob *job, const char *format,
                                   GError **error);

/**
 * gc_dump_job_set_threads:
 * @job: the job
 * @threads: threads that read and compress; 0 does all in the calling
 *     thread.  The file is the same whatever their number.
 *
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_threads(GcDumpJob *job, unsigned threads);

/**
 * gc_dump_job_set_compression:
 * @job: the job
 * @level: how hard the codec of the format tries
 * @error: (out) (optional): return location
 *
 * Without this call it is the codec's usual one, and gc_dump_job_set_format()
 * goes back to that.
 *
 * Errors: GC_ERROR_INVALID if the format's codec has no such level
 * Threads: owner thread
 */
GC_API bool gc_dump_job_set_compression(GcDumpJob *job, int level,
                                        GError **error);

/**
 * gc_dump_job_set_dump_level:
 * @job: the job
 * @level: what is left out, a sum as makedumpfile's -d has it; 0, as without
 *     this call, is nothing
 * @error: (out) (optional): return location
 *
 * What a page is used for, its guest's kernel tells; see guestcore/filter.h.
 * Where that cannot be known, or not be trusted, the page is in the dump, and
 * gc_dump_job_get_warnings() tell if that is so of all.
 *
 * Errors: GC_ERROR_INVALID if it is more than GC_DUMP_LEVEL_MAX
 * Threads: owner thread
 */
GC_API bool gc_dump_job_set_dump_level(GcDumpJob *job, unsigned level,
                                       GError **error);

/**
 * gc_dump_job_set_range:
 * @job: the job
 * @begin: guest-physical address, in bytes
 * @length: in bytes; 0 for all that follows
 *
 * Only this memory will be in the dump: in ELF to the byte, in kdump to whole
 * pages.
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_range(GcDumpJob *job, GcPaddr begin,
                                  uint64_t length);

/**
 * gc_dump_job_set_ram_only:
 * @job: the job
 * @ram_only: whether to leave out memory that is not the guest kernel's, such
 *     as video memory and ROM, as far as that can be known
 *
 * Readers take such memory for RAM, and makedumpfile fails over it.  A guest
 * that was attached to has none; a dump that QEMU made has.
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_ram_only(GcDumpJob *job, bool ram_only);

/**
 * gc_dump_job_set_keep_partial:
 * @job: the job
 * @keep: whether a dump that fails or is cancelled is kept as far as it came,
 *     marked so that readers know that it is incomplete
 *
 * It then takes the name that the whole dump would have had, and
 * GcDumpStats.is_partial says so.  One that fails before its headers are
 * written is not kept.
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_keep_partial(GcDumpJob *job, bool keep);

/**
 * gc_dump_job_set_copy_first:
 * @job: the job
 * @copy_first: whether to copy what the dump needs of memory into this process
 *     before anything is written
 *
 * The guest then has to stand still for the copy alone: the callback of
 * gc_dump_job_set_memory_done() is called after it.  It takes as much memory
 * of this process as the guest uses, without what the dump level leaves out.
 * Where the host has not that much to spare the job does without, and says so
 * in gc_dump_job_get_warnings().
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_copy_first(GcDumpJob *job, bool copy_first);

/**
 * gc_dump_job_set_paging:
 * @job: the job
 * @paging: whether an ELF dump tells at which virtual addresses memory was,
 *     as the page tables of the kernel and of the CPUs do
 *
 * gdb and others that know no page tables can then read such a dump at
 * virtual addresses, and no more at physical ones.  It makes no difference
 * where no page tables are known, nor to other formats.
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_paging(GcDumpJob *job, bool paging);

/**
 * gc_dump_job_set_progress:
 * @job: the job
 * @progress: (nullable): told while the job runs
 * @user_data: passed to it
 *
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_progress(GcDumpJob *job, GcDumpProgress progress,
                                     void *user_data);

/**
 * gc_dump_job_set_memory_done:
 * @job: the job
 * @done: (nullable): told when no more memory will be read
 * @user_data: passed to it
 *
 * Threads: owner thread
 */
GC_API void gc_dump_job_set_memory_done(GcDumpJob *job, GcDumpMemoryDone done,
                                        void *user_data);

/**
 * gc_dump_job_run:
 * @job: the job
 * @path: the file's name; a regular file there is replaced
 * @error: (out) (optional): return location
 *
 * Writes the dump.  The file has mode 0600, and takes its name only when it
 * is complete and durable: after an error nothing is left of it, and what
 * was there before is untouched.
 *
 * Errors: GC_ERROR_CANCELLED if the progress function said so;
 *     GC_ERROR_IO, with the offset; GC_ERROR_INVALID if @path is no place
 *     for a file; GC_ERROR_UNSUPPORTED if the format cannot hold the guest;
 *     GC_ERROR_NO_DATA if the guest has no memory
 * Threads: owner thread
 */
GC_API bool gc_dump_job_run(GcDumpJob *job, const char *path, GError **error);

/**
 * gc_dump_job_run_fd:
 * @job: the job
 * @fd: (transfer none): where to write, open for that
 * @error: (out) (optional): return location
 *
 * Writes the dump to a descriptor, from where it stands.  In a regular file
 * what is behind that is cut off.  Anything else takes ELF and flattened
 * formats only, and gets the holes of an ELF file as zeros.
 *
 * Errors: as gc_dump_job_run(), and GC_ERROR_INVALID if @fd cannot take the
 *     format.  What was written until then stays.
 * Threads: owner thread
 */
GC_API bool gc_dump_job_run_fd(GcDumpJob *job, int fd, GError **error);

/**
 * gc_dump_job_get_stats:
 * @job: a job that has run
 *
 * Returns: what it wrote
 * Threads: owner thread
 */
GC_API GcDumpStats gc_dump_job_get_stats(const GcDumpJob *job);

/**
 * gc_dump_job_get_warnings:
 * @job: a job that has run
 *
 * Returns: (transfer none) (array zero-terminated=1): what is not as it was
 *     asked for, each a sentence: why the dump has pages of all kinds, why
 *     memory was not copied first.  Valid until the job runs again.
 * Threads: owner thread
 */
GC_API const char *const *gc_dump_job_get_warnings(const GcDumpJob *job);

G_END_DECLS
