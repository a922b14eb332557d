/* SPDX-License-Identifier: MIT */
#include "guest/log/log_reader.h"

#include "base/byteorder.h"
#include "base/error.h"

bool gc_log_get_layout(const GcLogReader *reader, const char *kind,
                       const char *name, uint64_t *ret_value, GError **error)
{
    int64_t value;

    if (!gc_vmcoreinfo_text_get_number(reader->text, kind, name, &value) ||
        value < 0 || value > (int64_t)GC_LOG_MAX_STRUCT) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO has no usable %s(%s)", kind, name);
        return false;
    }
    *ret_value = (uint64_t)value;
    return true;
}

uint64_t gc_log_get_uint(const GcLogReader *reader, const uint8_t *bytes,
                         size_t width)
{
    return gc_get_uint(bytes, width, reader->big_endian);
}

bool gc_log_read_uint(GcLogReader *reader, uint64_t vaddr, size_t width,
                      uint64_t *ret_value, GError **error)
{
    uint8_t bytes[8];

    if (!gc_virtual_read(reader->kernel, vaddr, bytes, width, error)) {
        return false;
    }
    *ret_value = gc_log_get_uint(reader, bytes, width);
    return true;
}

bool gc_log_read_variable(GcLogReader *reader, const char *symbol, size_t width,
                          uint64_t *ret_value, GError **error)
{
    uint64_t vaddr;

    if (!gc_vmcoreinfo_text_get_symbol(reader->text, symbol, &vaddr)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO has no usable SYMBOL(%s)", symbol);
        return false;
    }
    if (!gc_log_read_uint(reader, vaddr, width, ret_value, error)) {
        g_prefix_error(error, "cannot read %s: ", symbol);
        return false;
    }
    return true;
}

bool gc_log_check_size(const GcLogReader *reader, uint64_t size, GError **error)
{
    if (size > GC_LOG_MAX_SIZE || size > reader->memory_size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "the kernel's log cannot have %" G_GUINT64_FORMAT " bytes",
                    size);
        return false;
    }
    return true;
}

int gc_log_get_level(const GcLogReader *reader, uint8_t flags_and_level)
{
    /* Bit fields: five bits of flags come first. */
    return reader->big_endian ? flags_and_level & 7 : flags_and_level >> 5;
}

bool gc_log_tell(GcLogReader *reader, GcLogRecord *record, uint64_t vaddr,
                 size_t len)
{
    len = MIN(len, GC_LOG_MAX_TEXT);
    if (len > reader->text_left ||
        !gc_virtual_read(reader->kernel, vaddr, reader->buf, len, NULL)) {
        reader->lost++;
        return true;
    }
    reader->text_left -= len;
    record->text = reader->buf;
    record->text_len = len;
    return reader->each(record, reader->user_data);
}
