/* SPDX-License-Identifier: MIT */
#include "log_text.h"

#include <inttypes.h>

#include "printable.h"

#define NANOSECONDS UINT64_C(1000000000)

/* Who logged it, T and a task or C and a CPU. */
static char *make_caller(const GcLogRecord *record)
{
    return g_strdup_printf("%c%" PRIu32,
                           record->caller & GC_LOG_CALLER_IS_CPU ? 'C' : 'T',
                           record->caller & ~GC_LOG_CALLER_IS_CPU);
}

static void append_stamp(GString *text, const GcLogRecord *record, bool caller)
{
    if (record->has_time) {
        g_string_append_printf(text, "[%5" PRIu64 ".%06" PRIu64 "]",
                               record->nanoseconds / NANOSECONDS,
                               record->nanoseconds % NANOSECONDS / 1000);
    }
    if (caller && record->has_caller) {
        g_autofree char *name = make_caller(record);

        g_string_append_printf(text, "[%6s]", name);
    }
    if (record->has_time) {
        g_string_append_c(text, ' ');
    }
}

void log_text_append(GString *text, const GcLogRecord *record, bool caller)
{
    gsize start = text->len;
    gsize indent;

    append_stamp(text, record, caller);
    indent = text->len - start;
    for (size_t i = 0; i < record->text_len; i++) {
        if (record->text[i] == '\n') {
            g_string_append_printf(text, "\n%*s", (int)indent, "");
        } else {
            printable_append(text, record->text[i]);
        }
    }
    g_string_append_c(text, '\n');
}

const char *log_text_get_level(const GcLogRecord *record)
{
    static const char *const names[] = {"emerg", "alert",  "crit", "err",
                                        "warn",  "notice", "info", "debug"};

    return record->level >= 0 && record->level < (int)G_N_ELEMENTS(names)
               ? names[record->level]
               : NULL;
}

/* The text if it is UTF-8, else with all that is not ASCII as \xNN. */
static char *make_json_text(const GcLogRecord *record)
{
    g_autoptr(GString) text = NULL;

    if (g_utf8_validate_len(record->text, record->text_len, NULL)) {
        return g_strndup(record->text, record->text_len);
    }
    text = g_string_new(NULL);
    for (size_t i = 0; i < record->text_len; i++) {
        if (record->text[i] == '\n') {
            g_string_append_c(text, '\n');
        } else {
            printable_append(text, record->text[i]);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

JsonObject *log_text_to_json(const GcLogRecord *record)
{
    JsonObject *object = json_object_new();
    g_autofree char *text = make_json_text(record);
    const char *level = log_text_get_level(record);

    json_object_set_int_member(object, "sequence", (gint64)record->sequence);
    if (record->has_time) {
        json_object_set_int_member(object, "nanoseconds",
                                   (gint64)record->nanoseconds);
    }
    if (level != NULL) {
        json_object_set_string_member(object, "level", level);
    }
    if (record->facility != GC_LOG_UNKNOWN) {
        json_object_set_int_member(object, "facility", record->facility);
    }
    if (record->has_caller) {
        g_autofree char *caller = make_caller(record);

        json_object_set_string_member(object, "caller", caller);
    }
    json_object_set_string_member(object, "text", text);
    return object;
}
