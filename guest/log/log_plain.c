/* SPDX-License-Identifier: MIT */
/* The log before Linux 3.5, kernel/printk.c: a ring of text, and how much
 * was ever written to it. */
#include <string.h>

#include "base/error.h"
#include "guest/log/log_kinds.h"

#define CHUNK_SIZE 4096u

bool gc_log_has_plain(const GcVmcoreinfoText *text)
{
    uint64_t symbol;

    return gc_vmcoreinfo_text_get_symbol(text, "log_buf", &symbol) &&
           gc_vmcoreinfo_text_get_symbol(text, "log_end", &symbol);
}

/* The level of a line that begins as "<6>". */
static int get_level(const GByteArray *line)
{
    return line->len >= 3 && line->data[0] == '<' && line->data[2] == '>' &&
                   line->data[1] >= '0' && line->data[1] <= '7'
               ? line->data[1] - '0'
               : GC_LOG_UNKNOWN;
}

static bool tell_line(GcLogReader *reader, GByteArray *line, uint64_t *n)
{
    GcLogRecord record = {
        .sequence = (*n)++,
        .level = get_level(line),
        .facility = GC_LOG_UNKNOWN,
        .text = (const char *)line->data,
        .text_len = line->len,
    };
    bool go_on = reader->each(&record, reader->user_data);

    g_byte_array_set_size(line, 0);
    return go_on;
}

/* Takes @len bytes more, and tells the lines that end in them. */
static bool tell_bytes(GcLogReader *reader, GByteArray *line,
                       const uint8_t *bytes, size_t len, uint64_t *n)
{
    while (len > 0) {
        const uint8_t *end = memchr(bytes, '\n', len);
        size_t part = end != NULL ? (size_t)(end - bytes) : len;

        part = MIN(part, GC_LOG_MAX_TEXT - line->len);
        g_byte_array_append(line, bytes, (guint)part);
        if (end == bytes + part) {
            part++;
        } else if (line->len < GC_LOG_MAX_TEXT) {
            return true;
        }
        if (!tell_line(reader, line, n)) {
            return false;
        }
        bytes += part;
        len -= part;
    }
    return true;
}

/* Tells what was written from @start up to @end, modulo @size. */
static bool tell_ring(GcLogReader *reader, uint64_t buffer, uint64_t size,
                      uint64_t start, uint64_t end)
{
    g_autoptr(GByteArray) line = g_byte_array_new();
    uint64_t n = 0;
    size_t part;

    for (uint64_t at = start; at < end; at += part) {
        uint64_t place = at % size;
        uint8_t bytes[CHUNK_SIZE];

        part = (size_t)MIN(MIN(end - at, size - place), sizeof(bytes));
        if (!gc_virtual_read(reader->kernel, buffer + place, bytes, part,
                             NULL)) {
            reader->lost++;
        } else if (!tell_bytes(reader, line, bytes, part, &n)) {
            return true;
        }
    }
    if (line->len > 0) {
        tell_line(reader, line, &n);
    }
    return true;
}

bool gc_log_read_plain(GcLogReader *reader, GError **error)
{
    uint64_t buffer;
    uint64_t size;
    uint64_t end;

    if (!gc_log_read_variable(reader, "log_buf", reader->long_size, &buffer,
                              error) ||
        !gc_log_read_variable(reader, "log_buf_len", 4, &size, error) ||
        !gc_log_read_variable(reader, "log_end", 4, &end, error) ||
        !gc_log_check_size(reader, size, error)) {
        return false;
    }
    return size == 0 ||
           tell_ring(reader, buffer, size, end > size ? end - size : 0, end);
}
