/* SPDX-License-Identifier: MIT */
/* Tracing: what a guest or a peer did that nobody can be told of otherwise.
 * Library code never prints; it traces, and a trace is off until a program
 * turns it on. */
#pragma once

#include "guestcore/types.h"

typedef enum GcTraceCategory {
#define X(constant, name) GC_TRACE_##constant,
#include "base/trace.def"
#undef X
    GC_TRACE_N,
} GcTraceCategory;

/**
 * GcTraceFunc:
 * @opaque: what gc_trace_set_output() was given
 * @category: of the line
 * @line: without a newline
 *
 * Gets the lines.  Threads: any thread, one at a time.
 */
typedef void (*GcTraceFunc)(void *opaque, GcTraceCategory category,
                            const char *line);

/* The mask of what is on: one bit for each category.  Use gc_trace(). */
extern uint32_t gc_trace_mask;

/**
 * gc_trace:
 * @category: FW_CFG, GUEST…: the constant without its prefix
 * @...: a printf format and its values, evaluated only if the category is on
 */
#define gc_trace(category, ...)                                                \
    do {                                                                       \
        if (G_UNLIKELY((gc_trace_mask >> GC_TRACE_##category) & 1)) {          \
            gc_trace_line(GC_TRACE_##category, __VA_ARGS__);                   \
        }                                                                      \
    } while (0)

void gc_trace_line(GcTraceCategory category, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The name of a category. */
const char *gc_trace_get_name(GcTraceCategory category);

/**
 * gc_trace_set_categories:
 * @names: names separated by commas, or "" for none
 * @error: (out) (optional): return location
 *
 * Turns exactly these on.  Errors: GC_ERROR_INVALID if a name is unknown;
 * then nothing changes.  Threads: before others are started
 */
bool gc_trace_set_categories(const char *names, GError **error);

/**
 * gc_trace_set_output:
 * @func: (nullable): where lines go; NULL loses them
 * @opaque: passed to @func
 * @limit: after so many lines in one second the rest of it is only counted,
 *     since a guest can cause as many as it likes; 0 = no limit
 *
 * Threads: before others are started
 */
void gc_trace_set_output(GcTraceFunc func, void *opaque, unsigned limit);
