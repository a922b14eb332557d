/* SPDX-License-Identifier: MIT */
/* The kdump-compressed format (makedumpfile's diskdump, header version 6):
 * its structures as record tables, and where everything lies in a file.
 *
 *   block 0              header
 *   block 1 ..           sub header, then the notes
 *   after sub_hdr_size   bitmap 1: pages that exist
 *                        bitmap 2: pages that are in the file
 *   after bitmap_blocks  a page descriptor for each bit of bitmap 2
 *   after those          page data; first the one zero page that all pages
 *                        of zeros share
 *
 * Follows docs/formats/kdump.md. */
#pragma once

#include "base/record.h"
#include "dump/plan.h"
#include "guest/guest.h"
#include "guest/kernel.h"

#define GC_KDUMP_SIGNATURE "KDUMP   "
#define GC_KDUMP_VERSION 6

/* GcKdumpHeader.status, beside the page flags of the codecs. */
#define GC_KDUMP_STATUS_INCOMPLETE 0x8u

/* GcKdumpSubHeader.dump_level: pages that hold only zeros were left out.
 * The other bits are those of makedumpfile -d too. */
#define GC_KDUMP_LEVEL_ZERO 0x1u

typedef struct GcKdumpHeader {
    char signature[8];
    uint32_t version;
    GcUtsname uts;
    uint64_t timestamp_sec;
    uint64_t timestamp_usec;
    uint32_t status;
    uint32_t block_size;
    uint32_t sub_hdr_size;  /* in blocks */
    uint32_t bitmap_blocks; /* of both bitmaps */
    uint32_t max_mapnr;     /* one past the last page frame, if it fits */
    uint32_t total_ram_blocks;
    uint32_t device_blocks;
    uint32_t written_blocks;
    uint32_t current_cpu;
    uint32_t nr_cpus;
} GcKdumpHeader;

typedef struct GcKdumpSubHeader {
    uint64_t phys_base; /* negative ones modulo 2^64 */
    int32_t dump_level;
    int32_t split;
    uint64_t start_pfn;
    uint64_t end_pfn;
    uint64_t offset_vmcoreinfo; /* of its text, in the file */
    uint64_t size_vmcoreinfo;
    uint64_t offset_note;
    uint64_t size_note;
    uint64_t offset_eraseinfo;
    uint64_t size_eraseinfo;
    uint64_t start_pfn_64;
    uint64_t end_pfn_64;
    uint64_t max_mapnr_64;
} GcKdumpSubHeader;

typedef struct GcKdumpPageDesc {
    uint64_t offset; /* of the page's data, in the file */
    uint32_t size;   /* of it, in bytes */
    uint32_t flags;  /* of its codec; 0 if it is not packed */
    uint64_t page_flags;
} GcKdumpPageDesc;

extern const GcRecord gc_kdump_header_record;
extern const GcRecord gc_kdump_page_desc_record;

/* The sub header of a machine whose compilers align 64-bit integers to 8
 * bytes, or to 4 as i386's do; in a 64-bit dump the two are the same. */
const GcRecord *gc_kdump_get_sub_header_record(bool aligns_u64);

typedef struct GcKdumpLayout {
    uint32_t block_size; /* the page size; offsets below are in bytes */
    GByteArray *notes;
    size_t vmcoreinfo; /* of its text in the notes; 0 if there is none */
    size_t vmcoreinfo_size;
    uint64_t notes_offset;
    uint32_t sub_hdr_size; /* in blocks */
    uint64_t bitmap_offset;
    uint64_t bitmap_size; /* of one of them */
    uint64_t desc_offset;
    uint64_t data_offset;
} GcKdumpLayout;

/**
 * gc_kdump_layout_new:
 * @guest: what to dump
 * @plan: which pages of it
 *
 * Returns: (transfer full): where everything lies, up to the page data
 */
GcKdumpLayout *gc_kdump_layout_new(const GcGuest *guest, const GcPlan *plan);
void gc_kdump_layout_free(GcKdumpLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcKdumpLayout, gc_kdump_layout_free)
