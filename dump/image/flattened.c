/* SPDX-License-Identifier: MIT */
#include "dump/image/flattened.h"

/* clang-format off */
static const GcField header_fields[] = {
    GC_FIELD_BYTES(GcFlattenedHeader, signature),
    GC_FIELD(GcFlattenedHeader, type,    8, 8),
    GC_FIELD(GcFlattenedHeader, version, 8, 8),
};

static const GcField record_fields[] = {
    GC_FIELD_INT(GcFlattenedRecord, offset, 8, 8),
    GC_FIELD_INT(GcFlattenedRecord, size,   8, 8),
};
/* clang-format on */

const GcRecord gc_flattened_header_record =
    GC_RECORD("flattened header", header_fields);
const GcRecord gc_flattened_record_record =
    GC_RECORD("flattened record", record_fields);

const GcEncoding gc_flattened_encoding = {.is_64bit = true, .big_endian = true};
