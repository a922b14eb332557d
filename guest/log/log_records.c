/* SPDX-License-Identifier: MIT */
/* The log of Linux 3.5 to 5.9, kernel/printk/printk.c: records one behind
 * the other.  One of length 0 says that the next is at the beginning of the
 * buffer. */
#include "base/error.h"
#include "guest/log/log_kinds.h"

typedef struct Buffer {
    uint64_t start; /* virtual address */
    uint64_t size;
    uint64_t first; /* the oldest record, and one past the newest: offsets */
    uint64_t next;

    /* Where things are in the head of a record. */
    uint64_t head_size;
    uint64_t ts_nsec;
    uint64_t len;
    uint64_t text_len;
    uint64_t dict_len;
} Buffer;

/* What is before a record's text, as far as it matters. */
typedef struct Head {
    GcLogRecord record;
    uint64_t len; /* of all of it, and what follows */
    uint64_t text_len;
} Head;

bool gc_log_has_records(const GcVmcoreinfoText *text)
{
    uint64_t symbol;

    return gc_vmcoreinfo_text_get_symbol(text, "log_buf", &symbol) &&
           gc_vmcoreinfo_text_get_symbol(text, "log_first_idx", &symbol);
}

/* The structure was called log until 3.10, and printk_log since then. */
static bool get_layout(const GcLogReader *reader, Buffer *buffer,
                       GError **error)
{
    int64_t size;
    const char *name =
        gc_vmcoreinfo_text_get_number(reader->text, "SIZE", "printk_log", &size)
            ? "printk_log"
            : "log";
    const struct {
        const char *member;
        uint64_t *to;
    } offsets[] = {
        {"ts_nsec", &buffer->ts_nsec},
        {"len", &buffer->len},
        {"text_len", &buffer->text_len},
        {"dict_len", &buffer->dict_len},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++) {
        g_autofree char *key =
            g_strdup_printf("%s.%s", name, offsets[i].member);

        if (!gc_log_get_layout(reader, "OFFSET", key, offsets[i].to, error)) {
            return false;
        }
    }
    if (!gc_log_get_layout(reader, "SIZE", name, &buffer->head_size, error)) {
        return false;
    }
    if (buffer->ts_nsec + 8 > buffer->head_size ||
        buffer->len + 2 > buffer->head_size ||
        buffer->text_len + 2 > buffer->head_size ||
        buffer->dict_len + 4 > buffer->head_size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "VMCOREINFO has offsets in %s that are past its end", name);
        return false;
    }
    return true;
}

static bool find_buffer(GcLogReader *reader, Buffer *buffer, GError **error)
{
    return gc_log_read_variable(reader, "log_buf", reader->long_size,
                                &buffer->start, error) &&
           gc_log_read_variable(reader, "log_buf_len", 4, &buffer->size,
                                error) &&
           gc_log_read_variable(reader, "log_first_idx", 4, &buffer->first,
                                error) &&
           gc_log_read_variable(reader, "log_next_idx", 4, &buffer->next,
                                error) &&
           gc_log_check_size(reader, buffer->size, error);
}

/* Reads the head of the record at @at.  A kernel that was built to know who
 * logs has that in 4 more bytes. */
static bool read_head(GcLogReader *reader, const Buffer *buffer, uint64_t at,
                      Head *ret_head)
{
    uint8_t bytes[GC_LOG_MAX_STRUCT];
    uint64_t caller = buffer->dict_len + 4;

    if (at > buffer->size || buffer->head_size > buffer->size - at ||
        !gc_virtual_read(reader->kernel, buffer->start + at, bytes,
                         buffer->head_size, NULL)) {
        return false;
    }
    ret_head->len = gc_log_get_uint(reader, bytes + buffer->len, 2);
    ret_head->text_len = gc_log_get_uint(reader, bytes + buffer->text_len, 2);
    ret_head->record = (GcLogRecord){
        .nanoseconds = gc_log_get_uint(reader, bytes + buffer->ts_nsec, 8),
        .has_time = true,
        .facility = bytes[buffer->dict_len + 2],
        .level = gc_log_get_level(reader, bytes[buffer->dict_len + 3]),
    };
    if (caller + 4 <= buffer->head_size) {
        ret_head->record.caller =
            (uint32_t)gc_log_get_uint(reader, bytes + caller, 4);
        ret_head->record.has_caller = true;
    }
    return true;
}

/* Whether there is such a record at @at. */
static bool is_whole(const Buffer *buffer, uint64_t at, const Head *head)
{
    return head->len >= buffer->head_size && head->len <= buffer->size - at &&
           head->text_len <= head->len - buffer->head_size;
}

bool gc_log_read_records(GcLogReader *reader, GError **error)
{
    Buffer buffer;
    Head head;
    uint64_t n = 0;
    bool wrapped = false;

    if (!get_layout(reader, &buffer, error) ||
        !find_buffer(reader, &buffer, error)) {
        return false;
    }
    reader->text_left = buffer.size;
    for (uint64_t at = buffer.first; at != buffer.next;) {
        if (!read_head(reader, &buffer, at, &head) ||
            (wrapped && (head.len == 0 || at > buffer.next))) {
            reader->lost++;
            return true;
        }
        if (head.len == 0) {
            wrapped = true;
            at = 0;
            continue;
        }
        /* Where the next one is, nothing else tells. */
        if (!is_whole(&buffer, at, &head)) {
            reader->lost++;
            return true;
        }
        head.record.sequence = n++;
        if (!gc_log_tell(reader, &head.record,
                         buffer.start + at + buffer.head_size, head.text_len)) {
            return true;
        }
        at += head.len;
    }
    return true;
}
