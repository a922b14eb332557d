/* SPDX-License-Identifier: MIT */
/* Lines out of a stream of bytes that a peer sends in pieces of its own
 * choosing.  Pure: whoever owns the descriptor reads, pushes what came and
 * pulls lines until there is none.  Never keeps more than one line and one
 * piece. */
#pragma once

#include "guestcore/types.h"

typedef struct GcLineReader GcLineReader;

/**
 * GcLineResult:
 * @GC_LINE_NONE: no whole line yet
 * @GC_LINE_READY: a line
 * @GC_LINE_TOO_LONG: a line passed the limit; what is left of it is dropped
 *     up to its end.  Said once per line.
 */
typedef enum GcLineResult {
    GC_LINE_NONE,
    GC_LINE_READY,
    GC_LINE_TOO_LONG,
} GcLineResult;

/* Lines of at most @max_len bytes, the line feed not counted. */
GcLineReader *gc_line_reader_new(size_t max_len);
void gc_line_reader_free(GcLineReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcLineReader, gc_line_reader_free)

/* Adds what came.  Pull until GC_LINE_NONE before the next push: that is
 * what bounds the buffer. */
void gc_line_reader_push(GcLineReader *reader, const void *data, size_t len);

/**
 * gc_line_reader_pull:
 * @reader: the reader
 * @ret_line: (out) (transfer none): the line without its line feed, with a
 *     zero byte after it; valid until the next push or pull
 * @ret_len: (out): its length; the line may hold zero bytes itself
 *
 * The outputs are set for GC_LINE_READY only.
 * Threads: owner thread
 */
GcLineResult gc_line_reader_pull(GcLineReader *reader, const char **ret_line,
                                 size_t *ret_len);
