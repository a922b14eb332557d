/* SPDX-License-Identifier: MIT */
#include "guest/log.h"

#include "base/byteorder.h"
#include "base/error.h"
#include "guest/guest.h"

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

static uint64_t get_memory_size(const GcMemory *memory)
{
    uint64_t size = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        size += gc_memory_get_block(memory, i).size;
    }
    return size;
}

static bool read_any(GcLogReader *reader, GError **error)
{
    if (gc_log_has_ring(reader->text)) {
        return gc_log_read_ring(reader, error);
    }
    if (gc_log_has_records(reader->text)) {
        return gc_log_read_records(reader, error);
    }
    if (gc_log_has_plain(reader->text)) {
        return gc_log_read_plain(reader, error);
    }
    g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                "VMCOREINFO does not tell where the kernel's log is");
    return false;
}

bool gc_guest_read_log(const GcGuest *guest, GcLogFunc each, void *user_data,
                       uint64_t *ret_lost, GError **error)
{
    const GcEncoding encoding = gc_guest_get_arch_info(guest)->encoding;
    g_autofree GcLogReader *reader = g_new0(GcLogReader, 1);
    g_autoptr(GcVirtual) kernel = NULL;
    bool ok;

    reader->text = gc_guest_get_vmcoreinfo_text(guest);
    if (reader->text == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "without VMCOREINFO the kernel's log cannot be found");
        return false;
    }
    kernel = gc_virtual_new(guest, error);
    if (kernel == NULL) {
        return false;
    }
    reader->kernel = kernel;
    reader->memory_size = get_memory_size(gc_guest_get_memory(guest));
    reader->long_size = encoding.is_64bit ? 8 : 4;
    reader->big_endian = encoding.big_endian;
    reader->each = each;
    reader->user_data = user_data;
    ok = read_any(reader, error);
    if (ok && ret_lost != NULL) {
        *ret_lost = reader->lost;
    }
    return ok;
}
