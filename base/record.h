/* SPDX-License-Identifier: MIT */
/* On-disk structures as tables.
 *
 * A record is a table of fields in their order on disk: for each its name,
 * its place in a host-order C struct, and its width on disk in the 32-bit
 * and in the 64-bit class (0 = absent there).  One put and one get turn the
 * struct into bytes and back for either class and byte order, so there are
 * no 32/64-bit twins, no packed structs and no casts onto buffers. */
#pragma once

#include "guestcore/types.h"

/* How a record lies on disk. */
typedef struct GcEncoding {
    bool is_64bit;
    bool big_endian;
} GcEncoding;

typedef enum GcFieldKind {
    GC_FIELD_KIND_UINT,
    GC_FIELD_KIND_INT,
    GC_FIELD_KIND_BYTES,
    GC_FIELD_KIND_PAD,
} GcFieldKind;

typedef struct GcField {
    const char *name;
    GcFieldKind kind;
    size_t host_offset;
    size_t host_size;
    uint16_t width[2]; /* on disk, 32-bit class and 64-bit class */
} GcField;

typedef struct GcRecord {
    const char *name;
    const GcField *fields;
    size_t n_fields;
} GcRecord;

#define GC_FIELD_OF_KIND(field_kind, type, member, w32, w64)                   \
    {                                                                          \
        .name = #member, .kind = (field_kind),                                 \
        .host_offset = offsetof(type, member),                                 \
        .host_size = sizeof(((type *)NULL)->member), .width = {(w32), (w64)},  \
    }
/* An unsigned integer, a two's complement integer, a string of bytes. */
#define GC_FIELD(type, member, w32, w64)                                       \
    GC_FIELD_OF_KIND(GC_FIELD_KIND_UINT, type, member, w32, w64)
#define GC_FIELD_INT(type, member, w32, w64)                                   \
    GC_FIELD_OF_KIND(GC_FIELD_KIND_INT, type, member, w32, w64)
#define GC_FIELD_BYTES(type, member)                                           \
    GC_FIELD_OF_KIND(GC_FIELD_KIND_BYTES, type, member,                        \
                     sizeof(((type *)NULL)->member),                           \
                     sizeof(((type *)NULL)->member))
/* Bytes that are zero on disk and have no place in the struct. */
#define GC_FIELD_PAD(w32, w64)                                                 \
    {                                                                          \
        .name = "pad", .kind = GC_FIELD_KIND_PAD, .width = {(w32), (w64)},     \
    }

#define GC_RECORD(record_name, table)                                          \
    {                                                                          \
        .name = (record_name), .fields = (table),                              \
        .n_fields = G_N_ELEMENTS(table),                                       \
    }

/* The size of @record on disk, in bytes. */
size_t gc_record_get_size(const GcRecord *record, GcEncoding encoding);

/**
 * gc_record_put:
 * @record: the table
 * @encoding: class and byte order wanted
 * @host: the struct that the table describes
 * @disk: (out): gc_record_get_size() bytes
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_UNSUPPORTED if a value does not fit its width on disk;
 *     the message names the field.  @disk is then undefined.
 */
bool gc_record_put(const GcRecord *record, GcEncoding encoding,
                   const void *host, uint8_t *disk, GError **error);

/**
 * gc_record_get:
 * @record: the table
 * @encoding: class and byte order of @disk
 * @disk: gc_record_get_size() bytes
 * @host: (out): the struct; members absent in this class become 0
 */
void gc_record_get(const GcRecord *record, GcEncoding encoding,
                   const uint8_t *disk, void *host);
