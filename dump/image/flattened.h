/* SPDX-License-Identifier: MIT */
/* makedumpfile's flattened form: a file as a stream of records, each of
 * which says where in the file its bytes belong.  Always big endian.
 * Follows docs/formats/flattened.md. */
#pragma once

#include "base/record.h"

#define GC_FLATTENED_SIGNATURE "makedumpfile"
#define GC_FLATTENED_TYPE 1
#define GC_FLATTENED_VERSION 1
#define GC_FLATTENED_HEADER_SIZE 4096 /* the rest of it is zero */
#define GC_FLATTENED_RECORD_SIZE 16
#define GC_FLATTENED_END (-1) /* both fields of the last record */

typedef struct GcFlattenedHeader {
    char signature[16];
    uint64_t type;
    uint64_t version;
} GcFlattenedHeader;

typedef struct GcFlattenedRecord {
    int64_t offset; /* of the bytes, in the file that is flattened */
    int64_t size;   /* of them; they follow */
} GcFlattenedRecord;

extern const GcRecord gc_flattened_header_record;
extern const GcRecord gc_flattened_record_record;

/* How both lie on disk. */
extern const GcEncoding gc_flattened_encoding;
