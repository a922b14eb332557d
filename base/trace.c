/* SPDX-License-Identifier: MIT */
#include "base/trace.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"

/* The longest line, so that a trace costs no memory of a guest's choice. */
#define MAX_LINE 512

uint32_t gc_trace_mask;

static struct {
    GMutex lock;
    GcTraceFunc func;
    void *opaque;
    unsigned limit;
    int64_t second;     /* of the lines counted */
    unsigned n_lines;   /* in that second */
    uint64_t n_dropped; /* since a line was last shown */
} output;

static const char *const names[GC_TRACE_N] = {
#define X(constant, name) name,
#include "base/trace.def"
#undef X
};

const char *gc_trace_get_name(GcTraceCategory category)
{
    return names[category];
}

static bool find_category(const char *name, unsigned *ret_category)
{
    for (unsigned i = 0; i < GC_TRACE_N; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_category = i;
            return true;
        }
    }
    return false;
}

bool gc_trace_set_categories(const char *wanted, GError **error)
{
    g_auto(GStrv) words = g_strsplit(wanted, ",", -1); /* "" has none */
    uint32_t mask = 0;

    for (size_t i = 0; words[i] != NULL; i++) {
        unsigned category;

        if (!find_category(words[i], &category)) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "trace: no category \"%s\"", words[i]);
            return false;
        }
        mask |= UINT32_C(1) << category;
    }
    gc_trace_mask = mask;
    return true;
}

void gc_trace_set_output(GcTraceFunc func, void *opaque, unsigned limit)
{
    g_mutex_lock(&output.lock);
    output.func = func;
    output.opaque = opaque;
    output.limit = limit;
    output.n_lines = 0;
    output.n_dropped = 0;
    g_mutex_unlock(&output.lock);
}

/* Whether one more line may be shown in this second. */
static bool admit_line(void)
{
    int64_t second = g_get_monotonic_time() / G_USEC_PER_SEC;

    if (second != output.second) {
        output.second = second;
        output.n_lines = 0;
    }
    if (output.limit != 0 && output.n_lines >= output.limit) {
        output.n_dropped++;
        return false;
    }
    output.n_lines++;
    return true;
}

static void show_line(GcTraceCategory category, const char *line)
{
    if (output.func == NULL || !admit_line()) {
        return;
    }
    if (output.n_dropped > 0) {
        char dropped[MAX_LINE];

        g_snprintf(dropped, sizeof(dropped),
                   "%" G_GUINT64_FORMAT " lines dropped", output.n_dropped);
        output.n_dropped = 0;
        output.func(output.opaque, category, dropped);
    }
    output.func(output.opaque, category, line);
}

void gc_trace_line(GcTraceCategory category, const char *format, ...)
{
    char line[MAX_LINE];
    va_list args;

    va_start(args, format);
    g_vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    g_mutex_lock(&output.lock);
    show_line(category, line);
    g_mutex_unlock(&output.lock);
}
