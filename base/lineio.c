/* SPDX-License-Identifier: MIT */
#include "base/lineio.h"

#include <string.h>

struct GcLineReader {
    size_t max_len;
    GByteArray *bytes; /* everything before @start was pulled already */
    size_t start;      /* of the line that comes next */
    size_t searched;   /* no line feed in [start, searched) */
    bool dropping;     /* the line that comes next was said to be too long */
};

GcLineReader *gc_line_reader_new(size_t max_len)
{
    GcLineReader *reader = g_new0(GcLineReader, 1);

    reader->max_len = max_len;
    reader->bytes = g_byte_array_new();
    return reader;
}

void gc_line_reader_free(GcLineReader *reader)
{
    if (reader == NULL) {
        return;
    }
    g_byte_array_unref(reader->bytes);
    g_free(reader);
}

void gc_line_reader_push(GcLineReader *reader, const void *data, size_t len)
{
    if (reader->start > 0) {
        g_byte_array_remove_range(reader->bytes, 0, (guint)reader->start);
        reader->searched -= reader->start;
        reader->start = 0;
    }
    g_byte_array_append(reader->bytes, data, (guint)len);
}

static void skip_to(GcLineReader *reader, size_t at)
{
    reader->start = at;
    reader->searched = at;
}

/* What to do while the line has no end yet. */
static GcLineResult wait_for_end(GcLineReader *reader)
{
    size_t len = reader->bytes->len - reader->start;

    reader->searched = reader->bytes->len;
    if (!reader->dropping && len <= reader->max_len) {
        return GC_LINE_NONE;
    }
    skip_to(reader, reader->bytes->len);
    if (reader->dropping) {
        return GC_LINE_NONE;
    }
    reader->dropping = true;
    return GC_LINE_TOO_LONG;
}

GcLineResult gc_line_reader_pull(GcLineReader *reader, const char **ret_line,
                                 size_t *ret_len)
{
    for (;;) {
        uint8_t *data = reader->bytes->data;
        uint8_t *end = NULL;
        size_t start = reader->start;
        size_t len;

        if (reader->searched < reader->bytes->len) {
            end = memchr(data + reader->searched, '\n',
                         reader->bytes->len - reader->searched);
        }
        if (end == NULL) {
            return wait_for_end(reader);
        }
        len = (size_t)(end - data) - start;
        skip_to(reader, start + len + 1);
        if (reader->dropping) {
            reader->dropping = false;
        } else if (len > reader->max_len) {
            return GC_LINE_TOO_LONG;
        } else {
            *end = '\0';
            *ret_line = (const char *)data + start;
            *ret_len = len;
            return GC_LINE_READY;
        }
    }
}
