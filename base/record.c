/* SPDX-License-Identifier: MIT */
#include "base/record.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"

/* Host integers are read and written as bytes in the host's own order. */
static const bool host_is_big_endian = G_BYTE_ORDER == G_BIG_ENDIAN;

static size_t field_width(const GcField *field, GcEncoding encoding)
{
    return field->width[encoding.is_64bit ? 1 : 0];
}

size_t gc_record_get_size(const GcRecord *record, GcEncoding encoding)
{
    size_t size = 0;

    for (size_t i = 0; i < record->n_fields; i++) {
        size += field_width(&record->fields[i], encoding);
    }
    return size;
}

static uint64_t sign_extend(uint64_t value, size_t width)
{
    unsigned shift = 64 - 8 * (unsigned)width;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static uint64_t zero_extend(uint64_t value, size_t width)
{
    unsigned shift = 64 - 8 * (unsigned)width;

    return value << shift >> shift;
}

static uint64_t extend(const GcField *field, uint64_t value, size_t width)
{
    return field->kind == GC_FIELD_KIND_INT ? sign_extend(value, width)
                                            : zero_extend(value, width);
}

static bool put_integer(const GcRecord *record, const GcField *field,
                        GcEncoding encoding, const uint8_t *host, uint8_t *disk,
                        GError **error)
{
    size_t width = field_width(field, encoding);
    uint64_t value =
        extend(field, gc_get_uint(host, field->host_size, host_is_big_endian),
               field->host_size);

    if (extend(field, value, width) != value) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "%s: %s: value 0x%" G_GINT64_MODIFIER
                    "x does not fit %zu bytes",
                    record->name, field->name, value, width);
        return false;
    }
    gc_put_uint(disk, width, encoding.big_endian, value);
    return true;
}

bool gc_record_put(const GcRecord *record, GcEncoding encoding,
                   const void *host, uint8_t *disk, GError **error)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        const GcField *field = &record->fields[i];
        const uint8_t *from = (const uint8_t *)host + field->host_offset;
        size_t width = field_width(field, encoding);

        if (width == 0) {
            continue;
        }
        if (field->kind == GC_FIELD_KIND_PAD) {
            memset(disk, 0, width);
        } else if (field->kind == GC_FIELD_KIND_BYTES) {
            memcpy(disk, from, width);
        } else if (!put_integer(record, field, encoding, from, disk, error)) {
            return false;
        }
        disk += width;
    }
    return true;
}

static void get_integer(const GcField *field, GcEncoding encoding,
                        const uint8_t *disk, uint8_t *host)
{
    size_t width = field_width(field, encoding);
    uint64_t value = gc_get_uint(disk, width, encoding.big_endian);

    gc_put_uint(host, field->host_size, host_is_big_endian,
                extend(field, value, width));
}

void gc_record_get(const GcRecord *record, GcEncoding encoding,
                   const uint8_t *disk, void *host)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        const GcField *field = &record->fields[i];

        if (field->kind != GC_FIELD_KIND_PAD) {
            memset((uint8_t *)host + field->host_offset, 0, field->host_size);
        }
    }
    for (size_t i = 0; i < record->n_fields; i++) {
        const GcField *field = &record->fields[i];
        uint8_t *to = (uint8_t *)host + field->host_offset;
        size_t width = field_width(field, encoding);

        if (width == 0) {
            continue;
        }
        if (field->kind == GC_FIELD_KIND_BYTES) {
            memcpy(to, disk, width);
        } else if (field->kind != GC_FIELD_KIND_PAD) {
            get_integer(field, encoding, disk, to);
        }
        disk += width;
    }
}
